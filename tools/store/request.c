/* SPDX-License-Identifier: MIT */
/* The table of operations, the checks that all requests pass, and the replies. */
#include "store/request.h"

#include <errno.h>
#include <string.h>

#include "store/daemon.h"
#include "store/log.h"

#define PRIVILEGED 1u    /* domain 0 only */
#define TRANSACTIONAL 2u /* tx_id means something */
#define PATH 4u          /* the first argument is the path of a node */
#define SPECIAL 8u       /* or a special name */
#define DATA 16u         /* more may follow the arguments */

struct operation {
    const char *name;
    int (*handle)(struct request *request);
    unsigned int flags;
    unsigned int arguments; /* zero-terminated strings that must be there */
};

static const struct operation operations[OPERATION_COUNT] = {
    [XS_CONTROL] = {"CONTROL", request_control, PRIVILEGED | DATA, 1},
    [XS_DIRECTORY] = {"DIRECTORY", request_directory, TRANSACTIONAL | PATH, 1},
    [XS_DIRECTORY_PART] = {"DIRECTORY_PART", request_directory_part, TRANSACTIONAL | PATH, 2},
    [XS_READ] = {"READ", request_read, TRANSACTIONAL | PATH, 1},
    [XS_GET_PERMS] = {"GET_PERMS", request_get_perms, TRANSACTIONAL | PATH | SPECIAL, 1},
    [XS_SET_PERMS] = {"SET_PERMS", request_set_perms, TRANSACTIONAL | PATH | SPECIAL | DATA, 1},
    [XS_WATCH] = {"WATCH", request_watch, PATH | SPECIAL | DATA, 2},
    [XS_UNWATCH] = {"UNWATCH", request_unwatch, PATH | SPECIAL | DATA, 2},
    [XS_RESET_WATCHES] = {"RESET_WATCHES", request_reset_watches, DATA, 0},
    [XS_TRANSACTION_START] = {"TRANSACTION_START", request_transaction_start, TRANSACTIONAL | DATA, 0},
    [XS_TRANSACTION_END] = {"TRANSACTION_END", request_transaction_end, TRANSACTIONAL, 1},
    [XS_INTRODUCE] = {"INTRODUCE", request_introduce, PRIVILEGED | DATA, 3},
    [XS_RELEASE] = {"RELEASE", request_release, PRIVILEGED, 1},
    [XS_GET_DOMAIN_PATH] = {"GET_DOMAIN_PATH", request_get_domain_path, 0, 1},
    [XS_WRITE] = {"WRITE", request_write, TRANSACTIONAL | PATH | DATA, 1},
    [XS_MKDIR] = {"MKDIR", request_mkdir, TRANSACTIONAL | PATH, 1},
    [XS_RM] = {"RM", request_rm, TRANSACTIONAL | PATH, 1},
    [XS_IS_DOMAIN_INTRODUCED] = {"IS_DOMAIN_INTRODUCED", request_is_domain_introduced, 0, 1},
    [XS_RESUME] = {"RESUME", request_resume, PRIVILEGED, 1},
    [XS_SET_TARGET] = {"SET_TARGET", request_set_target, PRIVILEGED, 2},
    [OPERATION_GET_FEATURE] = {"GET_FEATURE", request_get_feature, DATA, 0},
    [OPERATION_SET_FEATURE] = {"SET_FEATURE", request_set_feature, PRIVILEGED, 2},
    [OPERATION_GET_QUOTA] = {"GET_QUOTA", request_get_quota, PRIVILEGED | DATA, 0},
    [OPERATION_SET_QUOTA] = {"SET_QUOTA", request_set_quota, PRIVILEGED | DATA, 2},
};

const char *request_name(uint32_t type)
{
    return type < OPERATION_COUNT && operations[type].name ? operations[type].name : "unknown";
}

int request_reply_text(struct request *request, const char *text)
{
    size_t size = strlen(text) + 1;
    if (size > XENSTORE_PAYLOAD_MAX)
        return E2BIG;
    memcpy(request->reply, text, size);
    request->reply_size = size;
    return 0;
}

static const char *error_name(int error)
{
    for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
        if (xsd_errors[i].errnum == error)
            return xsd_errors[i].errstring;
    return "EINVAL";
}

/* Cuts the body into the strings that the operation asks for. */
static int split_arguments(struct request *request, const struct operation *operation)
{
    const char *at = request->body, *end = request->body + request->size;
    for (unsigned int i = 0; i < operation->arguments; i++) {
        const char *zero = at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL;
        if (!zero)
            return EINVAL;
        request->arguments[i] = at;
        at = zero + 1;
    }
    request->data = at;
    request->data_size = (size_t)(end - at);
    return request->data_size > 0 && !(operation->flags & DATA) ? EINVAL : 0;
}

static int find_transaction(struct request *request)
{
    uint32_t id = request->header->tx_id;
    struct connection *connection = request->connection;
    request->transaction = connection_find_transaction(connection, id);
    if (!request->transaction) {
        /* One that was lost with the daemon goes on up to its end, and only that is EAGAIN: this is where clients expect
         * it. */
        bool lost = id <= connection->lost_transaction_id;
        request->transaction = lost ? request_open_transaction(request, id) : NULL;
        if (!request->transaction)
            return lost ? EAGAIN : ENOENT;
        request->transaction->doomed = true;
    }
    if (request->transaction->expired) {
        if (request->header->type == XS_TRANSACTION_END) {
            connection_take_transaction(request->connection, request->transaction);
            transaction_free(request->transaction);
        }
        request->transaction = NULL;
        return EAGAIN;
    }
    request->view = transaction_view(request->transaction, &request->daemon->store);
    return 0;
}

