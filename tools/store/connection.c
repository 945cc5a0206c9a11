/* SPDX-License-Identifier: MIT */
/* Buffers, requests and events of a connection. */
#include "store/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/daemon.h"
#include "store/log.h"
#include "store/memory.h"
#include "store/request.h"

#define INPUT_CAPACITY (4 * CONNECTION_MESSAGE_MAX)
#define REQUESTS_A_TURN 16
#define OUTPUT_PAUSE (64 * 1024)

_Static_assert(sizeof(struct xsd_sockmsg) == 16, "the wire header is four 32-bit words");

void connection_set_domain(struct connection *connection, domid_t domain)
{
    if (connection->actor.account)
        account_put(connection->actor.account);
    connection->actor = (struct actor){.domain = domain,
                                       .target = DOMID_INVALID,
                                       .account = account_get(&connection->daemon->accounts, domain)};
    snprintf(connection->home, sizeof(connection->home), "/local/domain/%u", domain);
}

void connection_open(struct connection *connection, struct daemon *daemon, const struct transport *transport,
                     domid_t domain)
{
    connection->daemon = daemon;
    connection->transport = transport;
    connection_set_domain(connection, domain);
    connection->id = ++daemon->last_connection_id;
    connection->input_capacity = INPUT_CAPACITY;
    connection->input = allocate(connection->input_capacity);
    connection->output_pause = OUTPUT_PAUSE;
    connection->next = daemon->connections;
    connection->link = &daemon->connections;
    if (connection->next)
        connection->next->link = &connection->next;
    daemon->connections = connection;
}

void connection_drop_watches(struct connection *connection)
{
    while (connection->watches)
        watch_remove(&connection->daemon->watches, connection->watches);
    connection->overflowed = false;
}

void connection_drop_transactions(struct connection *connection)
{
    while (connection->transactions) {
        struct transaction *next = connection->transactions->next;
        transaction_free(connection->transactions);
        connection->transactions = next;
    }
    connection->transaction_count = 0;
}

void connection_reset(struct connection *connection)
{
    connection_drop_watches(connection);
    connection_drop_transactions(connection);
    connection->input_start = connection->input_end = 0;
    connection->output_start = connection->output_end = connection->output_boundary = 0;
    connection->replies_waiting = 0;
    connection->failed = false;
}

void connection_close(struct connection *connection)
{
    struct daemon *daemon = connection->daemon;
    connection_reset(connection);
    connection->failed = true;
    daemon_unqueue(daemon, connection);
    *connection->link = connection->next;
    if (connection->next)
        connection->next->link = connection->link;
    connection->transport->wait(connection, false, false);
    account_charge(connection->actor.account, -(int64_t)connection->output_capacity);
    account_put(connection->actor.account);
    connection->actor.account = NULL;
    connection->next = daemon->closed;
    daemon->closed = connection;
}

struct transaction *connection_find_transaction(const struct connection *connection, uint32_t id)
{
    struct transaction *transaction = connection->transactions;
    while (transaction && transaction->id != id)
        transaction = transaction->next;
    return transaction;
}

void connection_take_transaction(struct connection *connection, struct transaction *transaction)
{
    struct transaction **link = &connection->transactions;
    while (*link != transaction)
        link = &(*link)->next;
    *link = transaction->next;
    connection->transaction_count--;
}

char *connection_reserve(struct connection *connection, size_t size)
{
    if (connection->output_start == connection->output_end)
        connection->output_start = connection->output_end = connection->output_boundary = 0;
    if (connection->output_end + size > connection->output_capacity) {
        size_t waiting = connection->output_end - connection->output_start;
        if (waiting > 0 && connection->output_start > 0)
            memmove(connection->output, connection->output + connection->output_start, waiting);
        connection->output_boundary -= connection->output_start;
        connection->output_start = 0;
        connection->output_end = waiting;
        if (waiting + size > connection->output_capacity) {
            size_t capacity = 2 * connection->output_capacity + size;
            account_charge(connection->actor.account, (int64_t)(capacity - connection->output_capacity));
            connection->output_capacity = capacity;
            connection->output = reallocate(connection->output, connection->output_capacity);
        }
    }
    return connection->output + connection->output_end;
}

/* Outside of its service, where nobody else sends the output. */
static void output_grew(struct connection *connection)
{
    if (connection->transport->send_later)
        connection->transport->send_later(connection);
    else
        daemon_queue(connection->daemon, connection);
}

