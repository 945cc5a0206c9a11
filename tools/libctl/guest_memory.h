/* SPDX-License-Identifier: MIT */
/*
 * Giving a guest its memory and filling it, before the guest runs.
 *
 * Filling goes by grant copy: entries of the guest's own (still unused) grant table let domain 0 write into its pages,
 * and one call copies many of them straight from the file's pages. Nothing is mapped page by page, which is what
 * makes creating a guest slow elsewhere. Where grant copy is not to be had, pages are mapped instead.
 */
#ifndef KEEL_CTL_GUEST_MEMORY_H
#define KEEL_CTL_GUEST_MEMORY_H

#include "hypercall.h"
#include <xen/grant_table.h>

/* Bytes for guest-physical memory; data == NULL means zeros. */
struct guest_piece {
    uint64_t paddr;
    const void *data;
    uint64_t size;
};

/* Pages from `gfn` on, in the largest extents possible. Sets no sentence. */
int guest_memory_populate(struct ctl *ctl, uint32_t domid, uint64_t gfn, uint64_t pages);
/* Single pages, which need not lie side by side, in one call. Sets no sentence. */
int guest_memory_populate_pages(struct ctl *ctl, uint32_t domid, const uint64_t *gfns, size_t count);

/* The first page of the guest's grant table (version 1), mapped; NULL with errno set. */
struct grant_entry_v1 *guest_grants_map(struct ctl *ctl, uint32_t domid);
void guest_grants_unmap(struct grant_entry_v1 *grants);

/* Writes the pieces. Uses and then clears all grants but the reserved ones. Sets no sentence. */
int guest_memory_write(struct ctl *ctl, uint32_t domid, struct grant_entry_v1 *grants,
                       const struct guest_piece *pieces, size_t count);

#endif
