/* SPDX-License-Identifier: MIT */
/*
 * The memory half of the fake architecture: machine memory as one sparse mapping, physical maps as a hash table, guest
 * memory as the test's own. It defines arch_mfn_to_virtual, arch_virtual_to_mfn, arch_p2m_*, arch_domain_release_memory,
 * arch_guest_virtual_to_page, copy_from_guest and copy_to_guest; fake_arch.c has the rest of arch.h.
 */
#ifndef KEEL_FAKE_MEMORY_H
#define KEEL_FAKE_MEMORY_H

#include "arch.h"

/*
 * A machine with `low_pages` pages from frame 256 on and `high_pages` from 4 GiB on, all given to the page allocator,
 * filled with garbage as RAM is. What an earlier machine held is gone.
 */
void fake_memory_start(uint64_t low_pages, uint64_t high_pages);
#define FAKE_LOW_START 256ull
#define FAKE_HIGH_START (GIB(4) >> PAGE_SHIFT)

/*
 * A guest address is the address of the test's variable: the sanitizers see every byte too many. Addresses below one
 * page fault, and so do those in the range set here (count 0: none).
 */
#define GUEST_ADDRESS(pointer) ((uint64_t)(uintptr_t)(pointer))
void fake_memory_set_fault(const void *start, size_t count);

/*
 * From here on guest addresses mean something else, for inputs that make up addresses: those from FAKE_WINDOW on are the
 * bytes of a buffer, all others fault. NULL: as above again.
 */
#define FAKE_WINDOW 0x10000ull
void fake_memory_set_window(void *buffer, size_t size);

/* Called before each arch_p2m_set, arch_p2m_clear; not 0: the error that it returns. NULL: none. For failure tests. */
extern int (*fake_p2m_error)(struct domain *d, gfn_t gfn);
/* Mappings of d, counted in pages. */
uint64_t fake_p2m_count(const struct domain *d);
/* Flushes that real hardware would have done (changes outside a batch, and batches with changes). */
extern uint64_t fake_p2m_flushes;
/* Forgets d's physical map without looking at references. */
void fake_p2m_forget(const struct domain *d);

#endif