void connection_sent(struct connection *connection, size_t size)
{
    struct xsd_sockmsg header;
    memcpy(&header, connection->output + connection->output_end, sizeof(header));
    connection->replies_waiting += header.type != XS_WATCH_EVENT;
    if (connection->output_start == connection->output_end && !actor_is_privileged(&connection->actor)) {
        connection->taken_ns = statistics_tick_ns();
        daemon_start_clock(connection->daemon);
    }
    connection->output_end += size;
    if (!connection->serving)
        output_grew(connection);
}

void connection_restore_output(struct connection *connection, const char *output, size_t size, size_t boundary)
{
    size_t at = boundary;
    unsigned int replies = 0;
    while (at < size) {
        struct xsd_sockmsg header;
        if (size - at < sizeof(header))
            break;
        memcpy(&header, output + at, sizeof(header));
        if (header.len > size - at - sizeof(header))
            break;
        replies += header.type != XS_WATCH_EVENT;
        at += sizeof(header) + header.len;
    }
    bool whole = at == size;
    memcpy(connection_reserve(connection, size), output, size);
    connection->output_boundary = connection->output_end + (whole ? boundary : size);
    connection->replies_waiting += whole ? replies : 0;
    connection->output_end += size;
    output_grew(connection);
}

static size_t output_waiting(const struct connection *connection)
{
    return connection->output_end - connection->output_start;
}

void connection_send_event(struct connection *connection, struct watch *watch, const char *path)
{
    if (connection->failed || watch->overflowed)
        return;
    size_t token_size = strlen(watch->token) + 1;
    const char *name = path + watch->relative;
    size_t name_size = strlen(name) + 1;
    if (name_size + token_size > XENSTORE_PAYLOAD_MAX) {
        name = watch->path + watch->relative;
        name_size = strlen(name) + 1;
    }
    size_t size = sizeof(struct xsd_sockmsg) + name_size + token_size;
    struct account *account = connection->actor.account;
    if (!actor_is_privileged(&connection->actor) &&
        quota_forbids(account->quota.event_bytes, (int64_t)(output_waiting(connection) + size))) {
        watch->overflowed = connection->overflowed = true;
        account->events_merged++;
        connection->daemon->statistics.events_merged++;
        return;
    }
    account->events++;
    connection->daemon->statistics.events++;
    struct xsd_sockmsg header = {.type = XS_WATCH_EVENT, .len = (uint32_t)(name_size + token_size)};
    char *to = connection_reserve(connection, size);
    memcpy(to, &header, sizeof(header));
    memcpy(to + sizeof(header), name, name_size);
    memcpy(to + sizeof(header) + name_size, watch->token, token_size);
    connection_sent(connection, size);
}

void connection_send_owed(struct connection *connection)
{
    connection->overflowed = false;
    for (struct watch *watch = connection->watches; watch; watch = watch->next_of_connection)
        if (watch->overflowed) {
            watch->overflowed = false;
            connection_send_event(connection, watch, watch->path);
        }
}

/* Moves the boundary behind all messages of which something has been sent. */
static void advance_boundary(struct connection *connection)
{
    while (connection->output_boundary < connection->output_start) {
        struct xsd_sockmsg header;
        memcpy(&header, connection->output + connection->output_boundary, sizeof(header));
        connection->output_boundary += sizeof(header) + header.len;
        connection->replies_waiting -= header.type != XS_WATCH_EVENT;
    }
}

static void fail(struct connection *connection)
{
    connection->failed = true;
    connection->transport->fail(connection);
}

/* Frees a buffer that was large once and is empty. */
static void shrink_output(struct connection *connection)
{
    if (output_waiting(connection) > 0 || connection->output_capacity <= 4 * OUTPUT_PAUSE)
        return;
    free(connection->output);
    account_charge(connection->actor.account, -(int64_t)connection->output_capacity);
    connection->output = NULL;
    connection->output_start = connection->output_end = connection->output_capacity = 0;
    connection->output_boundary = 0;
}

static void take_output(struct connection *connection, size_t sent)
{
    connection->output_start += sent;
    advance_boundary(connection);
    if (!actor_is_privileged(&connection->actor))
        connection->taken_ns = statistics_tick_ns();
    if (connection->overflowed && output_waiting(connection) == 0)
        connection_send_owed(connection);
}

