/* SPDX-License-Identifier: MIT */
/*
 * Serves GET /metrics on listening sockets. Connections are few, bounded in size and time, and closed after one answer;
 * one that has not sent its request makes room for another. Whoever sends slowly, too much or nonsense harms nobody else.
 */
#ifndef KEEL_TOP_METRICS_SERVER_H
#define KEEL_TOP_METRICS_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#define METRICS_LISTENERS_MAX 4
#define METRICS_CONNECTIONS_MAX 32
#define METRICS_REQUEST_MS 5000 /* for a request to be complete, and again for its answer to be taken */

/*
 * Listens on "ADDRESS:PORT" ("127.0.0.1:9741", "[::1]:9741") or on a path, where a socket that nobody serves is
 * replaced. Returns the descriptor, or a negative errno with a sentence in `error`.
 */
int metrics_listen_tcp(const char *where, char *error, size_t error_size);
int metrics_listen_unix(const char *path, char *error, size_t error_size);

struct metrics_server {
    int listeners[METRICS_LISTENERS_MAX];
    size_t listeners_count;
    int stop; /* the server ends when this descriptor becomes readable or hangs up */
    /* The text of the moment, in memory of its own; NULL when there is none: the scraper gets a 503. */
    char *(*text)(void *context, size_t *length);
    void *context;
};

/* Returns when told to stop: 0, or a negative errno. Closes connections, not listeners. */
int metrics_serve(const struct metrics_server *server);
/* Gives up the rights of root for good, if the process has them; a negative errno when it cannot. */
int metrics_drop_rights(void);

#endif
