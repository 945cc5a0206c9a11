/* SPDX-License-Identifier: MIT */
/*
 * What a domain has in the store, and how much it may have. Limits hold for unprivileged domains. Counting is by owner:
 * a node counts for the domain that owns it, whoever made it.
 */
#ifndef STORE_QUOTA_H
#define STORE_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>

struct quota {
    unsigned int nodes;             /* owned by a domain */
    unsigned int node_size;         /* bytes of a value */
    unsigned int watches;           /* of a domain */
    unsigned int transactions;      /* open at a time */
    unsigned int transaction_nodes; /* that one transaction looks at, and changes that it makes */
    unsigned int permissions;       /* entries of one node's list */
    unsigned int path_length;       /* bytes */
    unsigned int outstanding;       /* bytes of replies and events that a domain has not taken yet */
};

extern const struct quota quota_default;

/* The fields by name, for those who ask and set. */
struct quota_field {
    const char *name;
    size_t offset; /* of an unsigned int in struct quota */
};
extern const struct quota_field quota_fields[];
extern const size_t quota_field_count;

/* The limit of that name, or NULL. */
unsigned int *quota_find(struct quota *quota, const char *name);

/* Counters by domain: of a whole tree, or what a transaction has added and taken away. */
struct usage_entry {
    domid_t domain;
    int64_t nodes;      /* owned */
    int64_t references; /* entries in other owners' permission lists */
};

struct usage {
    size_t count, capacity;
    struct usage_entry *entries; /* sorted by domain; none is all zero */
};

void usage_add(struct usage *usage, domid_t domain, int nodes, int references);

/* The counters of one domain, zero when it has none. */
struct usage_entry usage_get(const struct usage *usage, domid_t domain);

/* Adds all of `delta`. */
void usage_merge(struct usage *usage, const struct usage *delta);

void usage_clear(struct usage *usage);

#endif
