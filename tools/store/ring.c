/* SPDX-License-Identifier: MIT */
/* The transport of bytes over a shared page and an event channel. */
#include "store/ring.h"

#include <stdlib.h>
#include <string.h>

#include "store/daemon.h"
#include "store/journal.h"
#include "store/log.h"
#include "store/memory.h"

_Static_assert(offsetof(struct xenstore_domain_interface, req_cons) == 2048, "layout of the ring page");
_Static_assert(offsetof(struct xenstore_domain_interface, error) == 2072, "layout of the ring page");

_Static_assert(RING_OUTPUT_PAUSE + CONNECTION_MESSAGE_MAX <= RING_STATE_OUTPUT_MAX, "all replies can be recorded");

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

uint64_t ring_request_position(const struct ring_connection *ring)
{
    const struct connection *connection = &ring->connection;
    return ring->request_consumer - (connection->input_end - connection->input_start);
}

bool ring_request_is_done(const struct ring_connection *ring)
{
    for (size_t i = 0; i < ring->done_count; i++)
        if (ring->done[i] == ring_request_position(ring))
            return true;
    return false;
}

bool ring_has_to_wait(const struct ring_connection *ring)
{
    return ring->connection.daemon->journal && !ring->slot;
}

/* Forgets the requests carried out before that have been handled again by now. */
static void drop_past_positions(struct ring_connection *ring)
{
    uint64_t now = ring_request_position(ring);
    size_t kept = 0;
    for (size_t i = 0; i < ring->done_count; i++)
        if (ring->done[i] > now)
            ring->done[kept++] = ring->done[i];
    ring->done_count = kept;
}

/* So much of the output that waits is part of the state: whole messages, among them all replies (RING_OUTPUT_PAUSE).
 * The events behind that are lost with the daemon: the next one has one for each watch. */
static uint32_t recordable_output(const struct connection *connection)
{
    size_t at = connection->output_boundary, end = connection->output_start + RING_STATE_OUTPUT_MAX;
    if (connection->output_end <= end)
        return (uint32_t)(connection->output_end - connection->output_start);
    for (;;) {
        struct xsd_sockmsg header;
        memcpy(&header, connection->output + at, sizeof(header));
        if (at + sizeof(header) + header.len > end)
            return (uint32_t)(at - connection->output_start);
        at += sizeof(header) + header.len;
    }
}

void ring_get_state(const struct ring_connection *ring, struct ring_state *state)
{
    const struct connection *connection = &ring->connection;
    size_t input_start = connection->input_start - connection->handled_size;
    *state = (struct ring_state){
        .domain = connection->actor.domain,
        .introduction = ring->introduction,
        .start = ring->start,
        .consumer = ring->request_consumer,
        .producer = ring->response_producer,
        .last_transaction_id = connection->last_transaction_id,
        .input = connection->input + input_start,
        .output = connection->output ? connection->output + connection->output_start : "",
        .input_size = (uint32_t)(connection->input_end - input_start),
        .output_size = recordable_output(connection),
    };
    size_t rest = connection->output_boundary - connection->output_start;
    state->output_boundary = rest < state->output_size ? (uint32_t)rest : state->output_size;
}

void ring_recorded(struct ring_connection *ring, const struct ring_state *state)
{
    ring->recorded_consumer = state->consumer;
    ring->recorded_position = state->consumer - state->input_size;
    ring->recorded_end = state->producer + state->output_size;
    ring->connection.output_changed = false;
}

/* Before anything in the page changes, the slot has the new state. Delivering what it knows already needs no record:
 * the page itself says how far that has come. */
static void record(struct ring_connection *ring)
{
    struct ring_state state;
    drop_past_positions(ring);
    ring_get_state(ring, &state);
    if (ring->slot)
        ring_slot_put(ring->slot, &state);
    ring_recorded(ring, &state);
}

void ring_record_answered(struct ring_connection *ring)
{
    if (ring->recorded_position != ring_request_position(ring) - ring->connection.handled_size)
        record(ring);
}

/* Whether requests were taken or handled that the slot does not know of. */
static bool has_news(const struct ring_connection *ring)
{
    return ring->recorded_consumer != ring->request_consumer ||
           ring->recorded_position != ring_request_position(ring);
}

static ssize_t receive(struct connection *connection, void *to, size_t size)
{
    struct ring_connection *ring = ring_of(connection);
    struct xenstore_domain_interface *page = ring->mapping.page;
    if (ring_has_to_wait(ring))
        return 0;
    uint32_t waiting = load(&page->req_prod) - (uint32_t)ring->request_consumer;
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
    ring->request_consumer += count;
    return (ssize_t)count;
}

