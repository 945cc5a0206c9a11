/* SPDX-License-Identifier: MIT */
/*
 * What page.c needs of the allocator beyond page.h: blocks before they have an owner, and claims. Each takes its lock.
 */
#ifndef KEEL_PAGE_ALLOCATOR_H
#define KEEL_PAGE_ALLOCATOR_H

#include "page.h"

/*
 * A block out of the free lists, not zeroed, seen by nobody; `claimed` of its pages were set aside by page_change_claim
 * and are no longer if the block is taken. Pages that others have claimed are not given away.
 */
struct page *page_take_block(unsigned int order, bool low_only, uint64_t claimed);
/* Zeroes what is dirty of a block from page_take_block. Takes no lock. */
void page_zero_block(struct page *page, unsigned int order);
/* Back to the allocator, marked dirty. Nobody refers to its pages any more. */
void page_return_block(struct page *page, unsigned int order);
/* Takes back a claim of give_up pages and makes one of `claim`; false, and nothing changed, when too few are free. */
bool page_change_claim(uint64_t give_up, uint64_t claim);
/* Counts a page that the allocator was never given (dom0's). */
void page_count_extra(void);

#endif
