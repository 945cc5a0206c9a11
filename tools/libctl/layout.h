/* SPDX-License-Identifier: MIT */
/*
 * Where things lie in a guest's physical memory. Pure arithmetic: no hypervisor, no allocation.
 *
 *   0                     low RAM, up to LAYOUT_LOW_END
 *     kernel segments     where the ELF file wants them
 *     boot information    the first page behind the kernel: start info, module list, memory map, command line
 *     initial ramdisk     the first page behind that
 *   LAYOUT_ACPI           ACPI tables: as many pages as they need
 *   LAYOUT_SPECIAL        the rings of store and console; two pages for Intel CPUs without unrestricted guests
 *   4 GiB                 the RAM that does not fit below
 */
#ifndef KEEL_CTL_LAYOUT_H
#define KEEL_CTL_LAYOUT_H

#include "elf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAYOUT_LOW_END 0xf0000000ull
#define LAYOUT_HIGH_START 0x100000000ull
#define LAYOUT_ACPI 0xfc000000ull
#define LAYOUT_ACPI_MAX 0x10000u
#define LAYOUT_SPECIAL 0xfeff8000ull
#define LAYOUT_SPECIAL_END 0xff000000ull
#define LAYOUT_TSS_GFN 0xfeff8ull
#define LAYOUT_IDENTITY_GFN 0xfeffbull
#define LAYOUT_STORE_GFN 0xfeffcull
#define LAYOUT_CONSOLE_GFN 0xfefffull

#define LAYOUT_REGIONS_MAX 4
#define LAYOUT_PAGE 4096ull

enum layout_kind { LAYOUT_RAM = 1, LAYOUT_RESERVED = 2, LAYOUT_TABLES = 3 }; /* e820's numbers */

struct layout_region {
    uint64_t start, size;
    enum layout_kind kind;
};

struct layout {
    uint64_t low_size, high_size; /* bytes of RAM from 0 and from 4 GiB */
    uint64_t boot_start, boot_size;
    uint64_t ramdisk_start, ramdisk_size;
    uint64_t acpi_size; /* whole pages */
    struct layout_region regions[LAYOUT_REGIONS_MAX]; /* by rising address */
    unsigned regions_count;
};

enum layout_result {
    LAYOUT_OK,
    LAYOUT_KERNEL_OUTSIDE,  /* a segment lies outside of low RAM */
    LAYOUT_RAMDISK_OUTSIDE, /* no room behind the kernel for boot information and ramdisk */
};

/* The three sizes in bytes; ramdisk_size 0: none. */
enum layout_result layout_plan(struct layout *layout, uint64_t memory_kib, const struct elf_image *elf,
                               uint64_t boot_size, uint64_t ramdisk_size, uint64_t acpi_size);

/* The largest extent that begins at gfn and fits into `pages`: 1 GiB, 2 MiB or 4 KiB, not above order_max. */
unsigned layout_order(uint64_t gfn, uint64_t pages, unsigned order_max);

#endif
