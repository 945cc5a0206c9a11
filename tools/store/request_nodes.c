/* SPDX-License-Identifier: MIT */
/* The requests that read and change nodes, transactions, and watches. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/daemon.h"
#include "store/journal.h"
#include "store/number.h"
#include "store/request.h"

int request_directory(struct request *request)
{
    const struct node *node;
    int error = store_list(&request->view, request->actor, request->path, &node);
    if (error)
        return error;
    if (tree_names_size(node) > XENSTORE_PAYLOAD_MAX)
        return E2BIG;
    request->reply_size = tree_write_names(node, 0, request->reply, XENSTORE_PAYLOAD_MAX);
    return 0;
}

/* The reply is the generation of the list, then names; an empty name says that these are the last. */
int request_directory_part(struct request *request)
{
    char *end;
    unsigned long offset = strtoul(request->arguments[1], &end, 10);
    if (request->arguments[1][0] < '0' || request->arguments[1][0] > '9' || *end != '\0')
        return EINVAL;
    const struct node *node;
    int error = store_list(&request->view, request->actor, request->path, &node);
    if (error)
        return error;
    char generation[24];
    snprintf(generation, sizeof(generation), "%llu", (unsigned long long)node->children_generation);
    request_reply_text(request, generation);
    size_t room = XENSTORE_PAYLOAD_MAX - request->reply_size - 1;
    size_t written = tree_write_names(node, offset, request->reply + request->reply_size, room);
    request->reply_size += written;
    if (offset >= tree_names_size(node) - written || written == 0)
        request->reply[request->reply_size++] = '\0';
    return 0;
}

int request_read(struct request *request)
{
    const struct node *node;
    int error = store_read(&request->view, request->actor, request->path, &node);
    if (error || !node->value)
        return error;
    if (node->value->size > XENSTORE_PAYLOAD_MAX)
        return E2BIG;
    memcpy(request->reply, node->value->data, node->value->size);
    request->reply_size = node->value->size;
    return 0;
}

int request_write(struct request *request)
{
    return store_write(&request->view, request->actor, request->path, request->data, request->data_size);
}

int request_mkdir(struct request *request)
{
    return store_make(&request->view, request->actor, request->path);
}

int request_rm(struct request *request)
{
    return store_remove(&request->view, request->actor, request->path);
}

int request_get_perms(struct request *request)
{
    const struct node *node;
    int error = store_read(&request->view, request->actor, request->path, &node);
    if (error)
        return error;
    request->reply_size = permissions_format(node->permissions, request->reply, XENSTORE_PAYLOAD_MAX);
    return request->reply_size > XENSTORE_PAYLOAD_MAX ? E2BIG : 0;
}

int request_set_perms(struct request *request)
{
    struct permissions *permissions = permissions_parse(request->data, request->data_size);
    if (!permissions)
        return EINVAL;
    return store_set_permissions(&request->view, request->actor, request->path, permissions);
}

struct transaction *request_open_transaction(struct request *request, uint32_t id)
{
    struct connection *connection = request->connection;
    if (!actor_is_privileged(request->actor) &&
        quota_forbids(request->actor->account->quota.transactions, connection->transaction_count + 1))
        return NULL;
    struct transaction *transaction = transaction_start(&request->daemon->store, id);
    transaction->account = request->actor->account;
    transaction->started_ns = statistics_tick_ns();
    transaction_charge(transaction);
    if (!actor_is_privileged(request->actor))
        daemon_start_clock(request->daemon);
    transaction->next = connection->transactions;
    connection->transactions = transaction;
    connection->transaction_count++;
    return transaction;
}

int request_transaction_start(struct request *request)
{
    struct connection *connection = request->connection;
    if (request->transaction)
        return EBUSY;
    if (request_forbids_memory(request))
        return ENOMEM;
    do
        connection->last_transaction_id++;
    while (connection->last_transaction_id == 0 ||
           connection_find_transaction(connection, connection->last_transaction_id));

    const struct transaction *transaction = request_open_transaction(request, connection->last_transaction_id);
    if (!transaction)
        return ENOSPC;
    char id[16];
    snprintf(id, sizeof(id), "%u", transaction->id);
    return request_reply_text(request, id);
}

int request_transaction_end(struct request *request)
{
    bool commit = strcmp(request->arguments[0], "T") == 0;
    if (!commit && strcmp(request->arguments[0], "F") != 0)
        return EINVAL;
    struct transaction *transaction = request->transaction;
    if (!transaction)
        return ENOENT;
    connection_take_transaction(request->connection, transaction);
    int error = 0;
    if (commit && transaction->doomed)
        error = EAGAIN;
    else if (commit)
        error = transaction_commit(transaction, &request->daemon->store, request->actor, &request->changes);
    transaction_free(transaction);
    if (commit && !error)
        request->daemon->statistics.commits++;
    if (error == EAGAIN)
        request->daemon->statistics.conflicts++;
    return error;
}

/* What may follow a watch's token: the number of levels that it sees. Of a special name 1 says that events name the
 * domain. */
static bool parse_depth(const struct request *request, int32_t *depth)
{
    uint64_t number;
    *depth = WATCH_ALL_BELOW;
    if (request->data_size == 0 || (request->data_size == 1 && request->data[0] == '\0'))
        return true;
    const struct account *account = request->actor->account;
    if ((account->features_chosen && !(account->features & RING_FEATURE_WATCH_DEPTH)) ||
        request->data[request->data_size - 1] != '\0' || strlen(request->data) + 1 != request->data_size ||
        !number_parse(request->data, INT32_MAX, false, &number) || (path_is_special(request->path) && number != 1))
        return false;
    *depth = (int32_t)number;
    return true;
}

int request_watch(struct request *request)
{
    struct connection *connection = request->connection;
    const char *name = request->arguments[0], *token = request->arguments[1];
    int32_t depth;
    if (!parse_depth(request, &depth))
        return EINVAL;
    if (strlen(name) + strlen(token) + 2 > XENSTORE_PAYLOAD_MAX)
        return EINVAL;
    if (!actor_is_privileged(request->actor) &&
        quota_forbids(request->actor->account->quota.watches, connection->watch_count + 1))
        return ENOSPC;
    if (request_forbids_memory(request))
        return ENOMEM;
    size_t home_size = name[0] == '/' || name[0] == '@' ? 0 : strlen(connection->home);
    request->watch_set = watch_add(&request->daemon->watches, connection, request->path, home_size, token,
                                   depth);
    if (!request->watch_set)
        return EEXIST;
    struct journal *journal = connection->durable ? request->daemon->journal : NULL;
    if (journal && journal_add_watch(journal, request->watch_set)) {
        watch_remove(&request->daemon->watches, request->watch_set);
        request->watch_set = NULL;
        return ENOSPC;
    }
    return 0;
}

int request_unwatch(struct request *request)
{
    struct watch_index *watches = &request->daemon->watches;
    struct watch *watch = watch_find(watches, request->connection, request->path, request->arguments[1]);
    if (!watch)
        return ENOENT;
    struct journal *journal = request->connection->durable ? request->daemon->journal : NULL;
    if (journal && journal_remove_watch(journal, watch))
        return ENOSPC;
    watch_remove(watches, watch);
    return 0;
}

int request_reset_watches(struct request *request)
{
    struct connection *connection = request->connection;
    struct journal *journal = connection->durable && connection->watches ? request->daemon->journal : NULL;
    if (journal && journal_drop_watches(journal, connection->actor.domain))
        return ENOSPC;
    connection_drop_watches(connection);
    connection_drop_transactions(connection);
    return 0;
}