/* Whether the daemon before this one has carried the request out and was killed before it could say so. All that is
 * left to do is to say it; of a transaction that was started again on the way nothing must stay. */
static bool is_done_before(struct request *request)
{
    struct connection *connection = request->connection;
    if (!connection->durable || !ring_request_is_done((const struct ring_connection *)connection))
        return false;
    struct transaction *transaction = connection_find_transaction(connection, request->header->tx_id);
    if (request->header->type == XS_TRANSACTION_END && transaction) {
        connection_take_transaction(connection, transaction);
        transaction_free(transaction);
    }
    if (request->header->type == XS_RESET_WATCHES)
        connection_drop_transactions(connection);
    return true;
}

static int dispatch(struct request *request)
{
    uint32_t type = request->header->type;
    const struct operation *operation = type < OPERATION_COUNT ? &operations[type] : NULL;
    if (!operation || !operation->handle)
        return ENOSYS;
    if (is_done_before(request))
        return 0;
    if ((operation->flags & PRIVILEGED) && !actor_is_privileged(request->actor))
        return EACCES;
    int error = split_arguments(request, operation);
    if (!error && (operation->flags & PATH)) {
        error = path_canonicalise(request->arguments[0], request->connection->home, operation->flags & SPECIAL,
                                  request->path);
        if (!error && !actor_is_privileged(request->actor) &&
            quota_forbids(request->actor->account->quota.path_length, (int64_t)strlen(request->path)))
            error = ENOSPC;
    }
    if (!error && (operation->flags & TRANSACTIONAL) && request->header->tx_id != 0)
        error = find_transaction(request);
    if (!error)
        error = operation->handle(request);
    if (request->transaction && type != XS_TRANSACTION_END)
        transaction_charge(request->transaction);
    return error;
}

bool request_forbids_memory(const struct request *request)
{
    const struct account *account = request->actor->account;
    int64_t nodes = usage_get(&request->daemon->store.usage, account->domain).bytes;
    return !actor_is_privileged(request->actor) && quota_forbids(account->quota.memory, nodes + account->memory);
}

/* The log is told once that a domain is above its soft limit, and again when it has been below. */
static void watch_soft_limit(const struct daemon *daemon, struct account *account)
{
    int64_t memory = usage_get(&daemon->store.usage, account->domain).bytes + account->memory;
    bool above = quota_forbids(account->quota.soft_memory, memory);
    if (above && !account->soft_told)
        log_info("domain %u takes %lld bytes of the store's memory: more than its soft limit of %u", account->domain,
                 (long long)memory, account->quota.soft_memory);
    account->soft_told = above;
}

void request_handle(struct connection *connection, const struct xsd_sockmsg *header, const char *body)
{
    struct daemon *daemon = connection->daemon;
    uint64_t began_ns = statistics_begin(&daemon->statistics, header->type);
    struct request request;
    memset(&request, 0, offsetof(struct request, path));
    memset(&request.transaction, 0, sizeof(request) - offsetof(struct request, transaction));
    request.daemon = daemon;
    request.connection = connection;
    request.actor = &connection->actor;
    request.header = header;
    request.body = body;
    request.size = header->len;
    request.view = store_view(&daemon->store, &request.changes);
    char *message = connection_reserve(connection, CONNECTION_MESSAGE_MAX);
    request.reply = message + sizeof(*header);

    daemon->handling = connection;
    int error = dispatch(&request);
    daemon->handling = NULL;
    if (error)
        request_reply_text(&request, error_name(error));
    else if (request.reply_size == 0 && header->type != XS_READ && header->type != XS_DIRECTORY)
        request_reply_text(&request, "OK");
    if (log_trace_enabled)
        log_trace("connection %u domain %u %s %s tx %u: %s", connection->id, connection->actor.domain,
                  request_name(header->type), request.arguments[0] ? request.arguments[0] : "", header->tx_id,
                  error ? error_name(error) : "OK");

    struct xsd_sockmsg reply = {.type = error ? (uint32_t)XS_ERROR : header->type,
                                .req_id = header->req_id,
                                .tx_id = header->tx_id,
                                .len = (uint32_t)request.reply_size};
    memcpy(message, &reply, sizeof(reply));
    connection_sent(connection, sizeof(reply) + request.reply_size);

    if (request.watch_set)
        connection_send_event(connection, request.watch_set, request.watch_set->path);
    if (request.changes.first)
        daemon_publish(daemon, &request.changes);
    if (request.special_event)
        watch_fire_special(&daemon->watches, daemon->store.top, request.special_event, &request.special_domain, 1);
    struct account *account = connection->actor.account;
    if (account) { /* still connected */
        account->requests++;
        account->errors += error != 0;
        account->refused += error == ENOSPC || error == ENOMEM;
        if (!actor_is_privileged(&connection->actor))
            watch_soft_limit(daemon, account);
    }
    statistics_count(&daemon->statistics, header->type, error != 0, began_ns);
}
