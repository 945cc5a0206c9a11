/* SPDX-License-Identifier: MIT */
/*
 * What is to be done about a domain that has shut down.
 */
#include "action.h"
#include "libctl/destroy.h"
#include "libctl/store_nodes.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xenstore.h>

#define RESTARTS "/keel/restart"
#define DUMPS_PARENT "/var/lib/xen"
#define DUMPS DUMPS_PARENT "/dump"
#define RESTART_ATTEMPTS 3       /* what is short for a moment may be there in the next */
#define RESTART_MIN_INTERVAL_S 1 /* a guest that ends at once must not keep domain 0 busy */

static void say(const struct ctl_domain *domain, const char *what)
{
    fprintf(stderr, "ctld: domain %u (%s): %s\n", domain->domid, domain->name, what);
}

static bool config_from_store(struct ctl *ctl, const char *directory, struct ctl_config *config)
{
    struct ctl_config_messages messages = { 0 };
    char *json = store_config_read(ctl, directory);
    int result = -ENOENT;

    ctl_config_init(config);
    if (json)
        result = ctl_config_from_json(config, json, &messages);
    for (size_t i = 0; json && result < 0 && i < messages.count; i++)
        fprintf(stderr, "ctld: %s: %s\n", directory, messages.list[i].text);
    ctl_config_messages_free(&messages);
    free(json);
    return !result;
}

static enum ctl_action action_for(const struct ctl_config *config, enum ctl_shutdown reason)
{
    switch (reason) {
    case CTL_SHUTDOWN_POWEROFF: return config->on_poweroff;
    case CTL_SHUTDOWN_REBOOT: return config->on_reboot;
    case CTL_SHUTDOWN_WATCHDOG: return config->on_watchdog;
    case CTL_SHUTDOWN_SOFT_RESET: return config->on_soft_reset;
    case CTL_SHUTDOWN_SUSPEND: return CTL_ACTION_PRESERVE; /* whoever suspended it takes care of it */
    default: return config->on_crash;
    }
}

static void destroy(struct ctl *ctl, const struct ctl_domain *domain)
{
    if (ctl_domain_destroy(ctl, domain->domid) < 0)
        say(domain, ctl_error(ctl));
}

static void preserved_path(uint32_t domid, char path[CTL_STORE_PATH_MAX])
{
    ctl_path(path, "/local/domain/%u/keel/preserved", domid);
}

static bool is_preserved(struct ctl *ctl, uint32_t domid)
{
    char path[CTL_STORE_PATH_MAX], *held;

    preserved_path(domid, path);
    held = ctl_store_read(ctl, XBT_NULL, "%s", path);
    free(held);
    return held != NULL;
}

/* Into /var/lib/xen/dump/NAME, as xl.cfg(5) has it; a core that cannot be written stops nothing. */
static void dump(struct ctl *ctl, const struct ctl_domain *domain)
{
    char path[sizeof(DUMPS) + CTL_NAME_MAX + 1];

    mkdir(DUMPS_PARENT, 0755);
    mkdir(DUMPS, 0700); /* they may be there */
    snprintf(path, sizeof(path), DUMPS "/%s", *domain->name ? domain->name : "nameless");
    if (ctl_domain_dump(ctl, domain->domid, path) < 0)
        say(domain, ctl_error(ctl));
    else
        fprintf(stderr, "ctld: domain %u (%s): its core is %s\n", domain->domid, domain->name, path);
}

/* Keeps the domain as it is and never looks at it again. */
static void preserve(struct xs_handle *store, const struct ctl_domain *domain)
{
    char path[CTL_STORE_PATH_MAX];

    preserved_path(domain->domid, path);
    if (!xs_write(store, XBT_NULL, path, "1", 1))
        say(domain, strerror(errno));
}

/* A domain that was renamed keeps its name when it comes back. False: no memory. */
static bool take_name(const struct ctl_domain *domain, struct ctl_config *config)
{
    char *name = *domain->name ? strdup(domain->name) : NULL;

    if (!name)
        return *domain->name == '\0';
    free(config->name);
    config->name = name;
    return true;
}

struct restart_note {
    const char *json;
    char path[CTL_STORE_PATH_MAX];
    char preserved[CTL_STORE_PATH_MAX]; /* of the old domain, which is kept; "" for one that goes */
};