/* Sends what waits, as far as the client takes it, over a transport that does that at once. */
static void flush(struct connection *connection)
{
    while (connection->transport->send && output_waiting(connection) > 0) {
        ssize_t sent = connection->transport->send(connection, connection->output + connection->output_start,
                                                   output_waiting(connection));
        if (sent < 0)
            fail(connection);
        if (sent <= 0)
            return;
        take_output(connection, (size_t)sent);
    }
    shrink_output(connection);
}

/* Whether there is a request in the input that is whole, or can never be. */
static bool has_request(const struct connection *connection)
{
    struct xsd_sockmsg header;
    size_t waiting = connection->input_end - connection->input_start;
    if (waiting < sizeof(header))
        return false;
    memcpy(&header, connection->input + connection->input_start, sizeof(header));
    return header.len > XENSTORE_PAYLOAD_MAX || waiting - sizeof(header) >= header.len;
}

char *connection_input_room(struct connection *connection, size_t *size)
{
    if (connection->input_start > 0) {
        memmove(connection->input, connection->input + connection->input_start,
                connection->input_end - connection->input_start);
        connection->input_end -= connection->input_start;
        connection->input_start = 0;
    }
    *size = has_request(connection) ? 0 : connection->input_capacity - connection->input_end;
    return connection->input + connection->input_end;
}

void connection_input_arrived(struct connection *connection, ssize_t got)
{
    if (got < 0)
        fail(connection);
    else
        connection->input_end += (size_t)got;
}

/* Fills the input up, from a transport that does that at once. False when nothing came; *drained when there is no more
 * at the moment. */
static bool receive(struct connection *connection, bool *drained)
{
    if (!connection->transport->receive)
        return false;
    size_t room;
    char *to = connection_input_room(connection, &room);
    ssize_t got = connection->transport->receive(connection, to, room);
    *drained = got < (ssize_t)room;
    connection_input_arrived(connection, got);
    return got > 0;
}

/* Handles the first request in the input. False when it is not complete yet, or the client broke the protocol. */
static bool handle_one(struct connection *connection)
{
    struct xsd_sockmsg header;
    if (!has_request(connection))
        return false;
    memcpy(&header, connection->input + connection->input_start, sizeof(header));
    if (header.len > XENSTORE_PAYLOAD_MAX) {
        log_trace("connection %u of domain %u announced %u bytes, more than the protocol allows: it is cut off",
                  connection->id, connection->actor.domain, header.len);
        fail(connection);
        return false;
    }
    const char *body = connection->input + connection->input_start + sizeof(header);
    connection->handled_size = sizeof(header) + header.len;
    connection->input_start += connection->handled_size;
    connection->requests++;
    request_handle(connection, &header, body);
    connection->handled_size = 0;
    return true;
}

/* Whether so much waits to be taken that no further request is handled. */
static bool is_paused(const struct connection *connection)
{
    const struct account *account = connection->actor.account;
    return output_waiting(connection) >= connection->output_pause ||
           (!actor_is_privileged(&connection->actor) &&
            quota_forbids(account->quota.outstanding, connection->replies_waiting));
}

/* The end of a service, or of the sending after it: what the connection waits for from here on. */
static void settle(struct connection *connection)
{
    bool paused = is_paused(connection);
    if (!paused && has_request(connection))
        daemon_queue(connection->daemon, connection);
    connection->transport->wait(connection, !paused, output_waiting(connection) > 0);
}

void connection_output_taken(struct connection *connection, ssize_t sent)
{
    if (sent < 0) {
        fail(connection);
        return;
    }
    if (sent > 0)
        take_output(connection, (size_t)sent);
    shrink_output(connection);
    settle(connection);
}

void connection_service(struct connection *connection)
{
    if (connection->failed)
        return;
    connection->serving = true;
    flush(connection);
    unsigned int handled = 0;
    bool drained = false;
    while (!connection->failed && handled < REQUESTS_A_TURN && !is_paused(connection)) {
        if (handle_one(connection))
            handled++;
        else if (connection->failed || drained || !receive(connection, &drained))
            break;
    }
    if (!connection->failed)
        flush(connection);
    connection->serving = false;
    if (connection->failed)
        return;
    if (connection->transport->send_later && output_waiting(connection) > 0)
        connection->transport->send_later(connection); /* which settles it */
    else
        settle(connection);
}
