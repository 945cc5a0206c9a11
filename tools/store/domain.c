/* SPDX-License-Identifier: MIT */
/* Introducing and releasing domains, and their events. */
#include "store/domain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/daemon.h"
#include "store/journal.h"
#include "store/log.h"
#include "store/memory.h"

#define PORTS_MAX (1u << 20) /* more than any event channel ABI has */

static void events_ready(struct loop_source *source, uint32_t events)
{
    struct domain_table *table = (struct domain_table *)((char *)source - offsetof(struct domain_table, events));
    domains_poll(table->daemon);
}

int domains_open(struct daemon *daemon, struct hypervisor *hypervisor)
{
    struct domain_table *table = &daemon->domains;
    *table = (struct domain_table){.hypervisor = hypervisor, .daemon = daemon};
    table->by_id = allocate(DOMID_FIRST_RESERVED * sizeof(table->by_id[0]));
    if (hypervisor->event_fd < 0)
        return 0;
    table->events = (struct loop_source){.fd = hypervisor->event_fd, .ready = events_ready};
    return loop_watch(&daemon->loop, &table->events, EPOLLIN);
}

struct ring_connection *domains_find(const struct daemon *daemon, domid_t domain)
{
    if (!daemon->domains.by_id || domain >= DOMID_FIRST_RESERVED)
        return NULL;
    return daemon->domains.by_id[domain];
}

/* Notes which ring a port belongs to; NULL for none. */
static void set_port(struct domain_table *table, event_port_t port, struct ring_connection *ring)
{
    if (port >= table->port_capacity) {
        if (!ring)
            return;
        size_t capacity = table->port_capacity ? table->port_capacity : 64;
        while (capacity <= port)
            capacity *= 2;
        table->by_port = reallocate(table->by_port, capacity * sizeof(table->by_port[0]));
        memset(table->by_port + table->port_capacity, 0,
               (capacity - table->port_capacity) * sizeof(table->by_port[0]));
        table->port_capacity = capacity;
    }
    table->by_port[port] = ring;
}

static uint64_t identity_of(struct hypervisor *hypervisor, domid_t domain)
{
    return hypervisor->operations->identity ? hypervisor->operations->identity(hypervisor, domain) : 0;
}

/* Whether the number is that of another domain than the one that was introduced, as far as that is known. */
static bool is_another(struct hypervisor *hypervisor, domid_t domain, uint64_t identity)
{
    uint64_t found = identity_of(hypervisor, domain);
    return identity && found && found != identity;
}

static int connect_ring(struct daemon *daemon, domid_t domain, uint64_t gfn, const struct ring_mapping *mapping,
                        event_port_t remote_port)
{
    struct domain_table *table = &daemon->domains;
    struct hypervisor *hypervisor = table->hypervisor;
    event_port_t port;
    int error = hypervisor->operations->bind(hypervisor, domain, remote_port, &port);
    if (error)
        return error;
    if (port >= PORTS_MAX) {
        hypervisor->operations->unbind(hypervisor, port);
        return EINVAL;
    }
    struct ring_connection *ring = ring_open(daemon, hypervisor, domain, mapping, port);
    ring->gfn = gfn;
    ring->identity = identity_of(hypervisor, domain);
    ring->remote_port = remote_port;
    table->by_id[domain] = ring;
    set_port(table, port, ring);
    /* Requests may be waiting whose event came before anyone listened. */
    ring->notify_due = true;
    daemon_queue(daemon, &ring->connection);
    return 0;
}

/* Records that a connection starts in this state, and starts it. 0 or ENOSPC, when nothing has happened. */
static int start_ring(struct daemon *daemon, struct ring_connection *ring)
{
    struct ring_state state;
    ring_first_state(ring, &state);
    if (daemon->journal && journal_introduce(daemon->journal, ring, &state))
        return ENOSPC;
    ring_start(ring, &state);
    return 0;
}

