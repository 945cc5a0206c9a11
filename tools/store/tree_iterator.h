/* SPDX-License-Identifier: MIT */
/*
 * Walking a tree in pieces: each step gives the next node, parents before children, siblings in the order of names. The
 * iterator holds a reference, so the tree it walks stays as it was however long that takes.
 */
#ifndef STORE_TREE_ITERATOR_H
#define STORE_TREE_ITERATOR_H

#include "store/tree.h"

struct tree_iterator {
    struct node *top;
    struct tree_step *pending; /* what comes next is last */
    size_t count, capacity;
    const struct node **ancestors; /* of the node given last, itself included: ancestors[0] is at depth 1 */
    size_t ancestor_capacity;
    size_t depth; /* of the node given last: 1 for "/" and the special nodes */
};

void tree_iterator_start(struct tree_iterator *iterator, struct node *top);

/* The next node, or NULL at the end. */
const struct node *tree_iterator_next(struct tree_iterator *iterator);

/* The path of the parent of the node given last: "" for one at depth 1. */
void tree_iterator_parent(const struct tree_iterator *iterator, char path[static PATH_SIZE]);

void tree_iterator_end(struct tree_iterator *iterator);

#endif
