/* SPDX-License-Identifier: MIT */
/* Noted restarts; see restart.h. */
#include "restart.h"
#include "auto.h"
#include "libctl/destroy.h"
#include "libctl/store_nodes.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xenstore.h>

#define RESTARTS "/keel/restart"
#define DELAY_MS 1000  /* from one end to the next beginning, and from one attempt to the next */
#define SAY_AGAIN_MS 600000
#define TOGETHER_MS 100 /* those that are due so close to one another are made in one go */
#define ATTEMPTS_MAX 3 /* what is short for a moment may be there in the next */

int restart_sooner(int one_ms, int other_ms)
{
    if (one_ms < 0 || other_ms < 0)
        return one_ms < 0 ? other_ms : one_ms;
    return one_ms < other_ms ? one_ms : other_ms;
}

/* Of this boot of the host, and not moved by setting the clock: what the store holds is of this boot too. */
static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int restart_config_read(struct ctl *ctl, const char *directory, struct ctl_config *config)
{
    struct ctl_config_messages messages = { 0 };
    char *json;
    int result;

    ctl_config_init(config);
    errno = 0;
    json = store_config_read(ctl, XBT_NULL, directory);
    if (!json)
        return errno ? -errno : -EIO;
    result = ctl_config_from_json(config, json, &messages);
    for (size_t i = 0; result < 0 && i < messages.count; i++)
        fprintf(stderr, "ctld: %s: %s\n", directory, messages.list[i].text);
    ctl_config_messages_free(&messages);
    free(json);
    return result < 0 && result != -ENOMEM ? -EINVAL : result;
}

/* --- marks on domains ------------------------------------------------------------------------------------------ */

void restart_preserved_path(uint32_t domid, char path[CTL_STORE_PATH_MAX])
{
    ctl_path(path, "/local/domain/%u/keel/preserved", domid);
}

int restart_is_preserved(struct ctl *ctl, uint32_t domid)
{
    char path[CTL_STORE_PATH_MAX];

    restart_preserved_path(domid, path);
    return ctl_store_has(ctl, XBT_NULL, path);
}

static void old_path(uint32_t domid, char path[CTL_STORE_PATH_MAX])
{
    ctl_path(path, "/local/domain/%u/keel/restarting", domid);
}

/* --- notes ----------------------------------------------------------------------------------------------------- */

static void note_path(const uint8_t uuid[16], char path[CTL_STORE_PATH_MAX])
{
    char text[CTL_UUID_TEXT];

    ctl_uuid_text(uuid, text);
    ctl_path(path, RESTARTS "/%s", text);
}

static int write_number(struct ctl *ctl, xs_transaction_t transaction, const char *note, const char *name,
                        int64_t number)
{
    char path[CTL_STORE_PATH_MAX], text[24];

    ctl_path(path, "%s/%s", note, name);
    snprintf(text, sizeof(text), "%lld", (long long)number);
    return ctl_store_write(ctl, transaction, path, text);
}

static int64_t read_number(struct ctl *ctl, const char *note, const char *name)
{
    char *text = ctl_store_read(ctl, XBT_NULL, "%s/%s", note, name);
    int64_t number = text ? strtoll(text, NULL, 10) : 0;

    free(text);
    return number;
}

struct writing {
    const char *json;
    uint32_t domid;
    char note[CTL_STORE_PATH_MAX], mark[CTL_STORE_PATH_MAX];
};

static int write_note(struct ctl *ctl, xs_transaction_t transaction, void *context)
{
    struct xs_permissions owner = { .id = 0, .perms = XS_PERM_NONE };
    const struct writing *writing = context;
    char held[CTL_STORE_PATH_MAX];
    int is_there;

    /* One that somebody has destroyed at this moment does not come back, nor do its entries. */
    ctl_path(held, "/local/domain/%u/keel/config", writing->domid);
    is_there = ctl_store_has(ctl, transaction, held);
    if (is_there <= 0)
        return is_there ? -is_there : ENOENT;
    ctl_path(held, "%s/config", writing->note);
    if (!xs_rm(ctl->store, transaction, held) && errno != ENOENT)
        return errno;
    if (ctl_store_write(ctl, transaction, writing->mark, "1") != 0 ||
        !xs_mkdir(ctl->store, transaction, writing->note) ||
        !xs_set_permissions(ctl->store, transaction, writing->note, &owner, 1) ||
        !store_config_write(ctl, transaction, writing->note, writing->json))
        return errno;
    return write_number(ctl, transaction, writing->note, "due", now_ms() + DELAY_MS);
}

