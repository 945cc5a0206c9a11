/* SPDX-License-Identifier: MIT */
/* Transactions: the log of accesses, the check for conflicts, and the commit. */
#include "store/transaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/account.h"
#include "store/memory.h"

struct access {
    struct access *next; /* in its bucket */
    uint64_t hash;
    unsigned int what;
    char path[];
};

static void grow_log(struct access_log *log)
{
    size_t count = log->bucket_count ? 2 * log->bucket_count : 16;
    struct access **buckets = allocate(count * sizeof(*buckets));
    for (size_t i = 0; i < log->bucket_count; i++) {
        struct access *next;
        for (struct access *access = log->buckets[i]; access; access = next) {
            next = access->next;
            access->next = buckets[access->hash % count];
            buckets[access->hash % count] = access;
        }
    }
    free(log->buckets);
    log->buckets = buckets;
    log->bucket_count = count;
}

bool access_log_add(struct access_log *log, const char *path, unsigned int what, unsigned int limit)
{
    size_t size = strlen(path) + 1;
    uint64_t hash = hash_bytes(path, size, 0);
    if (log->bucket_count) {
        struct access *access = log->buckets[hash % log->bucket_count];
        while (access && (access->hash != hash || strcmp(access->path, path) != 0))
            access = access->next;
        if (access) {
            access->what |= what;
            return true;
        }
    }
    if (limit > 0 && log->count >= limit)
        return false;
    if (log->count == log->bucket_count)
        grow_log(log);
    struct access *access = allocate(sizeof(*access) + size);
    access->hash = hash;
    access->what = what;
    memcpy(access->path, path, size);
    struct access **bucket = &log->buckets[hash % log->bucket_count];
    access->next = *bucket;
    *bucket = access;
    log->count++;
    log->bytes += sizeof(*access) + size;
    return true;
}

static void clear_log(struct access_log *log)
{
    for (size_t i = 0; i < log->bucket_count; i++) {
        struct access *next;
        for (struct access *access = log->buckets[i]; access; access = next) {
            next = access->next;
            free(access);
        }
    }
    free(log->buckets);
}

struct transaction *transaction_start(struct store *store, uint32_t id)
{
    struct transaction *transaction = allocate(sizeof(*transaction));
    transaction->id = id;
    transaction->base = tree_reference(store->top);
    transaction->top = tree_reference(store->top);
    return transaction;
}

/* What its own copies of nodes cost is about what the changes that made them do. */
void transaction_charge(struct transaction *transaction)
{
    int64_t bytes = (int64_t)(sizeof(*transaction) + transaction->accesses.bytes + 2 * transaction->changes.bytes);
    if (!transaction->account)
        return;
    account_charge(transaction->account, bytes - transaction->charged);
    transaction->charged = bytes;
}

void transaction_expire(struct transaction *transaction)
{
    tree_release(transaction->base);
    tree_release(transaction->top);
    usage_clear(&transaction->usage);
    clear_log(&transaction->accesses);
    change_list_release(&transaction->changes);
    transaction->base = transaction->top = NULL;
    transaction->accesses = (struct access_log){0};
    transaction->expired = true;
    transaction_charge(transaction);
}

void transaction_free(struct transaction *transaction)
{
    transaction_expire(transaction);
    if (transaction->account)
        account_charge(transaction->account, -transaction->charged);
    free(transaction);
}

struct view transaction_view(struct transaction *transaction, struct store *store)
{
    return (struct view){.store = store,
                         .top = &transaction->top,
                         .usage = &transaction->usage,
                         .accesses = &transaction->accesses,
                         .changes = &transaction->changes};
}

/* Whether another has changed what this access saw. Nodes with the same children have the same below them. */
static bool conflicts(const struct access *access, const struct node *before, const struct node *after)
{
    const char *cursor = access->path;
    struct path_component component;
    while (path_next_component(&cursor, &component)) {
        if (before && after && before->children == after->children)
            return false;
        before = before ? tree_find_child(before, component.name, component.size) : NULL;
        after = after ? tree_find_child(after, component.name, component.size) : NULL;
        if (before == after)
            return false;
    }
    if (!before || !after)
        return true;
    if ((access->what & ACCESSED_CONTENT) && before->generation != after->generation)
        return true;
    return (access->what & ACCESSED_CHILDREN) && before->children_generation != after->children_generation;
}

static bool has_conflict(const struct transaction *transaction, struct node *current)
{
    const struct access_log *log = &transaction->accesses;
    for (size_t i = 0; i < log->bucket_count; i++)
        for (const struct access *access = log->buckets[i]; access; access = access->next)
            if (conflicts(access, transaction->base, current))
                return true;
    return false;
}

/* Carries out the transaction's changes on top of others' in a tree of its own, which it leaves in *transaction. */
static int rebase(struct transaction *transaction, struct store *store, const struct actor *actor)
{
    struct transaction *again = transaction_start(store, transaction->id);
    struct view view = transaction_view(again, store);
    view.replays = true;
    int error = 0;
    for (const struct change *change = transaction->changes.first; change && !error; change = change->next)
        error = store_replay(&view, actor, change);
    if (!error) {
        struct transaction old = *transaction;
        transaction->base = again->base;
        transaction->top = again->top;
        transaction->usage = again->usage;
        transaction->changes = again->changes;
        again->base = old.base;
        again->top = old.top;
        again->usage = old.usage;
        again->changes = old.changes;
    }
    transaction_free(again);
    return error;
}

int transaction_commit(struct transaction *transaction, struct store *store, const struct actor *actor,
                       struct change_list *changes)
{
    if (!transaction->changes.first)
        return 0;
    int error = 0;
    if (store->top != transaction->base) {
        if (has_conflict(transaction, store->top))
            return EAGAIN;
        error = rebase(transaction, store, actor);
    }
    if (!error && store->record)
        error = store->record(store->record_context, &transaction->changes);
    if (error)
        return error;

    tree_release(store->top);
    store->top = tree_reference(transaction->top);
    usage_merge(&store->usage, &transaction->usage);
    *changes = transaction->changes;
    transaction->changes = (struct change_list){0};
    return 0;
}