int domains_connect_own(struct daemon *daemon)
{
    struct hypervisor *hypervisor = daemon->domains.hypervisor;
    struct ring_mapping mapping;
    event_port_t remote_port;
    int error = hypervisor->operations->map_own_ring(hypervisor, &mapping, &remote_port);
    if (error)
        return error;
    error = connect_ring(daemon, 0, 0, &mapping, remote_port);
    if (error)
        hypervisor->operations->unmap_ring(hypervisor, &mapping);
    else if (!daemon->journal)
        start_ring(daemon, domains_find(daemon, 0));
    return error;
}

/* Binds a known domain's port in place of the one it has. 0 or errno, when there is none. */
static int bind_again(struct domain_table *table, struct ring_connection *ring, event_port_t remote_port)
{
    struct hypervisor *hypervisor = table->hypervisor;
    event_port_t port;
    if (ring->port)
        hypervisor->operations->unbind(hypervisor, ring->port);
    set_port(table, ring->port, NULL);
    ring->port = 0;
    int error = hypervisor->operations->bind(hypervisor, ring->connection.actor.domain, remote_port, &port);
    if (!error && port >= PORTS_MAX) {
        hypervisor->operations->unbind(hypervisor, port);
        error = EINVAL;
    }
    if (error)
        return error;
    ring->remote_port = remote_port;
    ring->port = port;
    set_port(table, port, ring);
    return 0;
}

/* A known domain is introduced again: it has a new event channel, and starts with nothing. */
static int introduce_again(struct daemon *daemon, struct ring_connection *ring, event_port_t remote_port)
{
    struct domain_table *table = &daemon->domains;
    event_port_t before = ring->remote_port;
    int error = bind_again(table, ring, remote_port);
    if (!error && (error = start_ring(daemon, ring)) && bind_again(table, ring, before))
        log_error("domain %u has no event channel to the store until it is introduced again",
                  ring->connection.actor.domain);
    daemon_queue(daemon, &ring->connection);
    return error;
}

static int introduce_new(struct daemon *daemon, domid_t domain, uint64_t gfn, event_port_t port)
{
    struct hypervisor *hypervisor = daemon->domains.hypervisor;
    struct ring_mapping mapping;
    int error = hypervisor->operations->map_ring(hypervisor, domain, gfn, &mapping);
    if (error)
        return error;
    error = connect_ring(daemon, domain, gfn, &mapping, port);
    if (error)
        hypervisor->operations->unmap_ring(hypervisor, &mapping);
    return error;
}

static void disconnect(struct domain_table *table, struct ring_connection *ring)
{
    struct hypervisor *hypervisor = table->hypervisor;
    table->by_id[ring->connection.actor.domain] = NULL;
    set_port(table, ring->port, NULL);
    connection_close(&ring->connection);
    if (ring->port)
        hypervisor->operations->unbind(hypervisor, ring->port);
    hypervisor->operations->unmap_ring(hypervisor, &ring->mapping);
}

int domains_introduce(struct daemon *daemon, domid_t domain, uint64_t gfn, event_port_t port, bool *fresh)
{
    *fresh = false;
    if (!daemon->domains.hypervisor)
        return ENOSYS;
    struct ring_connection *ring = domains_find(daemon, domain);
    if (ring && is_another(daemon->domains.hypervisor, domain, ring->identity)) {
        domains_end(daemon, domain); /* its death has not been seen yet */
        ring = NULL;
    }
    if (ring)
        return introduce_again(daemon, ring, port);
    int error = introduce_new(daemon, domain, gfn, port);
    if (error)
        return error;
    ring = domains_find(daemon, domain);
    error = start_ring(daemon, ring);
    if (error)
        disconnect(&daemon->domains, ring); /* the next daemon would not know of it */
    *fresh = !error;
    return error;
}

struct ring_connection *domains_reconnect(struct daemon *daemon, domid_t domain, uint64_t gfn, event_port_t port,
                                          uint64_t identity)
{
    struct hypervisor *hypervisor = daemon->domains.hypervisor;
    if (is_another(hypervisor, domain, identity) ||
        hypervisor->operations->life(hypervisor, domain) == DOMAIN_GONE || introduce_new(daemon, domain, gfn, port))
        return NULL;
    return domains_find(daemon, domain);
}