static int write_note(struct ctl *ctl, xs_transaction_t transaction, void *context)
{
    struct xs_permissions owner = { .id = 0, .perms = XS_PERM_NONE };
    const struct restart_note *note = context;

    if (*note->preserved && ctl_store_write(ctl, transaction, note->preserved, "1") != 0)
        return errno;
    if (!xs_mkdir(ctl->store, transaction, note->path) ||
        !xs_set_permissions(ctl->store, transaction, note->path, &owner, 1) ||
        !store_config_write(ctl, transaction, note->path, note->json))
        return errno;
    return 0;
}

/*
 * Notes that a domain of this configuration is to be there, and, if `kept` is given, at the same time that this one has
 * been dealt with. True when the store has it.
 */
static bool note_restart(struct ctl *ctl, const struct ctl_config *config, const struct ctl_domain *kept,
                         char path[CTL_STORE_PATH_MAX])
{
    char uuid[CTL_UUID_TEXT], *json = ctl_config_to_json(config);
    struct restart_note note = { .json = json };
    int error = ENOMEM;

    ctl_uuid_text(config->uuid, uuid);
    ctl_path(note.path, RESTARTS "/%s", uuid);
    if (kept)
        preserved_path(kept->domid, note.preserved);
    if (json)
        error = ctl_store_transact(ctl, write_note, &note);
    free(json);
    strcpy(path, note.path);
    return error == 0;
}

/* The old domain that was kept gives its name to the new one. */
static void free_name(struct ctl *ctl, const struct ctl_config *config)
{
    char name[CTL_NAME_MAX + 16];
    struct ctl_domain *list;
    ssize_t count = ctl_domain_list(ctl, &list);

    for (ssize_t i = 0; i < count; i++) {
        if (!list[i].shutdown || strcmp(list[i].name, config->name) != 0 || !is_preserved(ctl, list[i].domid))
            continue;
        snprintf(name, sizeof(name), "%s-%u", list[i].name, list[i].domid);
        if (ctl_domain_rename(ctl, list[i].domid, name) < 0)
            say(&list[i], ctl_error(ctl));
    }
    if (count >= 0)
        free(list);
}

static void create_noted(struct ctl *ctl, const struct ctl_config *config, const char *note)
{
    struct ctl_finding *findings;
    uint32_t domid;
    int result = -EAGAIN;

    for (int attempt = 0; attempt < RESTART_ATTEMPTS && result < 0; attempt++) {
        sleep(RESTART_MIN_INTERVAL_S);
        result = ctl_domain_create(ctl, config, 0, &domid);
        /* The old domain may have left its name in the store. */
        if (result == -EEXIST && ctl_fsck(ctl, true, &findings) >= 0)
            free(findings);
    }
    if (result < 0)
        fprintf(stderr, "ctld: \"%s\" does not come back: %s\n", config->name, ctl_error(ctl));
    else
        fprintf(stderr, "ctld: \"%s\" is back as domain %u\n", config->name, domid);
    ctl_store_remove(ctl, note, "/");
}

static void restart(struct ctl *ctl, const struct ctl_domain *domain, struct ctl_config *config)
{
    char note[CTL_STORE_PATH_MAX];

    /* The new domain is the same machine. */
    memcpy(config->uuid, domain->uuid, sizeof(config->uuid));
    config->uuid_set = true;
    if (!take_name(domain, config) || !note_restart(ctl, config, NULL, note)) {
        say(domain, "its restart cannot be written into the store; it is left as it is");
        return;
    }
    if (ctl_domain_destroy(ctl, domain->domid) < 0)
        say(domain, ctl_error(ctl));
    else
        create_noted(ctl, config, note);
}

/* Gives the old domain's name to the new one: the old one is NAME-DOMID from here on, and kept. */
static void rename_restart(struct ctl *ctl, const struct ctl_domain *domain, struct ctl_config *config)
{
    char note[CTL_STORE_PATH_MAX];

    if (!config->uuid_set && getrandom(config->uuid, sizeof(config->uuid), 0) != sizeof(config->uuid)) {
        say(domain, "there are no random numbers for a new UUID; it is left as it is");
        return;
    }
    config->uuid[6] = config->uuid_set ? config->uuid[6] : (config->uuid[6] & 0x0f) | 0x40;
    config->uuid[8] = config->uuid_set ? config->uuid[8] : (config->uuid[8] & 0x3f) | 0x80;
    config->uuid_set = true;
    if (!take_name(domain, config) || !note_restart(ctl, config, domain, note)) {
        say(domain, "its restart cannot be written into the store; it is left as it is");
        return;
    }
    free_name(ctl, config);
    create_noted(ctl, config, note);
}

