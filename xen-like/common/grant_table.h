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
struct active_grant;  /* grant_entry.h: the uses of one entry */
struct grant_mapping; /* grant_map.c: one mapping that a domain holds */

#define GRANT_ENTRIES_PER_FRAME (PAGE_SIZE / sizeof(grant_entry_v1_t))

struct grant_table {
    struct spinlock lock; /* all below; never two tables' at once */
    uint32_t frames, max_frames, max_maptrack_frames;
    struct page **frame;          /* [max_frames] PAGE_SPECIAL pages holding the entries */
    struct active_grant **active; /* [max_frames], each [GRANT_ENTRIES_PER_FRAME] */
    gfn_t *frame_gfn;             /* [max_frames] where the domain has mapped the frame last, or INVALID_GFN */
    uint64_t active_count;        /* entries in use by somebody */

    struct grant_mapping **maptrack; /* [max_maptrack_frames] pages of what this domain maps of others */
    uint32_t maptrack_frames, maptrack_free; /* pages in use; first free handle */
    uint32_t mappings;            /* handles in use */
    uint32_t release_next;        /* progress of grant_table_release_mappings */
};

/* -XEN_EINVAL for limits out of range, -XEN_ENOMEM. Afterwards grant_table_free undoes it. */
int grant_table_init(struct domain *d, uint32_t max_frames, uint32_t max_maptrack_frames);
/*
 * d is dying: ends every mapping that it holds of others' pages, then makes its own entries unreachable and gives its
 * table's frames back. Continuable: -XEN_ERESTART.
 */
int grant_table_release_mappings(struct domain *d);
/* No vCPU, no mapping in either direction is left. */
void grant_table_free(struct domain *d);
/*
 * The frame with entries [index], growing the table up to its maximum. For add_to_physmap and acquire_resource.
 * -XEN_EINVAL beyond the maximum or when d is being destroyed, -XEN_ENOMEM.
 */
int grant_table_get_frame(struct domain *d, uint32_t index, mfn_t *mfn);
/* Frame index has been mapped there by its owner: what GNTTABOP_setup_table tells. */
void grant_table_note_gfn(struct domain *d, uint32_t index, gfn_t gfn);
/* Names the domains that map pages of d, for the log when d is destroyed. */
void grant_table_report_foreign(struct domain *d);

#endif
