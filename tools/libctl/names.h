/* SPDX-License-Identifier: MIT */
/*
 * Names are unique among domains. Reading the name of each domain there is tells who has one, but costs a store request
 * a domain; so each name that libctl gives is also noted under /keel/name, where one request finds it. A note is only
 * believed when the domain it names is there and has that name: Xen's own tools rename and end domains without it.
 */
#ifndef KEEL_CTL_NAMES_H
#define KEEL_CTL_NAMES_H

#include "internal.h"
#include "store/client/batch.h"

/* What creation_lock_name takes for the name. */
uint64_t names_hash(const char *name);
/* Notes that the domain has the name. */
void names_claim(struct ctl *ctl, struct store_batch *batch, const char *name, uint32_t domid);
/* Removes the note if it is this domain's. 0, or a positive errno when it may still be there. */
int names_release(struct ctl *ctl, xs_transaction_t transaction, const char *name, uint32_t domid);
/*
 * Whether any domain but `domid` has the name, by its note and by all names; -EEXIST with the sentence set. Names that
 * this handle has read within the last second are not read again, so that many creations do not each read those of all
 * domains. Who gives the name to a domain then holds its lock (creation_lock.h) from before on.
 */
int names_check(struct ctl *ctl, const char *name, uint32_t domid);
/* Whether this node of /keel/name is the note of that name. */
bool names_is_note_of(const char *node, const char *name);
void names_free(struct ctl *ctl);

#endif
