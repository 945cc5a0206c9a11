/* SPDX-License-Identifier: MIT */
/* The daemon's Unix socket: every connection over it acts for domain 0. */
#ifndef STORE_SOCKET_H
#define STORE_SOCKET_H

#include "store/loop.h"
#include "store/transfer.h"

struct connection;
struct daemon;
struct socket_connection;

/* The sockets that have something to receive, or to send, in this turn: it is done for all of them together, before and
 * after the turn's requests. A zeroed one is empty. */
struct socket_turn {
    struct transfer_queue queue;
    struct socket_connection *receiving, *sending;
};

/* Receives what has come, and services those it came for. */
void socket_turn_receive(struct socket_turn *turn);
/* Sends the output of all that have some. */
void socket_turn_send(struct socket_turn *turn);
void socket_turn_destroy(struct socket_turn *turn);

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
