/* SPDX-License-Identifier: MIT */
/* Connections over Unix sockets. */
#include "store/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "store/daemon.h"
#include "store/log.h"
#include "store/memory.h"

struct socket_connection {
    struct connection connection; /* first: a pointer to one is a pointer to the other */
    struct loop_source source;
    struct socket_connection *next_receiving, *next_sending; /* of the turn, when in that list */
    bool receiving, sending;
};

static struct socket_connection *socket_of(struct connection *connection)
{
    return (struct socket_connection *)connection;
}

static void send_later(struct connection *connection)
{
    struct socket_connection *client = socket_of(connection);
    struct socket_turn *turn = &connection->daemon->sockets;
    if (client->sending)
        return;
    client->sending = true;
    client->next_sending = turn->sending;
    turn->sending = client;
}

static void receive_later(struct socket_connection *client)
{
    struct socket_turn *turn = &client->connection.daemon->sockets;
    client->receiving = true;
    client->next_receiving = turn->receiving;
    turn->receiving = client;
}

static void wait_for(struct connection *connection, bool for_input, bool for_output)
{
    loop_watch(&connection->daemon->loop, &socket_of(connection)->source,
               (for_input ? EPOLLIN : 0u) | (for_output ? EPOLLOUT : 0u));
}

static void free_socket(struct connection *connection)
{
    close(socket_of(connection)->source.fd);
    free(connection);
}

static const struct transport transport = {
    .send_later = send_later,
    .wait = wait_for,
    .fail = connection_close,
    .free = free_socket,
};

static void ready(struct loop_source *source, uint32_t events)
{
    struct socket_connection *client =
        (struct socket_connection *)((char *)source - offsetof(struct socket_connection, source));
    if (events & EPOLLIN)
        receive_later(client);
    else if (events & (EPOLLHUP | EPOLLERR))
        connection_close(&client->connection);
    if (events & EPOLLOUT)
        send_later(&client->connection);
}

/* The next of `*list` that are still connected and have something to transfer, as many as fit; those are in `clients`.
 * Takes all it has looked at from the list. */
static size_t choose_receiving(struct socket_connection **list, struct transfer transfers[],
                               struct socket_connection *clients[])
{
    size_t count = 0;
    while (*list && count < TRANSFERS_MAX) {
        struct socket_connection *client = *list;
        struct connection *connection = &client->connection;
        struct transfer *transfer = &transfers[count];
        *list = client->next_receiving;
        client->receiving = false;
        if (connection->failed)
            continue;
        *transfer = (struct transfer){.fd = client->source.fd, .direction = TRANSFER_RECEIVE};
        transfer->data = connection_input_room(connection, &transfer->size);
        if (transfer->size > 0)
            clients[count++] = client;
        else
            daemon_queue(connection->daemon, connection);
    }
    return count;
}

static size_t choose_sending(struct socket_connection **list, struct transfer transfers[],
                             struct socket_connection *clients[])
{
    size_t count = 0;
    while (*list && count < TRANSFERS_MAX) {
        struct socket_connection *client = *list;
        const struct connection *connection = &client->connection;
        *list = client->next_sending;
        client->sending = false;
        if (connection->failed || connection->output_start == connection->output_end)
            continue;
        transfers[count] = (struct transfer){.fd = client->source.fd,
                                             .direction = TRANSFER_SEND,
                                             .data = connection->output + connection->output_start,
                                             .size = connection->output_end - connection->output_start};
        clients[count++] = client;
    }
    return count;
}

void socket_turn_receive(struct socket_turn *turn)
{
    struct transfer transfers[TRANSFERS_MAX];
    struct socket_connection *clients[TRANSFERS_MAX];
    while (turn->receiving) {
        size_t count = choose_receiving(&turn->receiving, transfers, clients);
        transfer_all(&turn->queue, transfers, count);
        for (size_t i = 0; i < count; i++) {
            connection_input_arrived(&clients[i]->connection, transfers[i].result);
            connection_service(&clients[i]->connection);
        }
    }
}

void socket_turn_send(struct socket_turn *turn)
{
    struct transfer transfers[TRANSFERS_MAX];
    struct socket_connection *clients[TRANSFERS_MAX];
    while (turn->sending) {
        size_t count = choose_sending(&turn->sending, transfers, clients);
        transfer_all(&turn->queue, transfers, count);
        for (size_t i = 0; i < count; i++)
            connection_output_taken(&clients[i]->connection, transfers[i].result);
    }
}

void socket_turn_destroy(struct socket_turn *turn)
{
    transfer_queue_destroy(&turn->queue);
}

struct connection *socket_adopt(struct daemon *daemon, int fd)
{
    struct socket_connection *client = allocate(sizeof(*client));
    client->source = (struct loop_source){.fd = fd, .ready = ready};
    connection_open(&client->connection, daemon, &transport, 0);
    if (loop_watch(&daemon->loop, &client->source, EPOLLIN))
        connection_close(&client->connection);
    return &client->connection;
}

static void accept_client(struct loop_source *source, uint32_t events)
{
    struct socket_listener *listener = (struct socket_listener *)source;
    int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        socket_adopt(listener->daemon, fd);
    else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
        log_error("%s: a client could not be accepted: %s", listener->path, strerror(errno));
}

/* Whether somebody answers at an existing socket. */
static bool is_served(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool served = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
    close(fd);
    return served;
}

int socket_listen(struct socket_listener *listener, struct daemon *daemon, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return ENAMETOOLONG;
    strcpy(address.sun_path, path);
    if (is_served(&address))
        return EADDRINUSE;
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    *listener = (struct socket_listener){.source = {.fd = fd, .ready = accept_client}, .daemon = daemon};
    mode_t mask = umask(0177);
    int error = bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
    umask(mask);
    if (!error && listen(fd, 64) < 0)
        error = errno;
    if (!error)
        error = loop_watch(&daemon->loop, &listener->source, EPOLLIN);
    if (error) {
        close(fd);
        return error;
    }
    listener->path = copy_string(path, strlen(path));
    return 0;
}

void socket_close(struct socket_listener *listener)
{
    if (!listener->path)
        return;
    loop_watch(&listener->daemon->loop, &listener->source, 0);
    close(listener->source.fd);
    unlink(listener->path);
    free(listener->path);
    listener->path = NULL;
}
