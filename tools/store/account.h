/* SPDX-License-Identifier: MIT */
/*
 * What the daemon knows of a domain as a client: its limits, the memory that it costs beside its nodes, and what it
 * has asked for. Connections of one domain share an account; it lives while there is one, or while it has limits of
 * its own.
 */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include "store/quota.h"

struct account {
    struct account *next;
    struct account_table *table;
    domid_t domain;
    unsigned int references;
    struct quota quota;   /* its limits in force */
    uint32_t own;         /* bit N: quota_fields[N] was set for this domain, and does not follow the global limit */
    int64_t memory;       /* bytes of its watches, transactions and what waits for it; its nodes are in the usage */
    bool soft_told;       /* the log has been told that it is above its soft limit */
    uint32_t features;    /* that its ring page shows, as SET_FEATURE chose them */
    bool features_chosen;
    uint64_t requests, errors, events, events_merged, refused;
};

struct account_table {
    struct account *first;
    const struct quota *defaults;
};

/* The account of a domain, made when missing, with one reference more. */
struct account *account_get(struct account_table *table, domid_t domain);
void account_put(struct account *account);

/* The account if there is one, without a reference; else NULL. */
struct account *account_find(const struct account_table *table, domid_t domain);

/* Counts memory that a client has taken (or, negative, given back). */
static inline void account_charge(struct account *account, int64_t bytes)
{
    account->memory += bytes;
}

/* Sets one limit of a domain; makes the account when missing. */
void account_set_quota(struct account_table *table, domid_t domain, const struct quota_field *field,
                       unsigned int value);

/* What the ring of a domain that is not connected yet will offer. Makes the account when missing. */
void account_choose_features(struct account_table *table, domid_t domain, uint32_t features);

/* The global limits have changed: accounts follow where they have none of their own. */
void account_follow_defaults(struct account_table *table);

/* Frees all: no connection has one any more. */
void account_table_clear(struct account_table *table);

/* The domain has ended: the next one of that number starts with nothing. */
void account_forget(struct account_table *table, domid_t domain);

#endif
