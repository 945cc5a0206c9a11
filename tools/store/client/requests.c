/* SPDX-License-Identifier: MIT */
/* libxenstore's calls, each one request to the store; <xenstore.h> documents them. */
#include "store/client/handle.h"
#include "store/client/strings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOMAIN_TEXT_SIZE 24

static struct store_part domain_part(char *text, unsigned long number)
{
    int length = snprintf(text, DOMAIN_TEXT_SIZE, "%lu", number);
    return (struct store_part){text, (size_t)length + 1};
}

/* Splits `size` bytes of zero-terminated strings into an array in one block; frees `text`. */
static char **split_strings(char *text, size_t size, unsigned int *num)
{
    unsigned int count = 0;
    for (size_t i = 0; i < size; i++)
        count += text[i] == '\0';
    char **strings = malloc((count + 1) * sizeof(*strings) + size);
    if (strings) {
        char *copy = (char *)(strings + count + 1);
        memcpy(copy, text, size);
        for (unsigned int i = 0; i < count; i++, copy += strlen(copy) + 1)
            strings[i] = copy;
        strings[count] = NULL;
        *num = count;
    }
    free(text);
    return strings;
}

/* A directory too long for one message, part by part; starts again when it changes between two parts. */
static char *directory_in_parts(struct xs_handle *h, xs_transaction_t t, const char *path, size_t *size)
{
    char generation[32] = "";
    char *names = NULL;
    *size = 0;
    for (;;) {
        char offset[DOMAIN_TEXT_SIZE];
        struct store_part parts[] = {store_string(path), domain_part(offset, *size)};
        size_t part_size;
        char *part = store_request(h, XS_DIRECTORY_PART, t, parts, 2, &part_size);
        size_t generation_size = part ? strlen(part) + 1 : 0;
        if (!part || generation_size > part_size || generation_size > sizeof(generation)) {
            if (part)
                errno = EIO;
            free(part);
            free(names);
            return NULL;
        }
        if (*size > 0 && strcmp(generation, part) != 0) {
            free(part);
            free(names);
            names = NULL;
            *size = 0;
            continue;
        }
        strcpy(generation, part);

        const char *more = part + generation_size;
        size_t more_size = part_size - generation_size;
        bool last = more_size == 0 || more[0] == '\0' || (more_size > 1 && more[more_size - 2] == '\0');
        if (last && more_size > 0)
            more_size--; /* the empty name that ends the list */
        char *grown = realloc(names, *size + more_size + 1);
        if (!grown) {
            free(part);
            free(names);
            return NULL;
        }
        names = grown;
        memcpy(names + *size, more, more_size);
        *size += more_size;
        free(part);
        if (last)
            return names;
    }
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
    struct store_part part = store_string(path);
    size_t size;
    char *text = store_request(h, XS_DIRECTORY, t, &part, 1, &size);
    if (!text && errno == E2BIG)
        text = directory_in_parts(h, t, path, &size);
    return text ? split_strings(text, size, num) : NULL;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
    struct store_part part = store_string(path);
    size_t size;
    char *value = store_request(h, XS_READ, t, &part, 1, &size);
    if (value && len)
        *len = (unsigned int)size;
    return value;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data, unsigned int len)
{
    struct store_part parts[] = {store_string(path), {data, len}};
    return store_command(h, XS_WRITE, t, parts, 2);
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    struct store_part part = store_string(path);
    return store_command(h, XS_MKDIR, t, &part, 1);
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    struct store_part part = store_string(path);
    return store_command(h, XS_RM, t, &part, 1);
}

bool xs_restrict(struct xs_handle *h, unsigned domid)
{
    return false;
}

