/* SPDX-License-Identifier: MIT */
/* Records of the journal, made of what the daemon holds. */
#include "store/journal_records.h"

#include <stdio.h>
#include <string.h>

#include "store/account.h"

void journal_encode_domain(struct bytes *record, const struct ring_connection *ring, struct journal_origin origin)
{
    const struct actor *actor = &ring->connection.actor;
    struct journal_domain domain = {
        .domain = actor->domain,
        .target = actor->target,
        .shut_down = ring->shut_down,
        .gfn = ring->gfn,
        .identity = ring->identity,
        .remote_port = ring->remote_port,
        .introduction = ring->introduction,
    };
    journal_record_begin(record, RECORD_DOMAIN, origin);
    journal_put_domain_state(record, &domain);
}

/* Of a limit, or without a field of the features of a ring. */
void journal_encode_limit(struct bytes *record, domid_t domain, const struct quota_field *field, uint32_t value,
                          struct journal_origin origin)
{
    char name[32] = "";
    if (field)
        snprintf(name, sizeof(name), "%s%s", field->soft ? "soft-" : "", field->name);
    journal_record_begin(record, RECORD_LIMIT, origin);
    journal_put_limit(record, domain, name, value);
}

void journal_encode_watch(struct bytes *record, enum journal_record kind, const struct watch *watch,
                         struct journal_origin origin)
{
    uint64_t position = ring_request_position((const struct ring_connection *)watch->connection);
    journal_record_begin(record, kind, origin);
    BYTES_PUT(record, watch->connection->actor.domain);
    BYTES_PUT(record, position);
    BYTES_PUT(record, watch->relative);
    BYTES_PUT(record, watch->depth);
    bytes_put_sized(record, watch->path, strlen(watch->path) + 1);
    bytes_put_sized(record, watch->token, strlen(watch->token) + 1);
}
