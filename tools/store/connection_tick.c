/* SPDX-License-Identifier: MIT */
/* What time does to a client: transactions that it left open, and events that it left lying. */
#include <string.h>

#include "store/connection.h"
#include "store/daemon.h"
#include "store/log.h"

static bool is_over(uint64_t since_ns, unsigned int limit_seconds, uint64_t now_ns)
{
    return limit_seconds > 0 && now_ns > since_ns && now_ns - since_ns > limit_seconds * 1000000000ull;
}

/* The watch of a thrown away event owes one on its own path. Only the token says which that was: others that have the
 * same fire once for nothing. */
static void owe_event(struct connection *connection, const char *token)
{
    for (struct watch *watch = connection->watches; watch; watch = watch->next_of_connection)
        if (strcmp(watch->token, token) == 0)
            watch->overflowed = connection->overflowed = true;
}

/* Takes out all events of which nothing has been sent. */
static void drop_events(struct connection *connection)
{
    size_t kept = connection->output_boundary;
    for (size_t at = kept; at < connection->output_end;) {
        struct xsd_sockmsg header;
        memcpy(&header, connection->output + at, sizeof(header));
        size_t size = sizeof(header) + header.len;
        if (header.type == XS_WATCH_EVENT) {
            const char *path = connection->output + at + sizeof(header);
            owe_event(connection, path + strlen(path) + 1);
            connection->actor.account->events_merged++;
            connection->daemon->statistics.events_merged++;
        } else {
            memmove(connection->output + kept, connection->output + at, size);
            kept += size;
        }
        at += size;
    }
    connection->output_end = kept;
    connection->output_changed = true;
    if (connection->output_start == connection->output_end)
        connection_send_owed(connection); /* else they follow the message that is under way */
}

/* Ends transactions that have been open for too long: a snapshot costs memory as long as it is held. Whoever goes on
 * in one gets EAGAIN. */
static void expire_transactions(struct connection *connection, uint64_t now_ns)
{
    for (struct transaction *transaction = connection->transactions; transaction; transaction = transaction->next)
        if (!transaction->expired &&
            is_over(transaction->started_ns, connection->actor.account->quota.transaction_seconds, now_ns)) {
            log_trace("transaction %u of domain %u is too old", transaction->id, connection->actor.domain);
            transaction_expire(transaction);
        }
}

bool connection_tick(struct connection *connection, uint64_t now_ns)
{
    if (actor_is_privileged(&connection->actor) || connection->failed)
        return false;
    const struct quota *quota = &connection->actor.account->quota;
    expire_transactions(connection, now_ns);
    if (connection->output_end > connection->output_boundary &&
        is_over(connection->taken_ns, quota->event_seconds, now_ns))
        drop_events(connection);
    return connection->transactions || connection->output_end > connection->output_start;
}
