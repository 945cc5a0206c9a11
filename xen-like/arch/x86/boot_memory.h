/* SPDX-License-Identifier: MIT */
/*
 * The machine's memory map, and the memory that is taken before the page allocator exists. Taken from the top of RAM
 * down: low memory is domain 0's, 1:1. Boot CPU only. After boot_memory_hand_over nothing more can be taken.
 */
#ifndef KEEL_X86_BOOT_MEMORY_H
#define KEEL_X86_BOOT_MEMORY_H

#include "types.h"

enum memory_kind { /* the numbers are those of the E820 map */
    MEMORY_USABLE = 1,
    MEMORY_RESERVED = 2,
    MEMORY_ACPI = 3,     /* ACPI tables, reclaimable */
    MEMORY_ACPI_NVS = 4,
    MEMORY_BAD = 5,
};

struct memory_region {
    paddr_t start, size;
    enum memory_kind kind;
};

#define MEMORY_REGIONS_MAX 128u

/*
 * The firmware's map: sorted, without overlaps (what is not usable wins), neighbours of one kind joined. What it does
 * not name is no memory.
 */
extern struct memory_region boot_memory_regions[MEMORY_REGIONS_MAX];
extern uint32_t boot_memory_region_count;

/* From the boot loader's map, of any order and with overlaps. Panics if there is no usable memory. */
void boot_memory_initialise(const struct memory_region *regions, uint32_t count);
/* The first byte after all usable memory. */
paddr_t boot_memory_end(void);
/* Bytes of usable memory in the machine, whoever has it. */
uint64_t boot_memory_total(void);
/* True if the whole range is RAM or ACPI memory, hence in the direct map. */
bool boot_memory_is_mapped(paddr_t start, size_t size);

/* Takes [start, start + size), rounded out to pages, wherever it is: it will not be handed out. Overlaps are fine. */
void boot_memory_reserve(paddr_t start, size_t size);
/* Gives back what was reserved. */
void boot_memory_release(paddr_t start, size_t size);
/*
 * count contiguous zeroed pages from the top of free memory, as a pointer into the direct map. Panics when there are
 * none: nothing can go on then.
 */
void *boot_alloc_pages(size_t count);
/* As that, wholly below limit. */
void *boot_alloc_pages_below(size_t count, paddr_t limit);

/* Calls fn for each run of free frames [mfn_start, mfn_end), rising. Frame 0 is never free. */
void boot_memory_for_each_free(void (*fn)(uint64_t mfn_start, uint64_t mfn_end, void *data), void *data);
/* The page allocator takes over: from here on boot_alloc_pages is a BUG. */
void boot_memory_hand_over(void);

/* Is memory of that kind in the direct map? For paging.c, as the next one. */
bool boot_memory_kind_is_mapped(enum memory_kind kind);
/* The final page tables are loaded: memory above 4 GiB may be handed out too. */
void boot_memory_all_mapped(void);

#endif
