/* SPDX-License-Identifier: MIT */
/* The loop that serves metrics; see metrics_server.h. */
#include "metrics_server.h"

#include "clock.h"
#include "http.h"
#include "metrics.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOBODY 65534
#define DRAIN_READS 16u

struct connection {
    int socket;
    int64_t deadline_ms;
    size_t received, sent, output_length;
    char *output; /* NULL as long as the request is being read */
    char input[HTTP_REQUEST_MAX];
};

struct state {
    const struct metrics_server *server;
    struct connection *connections[METRICS_CONNECTIONS_MAX];
    size_t count;
};

static void drop(struct state *state, size_t index)
{
    struct connection *connection = state->connections[index];

    close(connection->socket);
    free(connection->output);
    free(connection);
    state->connections[index] = state->connections[--state->count];
}

/* The connection that has kept its request back for longest; as many as there are: none does. */
static size_t oldest_idle(const struct state *state)
{
    size_t oldest = state->count;

    for (size_t i = 0; i < state->count; i++) {
        if (!state->connections[i]->output && (oldest == state->count || state->connections[i]->deadline_ms <
                                               state->connections[oldest]->deadline_ms))
            oldest = i;
    }
    return oldest;
}

/* Whether there is room for one more, or can be. */
static bool can_accept(const struct state *state)
{
    return state->count < METRICS_CONNECTIONS_MAX || oldest_idle(state) < state->count;
}

static void accept_one(struct state *state, int listener)
{
    int socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct connection *connection;

    if (socket < 0)
        return;
    if (state->count == METRICS_CONNECTIONS_MAX)
        drop(state, oldest_idle(state));
    connection = calloc(1, sizeof(*connection));
    if (!connection) {
        close(socket);
        return;
    }
    connection->socket = socket;
    connection->deadline_ms = clock_ms() + METRICS_REQUEST_MS;
    state->connections[state->count++] = connection;
}

/* Makes the answer; false: no memory. */
static bool answer(const struct metrics_server *server, struct connection *connection, int status,
                   const struct http_request *request)
{
    char *body = NULL, head[256];
    size_t length = 0;
    int head_length;

    if (status == 200 && strcmp(request->path, "/metrics") != 0)
        status = 404;
    if (status == 200) {
        body = server->text(server->context, &length);
        status = body ? 200 : 503;
    }
    if (!body) {
        body = malloc(64);
        if (!body)
            return false;
        length = (size_t)snprintf(body, 64, "%s\n", status == 404 ? "There is only /metrics." : http_reason(status));
    }
    head_length = snprintf(head, sizeof(head), "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s"
                           "Connection: close\r\n\r\n", status, http_reason(status), status == 200 ? METRICS_TYPE
                           : "text/plain", length, status == 405 ? "Allow: GET, HEAD\r\n" : "");
    if (status == 200 && request->head_only)
        length = 0;
    connection->output_length = (size_t)head_length + length;
    connection->output = malloc(connection->output_length);
    if (connection->output) {
        memcpy(connection->output, head, (size_t)head_length);
        memcpy(connection->output + head_length, body, length);
    }
    free(body);
    connection->deadline_ms = clock_ms() + METRICS_REQUEST_MS;
    return connection->output;
}

/* Reads what has come; false when the connection is to be closed. */
static bool receive(const struct metrics_server *server, struct connection *connection)
{
    struct http_request request = { 0 };
    ssize_t count = read(connection->socket, connection->input + connection->received,
                         sizeof(connection->input) - connection->received);
    int status;

    if (count < 0)
        return errno == EAGAIN || errno == EINTR;
    if (count == 0)
        return false;
    connection->received += (size_t)count;
    status = http_parse(connection->input, connection->received, &request);
    return status == 0 || answer(server, connection, status, &request);
}

/* Sends what fits; false when all has been sent, or nobody is there. */
static bool transmit(struct connection *connection)
{
    ssize_t count = send(connection->socket, connection->output + connection->sent,
                         connection->output_length - connection->sent, MSG_NOSIGNAL);
    char rest[HTTP_REQUEST_MAX];

    if (count < 0)
        return errno == EAGAIN || errno == EINTR;
    connection->sent += (size_t)count;
    if (connection->sent < connection->output_length)
        return true;
    /* What is left unread at the end would make the kernel throw the answer away on its way; who never stops sending
     * is not waited for. */
    shutdown(connection->socket, SHUT_WR);
    for (unsigned int i = 0; i < DRAIN_READS && recv(connection->socket, rest, sizeof(rest), MSG_DONTWAIT) > 0; i++)
        ;
    return false;
}

static int time_left(const struct state *state)
{
    int64_t now_ms = clock_ms(), left_ms = INT32_MAX;

    for (size_t i = 0; i < state->count; i++) {
        int64_t own_ms = state->connections[i]->deadline_ms - now_ms;

        left_ms = own_ms < left_ms ? own_ms : left_ms;
    }
    return left_ms == INT32_MAX ? -1 : left_ms < 0 ? 0 : (int)left_ms;
}

/* One round: false when told to stop. */
static bool serve_once(struct state *state)
{
    const struct metrics_server *server = state->server;
    struct pollfd ready[1 + METRICS_LISTENERS_MAX + METRICS_CONNECTIONS_MAX];
    struct pollfd *of_connections = ready + 1 + server->listeners_count;
    size_t count = state->count;

    ready[0] = (struct pollfd){ .fd = server->stop, .events = POLLIN };
    for (size_t i = 0; i < server->listeners_count; i++) /* as many as there is room for: others wait in the kernel */
        ready[1 + i] = (struct pollfd){ .fd = server->listeners[i], .events = can_accept(state) ? POLLIN : 0 };
    for (size_t i = 0; i < count; i++)
        of_connections[i] = (struct pollfd){ .fd = state->connections[i]->socket,
                                             .events = state->connections[i]->output ? POLLOUT : POLLIN };
    if (poll(ready, 1 + server->listeners_count + count, time_left(state)) < 0)
        return errno == EINTR;
    if (ready[0].revents)
        return false;
    for (size_t i = count; i-- > 0;) { /* from the end: drop puts the last one in the place of another */
        struct connection *connection = state->connections[i];
        bool stays = true;

        if (of_connections[i].revents)
            stays = connection->output ? transmit(connection) : receive(server, connection);
        if (!stays || clock_ms() >= connection->deadline_ms)
            drop(state, i);
    }
    for (size_t i = 0; i < server->listeners_count; i++) {
        if (ready[1 + i].revents && can_accept(state))
            accept_one(state, server->listeners[i]);
    }
    return true;
}

int metrics_serve(const struct metrics_server *server)
{
    struct state *state = calloc(1, sizeof(*state));

    if (!state)
        return -ENOMEM;
    state->server = server;
    while (serve_once(state))
        ;
    while (state->count)
        drop(state, state->count - 1);
    free(state);
    return 0;
}

int metrics_drop_rights(void)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -errno;
    if (geteuid() != 0)
        return 0;
    if (chdir("/") != 0 || setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
        setresuid(NOBODY, NOBODY, NOBODY) != 0)
        return -errno;
    return setuid(0) == 0 ? -EPERM : 0; /* there must be no way back */
}
