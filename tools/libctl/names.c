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

static uint64_t hash_of(const char *name)
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
    known->list[known->count++] = (struct known_name){ hash_of(name), domid };
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

/* Reads the names of domains that were not looked at, and remembers them. */
static int look(struct ctl *ctl, struct ctl_known_names *known)
{
    struct ctl_domain *list;
    ssize_t count = ctl_domain_list_bare(ctl, known->next_domid, &list);
    int result = 0;

    for (ssize_t i = 0; i < count; i++)
        if (is_known(known, list[i].domid))
            strcpy(list[i].name, KNOWN);
    if (count > 0)
        result = ctl_domain_read_names(ctl, list, (size_t)count);
    for (ssize_t i = 0; i < count && result == 0; i++)
        if (*list[i].name && strcmp(list[i].name, KNOWN) != 0)
            remember(known, list[i].name, list[i].domid);
    /* One that is being made gets its name later. */
    for (ssize_t i = 0; i < count && result == 0 && *list[i].name; i++)
        known->next_domid = list[i].domid + 1;
    free(list);
    return count < 0 ? (int)count : result;
}

int names_check(struct ctl *ctl, const char *name, uint32_t domid)
{
    struct ctl_known_names *known = believed(ctl);
    uint64_t hash = hash_of(name);
    int result;

    if (!known)
        return ctl_fail(ctl, ENOMEM, "there is no memory for the names of domains");
    result = look(ctl, known);
    for (size_t i = 0; i < known->count && result == 0; i++) {
        uint32_t holder = known->list[i].domid;
        char *held;

        if (known->list[i].hash != hash || holder == domid)
            continue;
        held = ctl_store_read(ctl, XBT_NULL, "/local/domain/%u/name", holder); /* it may be gone, or renamed */
        if (held && strcmp(held, name) == 0)
            result = ctl_fail(ctl, EEXIST, "a domain named \"%s\" already exists (domain %u)", name, holder);
        free(held);
    }
    return result;
}

void names_free(struct ctl *ctl)
{
    if (ctl->known_names)
        free(ctl->known_names->list);
    free(ctl->known_names);
}

/* --- the notes -------------------------------------------------------------------------------------------------- */

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

static bool read_note(struct ctl *ctl, xs_transaction_t transaction, const char *path, uint32_t *domid)
{
    char *text = ctl_store_read(ctl, transaction, "%s", path), *end = text;

    if (text)
        *domid = (uint32_t)strtoul(text, &end, 10);
    bool good = end != text && *end == '\0';
    free(text);
    return good;
}

void names_ask(struct store_batch *batch, const char *name)
{
    char path[CTL_STORE_PATH_MAX];

    note_path(name, path);
    store_batch_read(batch, path);
}

bool names_held(struct ctl *ctl, xs_transaction_t transaction, const char *note, const char *name, uint32_t domid)
{
    char *end, *held;
    uint32_t holder = (uint32_t)strtoul(note, &end, 10);

    if (end == note || *end || holder == domid)
        return false;
    held = ctl_store_read(ctl, transaction, "/local/domain/%u/name", holder);
    bool is_held = held && strcmp(held, name) == 0;
    free(held);
    return is_held;
}

bool names_taken(struct ctl *ctl, xs_transaction_t transaction, const char *name, uint32_t domid)
{
    char path[CTL_STORE_PATH_MAX], *note;

    note_path(name, path);
    note = ctl_store_read(ctl, transaction, "%s", path);
    bool taken = note && names_held(ctl, transaction, note, name, domid);
    free(note);
    return taken;
}

void names_claim(struct ctl *ctl, struct store_batch *batch, const char *name, uint32_t domid)
{
    const struct xs_permissions owner = { .id = 0, .perms = XS_PERM_NONE };
    char path[CTL_STORE_PATH_MAX], text[16];

    note_path(name, path);
    store_batch_write(batch, path, text, (size_t)snprintf(text, sizeof(text), "%u", domid));
    store_batch_set_permissions(batch, path, &owner, 1);
    remember(ctl->known_names, name, domid);
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

bool names_is_note_of(const char *node, const char *name)
{
    char path[CTL_STORE_PATH_MAX];

    note_path(name, path);
    return strcmp(path + strlen(NOTES "/"), node) == 0;
}
