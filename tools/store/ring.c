/* SPDX-License-Identifier: MIT */
/* The transport of bytes over a shared page and an event channel. */
#include "store/ring.h"

#include <stdlib.h>
#include <string.h>

#include "store/daemon.h"
#include "store/journal.h"
#include "store/journal_format.h"
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

uint32_t ring_request_position(const struct ring_connection *ring)
{
    const struct connection *connection = &ring->connection;
    return ring->request_consumer - (uint32_t)(connection->input_end - connection->input_start);
}

bool ring_request_is_done(const struct ring_connection *ring)
{
    for (size_t i = 0; i < ring->done_count; i++)
        if (ring->done[i] == ring_request_position(ring))
            return true;
    return false;
}

/* Forgets the requests carried out before that have been handled again by now. */
static void drop_past_positions(struct ring_connection *ring)
{
    uint32_t now = ring_request_position(ring);
    size_t kept = 0;
    for (size_t i = 0; i < ring->done_count; i++)
        if ((int32_t)(ring->done[i] - now) > 0)
            ring->done[kept++] = ring->done[i];
    ring->done_count = kept;
}

/* The byte of the response stream at which all output ends that waits. */
static uint32_t output_end(const struct ring_connection *ring)
{
    return ring->response_producer + (uint32_t)(ring->connection.output_end - ring->connection.output_start);
}

/* Before anything in the page changes, the journal has the new state. Delivering what it knows already needs no record:
 * the page itself says how far that has come. */
static void record(struct ring_connection *ring)
{
    struct journal *journal = ring->connection.daemon->journal;
    drop_past_positions(ring);
    if (journal)
        journal_put_domain(journal, ring);
    ring->recorded_consumer = ring->request_consumer;
    ring->recorded_end = output_end(ring);
    ring->connection.output_changed = false;
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
    if (ring->recorded_consumer != ring->request_consumer || ring->recorded_end != output_end(ring) ||
        connection->output_changed)
        record(ring);
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

/* The end of a service: the domain gets the room of what was taken back, and is told. What the connection waits for
 * comes by an event, except for what is there already. */
static void wait_for(struct connection *connection, bool for_input, bool for_output)
{
    struct ring_connection *ring = ring_of(connection);
    struct xenstore_domain_interface *page = ring->mapping.page;
    if (ring->recorded_consumer != ring->request_consumer)
        record(ring);
    if (ring->published_consumer != ring->request_consumer) {
        ring->published_consumer = ring->request_consumer;
        store_index(&page->req_cons, ring->published_consumer);
        ring->notify_due = true;
    }
    notify(ring);
    /* A domain tells of a request only if it saw all those before taken (Linux' xb_write): one that it put before it
     * could see the new req_cons comes without an event. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (for_input && load(&page->req_prod) != ring->request_consumer)
        daemon_queue(connection->daemon, connection);
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
    free(ring_of(connection)->done);
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
    ring->request_consumer = ring->recorded_consumer = ring->published_consumer = load(&page->req_cons);
    ring->response_producer = load(&page->rsp_prod);
    ring->recorded_end = ring->response_producer;
    const struct account *account = ring->connection.actor.account;
    store_index(&page->server_features, account->features_chosen ? account->features : RING_FEATURES);
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
    ring->connection.durable = true;
    ring_attach(ring);
    return ring;
}

/* Where a whole message begins in what is left of the output once `delivered` bytes of it are. */
static size_t boundary_behind(const struct journal_domain *kept, size_t delivered)
{
    size_t at = kept->output_boundary;
    while (at < delivered && kept->output_size - at >= sizeof(struct xsd_sockmsg)) {
        struct xsd_sockmsg header;
        memcpy(&header, kept->output + at, sizeof(header));
        if (header.len > kept->output_size - at - sizeof(header))
            break;
        at += sizeof(header) + header.len;
    }
    return at < delivered ? kept->output_size - delivered : at - delivered;
}

void ring_restore(struct ring_connection *ring, const struct journal_domain *kept)
{
    struct connection *connection = &ring->connection;
    uint32_t ahead = ring->request_consumer - kept->consumer;
    uint32_t delivered = ring->response_producer - kept->producer;
    if ((ahead > 0 && ahead < INT32_MAX) || delivered > kept->output_size ||
        kept->input_size > connection->input_capacity) {
        log_error("domain %u: the journal's state of its ring is older than the page: what was under way is lost",
                  connection->actor.domain);
        return;
    }
    ring->request_consumer = ring->recorded_consumer = kept->consumer;
    memcpy(connection->input, kept->input, kept->input_size);
    connection->input_end = kept->input_size;
    if (delivered < kept->output_size)
        connection_restore_output(connection, kept->output + delivered, kept->output_size - delivered,
                                  boundary_behind(kept, delivered));
}

void ring_empty(struct ring_connection *ring)
{
    struct xenstore_domain_interface *page = ring->mapping.page;
    store_index(&page->req_cons, 0);
    store_index(&page->req_prod, 0);
    store_index(&page->rsp_cons, 0);
    store_index(&page->rsp_prod, 0);
}

/* The domain asked for a new start on its side of the page. */
static void reconnect(struct ring_connection *ring)
{
    struct xenstore_domain_interface *page = ring->mapping.page;
    connection_reset(&ring->connection);
    ring->done_count = 0;
    ring->request_consumer = ring->recorded_consumer = ring->published_consumer = ring->response_producer = 0;
    record(ring);
    ring_empty(ring);
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
