/* SPDX-License-Identifier: MIT */
/*
 * Domain 0's memory: the lowest free frames of the machine, mapped 1:1 so that its drivers' DMA reaches what they mean.
 */
#include "acpi.h"
#include "command_line.h"
#include "cpu.h"
#include "domain_zero.h"
#include "panic.h"
#include "printk.h"
#include "virtual_lapic.h"

#define DOM0_MEM_MINIMUM MIB(128)
#define HYPERVISOR_SHARE_MINIMUM MIB(64) /* left for the hypervisor and the first guests' tables */
#define BIOS_DATA_FRAME 0u /* RAM that is nobody's: Linux reads there where the extended BIOS data area is */

static uint64_t dom0_mem = GIB(1);
COMMAND_LINE_SIZE("dom0_mem", dom0_mem);

struct domain_zero_memory domain_zero_memory;

static uint64_t frames_wanted, frames_free;

static void count_free(uint64_t start, uint64_t end, void *data) { frames_free += end - start; }

static void take_range(uint64_t start, uint64_t end, void *data)
{
    struct domain_zero_memory *memory = data;
    uint64_t count = MIN(end - start, frames_wanted);

    if (!count)
        return;
    if (memory->count == DOMAIN_ZERO_RANGES_MAX) {
        log_warning("memory is in too many pieces: dom0 gets %lu MiB less\n", frames_wanted >> 8);
        frames_wanted = 0;
        return;
    }
    memory->ranges[memory->count++] = (struct frame_range){ start, start + count };
    frames_wanted -= count;
}

void arch_reserve_domain_zero_memory(void)
{
    struct domain_zero_memory *memory = &domain_zero_memory;

    boot_memory_for_each_free(count_free, NULL);
    frames_wanted = dom0_mem >> PAGE_SHIFT;
    if (dom0_mem < DOM0_MEM_MINIMUM)
        panic("dom0_mem=%luM is too little: give domain 0 at least %luM", dom0_mem >> 20,
              (unsigned long)(DOM0_MEM_MINIMUM >> 20));
    if (frames_wanted + (HYPERVISOR_SHARE_MINIMUM >> PAGE_SHIFT) > frames_free)
        panic("dom0_mem=%luM is more than this machine can give: it has %luM free, of which Keel keeps %luM",
              dom0_mem >> 20, frames_free >> 8, (unsigned long)(HYPERVISOR_SHARE_MINIMUM >> 20));
    boot_memory_for_each_free(take_range, memory);
    for (uint32_t i = 0; i < memory->count; i++)
        boot_memory_reserve(memory->ranges[i].start << PAGE_SHIFT,
                            (memory->ranges[i].end - memory->ranges[i].start) << PAGE_SHIFT);
}

static void map_range(struct domain *d, uint64_t start, uint64_t end)
{
    while (start < end) {
        unsigned int order = PAGE_ORDER_1G;
        while (order && ((start & ((1ull << order) - 1)) || end - start < 1ull << order))
            order = order == PAGE_ORDER_1G ? PAGE_ORDER_2M : 0;
        if (arch_p2m_set(d, make_gfn(start), make_mfn(start), order, P2M_RAM))
            panic("no memory for domain 0's page tables: make dom0_mem smaller");
        start += 1ull << order;
    }
}

void domain_zero_assign_memory(struct domain *d)
{
    const struct domain_zero_memory *memory = &domain_zero_memory;

    d->max_pages = ~0u;
    for (uint32_t i = 0; i < memory->count; i++) {
        for (uint64_t mfn = memory->ranges[i].start; mfn < memory->ranges[i].end; mfn++)
            page_assign_domain(mfn_to_page(make_mfn(mfn)), d);
        map_range(d, memory->ranges[i].start, memory->ranges[i].end);
    }
}

paddr_t domain_zero_find_place(size_t size, paddr_t above, paddr_t below)
{
    size = ROUND_UP(size, PAGE_SIZE);
    for (uint32_t i = domain_zero_memory.count; i-- > 0;) {
        paddr_t start = MAX(domain_zero_memory.ranges[i].start << PAGE_SHIFT, ROUND_UP(above, PAGE_SIZE));
        paddr_t end = MIN(domain_zero_memory.ranges[i].end << PAGE_SHIFT, below);
        if (end > start && end - start >= size)
            return ROUND_DOWN(end - size, PAGE_SIZE);
    }
    return 0;
}

