/* SPDX-License-Identifier: MIT */
/*
 * Machine pages: the frame table, the page allocator (buddy), and who owns and refers to each frame.
 *
 * A frame is free, the hypervisor's, or a domain's. Only a domain's page counts references (the others' stay 0, so that
 * page_get can never take one): one for being allocated to the domain (dropped by page_release_allocation) and one for
 * each mapping by a grant, a foreign gfn, a registered area, or a copy under way. It goes back to the allocator when
 * the last one is dropped, and only then does the owner's count of pages fall. So a page that another domain still maps
 * outlives its owner's use of it. Pages are zeroed when they are handed out, whoever had them before.
 *
 * A domain that owns pages, special ones included, holds one reference on itself (domain_put by the last page_put). So
 * its special pages are given back while it is destroyed (page_release_domain), not when its structure is freed.
 */
#ifndef KEEL_PAGE_H
#define KEEL_PAGE_H

#include "list.h"
#include "types.h"

struct domain;

#define PAGE_MAX_ORDER 18u /* 1 GiB */

struct page {
    struct list link;             /* free list of its order, or its owner's page list (owner's page_lock) */
    union {
        struct domain *owner;     /* stable while a reference is held */
        struct {                  /* a page of small objects (object_allocator.c) */
            uint16_t first_free;  /* index of an object, or OBJECT_NONE */
            uint16_t objects_used;
            uint8_t size_class;
        } slab;
    };
    _Atomic uint32_t references;  /* 0: free, or the hypervisor's */
    uint8_t order;                /* of the block this page heads, free or allocated */
    _Atomic uint8_t flags;        /* PAGE_* */
};

#define PAGE_FREE 1u       /* heads a free block */
#define PAGE_ALLOCATED 2u  /* the reference of being allocated to its domain is still held; cleared once, atomically */
#define PAGE_SPECIAL 4u    /* owned by a domain but not of its memory: shared_info, grant frames; never in tot_pages */
#define PAGE_DIRTY 8u      /* free, and must be zeroed before it is handed out */
#define PAGE_OBJECTS 16u   /* divided into small objects */

/*
 * The frame table covers every frame from 0 to frame_table_end. Holes have flags 0, references 0, and are never handed
 * out.
 */
extern struct page *frame_table;
extern uint64_t frame_table_end;

static inline mfn_t page_to_mfn(const struct page *page) { return make_mfn((uint64_t)(page - frame_table)); }
/* NULL for a number beyond the machine's memory. */
static inline struct page *mfn_to_page(mfn_t mfn)
{
    return mfn.value < frame_table_end ? &frame_table[mfn.value] : NULL;
}

/* --- allocator: any CPU, takes the allocator's lock ---------------------------------------------------------- */

/* Sets up the frame table at `table` for frames below `end`; then ranges are given by page_allocator_add. */
void page_allocator_init(struct page *table, uint64_t end);
/* Gives frames [start, end) to the allocator. Boot only. */
void page_allocator_add(uint64_t start, uint64_t end);
/* 2^order contiguous, aligned, zeroed pages for the hypervisor itself; NULL when there are none. */
struct page *page_allocate(unsigned int order);
void page_free(struct page *page, unsigned int order);
/* As page_allocate, as a pointer into the direct map. */
void *page_allocate_mapped(unsigned int order);
void page_free_mapped(void *pointer, unsigned int order);
/* An idle CPU's work: zeroes some pages that were given back, about 64 KiB. False: none wait for it. */
bool page_zero_waiting(void);
uint64_t page_free_count(void);  /* in pages */
uint64_t page_free_count_low(void); /* those of them below 4 GiB */
uint64_t page_total_count(void);    /* pages given to the allocator plus dom0's */
uint64_t page_claimed_count(void);  /* free pages that domains have claimed (XENMEM_claim_pages) */

/* --- a domain's pages ---------------------------------------------------------------------------------------- */

/* Locks, lists and counts of a new domain. */
void page_init_domain(struct domain *d);

/*
 * 2^order zeroed pages for domain d, accounted to it and in its page list, each with the allocation reference.
 * NULL when the machine has none or d would exceed its maximum.
 */
struct page *page_allocate_domain(struct domain *d, unsigned int order);
/* As above, from machine addresses below 4 GiB. */
struct page *page_allocate_domain_low(struct domain *d, unsigned int order);
/*
 * Sets free pages aside until d has `pages` pages in all (0: gives up what is left of a claim). -XEN_ENOMEM when they
 * are not there, -XEN_EINVAL when d has a claim already or would exceed its maximum.
 */
int page_claim(struct domain *d, uint64_t pages);
/* Makes an existing frame (boot: dom0's 1:1 memory) a page of d, as if allocated to it. */
void page_assign_domain(struct page *page, struct domain *d);
/* One page that belongs to d without being its memory (PAGE_SPECIAL). */
struct page *page_allocate_special(struct domain *d);
/* Takes a reference if the page is (still) owned by d. */
bool page_get(struct page *page, struct domain *d);
/* Another reference where one is held already. */
void page_get_again(struct page *page);
/* Drops a reference; the last one frees the page. */
void page_put(struct page *page);
/* Drops the allocation reference once; false if that has been done before. */
bool page_release_allocation(struct page *page);
/*
 * Destruction: drops the allocation reference of every page of d, special ones too. d is dying and its physical map is
 * empty. Continuable: -XEN_ERESTART.
 */
int page_release_domain(struct domain *d);
/* Says in the log how many pages of the dying d others still refer to, if any. */
void page_report_domain(struct domain *d);

/* --- small objects ------------------------------------------------------------------------------------------- */

/* Zeroed, aligned to 16 bytes (to a cache line from 64 bytes on); NULL when there is no memory. Up to 2 MiB. */
void *object_allocate(size_t size);
void object_free(void *object); /* NULL is fine */

#endif
