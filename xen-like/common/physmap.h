/* SPDX-License-Identifier: MIT */
/*
 * Changes of a domain's physical map one page at a time, with what the pages' references demand. Each looks and changes
 * under the domain's physmap_lock, so that two CPUs never both give back what one gfn held.
 */
#ifndef KEEL_PHYSMAP_H
#define KEEL_PHYSMAP_H

#include "arch.h"

/* What a gfn held before a change; to be given back with physmap_drop when its translations have been flushed. */
struct physmap_old {
    struct page *page; /* NULL: nothing to give back */
    enum p2m_type type;
};

/*
 * Maps a page at gfn. For the types of others' pages the map takes over one reference from the caller if it succeeds.
 * -XEN_EBUSY if a granted page is mapped there (only unmapping the grant ends that), -XEN_EINVAL for a device's frame,
 * -XEN_ENOMEM.
 */
int physmap_set(struct domain *d, gfn_t gfn, struct page *page, enum p2m_type type, struct physmap_old *old);
/* Maps 2^order of d's pages where nothing is mapped; -XEN_EEXIST otherwise. */
int physmap_set_block(struct domain *d, gfn_t gfn, struct page *page, unsigned int order);
/* Unmaps gfn. -XEN_ENOENT if nothing is there; otherwise as physmap_set. */
int physmap_clear(struct domain *d, gfn_t gfn, struct physmap_old *old);
/*
 * Moves d's own page at `from` to `to`: a page of memory is never at two places. -XEN_EINVAL if there is none at
 * `from`.
 */
int physmap_move(struct domain *d, gfn_t from, gfn_t to, struct physmap_old *old);
/* Unmaps gfn if it is still `page` mapped by grant; false otherwise. */
bool physmap_clear_grant(struct domain *d, gfn_t gfn, const struct page *page);

/*
 * Gives back what was there: another's page loses the map's reference; the domain's own memory is freed if
 * `free_memory` (a special page never is). Not inside a p2m batch.
 */
void physmap_drop(const struct physmap_old *old, bool free_memory);

#endif
