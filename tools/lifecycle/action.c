/* SPDX-License-Identifier: MIT */
/*
 * What is to be done about a domain that has shut down.
 */
#include "action.h"
#include "libctl/destroy.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <xenstore.h>

#define DUMPS_PARENT "/var/lib/xen"
#define DUMPS DUMPS_PARENT "/dump"
/* What other domains hold of a dead one is theirs to give back: nobody else's turn waits for that. */
#define GONE_WAIT_NS 200000000ll

static void say(const struct ctl_domain *domain, const char *what)
{
    fprintf(stderr, "ctld: domain %u (%s): %s\n", domain->domid, domain->name, what);
}

static enum ctl_action action_for(const struct ctl_config *config, enum ctl_shutdown reason)
{
    switch (reason) {
    case CTL_SHUTDOWN_POWEROFF: return config->on_poweroff;
    case CTL_SHUTDOWN_REBOOT: return config->on_reboot;
    case CTL_SHUTDOWN_WATCHDOG: return config->on_watchdog;
    case CTL_SHUTDOWN_SOFT_RESET: return config->on_soft_reset;
    default: return config->on_crash;
    }
}

/* Whether it is the same domain, and still shut down: others end and resume domains too. */
static bool is_still(struct ctl *ctl, const struct ctl_domain *seen, struct ctl_domain *domain)
{
    return ctl_domain_get(ctl, seen->domid, domain) == 0 && domain->shutdown && !domain->dying &&
           domain->shutdown_reason == seen->shutdown_reason &&
           memcmp(domain->uuid, seen->uuid, sizeof(domain->uuid)) == 0;
}

static int destroy(struct ctl *ctl, const struct ctl_domain *domain)
{
    int result = destroy_within(ctl, domain->domid, GONE_WAIT_NS);

    if (result == 0 || result == -ESRCH)
        return -1;
    say(domain, ctl_error(ctl));
    return result == -EBUSY ? -1 : RESTART_AGAIN_MS; /* dead it is */
}

/*
 * Into /var/lib/xen/dump/NAME, as xl.cfg(5) has it; a core that cannot be written stops nothing. Xen's tools give names
 * that are no file's.
 */
static void dump(struct ctl *ctl, const struct ctl_domain *domain)
{
    char path[sizeof(DUMPS) + CTL_NAME_MAX + 1];

    mkdir(DUMPS_PARENT, 0755);
    mkdir(DUMPS, 0700); /* they may be there */
    snprintf(path, sizeof(path), DUMPS "/%s", *domain->name ? domain->name : "nameless");
    for (char *c = path + sizeof(DUMPS); *c; c++)
        if (*c == '/' || (*c == '.' && c == path + sizeof(DUMPS)))
            *c = '_';
    if (ctl_domain_dump(ctl, domain->domid, path) < 0)
        say(domain, ctl_error(ctl));
    else
        fprintf(stderr, "ctld: domain %u (%s): its core is %s\n", domain->domid, domain->name, path);
}

/* Keeps the domain as it is and never looks at it again. */
static int preserve(struct xs_handle *store, const struct ctl_domain *domain)
{
    char path[CTL_STORE_PATH_MAX];

    restart_preserved_path(domain->domid, path);
    if (xs_write(store, XBT_NULL, path, "1", 1))
        return -1;
    say(domain, strerror(errno));
    return RESTART_AGAIN_MS;
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

static int left_as_it_is(const struct ctl_domain *domain)
{
    say(domain, "its restart cannot be written into the store; it is left as it is until that has room");
    return RESTART_AGAIN_MS;
}

static int restart(struct ctl *ctl, const struct ctl_domain *domain, struct ctl_config *config)
{
    /* The new domain is the same machine. */
    memcpy(config->uuid, domain->uuid, sizeof(config->uuid));
    config->uuid_set = true;
    if (!take_name(domain, config) || !restart_note(ctl, domain, config, false))
        return left_as_it_is(domain);
    return destroy(ctl, domain);
}

/* Gives the old domain's name to the new one: the old one is NAME-DOMID from here on, and kept. */
static int rename_restart(struct ctl *ctl, const struct ctl_domain *domain, struct ctl_config *config)
{
    if (!config->uuid_set && getrandom(config->uuid, sizeof(config->uuid), 0) != sizeof(config->uuid)) {
        say(domain, "there are no random numbers for a new UUID; it is left as it is");
        return RESTART_AGAIN_MS;
    }
    config->uuid[6] = config->uuid_set ? config->uuid[6] : (config->uuid[6] & 0x0f) | 0x40;
    config->uuid[8] = config->uuid_set ? config->uuid[8] : (config->uuid[8] & 0x3f) | 0x80;
    config->uuid_set = true;
    if (!take_name(domain, config) || !restart_note(ctl, domain, config, true))
        return left_as_it_is(domain);
    restart_free_name(ctl, config);
    return -1;
}

static int act(struct ctl *ctl, struct xs_handle *store, const struct ctl_domain *domain, struct ctl_config *config)
{
    enum ctl_action action = action_for(config, domain->shutdown_reason);
    struct ctl_domain later;

    if (action == CTL_ACTION_COREDUMP_DESTROY || action == CTL_ACTION_COREDUMP_RESTART) {
        say(domain, "has shut down; its core is written");
        dump(ctl, domain);
        if (!is_still(ctl, domain, &later)) /* that may have taken its time */
            return -1;
    }
    switch (action) {
    case CTL_ACTION_SOFT_RESET:
        say(domain, "soft reset is not there; it is destroyed");
        return destroy(ctl, domain);
    case CTL_ACTION_COREDUMP_DESTROY:
    case CTL_ACTION_DESTROY:
        say(domain, "has shut down and is destroyed");
        return destroy(ctl, domain);
    case CTL_ACTION_COREDUMP_RESTART:
    case CTL_ACTION_RESTART:
        say(domain, "has shut down and is restarted");
        return restart(ctl, domain, config);
    case CTL_ACTION_RENAME_RESTART:
        say(domain, "has shut down; it is renamed and kept, and another started in its place");
        return rename_restart(ctl, domain, config);
    case CTL_ACTION_PRESERVE:
        say(domain, "has shut down and is kept");
        return preserve(store, domain);
    }
    return -1;
}

int action_shut_down(struct ctl *ctl, struct xs_handle *store, const struct ctl_domain *seen)
{
    char directory[CTL_STORE_PATH_MAX];
    struct ctl_config config;
    struct ctl_domain domain;
    int is_kept, again_ms, result;

    if (seen->shutdown_reason == CTL_SHUTDOWN_SUSPEND) /* whoever suspended it takes care of it */
        return -1;
    if (!ctl_store(ctl))
        return RESTART_AGAIN_MS;
    is_kept = restart_is_preserved(ctl, seen->domid);
    if (is_kept)
        return is_kept > 0 ? -1 : RESTART_AGAIN_MS;
    ctl_path(directory, "/local/domain/%u/keel", seen->domid);
    result = restart_config_read(ctl, directory, &config);
    if (result < 0)
        again_ms = result == -ENOENT || result == -EINVAL ? -1 : RESTART_AGAIN_MS;
    else if (!is_still(ctl, seen, &domain))
        again_ms = -1;
    else if (!restart_settle(ctl, &domain))
        again_ms = RESTART_AGAIN_MS;
    else
        again_ms = act(ctl, store, &domain, &config);
    ctl_config_free(&config);
    return again_ms;
}