bool restart_note(struct ctl *ctl, const struct ctl_domain *domain, const struct ctl_config *config, bool is_kept)
{
    char *json = ctl_config_to_json(config);
    struct writing writing = { .json = json, .domid = domain->domid };
    int error = ENOMEM;

    note_path(config->uuid, writing.note);
    if (is_kept)
        restart_preserved_path(domain->domid, writing.mark);
    else
        old_path(domain->domid, writing.mark);
    if (json)
        error = ctl_store_transact(ctl, write_note, &writing);
    free(json);
    return error == 0;
}

bool restart_settle(struct ctl *ctl, const struct ctl_domain *domain)
{
    char note[CTL_STORE_PATH_MAX], mark[CTL_STORE_PATH_MAX];
    int is_noted, is_old;

    note_path(domain->uuid, note);
    is_noted = ctl_store_has(ctl, XBT_NULL, note);
    if (is_noted <= 0)
        return is_noted == 0;
    old_path(domain->domid, mark);
    is_old = ctl_store_has(ctl, XBT_NULL, mark);
    return is_old == 0 ? ctl_store_remove(ctl, note, "/") : is_old > 0;
}

void restart_free_name(struct ctl *ctl, const struct ctl_config *config)
{
    char name[CTL_NAME_MAX + 16];
    struct ctl_domain *list;
    ssize_t count = ctl_domain_list(ctl, &list);

    for (ssize_t i = 0; i < count; i++) {
        if (!list[i].shutdown || strcmp(list[i].name, config->name) != 0 ||
            restart_is_preserved(ctl, list[i].domid) != 1)
            continue;
        snprintf(name, sizeof(name), "%s-%u", list[i].name, list[i].domid);
        if (ctl_domain_rename(ctl, list[i].domid, name) < 0)
            fprintf(stderr, "ctld: domain %u (%s): %s\n", list[i].domid, list[i].name, ctl_error(ctl));
    }
    if (count >= 0)
        free(list);
}

/* --- doing it -------------------------------------------------------------------------------------------------- */

/* The attempt counts, unless the store is at fault: then nothing is known. */
static int count_failure(struct ctl *ctl, const struct ctl_config *config, const char *note)
{
    int64_t failed = read_number(ctl, note, "failed") + 1;

    fprintf(stderr, "ctld: \"%s\" does not come back%s: %s\n", config->name, failed < ATTEMPTS_MAX ? " yet" : "",
            ctl_error(ctl));
    if (failed >= ATTEMPTS_MAX)
        return ctl_store_remove(ctl, note, "/") ? -1 : RESTART_AGAIN_MS;
    if (write_number(ctl, XBT_NULL, note, "failed", failed) != 0 ||
        write_number(ctl, XBT_NULL, note, "due", now_ms() + DELAY_MS) != 0)
        return RESTART_AGAIN_MS;
    return DELAY_MS;
}

static int create_noted(struct ctl *ctl, const struct ctl_config *config, const char *note)
{
    struct ctl_finding *findings;
    uint32_t domid;
    int result = auto_create(ctl, config, &domid);

    if (result == -EEXIST) { /* an old domain may have left its name in the store, or is kept and still has it */
        restart_free_name(ctl, config);
        if (ctl_fsck(ctl, true, &findings) >= 0)
            free(findings);
        result = auto_create(ctl, config, &domid);
    }
    if (result == -ECANCELED)
        return RESTART_AGAIN_MS;
    if (result < 0)
        return count_failure(ctl, config, note);
    fprintf(stderr, "ctld: \"%s\" is back as domain %u\n", config->name, domid);
    return ctl_store_remove(ctl, note, "/") ? -1 : RESTART_AGAIN_MS;
}

