/* SPDX-License-Identifier: MIT */
/* What the journal's bytes mean: building records, and reading a file of them into a store. No input crashes it. */
#ifndef STORE_JOURNAL_FORMAT_H
#define STORE_JOURNAL_FORMAT_H

#include "store/bytes.h"
#include "store/hypervisor.h"
#include "store/ring_file.h"
#include "store/store.h"

#define JOURNAL_MAGIC "KeelStore5\n\0\0\0\0" /* with its last zero byte 16 */
#define JOURNAL_HEADER_SIZE 32

enum journal_record {
    RECORD_CHANGES = 1,
    RECORD_DOMAIN,       /* an introduction; again with the same number of it when something of it has changed */
    RECORD_RELEASE,      /* a domain's end, with the removal of all it owns */
    RECORD_WATCH,
    RECORD_UNWATCH,
    RECORD_DROP_WATCHES,
    RECORD_NODES,        /* a part of the tree as it was when the file was begun: journal_nodes.h */
    RECORD_LIMIT,        /* of one domain, or of all; or the features of a domain's ring */
};

/* Which request made a record: that of a domain that ends at this position of its ring (ring_slot.h); or none,
 * DOMID_INVALID. A record without anything else in it, RECORD_CHANGES of no change, says that the request was carried
 * out. */
struct journal_origin {
    domid_t domain;
    uint64_t position;
};
extern const struct journal_origin journal_no_origin;

struct journal_watch {
    struct journal_watch *next;
    uint32_t relative;
    int32_t depth;
    char *token;
    char path[];
};

struct journal_domain {
    struct journal_domain *next;
    struct journal_watch *watches;
    domid_t domain, target;
    bool shut_down;
    uint64_t gfn, identity;
    event_port_t remote_port;
    uint64_t introduction;         /* never 0; another one starts with nothing but what the domain owns */
    const struct ring_state *ring; /* as it was found in the file of states; NULL: there was none */
    struct ring_slot *slot;        /* where that lies, once it is claimed */
    uint64_t *done;  /* positions behind that state of requests that were carried out */
    size_t done_count;
    uint64_t newest; /* position of all such, also those before the state */
};

/* A limit of one domain, or of all (DOMID_INVALID); or, with an empty name, the features of a domain's ring. */
struct journal_limit {
    struct journal_limit *next;
    domid_t domain;
    uint32_t value;
    char name[32];
};

/* What a file says beside the tree: domains, and what was set for them. */
struct journal_state {
    uint64_t key;                  /* of the file: set before loading, like */
    const struct ring_file *rings; /* the states of rings; may be NULL */
    struct journal_domain *domains;
    struct journal_limit *limits;
    size_t omitted;      /* changes that could not be made, as what they build on is lost */
    size_t snapshot_end; /* where the tree ends that the file begins with */
};

/* What a file begins with: the magic, and the key of its checksums. That is random, so that no client can have a value
 * stored that would count as a record where a damaged file is searched for whole ones. */
void journal_put_header(struct bytes *file, uint64_t key);
/* Whether `data` begins with a whole header, and its key. */
bool journal_get_header(const char *data, size_t size, uint64_t *key);

/* A record is built in an empty buffer between these two. */
void journal_record_begin(struct bytes *record, enum journal_record kind, struct journal_origin origin);
void journal_record_end(struct bytes *record, uint64_t key);

void journal_put_change(struct bytes *record, const struct change *change);
/* `name` as in quota_find_any; none for features. */
void journal_put_limit(struct bytes *record, domid_t domain, const char *name, uint32_t value);
void journal_put_domain_state(struct bytes *record, const struct journal_domain *domain);

/* Carries out the records of a file (after its header) on a store and a state. *damaged counts the places where
 * something is wrong, each told to the log; whatever is whole behind it is found, in time that grows with the size
 * alone. A last record that was never finished is no damage. Returns the size up to the end of the last whole record,
 * or, when what is behind that is damaged, of all that is not zero. */
size_t journal_load(struct journal_state *state, struct store *store, const char *data, size_t size, size_t *damaged);

void journal_state_free(struct journal_state *state);

#endif
