/* SPDX-License-Identifier: MIT */
/* What the store's unit tests share: clients that speak raw messages to a daemon in the same thread. */
#ifndef TESTS_STORE_SUPPORT_H
#define TESTS_STORE_SUPPORT_H

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../run_tests.h"
#include "store/daemon.h"
#include "store/socket.h"

/* One message as a client got it; the body has a zero byte behind it. */
struct message {
    struct xsd_sockmsg header;
    char body[XENSTORE_PAYLOAD_MAX + 1];
};

/* A client over a socket pair. */
struct client {
    struct daemon *daemon;
    struct connection *connection;
    int fd;
    uint32_t last_request;
};

/* `domain` 0 is what sockets are; another makes the connection that of an unprivileged domain. */
static inline void client_open(struct client *client, struct daemon *daemon, domid_t domain)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        abort();
    client->daemon = daemon;
    client->fd = fds[0];
    client->last_request = 0;
    client->connection = socket_adopt(daemon, fds[1]);
    connection_set_domain(client->connection, domain);
}

static inline void client_close(struct client *client)
{
    close(client->fd);
    for (int i = 0; i < 4; i++)
        loop_turn(&client->daemon->loop, 0, false);
}

static inline void turn(struct daemon *daemon)
{
    bool busy = true;
    for (int i = 0; i < 10000 && busy; i++)
        busy = loop_turn(&daemon->loop, 0, true);
    loop_turn(&daemon->loop, 0, true);
}

static inline bool read_exactly(struct client *client, void *to, size_t size)
{
    char *at = to;
    for (int attempts = 0; size > 0 && attempts < 200; attempts++) {
        ssize_t got = recv(client->fd, at, size, MSG_DONTWAIT);
        if (got == 0)
            return false;
        if (got > 0) {
            at += got;
            size -= (size_t)got;
        } else {
            turn(client->daemon);
        }
    }
    return size == 0;
}

/* The next message, or false when none comes or the daemon hung up. */
static inline bool client_receive(struct client *client, struct message *message)
{
    if (!read_exactly(client, &message->header, sizeof(message->header)))
        return false;
    if (message->header.len > XENSTORE_PAYLOAD_MAX || !read_exactly(client, message->body, message->header.len))
        return false;
    message->body[message->header.len] = '\0';
    return true;
}

static inline bool client_hung_up(struct client *client)
{
    char byte;
    turn(client->daemon);
    return recv(client->fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static inline void client_send(struct client *client, uint32_t type, uint32_t transaction, const void *body,
                               size_t size)
{
    struct xsd_sockmsg header = {
        .type = type, .req_id = ++client->last_request, .tx_id = transaction, .len = (uint32_t)size};
    if (write(client->fd, &header, sizeof(header)) != sizeof(header) || write(client->fd, body, size) != (ssize_t)size)
        abort();
}

/* Sends a request and returns its reply: true and the body when it succeeded, false and the error's name when not.
 * Watch events that come first are dropped. */
static inline bool client_call(struct client *client, uint32_t type, uint32_t transaction, const void *body,
                               size_t size, struct message *reply)
{
    client_send(client, type, transaction, body, size);
    do {
        if (!client_receive(client, reply)) {
            snprintf(reply->body, sizeof(reply->body), "no reply");
            return false;
        }
    } while (reply->header.type == XS_WATCH_EVENT);
    CU_ASSERT_EQUAL(reply->header.req_id, client->last_request);
    CU_ASSERT_EQUAL(reply->header.tx_id, transaction);
    return reply->header.type == type;
}

/* A request whose body is one string literal (its zero byte included); "a\0b" works. Returns the body of the reply, or
 * the error's name. */
#define CALL(client, type, tx, literal) call_text(client, type, tx, literal, sizeof(literal))
static inline const char *call_text(struct client *client, uint32_t type, uint32_t tx, const char *body, size_t size)
{
    static struct message replies[4];
    static unsigned int next;
    struct message *reply = &replies[next++ % 4];
    client_call(client, type, tx, body, size, reply);
    return reply->body;
}

/* Gives a domain a home of its own. */
static inline void make_home(struct client *tool, domid_t domain)
{
    char body[64];
    int size = snprintf(body, sizeof(body), "/local/domain/%u", domain) + 1;
    CU_ASSERT_STRING_EQUAL(call_text(tool, XS_MKDIR, 0, body, (size_t)size), "OK");
    size += snprintf(body + size, sizeof(body) - (size_t)size, "n%u", domain) + 1;
    CU_ASSERT_STRING_EQUAL(call_text(tool, XS_SET_PERMS, 0, body, (size_t)size), "OK");
}

/* The same, and introduces it. */
static inline void introduce(struct client *tool, domid_t domain)
{
    char body[32];
    int size = snprintf(body, sizeof(body), "%u%c77%c3", domain, 0, 0) + 1;
    make_home(tool, domain);
    CU_ASSERT_STRING_EQUAL_FATAL(call_text(tool, XS_INTRODUCE, 0, body, (size_t)size), "OK");
}

/* WRITE, whose value has no zero byte. */
static inline const char *call_write(struct client *client, uint32_t tx, const char *path, const char *value)
{
    char body[XENSTORE_PAYLOAD_MAX];
    size_t path_size = strlen(path) + 1, value_size = strlen(value);
    memcpy(body, path, path_size);
    memcpy(body + path_size, value, value_size);
    return call_text(client, XS_WRITE, tx, body, path_size + value_size);
}

static inline const char *call_path(struct client *client, uint32_t type, uint32_t tx, const char *path)
{
    return call_text(client, type, tx, path, strlen(path) + 1);
}

static inline uint32_t start_transaction(struct client *client)
{
    return (uint32_t)strtoul(CALL(client, XS_TRANSACTION_START, 0, ""), NULL, 10);
}

/* "path token" of the next event, or "" when there is none. */
static inline const char *next_event(struct client *client)
{
    static char text[2 * XENSTORE_PAYLOAD_MAX];
    struct message message;
    text[0] = '\0';
    turn(client->daemon);
    if (client_receive(client, &message)) {
        CU_ASSERT_EQUAL(message.header.type, XS_WATCH_EVENT);
        CU_ASSERT_EQUAL(message.header.req_id, 0);
        CU_ASSERT_EQUAL(message.header.tx_id, 0);
        snprintf(text, sizeof(text), "%s %s", message.body, message.body + strlen(message.body) + 1);
    }
    return text;
}

#endif