/* No other domain may go on acting for one that is gone. */
static void drop_targets(struct daemon *daemon, domid_t domain)
{
    for (struct connection *connection = daemon->connections; connection; connection = connection->next)
        if (connection->actor.target == domain)
            connection->actor.target = DOMID_INVALID;
}

static void forget(struct daemon *daemon, domid_t domain)
{
    struct change_list changes = {0};
    struct view view = store_view(&daemon->store, &changes);
    drop_targets(daemon, domain);
    store_forget_domain(&view, domain);
    daemon_publish(daemon, &changes);
    account_forget(&daemon->accounts, domain);
}

/* Its slot goes with it, once the journal does not name it any more, or will not before all else. */
static void disconnect_for_good(struct daemon *daemon, struct ring_connection *ring)
{
    if (ring->slot)
        journal_drop_ring(daemon->journal, ring);
    disconnect(&daemon->domains, ring);
}

int domains_release(struct daemon *daemon, domid_t domain)
{
    struct ring_connection *ring = domains_find(daemon, domain);
    if (!ring || domain == 0)
        return ENOENT;
    if (daemon->journal && journal_release_domain(daemon->journal, domain))
        return ENOSPC;
    disconnect_for_good(daemon, ring);
    forget(daemon, domain);
    return 0;
}

void domains_end(struct daemon *daemon, domid_t domain)
{
    struct ring_connection *ring = domains_find(daemon, domain);
    if (daemon->journal)
        journal_end_domain(daemon->journal, domain);
    if (ring)
        disconnect_for_good(daemon, ring);
    forget(daemon, domain);
}

void domains_check_life(struct daemon *daemon)
{
    struct domain_table *table = &daemon->domains;
    struct hypervisor *hypervisor = table->hypervisor;
    domid_t told[64]; /* more than that at once are told in turns */
    size_t count = 0;
    struct connection *next;
    for (struct connection *connection = daemon->connections; connection; connection = next) {
        next = connection->next;
        struct ring_connection *ring = domains_find(daemon, connection->actor.domain);
        if (connection->actor.domain == 0 || !ring)
            continue;
        enum domain_life life = hypervisor->operations->life(hypervisor, connection->actor.domain);
        if (life == DOMAIN_GONE) {
            told[count++] = connection->actor.domain;
            domains_end(daemon, connection->actor.domain);
        } else if (life == DOMAIN_SHUT_DOWN && !ring->shut_down) {
            ring->shut_down = true;
            told[count++] = connection->actor.domain;
            if (daemon->journal)
                journal_put_domain(daemon->journal, ring);
        }
        if (count == sizeof(told) / sizeof(told[0])) {
            watch_fire_special(&daemon->watches, daemon->store.top, "@releaseDomain", told, count);
            count = 0;
        }
    }
    if (count > 0)
        watch_fire_special(&daemon->watches, daemon->store.top, "@releaseDomain", told, count);
}

bool domains_serve_waiting(struct daemon *daemon)
{
    bool left = false;
    for (struct connection *connection = daemon->connections; connection; connection = connection->next) {
        struct ring_connection *ring = connection->durable ? (struct ring_connection *)connection : NULL;
        if (ring && ring_has_to_wait(ring))
            ring_service(ring);
        left |= ring && ring_has_to_wait(ring);
    }
    return left;
}

void domains_poll(struct daemon *daemon)
{
    struct domain_table *table = &daemon->domains;
    struct hypervisor *hypervisor = table->hypervisor;
    event_port_t ports[64];
    unsigned int count = hypervisor->operations->pending(hypervisor, ports, 64);
    for (unsigned int i = 0; i < count; i++) {
        event_port_t port = ports[i];
        /* Unmasked first: what comes while the ring is looked at makes a new event. */
        hypervisor->operations->unmask(hypervisor, port);
        if (port == hypervisor->death_port)
            domains_check_life(daemon);
        else if (port < table->port_capacity && table->by_port[port])
            ring_service(table->by_port[port]);
    }
}

void domain_table_destroy(struct domain_table *table)
{
    if (table->hypervisor)
        table->hypervisor->operations->close(table->hypervisor);
    free(table->by_id);
    free(table->by_port);
    table->hypervisor = NULL;
}
