/* SPDX-License-Identifier: MIT */
/* The sockets that metrics are served on. */
#include "metrics_server.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 32

static int fail(char *error, size_t error_size, const char *what, const char *where, int reason)
{
    snprintf(error, error_size, "cannot %s %s: %s", what, where, strerror(reason));
    return -reason;
}

/* "ADDRESS:PORT" in two; false when it is no such thing. */
static bool split(const char *where, char *host, size_t host_size, const char **port)
{
    const char *colon = strrchr(where, ':');
    size_t length = colon ? (size_t)(colon - where) : 0;

    if (!colon || !colon[1] || colon[1 + strspn(colon + 1, "0123456789")] || strtoul(colon + 1, NULL, 10) > 65535)
        return false;
    if (length >= 2 && where[0] == '[' && where[length - 1] == ']') {
        where++;
        length -= 2;
    } else if (memchr(where, ':', length)) {
        return false; /* an address of IPv6 without its brackets */
    }
    if (length == 0 || length >= host_size)
        return false;
    memcpy(host, where, length);
    host[length] = '\0';
    *port = colon + 1;
    return true;
}

int metrics_listen_tcp(const char *where, char *error, size_t error_size)
{
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV }, *found;
    char host[64];
    const char *port;
    int listener, one = 1, reason;

    if (!split(where, host, sizeof(host), &port) || getaddrinfo(host, port, &hints, &found) != 0) {
        snprintf(error, error_size, "\"%s\" is no ADDRESS:PORT of numbers, such as 127.0.0.1:9741 or [::1]:9741",
                 where);
        return -EINVAL;
    }
    listener = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener >= 0)
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (listener < 0 || bind(listener, found->ai_addr, found->ai_addrlen) != 0 || listen(listener, BACKLOG) != 0) {
        reason = errno;
        if (listener >= 0)
            close(listener);
        freeaddrinfo(found);
        return fail(error, error_size, "listen on", where, reason);
    }
    freeaddrinfo(found);
    return listener;
}

/* Removes a socket that nobody serves any more; a negative errno when something else is there. */
static int remove_stale(const struct sockaddr_un *address)
{
    struct stat status;
    int probe, result = 0;

    if (lstat(address->sun_path, &status) != 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(status.st_mode))
        return -EEXIST;
    probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return -errno;
    if (connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
        result = -EADDRINUSE;
    else if (errno != ECONNREFUSED)
        result = -errno;
    close(probe);
    if (result == 0 && unlink(address->sun_path) != 0 && errno != ENOENT)
        result = -errno;
    return result;
}

int metrics_listen_unix(const char *path, char *error, size_t error_size)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int listener, result;

    if (strlen(path) >= sizeof(address.sun_path))
        return fail(error, error_size, "listen on", path, ENAMETOOLONG);
    strcpy(address.sun_path, path);
    result = remove_stale(&address);
    if (result < 0)
        return fail(error, error_size, "listen on", path, -result);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* whoever may enter the folder may ask: there is no more to see than on the loopback address */
    if (listener < 0 || bind(listener, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        chmod(path, 0666) != 0 || listen(listener, BACKLOG) != 0) {
        result = errno;
        if (listener >= 0)
            close(listener);
        return fail(error, error_size, "listen on", path, result);
    }
    return listener;
}
