/* SPDX-License-Identifier: MIT */
/*
 * What becomes of domains: the store's watches say that something has, a comparison of two lists says what. So nothing
 * is lost when many changes make one event of the store, and nothing depends on its order.
 */
#include "internal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

struct ctl_events {
    struct xs_handle *store; /* of its own: other calls must not take its events */
    struct ctl_domain *known;
    size_t known_count;
    struct ctl_event *queue; /* found, not yet fetched: from `first` on */
    size_t first, count;
    bool stale;              /* the store said that something has changed */
};

const char *ctl_event_word(enum ctl_event_kind kind)
{
    static const char *const words[] = {
        [CTL_EVENT_CREATED] = "created", [CTL_EVENT_RENAMED] = "renamed", [CTL_EVENT_SHUTDOWN] = "shutdown",
        [CTL_EVENT_DESTROYED] = "destroyed",
    };

    return (unsigned)kind < sizeof(words) / sizeof(words[0]) ? words[kind] : "unknown";
}

static const struct ctl_domain *find(const struct ctl_domain *list, size_t count, const struct ctl_domain *wanted)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].domid == wanted->domid && memcmp(list[i].uuid, wanted->uuid, sizeof(wanted->uuid)) == 0)
            return &list[i];
    return NULL;
}

static bool add(struct ctl_events *events, enum ctl_event_kind kind, const struct ctl_domain *domain)
{
    struct ctl_event *grown = reallocarray(events->queue, events->count + 1, sizeof(*grown));

    if (!grown)
        return false;
    events->queue = grown;
    grown[events->count] = (struct ctl_event){ .kind = kind, .domid = domain->domid,
                                              .reason = domain->shutdown_reason };
    memcpy(grown[events->count].uuid, domain->uuid, sizeof(domain->uuid));
    memcpy(grown[events->count].name, domain->name, sizeof(domain->name));
    events->count++;
    return true;
}

/* A name that changes is the only change that the hypervisor does not tell. What cannot be watched is seen later. */
static void watch_name(struct ctl_events *events, uint32_t domid, bool on)
{
    char path[CTL_STORE_PATH_MAX];

    ctl_path(path, "/local/domain/%u/name", domid);
    if (on)
        xs_watch(events->store, path, "name");
    else
        xs_unwatch(events->store, path, "name");
}

/* What the domain, as it is, has become since `before` (NULL: it was not there). */
static bool add_changes(struct ctl_events *events, const struct ctl_domain *before, const struct ctl_domain *domain)
{
    bool good = true;

    if (!before) {
        watch_name(events, domain->domid, true);
        good = add(events, CTL_EVENT_CREATED, domain);
    } else if (strcmp(before->name, domain->name) != 0) {
        good = add(events, CTL_EVENT_RENAMED, domain);
    }
    if (good && domain->shutdown && (!before || !before->shutdown))
        good = add(events, CTL_EVENT_SHUTDOWN, domain);
    return good;
}

/* Drops what is on its way out, and what is being made and has no name yet. */
static size_t keep_living(struct ctl_domain *list, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (!list[i].dying && *list[i].name)
            list[kept++] = list[i];
    return kept;
}

/* All domains, with their names: without, each would seem to be gone. */
static ssize_t list_named(struct ctl *ctl, struct ctl_domain **list)
{
    ssize_t count = ctl_domain_list_bare(ctl, 0, list);
    int result = count > 0 ? ctl_domain_read_names(ctl, *list, (size_t)count) : 0;

    if (result == 0)
        return count;
    free(*list);
    *list = NULL;
    return result;
}

static int look(struct ctl *ctl, struct ctl_events *events)
{
    struct ctl_domain *list;
    ssize_t got = list_named(ctl, &list);
    size_t count;
    bool good = true;

    if (got < 0)
        return (int)got;
    count = keep_living(list, (size_t)got);
    for (size_t i = 0; i < events->known_count && good; i++)
        if (!find(list, count, &events->known[i])) {
            watch_name(events, events->known[i].domid, false);
            good = add(events, CTL_EVENT_DESTROYED, &events->known[i]);
        }
    for (size_t i = 0; i < count && good; i++)
        good = add_changes(events, find(events->known, events->known_count, &list[i]), &list[i]);
    if (!good) { /* none is fetched: the next look finds them all again */
        free(list);
        events->count = 0;
        return ctl_fail(ctl, ENOMEM, "there is no memory for an event");
    }
    free(events->known);
    events->known = list;
    events->known_count = count;
    return 0;
}

/* A connection of its own, and its watches. */
static int connect_store(struct ctl *ctl, struct ctl_events *events)
{
    if (!ctl_store(ctl))
        return -ENOENT;
    events->store = xs_open(0);
    if (events->store && xs_watch(events->store, "@introduceDomain", "born") &&
        xs_watch(events->store, "@releaseDomain", "gone"))
        return 0;
    int error = errno ? errno : EIO;

    xs_close(events->store);
    events->store = NULL;
    return ctl_fail(ctl, error, "the store does not tell of domains: %s", strerror(error));
}

int ctl_events_reopen(struct ctl *ctl, struct ctl_events *events)
{
    int result;

    xs_close(events->store);
    events->store = NULL;
    ctl_store_renew(ctl);
    result = connect_store(ctl, events);
    if (result < 0)
        return result;
    for (size_t i = 0; i < events->known_count; i++)
        watch_name(events, events->known[i].domid, true);
    events->stale = true;
    return 0;
}

int ctl_events_open(struct ctl *ctl, struct ctl_events **out)
{
    struct ctl_events *events = calloc(1, sizeof(*events));
    ssize_t count;
    int result;

    *out = NULL;
    if (!events)
        return ctl_fail(ctl, ENOMEM, "there is no memory to wait for events");
    result = connect_store(ctl, events);
    if (result < 0)
        goto free_events;
    count = list_named(ctl, &events->known);
    result = (int)count;
    if (count < 0)
        goto close_store;
    events->known_count = keep_living(events->known, (size_t)count);
    for (size_t i = 0; i < events->known_count; i++)
        watch_name(events, events->known[i].domid, true);
    *out = events;
    return 0;

close_store:
    xs_close(events->store);
free_events:
    free(events);
    return result;
}

void ctl_events_close(struct ctl_events *events)
{
    if (!events)
        return;
    xs_close(events->store);
    free(events->known);
    free(events->queue);
    free(events);
}

int ctl_events_fd(const struct ctl_events *events)
{
    return xs_fileno(events->store);
}

/* Takes what the store has said; false when the store is gone. */
static bool take_watches(struct ctl_events *events)
{
    char **event;

    while ((event = xs_check_watch(events->store))) {
        events->stale = true;
        free(event);
    }
    return errno == EAGAIN;
}

int ctl_events_next(struct ctl *ctl, struct ctl_events *events, struct ctl_event *event)
{
    int result;

    if (events->first == events->count) {
        events->first = events->count = 0;
        if (!events->store || !take_watches(events))
            return ctl_fail(ctl, EPIPE, "the store is gone: events have to be opened anew");
        if (!events->stale)
            return 0;
        result = look(ctl, events);
        if (result < 0)
            return result;
        events->stale = false;
    }
    if (events->first == events->count)
        return 0;
    *event = events->queue[events->first++];
    return 1;
}
