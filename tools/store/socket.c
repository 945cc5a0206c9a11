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

#include "store/log.h"
#include "store/memory.h"

struct socket_connection {
    struct connection connection; /* first: a pointer to one is a pointer to the other */
    struct loop_source source;
};

static struct socket_connection *socket_of(struct connection *connection)
{
    return (struct socket_connection *)connection;
}

static ssize_t transferred(ssize_t count)
{
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return count;
}

static ssize_t receive(struct connection *connection, void *to, size_t size)
{
    ssize_t got = recv(socket_of(connection)->source.fd, to, size, MSG_DONTWAIT);
    return got == 0 ? -1 : transferred(got);
}

static ssize_t send_bytes(struct connection *connection, const void *from, size_t size)
{
    return transferred(send(socket_of(connection)->source.fd, from, size, MSG_DONTWAIT | MSG_NOSIGNAL));
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
    .receive = receive,
    .send = send_bytes,
    .wait = wait_for,
    .fail = connection_close,
    .free = free_socket,
};

static void ready(struct loop_source *source, uint32_t events)
{
    struct socket_connection *client =
        (struct socket_connection *)((char *)source - offsetof(struct socket_connection, source));
    if ((events & (EPOLLHUP | EPOLLERR)) && !(events & EPOLLIN))
        connection_close(&client->connection);
    else
        connection_service(&client->connection);
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