struct xs_permissions *xs_get_permissions(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
    struct store_part part = store_string(path);
    size_t size;
    char *text = store_request(h, XS_GET_PERMS, t, &part, 1, &size);
    if (!text)
        return NULL;
    unsigned int count = 0;
    for (size_t i = 0; i < size; i++)
        count += text[i] == '\0';
    struct xs_permissions *perms = calloc(count + 1, sizeof(*perms));
    if (perms && !xs_strings_to_perms(perms, count, text)) {
        free(perms);
        perms = NULL;
    }
    if (perms)
        *num = count;
    free(text);
    return perms;
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path, struct xs_permissions *perms,
                        unsigned int num_perms)
{
    if (num_perms > XENSTORE_PAYLOAD_MAX) {
        errno = E2BIG;
        return false;
    }
    struct store_part *parts = calloc(num_perms + 1, sizeof(*parts));
    char(*text)[STORE_PERMISSION_SIZE] = calloc(num_perms + 1, sizeof(*text));
    bool done = parts && text;
    for (unsigned int i = 0; done && i < num_perms; i++) {
        done = store_permission_to_string(&perms[i], text[i], sizeof(text[i]));
        parts[i + 1] = store_string(text[i]);
    }
    if (done) {
        parts[0] = store_string(path);
        done = store_command(h, XS_SET_PERMS, t, parts, num_perms + 1);
    }
    int error = errno;
    free(text);
    free(parts);
    errno = error;
    return done;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    struct store_part part = store_string("");
    char *text = store_request(h, XS_TRANSACTION_START, XBT_NULL, &part, 1, NULL);
    if (!text)
        return XBT_NULL;
    xs_transaction_t transaction = (xs_transaction_t)strtoul(text, NULL, 10);
    free(text);
    return transaction;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
    struct store_part part = store_string(abort ? "F" : "T");
    return store_command(h, XS_TRANSACTION_END, t, &part, 1);
}

bool xs_introduce_domain(struct xs_handle *h, unsigned int domid, unsigned long mfn, unsigned int eventchn)
{
    char domain[DOMAIN_TEXT_SIZE], frame[DOMAIN_TEXT_SIZE], port[DOMAIN_TEXT_SIZE];
    struct store_part parts[] = {domain_part(domain, domid), domain_part(frame, mfn), domain_part(port, eventchn)};
    return store_command(h, XS_INTRODUCE, XBT_NULL, parts, 3);
}

bool xs_set_target(struct xs_handle *h, unsigned int domid, unsigned int target)
{
    char domain[DOMAIN_TEXT_SIZE], other[DOMAIN_TEXT_SIZE];
    struct store_part parts[] = {domain_part(domain, domid), domain_part(other, target)};
    return store_command(h, XS_SET_TARGET, XBT_NULL, parts, 2);
}

/* The requests whose only argument is a domain. */
static char *domain_request(struct xs_handle *h, enum xsd_sockmsg_type type, unsigned int domid)
{
    char domain[DOMAIN_TEXT_SIZE];
    struct store_part part = domain_part(domain, domid);
    return store_request(h, type, XBT_NULL, &part, 1, NULL);
}

bool xs_resume_domain(struct xs_handle *h, unsigned int domid)
{
    char *text = domain_request(h, XS_RESUME, domid);
    free(text);
    return text != NULL;
}

bool xs_release_domain(struct xs_handle *h, unsigned int domid)
{
    char *text = domain_request(h, XS_RELEASE, domid);
    free(text);
    return text != NULL;
}

char *xs_get_domain_path(struct xs_handle *h, unsigned int domid)
{
    return domain_request(h, XS_GET_DOMAIN_PATH, domid);
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
    char *text = domain_request(h, XS_IS_DOMAIN_INTRODUCED, domid);
    bool introduced = text && text[0] == 'T';
    free(text);
    return introduced;
}

char *xs_control_command(struct xs_handle *h, const char *cmd, void *data, unsigned int len)
{
    struct store_part parts[] = {store_string(cmd), {data, len}};
    return store_request(h, XS_CONTROL, XBT_NULL, parts, 2, NULL);
}

char *xs_debug_command(struct xs_handle *h, const char *cmd, void *data, unsigned int len)
{
    return xs_control_command(h, cmd, data, len);
}

int xs_suspend_evtchn_port(int domid)
{
    struct xs_handle *h = xs_open(0);
    if (!h)
        return -1;
    char path[64];
    snprintf(path, sizeof(path), "/local/domain/%d/device/suspend/event-channel", domid);
    char *text = xs_read(h, XBT_NULL, path, NULL);
    int port = text ? atoi(text) : -1;
    free(text);
    xs_close(h);
    return port;
}
