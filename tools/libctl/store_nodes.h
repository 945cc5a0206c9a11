/* SPDX-License-Identifier: MIT */
/*
 * The store entries that a domain is born with (docs/libctl.md says who writes which).
 */
#ifndef KEEL_CTL_STORE_NODES_H
#define KEEL_CTL_STORE_NODES_H

#include "config.h"
#include "internal.h"
#include "store/client/batch.h"

struct store_domain {
    uint32_t domid;
    uint8_t uuid[16];
    const struct ctl_config *config;
    uint32_t store_port, console_port;
    uint64_t store_gfn, console_gfn;
};

/*
 * Writes them and tells the store about the domain's ring, all in one go: first of all the note that the domain is being
 * made, then the ring behind all nodes. `whole`: nothing else is to be done for the domain, so the note goes as well.
 * After a failure any part of it may have been done: release the domain and forget it. Sets the sentence.
 */
int store_nodes_write(struct ctl *ctl, const struct store_domain *domain, bool whole);
/* The domain is whole: takes away the note, by which fsck would take it to be half made. Sets the sentence. */
int store_forget_creating(struct ctl *ctl, const struct store_domain *domain);
/*
 * Whether a domain is being made, or who made it was killed: it has the note of that, or no name yet. 1, 0, or a negative
 * errno when the store does not tell.
 */
int store_is_half_made(struct ctl *ctl, uint32_t domid);

/*
 * The configuration that a domain was created from, as JSON text, all of one writing; NULL with errno set: ENOENT when
 * the domain has none (then it is not libctl's). `directory` is the domain's node keel, or another under which
 * store_config_write put one. Free with free().
 */
char *store_config_read(struct ctl *ctl, xs_transaction_t transaction, const char *directory);
/* Writes it below DIRECTORY/config, in pieces that fit a store message; readable by domain 0 alone. */
bool store_config_write(struct ctl *ctl, xs_transaction_t transaction, const char *directory, const char *json);
/* The same as requests of a batch. 0, or E2BIG when it is too long: nothing is added then. */
int store_config_add(struct store_batch *batch, const char *directory, const char *json);

#endif
