/* SPDX-License-Identifier: MIT */
/*
 * Names are unique among domains. Reading the name of each domain there is tells who has one, but costs a store request
 * a domain; so each name that libctl gives is also noted under /keel/name, where one request finds it. A note is only
 * believed when the domain it names is there and has that name: Xen's own tools rename and end domains without it.
 */
#ifndef KEEL_CTL_NAMES_H
#define KEEL_CTL_NAMES_H

#include "internal.h"

/*
 * Whether another domain than `domid` has the name, by the notes: what names_check cannot see, because it happened
 * between that and the transaction, is seen here (two creations at the same instant).
 */
bool names_taken(struct ctl *ctl, xs_transaction_t transaction, const char *name, uint32_t domid);
/* 0 or a positive errno. */
int names_claim(struct ctl *ctl, xs_transaction_t transaction, const char *name, uint32_t domid);
/* Removes the note if it is this domain's. */
void names_release(struct ctl *ctl, xs_transaction_t transaction, const char *name, uint32_t domid);
/*
 * Whether any domain but `domid` has the name, by all names; -EEXIST with the sentence set. A name that this handle
 * has read before is not read again, as long as the same domain (by number and UUID) is there.
 */
int names_check(struct ctl *ctl, const char *name, uint32_t domid);
/* Whether this node of /keel/name is the note of that name. */
bool names_is_note_of(const char *node, const char *name);
void names_free(struct ctl *ctl);

#endif
