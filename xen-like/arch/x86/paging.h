/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own address space, the same on all CPUs and W^X throughout:
 * 0xffff800000000000 direct map of all RAM and ACPI memory: RW, not executable; the image's text and constants
 * read-only
 *   0xffffa00000000000  window for device registers (uncached), firmware tables and stacks with guard pages
 *   0xffffffff80000000  the hypervisor's image: text RX, constants R, data RW, page by page
 * Nothing is mapped in the lower half: a NULL or guest pointer faults.
 */
#ifndef KEEL_X86_PAGING_H
#define KEEL_X86_PAGING_H

#include "types.h"

#ifndef DIRECT_MAP_BASE /* unit tests have theirs */
#define DIRECT_MAP_BASE 0xffff800000000000ull
#endif
#define DIRECT_MAP_END 0xffffa00000000000ull
#define WINDOW_BASE 0xffffa00000000000ull
#define WINDOW_SIZE GIB(64)
#define IMAGE_BASE 0xffffffff80000000ull

#define PTE_PRESENT (1ull << 0)
#define PTE_WRITE (1ull << 1)
#define PTE_USER (1ull << 2)
#define PTE_WRITE_THROUGH (1ull << 3)
#define PTE_CACHE_DISABLE (1ull << 4)
#define PTE_LARGE (1ull << 7)
#define PTE_GLOBAL (1ull << 8)
#define PTE_NX (1ull << 63)
#define PTE_ADDRESS 0x000ffffffffff000ull

/* RAM only (boot_memory.h says what RAM is): the address is not checked. */
static inline void *direct_map(paddr_t address) { return (void *)(DIRECT_MAP_BASE + address); }
/* pointer must be in the direct map. */
static inline paddr_t direct_map_to_physical(const void *pointer) { return (uintptr_t)pointer - DIRECT_MAP_BASE; }
/* The physical address of one of the image's own variables. */
static inline paddr_t image_to_physical(const void *pointer) { return (uintptr_t)pointer - IMAGE_BASE; }

static inline void *mfn_to_virt(uint64_t mfn) { return direct_map(mfn << PAGE_SHIFT); }
static inline uint64_t virt_to_mfn(const void *pointer) { return direct_map_to_physical(pointer) >> PAGE_SHIFT; }

/* Builds the final tables and loads them on the boot CPU. Boot; boot_memory must be up. */
void paging_initialise(void);
/* Loads them on this (secondary) CPU. */
void paging_load(void);
/* What CR3 holds on every CPU outside guests. */
paddr_t paging_root(void);

/*
 * Device registers, uncached, RW: any alignment; the mapping is for good. Boot CPU, before keel_main; panics when the
 * window is full.
 */
void *map_mmio(paddr_t address, size_t size);
/* Memory that the firmware wrote and nobody changes, wherever it is: cached, read-only. As map_mmio otherwise. */
const void *map_firmware(paddr_t address, size_t size);
/* A stack of size bytes (whole pages) with an unmapped page below it; answers its top. As map_mmio otherwise. */
void *map_stack(size_t size);

#endif