bool domain_zero_owns(paddr_t start, size_t size)
{
    if (start + size < start)
        return false;
    for (uint32_t i = 0; i < domain_zero_memory.count; i++)
        if (start >= domain_zero_memory.ranges[i].start << PAGE_SHIFT &&
            start + size <= domain_zero_memory.ranges[i].end << PAGE_SHIFT)
            return true;
    return false;
}

/* --- the map it is told ------------------------------------------------------------------------------------------- */

struct map_builder {
    struct memory_region *map;
    uint32_t count, limit;
};

static void add(struct map_builder *builder, paddr_t start, paddr_t end, enum memory_kind kind)
{
    if (start >= end)
        return;
    if (builder->count == builder->limit)
        panic("this machine's memory map has too many pieces for domain 0's");
    builder->map[builder->count++] = (struct memory_region){ start, end - start, kind };
}

/* One usable region of the machine: domain 0's frames in it as RAM, the others as reserved. */
static void add_usable(struct map_builder *builder, paddr_t start, paddr_t end, paddr_t acpi_start, paddr_t acpi_end)
{
    for (uint32_t i = 0; i < domain_zero_memory.count; i++) {
        paddr_t from = domain_zero_memory.ranges[i].start << PAGE_SHIFT;
        paddr_t to = domain_zero_memory.ranges[i].end << PAGE_SHIFT;
        if (from < start || to > end)
            continue;
        add(builder, start, from, MEMORY_RESERVED);
        if (acpi_start >= from && acpi_end <= to) {
            add(builder, from, acpi_start, MEMORY_USABLE);
            add(builder, acpi_start, acpi_end, MEMORY_ACPI);
            add(builder, acpi_end, to, MEMORY_USABLE);
        } else {
            add(builder, from, to, MEMORY_USABLE);
        }
        start = to;
    }
    add(builder, start, end, MEMORY_RESERVED);
}

uint32_t domain_zero_make_memory_map(struct memory_region *map, uint32_t limit, paddr_t acpi_start, paddr_t acpi_end)
{
    struct map_builder builder = { .map = map, .limit = limit };

    for (uint32_t i = 0; i < boot_memory_region_count; i++) {
        const struct memory_region *region = &boot_memory_regions[i];
        if (region->kind == MEMORY_USABLE)
            add_usable(&builder, region->start, region->start + region->size, acpi_start, acpi_end);
        else
            add(&builder, region->start, region->start + region->size, region->kind);
    }
    return builder.count;
}

/* --- devices ------------------------------------------------------------------------------------------------------ */

/* They are the hypervisor's; what domain 0 sees at their addresses are its own virtual ones. */
static bool is_interrupt_controller(paddr_t frame)
{
    if (frame == ROUND_DOWN(acpi_machine.lapic_address, PAGE_SIZE) || frame == LAPIC_ADDRESS)
        return true;
    for (uint32_t i = 0; i < acpi_machine.ioapic_count; i++)
        if (frame == ROUND_DOWN(acpi_machine.ioapics[i].address, PAGE_SIZE))
            return true;
    return false;
}

bool domain_zero_map_device(struct domain *d, gfn_t gfn)
{
    paddr_t address = gfn.value << PAGE_SHIFT;

    if (address >> cpu_features.physical_bits || is_interrupt_controller(address))
        return false;
    for (uint32_t i = 0; i < boot_memory_region_count; i++) {
        const struct memory_region *region = &boot_memory_regions[i];
        /* A frame that is RAM only in part (the EBDA's) is not handed out to anyone, and holds firmware data. */
        if (region->kind == MEMORY_USABLE && gfn.value != BIOS_DATA_FRAME && address >= region->start &&
            address + PAGE_SIZE <= region->start + region->size)
            return false;
    }
    return arch_p2m_set(d, gfn, make_mfn(gfn.value), 0, P2M_MMIO) == 0;
}