/* Who made it was killed: it has never run. 1, 0, or negative when the store does not tell. */
static int is_half_made(struct ctl *ctl, const struct ctl_domain *domain)
{
    return !domain->paused || domain->cpu_time_ns ? 0 : store_is_half_made(ctl, domain->domid);
}

/*
 * The domain of a UUID, but for those that are kept, or dead with something of them still held elsewhere, whose entries
 * go: 1 with *domain filled, 0 for none, negative on a failure.
 */
static int find_uuid(struct ctl *ctl, const uint8_t uuid[16], struct ctl_domain *domain)
{
    struct ctl_domain *list;
    ssize_t count = ctl_domain_list_bare(ctl, 0, &list);
    int found = 0;

    if (count < 0)
        return (int)count;
    for (ssize_t i = 0; i < count && !found; i++) {
        int is_kept = 0;

        if (memcmp(list[i].uuid, uuid, sizeof(list[i].uuid)) != 0)
            continue;
        if (list[i].dying) {
            xs_release_domain(ctl->store, list[i].domid);
            ctl_store_forget_domain(ctl, list[i].domid, uuid);
            continue;
        }
        if (list[i].shutdown)
            is_kept = restart_is_preserved(ctl, list[i].domid);
        found = is_kept < 0 ? is_kept : !is_kept;
        *domain = list[i];
    }
    free(list);
    return found;
}

static int resume_noted(struct ctl *ctl, const struct ctl_config *config, const char *note)
{
    struct ctl_domain domain = { 0 };
    int64_t left_ms;
    int found = find_uuid(ctl, config->uuid, &domain), is_half = found > 0 ? is_half_made(ctl, &domain) : 0;

    /* The old one may still be there: its own turn brings the note up again. */
    if (found < 0 || is_half < 0 || (found && domain.shutdown))
        return RESTART_AGAIN_MS;
    if (found && !is_half)
        return ctl_store_remove(ctl, note, "/") ? -1 : RESTART_AGAIN_MS;
    left_ms = read_number(ctl, note, "due") - now_ms();
    if (left_ms > TOGETHER_MS && left_ms <= DELAY_MS)
        return (int)left_ms;
    if (found && ctl_domain_destroy(ctl, domain.domid) < 0) { /* what it lacks cannot be known: it is made anew */
        fprintf(stderr, "ctld: %s\n", ctl_error(ctl));
        return RESTART_AGAIN_MS;
    }
    return create_noted(ctl, config, note);
}

/* It is looked at again and again, and said now and then. */
static void say_unreadable(const char *note)
{
    static int64_t next_ms;

    if (now_ms() < next_ms)
        return;
    next_ms = now_ms() + SAY_AGAIN_MS;
    fprintf(stderr, "ctld: %s cannot be read; `ctl store rm %s` forgets that restart\n", note, note);
}

static int resume_one(struct ctl *ctl, const char *note)
{
    struct ctl_config config;
    int result = restart_config_read(ctl, note, &config), again_ms = RESTART_AGAIN_MS;

    if (result == 0 && config.uuid_set)
        again_ms = resume_noted(ctl, &config, note);
    else if (ctl_store_has(ctl, XBT_NULL, note) == 0)
        again_ms = -1;
    else /* the store may have failed for a moment: what it holds is not thrown away for that */
        say_unreadable(note);
    ctl_config_free(&config);
    return again_ms;
}

int restart_resume(struct ctl *ctl, struct xs_handle *store)
{
    unsigned count = 0;
    int again_ms = -1;
    char **notes, path[CTL_STORE_PATH_MAX];

    if (!ctl_store(ctl))
        return RESTART_AGAIN_MS;
    errno = 0;
    notes = xs_directory(store, XBT_NULL, RESTARTS, &count);
    if (!notes)
        return errno == ENOENT ? -1 : RESTART_AGAIN_MS;
    for (unsigned i = 0; i < count; i++) {
        ctl_path(path, RESTARTS "/%s", notes[i]);
        again_ms = restart_sooner(again_ms, resume_one(ctl, path));
    }
    free(notes);
    return again_ms;
}
