/* SPDX-License-Identifier: MIT */
/*
 * Building domain 0: its 1:1 memory, its kernel and initial ramdisk, its ACPI tables, its start information. All on the
 * boot CPU, once; what cannot be built panics with what to do.
 */
#ifndef KEEL_X86_DOMAIN_ZERO_H
#define KEEL_X86_DOMAIN_ZERO_H

#include "arch.h"
#include "boot_memory.h"

/* Frames [start, end) of domain 0's memory, guest and machine numbers alike; rising, without overlaps. */
struct frame_range { uint64_t start, end; };

#define DOMAIN_ZERO_RANGES_MAX 64u

struct domain_zero_memory {
    struct frame_range ranges[DOMAIN_ZERO_RANGES_MAX];
    uint32_t count;
};
extern struct domain_zero_memory domain_zero_memory;

/* domain_zero_memory.c: what dom0_mem= asks for; assigns the frames and maps them 1:1. */
void domain_zero_assign_memory(struct domain *d);
/*
 * A place of size bytes, page-aligned, wholly in domain 0's memory between two addresses, as high as possible; 0: none.
 */
paddr_t domain_zero_find_place(size_t size, paddr_t above, paddr_t below);
/* Is the whole range domain 0's memory? */
bool domain_zero_owns(paddr_t start, size_t size);

/*
 * The memory map it is told: its own memory as RAM (the range [acpi_start, acpi_end) in it as ACPI tables), the
 * machine's other RAM as reserved so that it puts no device there, the rest as the firmware has it. Returns the count.
 */
struct memory_region;
uint32_t domain_zero_make_memory_map(struct memory_region *map, uint32_t limit, paddr_t acpi_start, paddr_t acpi_end);

/* domain_zero_acpi.c: the bytes that the rewritten tables take for that many vCPUs. */
size_t domain_zero_acpi_size(uint32_t vcpus);
/* Writes them at `at` (domain 0's memory, size bytes); the root pointer is first. */
void domain_zero_acpi_write(paddr_t at, size_t size, uint32_t vcpus);

/* An access of domain 0 to a frame that is no RAM: maps the device's frame 1:1. False: it is RAM, or virtualised. */
bool domain_zero_map_device(struct domain *d, gfn_t gfn);

#endif
