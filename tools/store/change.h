/* SPDX-License-Identifier: MIT */
/*
 * A change of the tree as a value: what is written to the journal, replayed when a transaction commits, and told to
 * watches. Applying one cannot fail: whether it may happen is decided before (store.h).
 */
#ifndef STORE_CHANGE_H
#define STORE_CHANGE_H

#include "store/quota.h"
#include "store/tree.h"

enum change_kind {
    CHANGE_WRITE,          /* set the value; make the node and its parents when missing */
    CHANGE_MAKE,           /* make the node and its parents */
    CHANGE_REMOVE,         /* remove the node, which exists, and all below it */
    CHANGE_SET_PERMISSIONS /* of a node that exists */
};

struct change {
    struct change *next;
    enum change_kind kind;
    domid_t creator;                 /* owns the nodes that are made, unless it is domain 0 */
    struct value *value;             /* CHANGE_WRITE */
    struct permissions *permissions; /* CHANGE_SET_PERMISSIONS */
    struct node *removed;            /* CHANGE_REMOVE, once applied: what was there */
    char path[];
};

/* Changes in the order in which they happened. */
struct change_list {
    struct change *first;
    struct change **end; /* where the next one is linked; NULL while the list is empty */
    size_t count;
    size_t bytes; /* about what they take */
};

/* The caller sets what its kind needs; the references that it holds are released with it. */
struct change *change_create(enum change_kind kind, const char *path, domid_t creator);
void change_release(struct change *change);

void change_list_append(struct change_list *list, struct change *change);
void change_list_release(struct change_list *list);

/* Carries out a change on *top's tree. `generation` is the number of this change; `usage` is brought up to date. */
void change_apply(struct change *change, struct node **top, uint64_t generation, struct usage *usage);

/* Adds (sign 1) or takes away (-1) what one node counts for. */
void change_count_node(const struct node *node, int sign, struct usage *usage);

/* Adds (sign 1) or takes away (-1) what `node` and all below it count for. */
void change_count_subtree(const struct node *node, int sign, struct usage *usage);

#endif
