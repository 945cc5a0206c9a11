/* SPDX-License-Identifier: MIT */
/*
 * Transactions. One starts by taking a reference to the tree; it reads and changes its own copy, and notes what it
 * looked at. At its end it takes effect as a whole, unless something it looked at has been changed by another: then
 * EAGAIN. Changes by others of anything else are kept, and its own are carried out on top of them.
 *
 * A transaction that changed nothing has seen one consistent state and always ends well.
 */
#ifndef STORE_TRANSACTION_H
#define STORE_TRANSACTION_H

#include "store/store.h"

#define ACCESSED_CONTENT 1u   /* value or permissions, or that there is none */
#define ACCESSED_CHILDREN 2u  /* the list of children */
#define ACCESSED_EXISTENCE 4u /* that the node is there, or is not */

/* Paths with what was looked at there. */
struct access_log {
    struct access **buckets;
    size_t bucket_count, count;
    size_t bytes; /* of what it keeps */
};

/* False when the log has `limit` paths already (0: any number) and this would be one more. */
bool access_log_add(struct access_log *log, const char *path, unsigned int what, unsigned int limit);

struct transaction {
    struct transaction *next; /* of its connection */
    uint32_t id;
    struct node *base; /* the tree at its start */
    struct node *top;
    struct usage usage; /* difference to the base */
    struct access_log accesses;
    struct change_list changes;
    struct account *account; /* that is charged for it; NULL: none */
    int64_t charged;
    uint64_t started_ns;
    bool expired; /* it has no trees any more, and can only be ended */
    bool doomed;  /* a part of it was lost with the daemon before: whatever is done in it, it does not take effect */
};

struct transaction *transaction_start(struct store *store, uint32_t id);

/* Gives up all that it holds but its name. */
void transaction_expire(struct transaction *transaction);

/* Charges its client with what it has grown by. */
void transaction_charge(struct transaction *transaction);

/* The view through which the transaction's operations go. */
struct view transaction_view(struct transaction *transaction, struct store *store);

/* Makes the changes take effect and appends them to `changes` for the watches; 0, EAGAIN, or the errno of the journal.
 * The transaction is not freed. */
int transaction_commit(struct transaction *transaction, struct store *store, const struct actor *actor,
                       struct change_list *changes);

void transaction_free(struct transaction *transaction);

#endif
