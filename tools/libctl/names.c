/* SPDX-License-Identifier: MIT */
/*
 * Who has which name; see names.h. A note's node is the SHA-256 of the name, because names may hold what paths may not.
 */
#include "names.h"
#include "sha256.h"
#include "store_burst.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTES "/keel/name"

static void note_path(const char *name, char path[CTL_STORE_PATH_MAX])
{
    uint8_t digest[SHA256_BYTES];
    size_t used = strlen(NOTES "/");

    sha256((const uint8_t *)name, strlen(name), digest);
    ctl_path(path, NOTES "/");
    for (size_t i = 0; i < sizeof(digest); i++)
        used += (size_t)snprintf(path + used, CTL_STORE_PATH_MAX - used, "%02x", digest[i]);
}

static bool read_note(struct ctl *ctl, xs_transaction_t transaction, const char *path, uint32_t *domid)
{
    char *text = ctl_store_read(ctl, transaction, "%s", path), *end = text;

    if (text)
        *domid = (uint32_t)strtoul(text, &end, 10);
    bool good = end != text && *end == '\0';
    free(text);
    return good;
}

bool names_taken(struct ctl *ctl, xs_transaction_t transaction, const char *name, uint32_t domid)
{
    char path[CTL_STORE_PATH_MAX], *held;
    uint32_t holder;

    note_path(name, path);
    if (!read_note(ctl, transaction, path, &holder) || holder == domid)
        return false;
    held = ctl_store_read(ctl, transaction, "/local/domain/%u/name", holder);
    bool taken = held && strcmp(held, name) == 0;
    free(held);
    return taken;
}

int names_claim(struct ctl *ctl, xs_transaction_t transaction, const char *name, uint32_t domid)
{
    struct xs_permissions owner = { .id = 0, .perms = XS_PERM_NONE };
    char path[CTL_STORE_PATH_MAX], text[16];
    int error;

    note_path(name, path);
    snprintf(text, sizeof(text), "%u", domid);
    error = ctl_store_write(ctl, transaction, path, text);
    if (error)
        return error;
    return xs_set_permissions(ctl->store, transaction, path, &owner, 1) ? 0 : errno;
}

void names_release(struct ctl *ctl, xs_transaction_t transaction, const char *name, uint32_t domid)
{
    char path[CTL_STORE_PATH_MAX];
    uint32_t holder;

    note_path(name, path);
    if (!read_note(ctl, transaction, path, &holder) || holder != domid)
        return;
    if (transaction == XBT_NULL)
        ctl_store_remove(ctl, path, "/");
    else
        xs_rm(ctl->store, transaction, path);
}

/* The name of a domain as this handle has read it; NULL when it has not. */
static const struct ctl_known_name *find_known(const struct ctl *ctl, const struct ctl_domain *domain)
{
    for (size_t i = 0; i < ctl->known_names_count; i++) {
        const struct ctl_known_name *known = &ctl->known_names[i];

        if (known->domid == domain->domid && memcmp(known->uuid, domain->uuid, sizeof(known->uuid)) == 0)
            return known;
    }
    return NULL;
}

/* What cannot be remembered is read again the next time. */
static void remember(struct ctl_known_name **names, size_t *count, const struct ctl_domain *domain)
{
    struct ctl_known_name *grown = reallocarray(*names, *count + 1, sizeof(*grown));

    if (!grown)
        return;
    *names = grown;
    memcpy(grown[*count].uuid, domain->uuid, sizeof(grown->uuid));
    grown[*count].domid = domain->domid;
    snprintf(grown[*count].name, sizeof(grown->name), "%s", domain->name);
    ++*count;
}

int names_check(struct ctl *ctl, const char *name, uint32_t domid)
{
    struct ctl_known_name *names = NULL;
    size_t names_count = 0;
    struct ctl_domain *list;
    ssize_t count = ctl_domain_list_bare(ctl, &list);
    int result = 0;

    if (count < 0)
        return (int)count;
    bool all_read = ctl->known_names_count == 0 && store_burst_names(list, (size_t)count);

    for (ssize_t i = 0; i < count && result == 0; i++) {
        const struct ctl_known_name *known = find_known(ctl, &list[i]);

        if (known)
            snprintf(list[i].name, sizeof(list[i].name), "%s", known->name);
        if (!all_read && (!known || strcmp(known->name, name) == 0)) /* it may have been renamed since */
            ctl_domain_read_name(ctl, &list[i]);
        if (*list[i].name) /* a domain that is being made gets its name later */
            remember(&names, &names_count, &list[i]);
        if (list[i].domid != domid && strcmp(list[i].name, name) == 0)
            result = ctl_fail(ctl, EEXIST, "a domain named \"%s\" already exists (domain %u)", name, list[i].domid);
    }
    free(list);
    free(ctl->known_names);
    ctl->known_names = names;
    ctl->known_names_count = names_count;
    return result;
}

bool names_is_note_of(const char *node, const char *name)
{
    char path[CTL_STORE_PATH_MAX];

    note_path(name, path);
    return strcmp(path + strlen(NOTES "/"), node) == 0;
}

void names_free(struct ctl *ctl)
{
    free(ctl->known_names);
}
