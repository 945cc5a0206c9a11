/* SPDX-License-Identifier: MIT */
/*
 * One entry of a grant table, and its uses: each mapping and each copy under way pins it. While it is pinned, its page
 * is held, GTF_reading or GTF_writing tell the granting domain so, and what it may do to the shared entry changes
 * nothing.
 */
#ifndef KEEL_GRANT_ENTRY_H
#define KEEL_GRANT_ENTRY_H

#include "domain.h"

struct active_grant {
    struct page *page;         /* referenced once while readers + writers > 0 */
    uint32_t gfn;
    domid_t grantee;
    uint32_t readers, writers; /* pins */
};

/*
 * Pins entry `ref` of d for grantee; *page comes with a reference of its own for the caller. Looks at the
 * shared entry once and trusts what it saw. GNTST_*.
 */
int grant_entry_pin(struct domain *d, grant_ref_t ref, domid_t grantee, bool read_only, struct page **page);
/* Undoes one pin (not the reference that the caller got); the flags in the shared entry follow. */
void grant_entry_unpin(struct domain *d, grant_ref_t ref, bool read_only);

#endif
