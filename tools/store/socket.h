/* SPDX-License-Identifier: MIT */
/* The daemon's Unix socket: every connection over it acts for domain 0. */
#ifndef STORE_SOCKET_H
#define STORE_SOCKET_H

#include "store/daemon.h"

struct socket_listener {
    struct loop_source source; /* first: a pointer to one is a pointer to the other */
    struct daemon *daemon;
    char *path;
};

/* Listens at `path`, readable and writable for the owner only. A socket that a dead daemon left is replaced; one that
 * is served is not: EADDRINUSE. 0 or errno. */
int socket_listen(struct socket_listener *listener, struct daemon *daemon, const char *path);

/* Stops listening and removes the socket from the file system. */
void socket_close(struct socket_listener *listener);

/* A connection over a descriptor that is a connected socket, which it takes over. */
struct connection *socket_adopt(struct daemon *daemon, int fd);

#endif