void action_shut_down(struct ctl *ctl, struct xs_handle *store, const struct ctl_domain *domain)
{
    char directory[CTL_STORE_PATH_MAX];
    struct ctl_config config;

    ctl_path(directory, "/local/domain/%u/keel", domain->domid);
    if (is_preserved(ctl, domain->domid))
        return;
    if (config_from_store(ctl, directory, &config)) {
        switch (action_for(&config, domain->shutdown_reason)) {
        case CTL_ACTION_COREDUMP_DESTROY:
            say(domain, "has shut down; its core is written, and it is destroyed");
            dump(ctl, domain);
            destroy(ctl, domain);
            break;
        case CTL_ACTION_SOFT_RESET:
            say(domain, "soft reset is not there; it is destroyed");
            destroy(ctl, domain);
            break;
        case CTL_ACTION_DESTROY:
            say(domain, "has shut down and is destroyed");
            destroy(ctl, domain);
            break;
        case CTL_ACTION_COREDUMP_RESTART:
            say(domain, "has shut down; its core is written, and it is restarted");
            dump(ctl, domain);
            restart(ctl, domain, &config);
            break;
        case CTL_ACTION_RESTART:
            say(domain, "has shut down and is restarted");
            restart(ctl, domain, &config);
            break;
        case CTL_ACTION_RENAME_RESTART:
            say(domain, "has shut down; it is renamed and kept, and another started in its place");
            rename_restart(ctl, domain, &config);
            break;
        case CTL_ACTION_PRESERVE:
            say(domain, "has shut down and is kept");
            preserve(store, domain);
            break;
        }
    }
    ctl_config_free(&config);
}

/* The domain of a UUID, but for one that was kept: 1 with *domain filled, 0 for none, negative on a failure. */
static int find_uuid(struct ctl *ctl, const uint8_t uuid[16], struct ctl_domain *domain)
{
    struct ctl_domain *list;
    ssize_t count = ctl_domain_list(ctl, &list);
    int found = 0;

    if (count < 0)
        return (int)count;
    for (ssize_t i = 0; i < count && !found; i++) {
        if (memcmp(list[i].uuid, uuid, sizeof(list[i].uuid)) == 0 &&
            !(list[i].shutdown && is_preserved(ctl, list[i].domid))) {
            *domain = list[i];
            found = 1;
        }
    }
    free(list);
    return found;
}

static void resume_one(struct ctl *ctl, const char *note)
{
    struct ctl_config config;
    struct ctl_domain domain;
    int found;

    if (!config_from_store(ctl, note, &config) || !config.uuid_set) {
        /* The store may have failed for a moment: what it holds is not thrown away for that. */
        fprintf(stderr, "ctld: %s cannot be read; `ctl store rm %s` forgets that restart\n", note, note);
        ctl_config_free(&config);
        return;
    }
    found = find_uuid(ctl, config.uuid, &domain);
    if (found > 0 && domain.shutdown) {
        /* The old one is still there; its own turn brings the note up again. */
        ctl_config_free(&config);
        return;
    }
    if (found > 0 && domain.paused && !domain.cpu_time_ns) {
        /* Cut off in the middle of its creation: what it lacks cannot be known, so it is made anew. */
        destroy(ctl, &domain);
        found = 0;
    }
    if (!found) {
        free_name(ctl, &config);
        create_noted(ctl, &config, note);
    } else if (found > 0) {
        ctl_store_remove(ctl, note, "/");
    }
    ctl_config_free(&config);
}

bool action_resume(struct ctl *ctl, struct xs_handle *store)
{
    unsigned count = 0;
    char **notes = xs_directory(store, XBT_NULL, RESTARTS, &count), note[CTL_STORE_PATH_MAX];

    for (unsigned i = 0; notes && i < count; i++) {
        ctl_path(note, RESTARTS "/%s", notes[i]);
        resume_one(ctl, note);
    }
    free(notes);
    notes = xs_directory(store, XBT_NULL, RESTARTS, &count);
    free(notes);
    return notes && count > 0;
}
