/* SPDX-License-Identifier: MIT */
/*
 * Machine memory for code that builds tables in it: pretended physical memory where DIRECT_MAP_BASE is defined to be
 * for this group, a frame table over it, and an allocator of single pages that can be made to run out. Freed pages are
 * filled with garbage; a page freed twice, or not by the allocator's number, aborts.
 */
#ifndef KEEL_FAKE_PAGES_H
#define KEEL_FAKE_PAGES_H

#include "arch.h"
#include "fake_machine.h"

#define FAKE_FRAMES (GIB(8) >> PAGE_SHIFT) /* frames of the machine; pages that are handed out are low ones */
#define FAKE_FRAMES_HANDED_OUT 8192u

extern uint64_t fake_pages_left; /* so many allocations succeed; ~0: all */
extern uint64_t fake_pages_used; /* handed out and not freed */

/* Vcpus kicked out of the guest: each is out of it when arch_vcpu_kick returns. */
extern unsigned int fake_kicks, fake_kicks_before_free; /* the latter: when the last page was freed */
extern unsigned int fake_yield_questions, fake_yield_every; /* every n-th is answered by yes; 0: none */

/* Memory as at boot: nothing allocated, nobody owns a frame. */
void fake_pages_start(void);
/* That frame with one reference, owned by d. */
struct page *fake_page_own(uint64_t mfn, struct domain *d);

#endif
