/* SPDX-License-Identifier: MIT */
/* The transport of bytes over a shared page and an event channel. */
#include "store/ring.h"

#include <stdlib.h>
#include <string.h>

#include "store/daemon.h"
#include "store/log.h"
#include "store/memory.h"

_Static_assert(offsetof(struct xenstore_domain_interface, req_cons) == 2048, "layout of the ring page");
_Static_assert(offsetof(struct xenstore_domain_interface, error) == 2072, "layout of the ring page");

#define COMPLAINTS_MAX 3 /* lines in the log about one domain: it must not fill the log */

static uint32_t load(const uint32_t *index)
{
    return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

/* The bytes before are in the page, or out of it, before the index says so. */
static void store_index(uint32_t *index, uint32_t value)
{
    __atomic_store_n(index, value, __ATOMIC_RELEASE);
}

static struct ring_connection *ring_of(struct connection *connection)
{
    return (struct ring_connection *)connection;
}

static void set_error(struct ring_connection *ring, uint32_t error)
{
    store_index(&ring->mapping.page->error, error);
    ring->notify_due = true;
    if (ring->complaints < COMPLAINTS_MAX) {
        ring->complaints++;
        log_info("domain %u is cut off from the store until it reconnects: ring error %u",
                 ring->connection.actor.domain, error);
    }
}

static ssize_t receive(struct connection *connection, void *to, size_t size)
{
    struct ring_connection *ring = ring_of(connection);
    struct xenstore_domain_interface *page = ring->mapping.page;
    uint32_t waiting = load(&page->req_prod) - ring->request_consumer;
    if (waiting > XENSTORE_RING_SIZE) {
        set_error(ring, XENSTORE_ERROR_RINGIDX);
        return -1;
    }
    size_t count = waiting < size ? waiting : size;
    if (count == 0)
        return 0;
    size_t offset = MASK_XENSTORE_IDX(ring->request_consumer);
    size_t first = count < XENSTORE_RING_SIZE - offset ? count : XENSTORE_RING_SIZE - offset;
    memcpy(to, page->req + offset, first);
    memcpy((char *)to + first, page->req, count - first);
    ring->request_consumer += (uint32_t)count;
    store_index(&page->req_cons, ring->request_consumer);
    ring->notify_due = true;
    return (ssize_t)count;
}

static ssize_t send_bytes(struct connection *connection, const void *from, size_t size)
{
    struct ring_connection *ring = ring_of(connection);
    struct xenstore_domain_interface *page = ring->mapping.page;
    uint32_t waiting = ring->response_producer - load(&page->rsp_cons);
    if (waiting > XENSTORE_RING_SIZE) {
        set_error(ring, XENSTORE_ERROR_RINGIDX);
        return -1;
    }
    size_t room = XENSTORE_RING_SIZE - waiting;
    size_t count = room < size ? room : size;
    if (count == 0)
        return 0;
    size_t offset = MASK_XENSTORE_IDX(ring->response_producer);
    size_t first = count < XENSTORE_RING_SIZE - offset ? count : XENSTORE_RING_SIZE - offset;
    memcpy(page->rsp + offset, from, first);
    memcpy(page->rsp, (const char *)from + first, count - first);
    ring->response_producer += (uint32_t)count;
    store_index(&page->rsp_prod, ring->response_producer);
    ring->notify_due = true;
    return (ssize_t)count;
}

static void notify(struct ring_connection *ring)
{
    if (ring->notify_due) {
        ring->notify_due = false;
        ring->hypervisor->operations->notify(ring->hypervisor, ring->port);
    }
}

/* Whatever the connection waits for, the domain says by an event; what was done so far is told to it. */
static void wait_for(struct connection *connection, bool for_input, bool for_output)
{
    notify(ring_of(connection));
}

static void fail(struct connection *connection)
{
    struct ring_connection *ring = ring_of(connection);
    if (load(&ring->mapping.page->error) == XENSTORE_ERROR_NONE)
        set_error(ring, XENSTORE_ERROR_PROTO);
    connection_reset(connection);
    connection->failed = true;
    notify(ring);
}

static void free_ring(struct connection *connection)
{
    free(ring_of(connection));
}

static const struct transport transport = {
    .receive = receive,
    .send = send_bytes,
    .wait = wait_for,
    .fail = fail,
    .free = free_ring,
};

void ring_attach(struct ring_connection *ring)
{
    struct xenstore_domain_interface *page = ring->mapping.page;
    ring->request_consumer = load(&page->req_cons);
    ring->response_producer = load(&page->rsp_prod);
    store_index(&page->server_features, XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR);
    store_index(&page->error, XENSTORE_ERROR_NONE);
}

struct ring_connection *ring_open(struct daemon *daemon, struct hypervisor *hypervisor, domid_t domain,
                                  const struct ring_mapping *mapping, event_port_t port)
{
    struct ring_connection *ring = allocate(sizeof(*ring));
    ring->hypervisor = hypervisor;
    ring->mapping = *mapping;
    ring->port = port;
    connection_open(&ring->connection, daemon, &transport, domain);
    ring_attach(ring);
    return ring;
}

/* The domain asked for a new start on its side of the page. */
static void reconnect(struct ring_connection *ring)
{
    struct xenstore_domain_interface *page = ring->mapping.page;
    connection_reset(&ring->connection);
    ring->request_consumer = ring->response_producer = 0;
    store_index(&page->req_cons, 0);
    store_index(&page->req_prod, 0);
    store_index(&page->rsp_cons, 0);
    store_index(&page->rsp_prod, 0);
    store_index(&page->error, XENSTORE_ERROR_NONE);
    store_index(&page->connection, XENSTORE_CONNECTED);
    ring->notify_due = true;
    notify(ring);
}

void ring_service(struct ring_connection *ring)
{
    if (load(&ring->mapping.page->connection) == XENSTORE_RECONNECT)
        reconnect(ring);
    connection_service(&ring->connection);
}
