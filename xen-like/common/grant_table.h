/* SPDX-License-Identifier: MIT */
/*
 * Grant tables (grant_table.h of the ABI), version 1: a domain lets others map or copy single pages of its memory.
 * A mapping holds a reference on the page and pins the entry's flags; it ends by unmap or with the mapping domain.
 */
#ifndef KEEL_GRANT_TABLE_H
#define KEEL_GRANT_TABLE_H

#include "lock.h"
#include "types.h"
#include "xen_abi.h"

struct domain;
struct page;
struct grant_mapping; /* grant_table.c */

struct grant_table {
    struct spinlock lock;
    uint32_t frames, max_frames, max_maptrack_frames;
    struct page **frame;             /* [max_frames] PAGE_SPECIAL pages holding the entries */
    struct active_grant *active;     /* what is mapped of each entry; grant_table.c */
    struct grant_mapping *mappings;  /* what this domain maps of others */
    uint32_t mappings_size, mappings_used, mappings_free_head;
};

int grant_table_init(struct domain *d, uint32_t max_frames, uint32_t max_maptrack_frames);
/* Ends every mapping that d holds of others' pages. Continuable: -XEN_ERESTART. */
int grant_table_release_mappings(struct domain *d);
void grant_table_free(struct domain *d);
/* The frame with entries [index], growing the table up to its maximum. For add_to_physmap and acquire_resource. */
int grant_table_get_frame(struct domain *d, uint32_t index, mfn_t *mfn);
/* Domains that map pages of d, for the log when d is destroyed. */
void grant_table_report_foreign(struct domain *d);

#endif