static ssize_t send_bytes(struct connection *connection, const void *from, size_t size)
{
    struct ring_connection *ring = ring_of(connection);
    struct xenstore_domain_interface *page = ring->mapping.page;
    if (ring_has_to_wait(ring))
        return 0;
    uint32_t waiting = ring->response_producer - load(&page->rsp_cons);
    if (waiting > XENSTORE_RING_SIZE) {
        set_error(ring, XENSTORE_ERROR_RINGIDX);
        return -1;
    }
    size_t room = XENSTORE_RING_SIZE - waiting;
    size_t count = room < size ? room : size;
    if (count == 0)
        return 0;
    if (has_news(ring) || connection->output_changed || ring->recorded_end == ring->response_producer)
        record(ring);
    if (count > ring->recorded_end - ring->response_producer)
        count = ring->recorded_end - ring->response_producer;
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
    if (connection->failed || ring_has_to_wait(ring))
        return;
    if (has_news(ring))
        record(ring);
    if (ring->published_consumer != (uint32_t)ring->request_consumer) {
        ring->published_consumer = (uint32_t)ring->request_consumer;
        store_index(&page->req_cons, ring->published_consumer);
        ring->notify_due = true;
    }
    notify(ring);
    /* A domain tells of a request only if it saw all those before taken (Linux' xb_write): one that it put before it
     * could see the new req_cons comes without an event. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (for_input && load(&page->req_prod) != (uint32_t)ring->request_consumer)
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

static void empty_page(struct xenstore_domain_interface *page)
{
    store_index(&page->req_cons, 0);
    store_index(&page->req_prod, 0);
    store_index(&page->rsp_cons, 0);
    store_index(&page->rsp_prod, 0);
}

static uint64_t after_start_over(uint64_t position)
{
    return ((position >> 32) + 1) << 32;
}

void ring_first_state(const struct ring_connection *ring, struct ring_state *state)
{
    const struct xenstore_domain_interface *page = ring->mapping.page;
    bool empty = ring->connection.failed; /* what it was cut off for is there still */
    uint64_t start = after_start_over(ring->request_consumer) | (empty ? 0 : load(&page->req_cons));
    *state = (struct ring_state){
        .domain = ring->connection.actor.domain,
        .start = start,
        .consumer = start,
        .producer = empty ? 0 : load(&page->rsp_prod),
        .last_transaction_id = ring->connection.last_transaction_id,
        .input = "",
        .output = "",
    };
}

static void announce_features(struct ring_connection *ring)
{
    const struct account *account = ring->connection.actor.account;
    store_index(&ring->mapping.page->server_features,
                account->features_chosen ? account->features : RING_FEATURES);
}

void ring_start(struct ring_connection *ring, const struct ring_state *state)
{
    if (ring->connection.failed)
        empty_page(ring->mapping.page);
    connection_reset(&ring->connection);
    ring->done_count = 0;
    ring->start = ring->request_consumer = state->consumer;
    ring->published_consumer = (uint32_t)state->consumer;
    ring->response_producer = state->producer;
    ring_recorded(ring, state);
    announce_features(ring);
    store_index(&ring->mapping.page->error, XENSTORE_ERROR_NONE);
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
    ring->connection.output_pause = RING_OUTPUT_PAUSE;
    return ring;
}

/* Where a whole message begins in what is left of the output once `delivered` bytes of it are. */
static size_t boundary_behind(const struct ring_state *kept, size_t delivered)
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

static void lose(const struct ring_connection *ring, const char *what)
{
    log_error("domain %u: the state of its ring is older than its page: %s that was under way may be lost",
              ring->connection.actor.domain, what);
}

static void restore_input(struct ring_connection *ring, const struct ring_state *kept)
{
    int32_t ahead = (int32_t)(ring->published_consumer - (uint32_t)kept->consumer);
    if (ahead > 0) {
        lose(ring, "a request");
        ring->request_consumer += (uint32_t)ahead;
        return;
    }
    memcpy(ring->connection.input, kept->input, kept->input_size);
    ring->connection.input_end = kept->input_size;
}

static void restore_output(struct ring_connection *ring, const struct ring_state *kept)
{
    uint32_t delivered = load(&ring->mapping.page->rsp_prod) - kept->producer;
    ring->response_producer += delivered;
    if (delivered > kept->output_size) {
        lose(ring, "a reply");
        ring->connection.output_changed = true;
    } else if (delivered < kept->output_size) {
        connection_restore_output(&ring->connection, kept->output + delivered, kept->output_size - delivered,
                                  boundary_behind(kept, delivered));
    }
}

void ring_restore(struct ring_connection *ring, const struct ring_state *kept)
{
    struct connection *connection = &ring->connection;
    const struct xenstore_domain_interface *page = ring->mapping.page;
    connection->last_transaction_id = connection->lost_transaction_id = kept->last_transaction_id;
    ring->start = kept->start;
    ring->request_consumer = kept->consumer;
    ring->response_producer = kept->producer;
    ring->published_consumer = load(&page->req_cons);
    ring_recorded(ring, kept);
    announce_features(ring);
    connection->failed = load(&page->error) != XENSTORE_ERROR_NONE; /* one that was cut off stays so */
    if (connection->failed || load(&page->connection) == XENSTORE_RECONNECT)
        return;
    restore_input(ring, kept);
    restore_output(ring, kept);
}

/* The domain asked for a new start on its side of the page. Killed before the last of it, the next daemon finds the
 * question still there. */
static void reconnect(struct ring_connection *ring)
{
    struct xenstore_domain_interface *page = ring->mapping.page;
    struct ring_state state;
    ring->connection.failed = true; /* so that it starts with an empty page */
    ring_first_state(ring, &state);
    state.introduction = ring->introduction;
    if (ring->slot)
        ring_slot_put(ring->slot, &state);
    ring_start(ring, &state);
    store_index(&page->connection, XENSTORE_CONNECTED);
    ring->notify_due = true;
    notify(ring);
}

void ring_service(struct ring_connection *ring)
{
    if (ring_has_to_wait(ring) && journal_introduce_waiting(ring->connection.daemon->journal, ring))
        return;
    if (load(&ring->mapping.page->connection) == XENSTORE_RECONNECT)
        reconnect(ring);
    connection_service(&ring->connection);
}

void ring_take_up(struct ring_connection *ring)
{
    if (ring_has_to_wait(ring) || load(&ring->mapping.page->connection) == XENSTORE_RECONNECT)
        ring_service(ring);
}
