/* SPDX-License-Identifier: MIT */
/*
 * What a domain has in the store, and how much it may have. Limits hold for unprivileged domains; 0 means no limit.
 * Counting is by owner: a node counts for the domain that owns it, whoever made it.
 */
#ifndef STORE_QUOTA_H
#define STORE_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>

struct quota {
    unsigned int nodes;               /* owned by a domain */
    unsigned int node_size;           /* bytes of a value */
    unsigned int watches;             /* of a domain */
    unsigned int transactions;        /* open at a time */
    unsigned int transaction_nodes;   /* that one transaction looks at, and changes that it makes */
    unsigned int transaction_seconds; /* that one may stay open */
    unsigned int permissions;         /* entries of one node's list */
    unsigned int path_length;         /* bytes */
    unsigned int outstanding;         /* requests whose replies a domain has not taken yet; no more are handled then */
    unsigned int event_bytes;         /* of events that a domain has not taken yet */
    unsigned int event_seconds;       /* that a domain may leave events lying */
    unsigned int memory;              /* bytes of a domain's nodes, watches, transactions and buffers */
    unsigned int soft_memory;         /* above which the log is told, once */
};

extern const struct quota quota_default;

/* The fields by name, for those who ask and set. */
struct quota_field {
    const char *name;
    bool soft;     /* a limit that is told of, not enforced */
    size_t offset; /* of an unsigned int in struct quota */
};
extern const struct quota_field quota_fields[];
extern const size_t quota_field_count;

/* The field of that name, or of another one that Xen's tools use for it; NULL when there is none. */
const struct quota_field *quota_find(const char *name, bool soft);

/* The same by one name: that of a soft limit begins with "soft-". */
const struct quota_field *quota_find_any(const char *name);

static inline unsigned int *quota_value(struct quota *quota, const struct quota_field *field)
{
    return (unsigned int *)((char *)quota + field->offset);
}

static inline unsigned int quota_get(const struct quota *quota, const struct quota_field *field)
{
    return *(const unsigned int *)((const char *)quota + field->offset);
}

/* Whether a limit forbids to have so many. */
static inline bool quota_forbids(unsigned int limit, int64_t count)
{
    return limit > 0 && count > (int64_t)limit;
}

/* Counters by domain: of a whole tree, or what a transaction has added and taken away. */
struct usage_entry {
    domid_t domain;
    int64_t nodes;      /* owned */
    int64_t references; /* entries in other owners' permission lists */
    int64_t bytes;      /* of the nodes it owns */
};

struct usage {
    size_t count, capacity;
    struct usage_entry *entries; /* sorted by domain; none is all zero */
};

/* Adds what the entry says to the counters of its domain. */
void usage_add(struct usage *usage, struct usage_entry delta);

/* The counters of one domain, zero when it has none. */
struct usage_entry usage_get(const struct usage *usage, domid_t domain);

/* Adds all of `delta`. */
void usage_merge(struct usage *usage, const struct usage *delta);

void usage_clear(struct usage *usage);

#endif
