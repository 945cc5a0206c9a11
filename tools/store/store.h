/* SPDX-License-Identifier: MIT */
/*
 * The store: one tree that all see, and the operations on it with their checks. An operation works through a view:
 * either of the store itself, where a change takes effect at once, or of a transaction's own copy.
 *
 * Errors are positive errno values of the wire protocol. A failed operation has changed nothing.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "store/change.h"

struct access_log;

struct store {
    struct node *top;
    uint64_t generation; /* of the latest change anywhere, transactions included */
    struct usage usage;  /* of the tree at `top` */
    struct quota quota;
    /* Told of the changes that are about to take effect together; on an errno they do not happen. May be NULL. */
    int (*record)(void *context, const struct change_list *changes);
    void *record_context;
};

struct view {
    struct store *store;
    struct node **top;
    struct usage *usage;          /* of a transaction: what it adds to the store's; of the store: that itself */
    struct access_log *accesses;  /* of a transaction; NULL for the store */
    bool replays;                 /* what is looked at needs no note: it is known to be as it was */
    struct change_list *changes;  /* receives what was changed */
};

void store_create(struct store *store);
void store_destroy(struct store *store);

/* A view of the store itself; its changes are appended to `changes` for the watches. */
struct view store_view(struct store *store, struct change_list *changes);

/* Finds a node that the actor may read. 0, ENOENT or EACCES. The node is valid until the next change. */
int store_read(struct view *view, const struct actor *actor, const char *path, const struct node **node);

/* As store_read, for a caller that looks at the children. */
int store_list(struct view *view, const struct actor *actor, const char *path, const struct node **node);

/* These change the tree. EACCES, ENOSPC (quota, or no room for the journal), ENOENT, EINVAL, EPERM. */
int store_write(struct view *view, const struct actor *actor, const char *path, const void *data, size_t size);
int store_make(struct view *view, const struct actor *actor, const char *path);
int store_remove(struct view *view, const struct actor *actor, const char *path);

/* Takes over the permissions' reference, whatever the outcome. */
int store_set_permissions(struct view *view, const struct actor *actor, const char *path,
                          struct permissions *permissions);

/* Checks a change that another view has made and carries out a copy of it in this one. EAGAIN when it cannot happen
 * here. For transactions that commit. */
int store_replay(struct view *view, const struct actor *actor, const struct change *change);

/* Removes the nodes that a domain owns, with all below them, and its entries from all permissions: nothing of it is
 * left for the next domain of that number. These changes are not recorded: that the domain has ended says it all. */
void store_forget_domain(struct view *view, domid_t domain);

#endif
