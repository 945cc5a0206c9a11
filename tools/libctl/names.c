/* SPDX-License-Identifier: MIT */
/*
 * Who has which name; see names.h. A note's node is the SHA-256 of the name, because names may hold what paths may not.
 */
#include "names.h"
#include "sha256.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOTES "/keel/name"

/* --- where a name is noted ------------------------------------------------------------------------------------- */

static void note_path(const char *name, char path[CTL_STORE_PATH_MAX])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_BYTES];
    char *at = stpcpy(path, NOTES "/");

    sha256((const uint8_t *)name, strlen(name), digest);
    for (size_t i = 0; i < sizeof(digest); i++) {
        *at++ = digits[digest[i] >> 4];
        *at++ = digits[digest[i] & 15];
    }
    *at = '\0';
}

static bool parse_note(const char *text, uint32_t *domid)
{
    char *end;

    *domid = (uint32_t)strtoul(text, &end, 10);
    return end != text && *end == '\0';
}

/* --- what was read ---------------------------------------------------------------------------------------------- */

#define BELIEVED_NS 1000000000ull
#define KNOWN "/" /* stands for a name that need not be read: no domain's */

/*
 * The domains whose names this handle has read within the last second, by a hash of the name. Ids are given in rising
 * order, so within so short a time a domain that is not among them has a higher one.
 */
struct ctl_known_names {
    uint64_t since_ns;
    uint32_t next_domid; /* all domains below it were looked at */
    size_t count, room;
    struct known_name {
        uint64_t hash;
        uint32_t domid;
    } *list;
};

