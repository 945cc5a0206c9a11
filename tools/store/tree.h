/* SPDX-License-Identifier: MIT */
/*
 * The tree of nodes, persistent by structural sharing: whoever holds a reference to a root sees that tree unchanged for
 * as long as it likes, and taking the reference is all that a snapshot costs. A change copies the nodes on its path
 * that others still see, and changes in place those that nobody else sees.
 *
 *     top (invisible) --children--> "" (the root "/"), "@introduceDomain", "@releaseDomain"
 *                                    |
 *                                    +--children--> a balanced search tree (treap) of nodes by name,
 *                                                   linked by left and right; each again with children
 *
 * The treap's priorities are keyed hashes of the names, so its depth is logarithmic whatever names a client chooses.
 */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include <stdint.h>

#include "store/path.h"
#include "store/permissions.h"

struct value {
    uint32_t references;
    uint32_t size;
    char data[];
};

/* A new value with one reference; NULL for an empty one. */
struct value *value_create(const void *data, size_t size);
struct value *value_reference(struct value *value);
void value_release(struct value *value);

struct node {
    uint32_t references;
    uint32_t priority;
    uint64_t prefix;           /* the name's first bytes as a number that is in the same order as names */
    struct node *left, *right; /* siblings */
    struct node *children;     /* the root of their treap */
    struct permissions *permissions;
    struct value *value;          /* NULL when empty */
    uint64_t generation;          /* when value or permissions changed last, or the node was made */
    uint64_t children_generation; /* when a child came or went last */
    uint32_t names_size;          /* of this node's and all siblings' names below it in the treap, with zero bytes */
    uint32_t name_size;           /* without zero byte */
    char name[];                  /* no byte of which is zero */
};

/* What a node costs, in bytes: itself, its name, its value and its permissions, as if it shared them with none. */
size_t tree_node_bytes(const struct node *node);

/* The tree of an empty store: "/" and the special nodes, all domain 0's alone. One reference. */
struct node *tree_create(void);
struct node *tree_reference(struct node *node);
void tree_release(struct node *node);

/* The node at a canonical path, or NULL. */
struct node *tree_find(struct node *top, const char *path);

/* The node at `path` or else its nearest ancestor, which always exists for a canonical path below "/". *missing is the
 * number of components of `path` that do not exist. */
struct node *tree_find_nearest(struct node *top, const char *path, size_t *missing);

/* The child of that name, or NULL. */
struct node *tree_find_child(const struct node *parent, const char *name, size_t name_size);

/* The node at an existing path, made the caller's own in *top's tree: it may be changed until the next reference is
 * taken. */
struct node *tree_own(struct node **top, const char *path);

/* The same as far as the path exists: *missing is what is left of it, NULL when it exists as a whole. */
struct node *tree_own_nearest(struct node **top, const char *path, const char **missing);

/* Makes a child of an owned node, which has none of that name. Takes over the permissions' reference. Returns it
 * owned. */
struct node *tree_add_child(struct node *parent, const char *name, size_t name_size, struct permissions *permissions,
                            uint64_t generation);

/* The same for a child whose name comes after those of all others, in a tree of which nobody else holds a part. */
struct node *tree_append_child(struct node *parent, const char *name, size_t name_size,
                               struct permissions *permissions, uint64_t generation);

/* The order of names: less than, equal to or more than 0. */
int tree_compare_names(const char *name, size_t name_size, const struct node *node);

/* Takes an existing child out of an owned node. The caller releases it. */
struct node *tree_take_child(struct node *parent, const char *name, size_t name_size, uint64_t generation);

/* Calls `visit` for each child in the order of names until it returns false. */
void tree_for_each_child(const struct node *parent, bool (*visit)(void *context, const struct node *child),
                         void *context);

/* Calls `visit` for every node with its path, parents before children; those below a node for which it returns false
 * are left out. */
void tree_walk(const struct node *top, bool (*visit)(void *context, const char *path, const struct node *node),
               void *context);

/* The size of all children's names, each with its zero byte. */
size_t tree_names_size(const struct node *parent);

/* Writes the children's names, each with its zero byte, from byte `offset` of that list on, as far as whole names fit
 * into `size` bytes; an offset in the middle of a name starts there. Returns the bytes written. */
size_t tree_write_names(const struct node *parent, size_t offset, char *to, size_t size);

#endif
