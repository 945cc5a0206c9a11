/* SPDX-License-Identifier: MIT */
/*
 * Watches, found by path. The index is a trie of path components in one hash table: a change walks down its own path
 * and meets exactly the watches that it fires; the removal of a subtree walks the part that index and subtree share.
 */
#ifndef STORE_WATCH_H
#define STORE_WATCH_H

#include "store/change.h"

#define WATCH_ALL_BELOW (-1)

struct connection;
struct watch_point;

struct watch {
    struct watch *next_at_point, **link_at_point;
    struct watch *next_of_connection, **link_of_connection;
    struct watch_point *point;
    struct connection *connection;
    int32_t depth;    /* levels below its path that it sees; WATCH_ALL_BELOW: any number */
    bool overflowed;  /* an event found no room: one on the watch's own path is due */
    uint32_t relative; /* bytes of the path that the client did not name: its home and a slash; 0 for an absolute one */
    uint32_t bytes; /* that its account is charged */
    char *token;
    char path[]; /* canonical */
};

struct watch_index {
    struct watch_point *top;
    struct watch_point **buckets;
    size_t bucket_count, point_count;
};

void watch_index_create(struct watch_index *index);

/* All watches must be gone. */
void watch_index_destroy(struct watch_index *index);

/* Adds a watch, that sees `depth` levels; `home_size` is the size of the home that makes a relative name canonical, or
 * 0. NULL when the connection has one with this path and token. */
struct watch *watch_add(struct watch_index *index, struct connection *connection, const char *path, size_t home_size,
                        const char *token, int32_t depth);

/* The watch that a connection set with this name, or NULL. */
struct watch *watch_find(const struct watch_index *index, const struct connection *connection, const char *path,
                         const char *token);

void watch_remove(struct watch_index *index, struct watch *watch);

/* Calls connection_send_event for each watch that the changes concern and whose client may know of them. `top` is the
 * tree after the changes. */
void watch_fire(struct watch_index *index, struct node *top, const struct change_list *changes);

/* Fires the watches of a special name ("@releaseDomain") whose clients may read it, for these domains: once the plain
 * ones; with "NAME/DOMID", for each domain, those of depth 1 and those that were set for that domain alone. */
void watch_fire_special(struct watch_index *index, struct node *top, const char *name, const domid_t *domains,
                        size_t count);

#endif