uint64_t names_hash(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 0x100000001b3;
    return hash;
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What cannot be remembered is not believed: all are read again. */
static void remember(struct ctl_known_names *known, const char *name, uint32_t domid)
{
    if (!known)
        return;
    if (known->count == known->room) {
        size_t room = 2 * known->room + 64;
        struct known_name *grown = reallocarray(known->list, room, sizeof(*grown));

        if (!grown) {
            known->since_ns = 0;
            return;
        }
        known->list = grown;
        known->room = room;
    }
    known->list[known->count++] = (struct known_name){ names_hash(name), domid };
}

/* Those that are believed, which may be none; NULL when there is no memory. */
static struct ctl_known_names *believed(struct ctl *ctl)
{
    struct ctl_known_names *known = ctl->known_names;
    uint64_t now = now_ns();

    if (!known)
        known = ctl->known_names = calloc(1, sizeof(*known));
    if (known && (known->since_ns == 0 || now - known->since_ns > BELIEVED_NS)) {
        known->since_ns = now;
        known->next_domid = 0;
        known->count = 0;
    }
    return known;
}

static bool is_known(const struct ctl_known_names *known, uint32_t domid)
{
    for (size_t i = known->count; i-- > 0;)
        if (known->list[i].domid == domid)
            return true;
    return false;
}

/* The answers to what read_names asks: the names of those that have none yet, then the note. */
struct reading {
    struct ctl_domain *next, *end;
    char note[16];
    int error;
};

static void take_answer(void *context, unsigned index, int error, const char *value, size_t size)
{
    struct reading *reading = context;

    while (reading->next < reading->end && *reading->next->name)
        reading->next++;
    if (error && error != ENOENT)
        reading->error = error;
    if (reading->next == reading->end)
        snprintf(reading->note, sizeof(reading->note), "%s", value);
    else
        snprintf(reading->next++->name, sizeof(reading->end->name), "%s", value);
}

/* One without a name gets "" and stays so; 0 or a positive errno. */
static int read_names(struct ctl *ctl, struct ctl_domain *list, size_t count, const char *name, struct reading *reading)
{
    char path[CTL_STORE_PATH_MAX];
    struct store_batch *batch = store_batch_open(ctl->store, XBT_NULL);
    int error;

    *reading = (struct reading){ .next = list, .end = list + count };
    for (size_t i = 0; i < count; i++) {
        if (*list[i].name)
            continue;
        ctl_path(path, "/local/domain/%u/name", list[i].domid);
        store_batch_read(batch, path);
    }
    note_path(name, path);
    store_batch_read(batch, path);
    error = store_batch_run(batch, take_answer, reading);
    return reading->error ? reading->error : error == ENOENT ? 0 : error;
}

/* Reads the name's note, and the names of domains that were not looked at, which are remembered. */
static int look(struct ctl *ctl, struct ctl_known_names *known, const char *name, struct reading *reading)
{
    struct ctl_domain *list;
    ssize_t count = ctl_domain_list_bare(ctl, known->next_domid, &list);
    int error;

    if (count < 0)
        return (int)count;
    for (ssize_t i = 0; i < count; i++)
        if (is_known(known, list[i].domid))
            strcpy(list[i].name, KNOWN);
    error = read_names(ctl, list, (size_t)count, name, reading);
    for (ssize_t i = 0; i < count && error == 0; i++)
        if (*list[i].name && strcmp(list[i].name, KNOWN) != 0)
            remember(known, list[i].name, list[i].domid);
    /* One that is being made gets its name later. */
    for (ssize_t i = 0; i < count && error == 0 && *list[i].name; i++)
        known->next_domid = list[i].domid + 1;
    free(list);
    return error ? ctl_fail(ctl, error, "the store does not tell the domains' names: %s", strerror(error)) : 0;
}

/* 0, or -EEXIST when the store says so by now: the holder may be gone, or renamed. */
static int is_held(struct ctl *ctl, const char *name, uint32_t holder)
{
    char *held = ctl_store_read(ctl, XBT_NULL, "/local/domain/%u/name", holder);
    bool is_its = held && strcmp(held, name) == 0;

    free(held);
    return is_its ? ctl_fail(ctl, EEXIST, "a domain named \"%s\" already exists (domain %u)", name, holder) : 0;
}

int names_check(struct ctl *ctl, const char *name, uint32_t domid)
{
    struct ctl_known_names *known = believed(ctl);
    uint64_t hash = names_hash(name);
    struct reading reading;
    uint32_t noted;
    int result;

    if (!known)
        return ctl_fail(ctl, ENOMEM, "there is no memory for the names of domains");
    if (!ctl_store(ctl))
        return -ENOENT;
    result = look(ctl, known, name, &reading);
    for (size_t i = 0; i < known->count && result == 0; i++)
        if (known->list[i].hash == hash && known->list[i].domid != domid)
            result = is_held(ctl, name, known->list[i].domid);
    if (result == 0 && parse_note(reading.note, &noted) && noted != domid)
        result = is_held(ctl, name, noted);
    return result;
}

void names_free(struct ctl *ctl)
{
    if (ctl->known_names)
        free(ctl->known_names->list);
    free(ctl->known_names);
}

/* --- the notes -------------------------------------------------------------------------------------------------- */

void names_claim(struct ctl *ctl, struct store_batch *batch, const char *name, uint32_t domid)
{
    const struct xs_permissions owner = { .id = 0, .perms = XS_PERM_NONE };
    char path[CTL_STORE_PATH_MAX], text[16];

    note_path(name, path);
    store_batch_write(batch, path, text, (size_t)snprintf(text, sizeof(text), "%u", domid));
    store_batch_set_permissions(batch, path, &owner, 1);
    remember(ctl->known_names, name, domid);
}

int names_release(struct ctl *ctl, xs_transaction_t transaction, const char *name, uint32_t domid)
{
    char path[CTL_STORE_PATH_MAX], *text;
    uint32_t holder;
    bool is_its;

    note_path(name, path);
    text = ctl_store_read(ctl, transaction, "%s", path);
    if (!text)
        return errno == ENOENT ? 0 : errno;
    is_its = parse_note(text, &holder) && holder == domid;
    free(text);
    if (!is_its)
        return 0;
    if (transaction == XBT_NULL)
        return ctl_store_remove(ctl, path, "/") ? 0 : EIO;
    return xs_rm(ctl->store, transaction, path) || errno == ENOENT ? 0 : errno;
}

bool names_is_note_of(const char *node, const char *name)
{
    char path[CTL_STORE_PATH_MAX];

    note_path(name, path);
    return strcmp(path + strlen(NOTES "/"), node) == 0;
}
