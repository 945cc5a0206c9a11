/* SPDX-License-Identifier: MIT */
/* Records of the journal, made of what the daemon holds. */
#include "store/journal_records.h"

#include <stdio.h>
#include <string.h>

#include "store/account.h"

const struct journal_origin journal_no_origin = {.domain = DOMID_INVALID};

void journal_encode_domain(struct bytes *record, const struct ring_connection *ring)
{
    const struct connection *connection = &ring->connection;
    struct journal_domain domain = {
        .domain = connection->actor.domain,
        .target = connection->actor.target,
        .shut_down = ring->shut_down,
        .gfn = ring->gfn,
        .remote_port = ring->remote_port,
        .consumer = ring->request_consumer,
        .producer = ring->response_producer,
        .last_transaction_id = connection->last_transaction_id,
        .input = connection->input + connection->input_start,
        .input_size = connection->input_end - connection->input_start,
        .output = connection->output + connection->output_start,
        .output_size = connection->output_end - connection->output_start,
        .output_boundary = (uint32_t)(connection->output_boundary - connection->output_start),
        .done = ring->done,
        .done_count = ring->done_count,
    };
    journal_record_begin(record, RECORD_DOMAIN);
    journal_put_domain_state(record, &domain);
}

/* Of a limit, or without a field of the features of a ring. */
void journal_encode_limit(struct bytes *record, domid_t domain, const struct quota_field *field, uint32_t value)
{
    char name[32] = "";
    if (field)
        snprintf(name, sizeof(name), "%s%s", field->soft ? "soft-" : "", field->name);
    journal_record_begin(record, RECORD_LIMIT);
    journal_put_limit(record, domain, name, value);
}

void journal_encode_watch(struct bytes *record, enum journal_record kind, const struct watch *watch,
                         struct journal_origin origin)
{
    journal_record_begin(record, kind);
    journal_put_origin(record, &origin);
    BYTES_PUT(record, watch->connection->actor.domain);
    BYTES_PUT(record, watch->relative);
    BYTES_PUT(record, watch->depth);
    bytes_put_sized(record, watch->path, strlen(watch->path) + 1);
    bytes_put_sized(record, watch->token, strlen(watch->token) + 1);
}
