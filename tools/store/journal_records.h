/* SPDX-License-Identifier: MIT */
/* Records of the journal, made of what the daemon holds: each begins one in an empty buffer, for journal_record_end. */
#ifndef STORE_JOURNAL_RECORDS_H
#define STORE_JOURNAL_RECORDS_H

#include "store/journal_format.h"
#include "store/ring.h"

void journal_encode_domain(struct bytes *record, const struct ring_connection *ring, struct journal_origin origin);

/* RECORD_WATCH or RECORD_UNWATCH, of a ring's connection. */
void journal_encode_watch(struct bytes *record, enum journal_record kind, const struct watch *watch,
                          struct journal_origin origin);

/* A limit of one domain, or of all (DOMID_INVALID); without a field, the features of a domain's ring. */
void journal_encode_limit(struct bytes *record, domid_t domain, const struct quota_field *field, uint32_t value,
                          struct journal_origin origin);

#endif
