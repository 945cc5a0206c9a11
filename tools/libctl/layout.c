/* SPDX-License-Identifier: MIT */
/*
 * Where things lie in a guest's physical memory.
 */
#include "layout.h"
#include <string.h>

#define ORDER_1G 18u
#define ORDER_2M 9u

static uint64_t page_up(uint64_t value)
{
    return (value + LAYOUT_PAGE - 1) & ~(LAYOUT_PAGE - 1);
}

static void add_region(struct layout *layout, uint64_t start, uint64_t size, enum layout_kind kind)
{
    if (size)
        layout->regions[layout->regions_count++] = (struct layout_region){ start, size, kind };
}

enum layout_result layout_plan(struct layout *layout, uint64_t memory_kib, const struct elf_image *elf,
                               uint64_t boot_size, uint64_t ramdisk_size, uint64_t acpi_size)
{
    uint64_t memory = (memory_kib << 10) & ~(LAYOUT_PAGE - 1);

    memset(layout, 0, sizeof(*layout));
    layout->low_size = memory < LAYOUT_LOW_END ? memory : LAYOUT_LOW_END;
    layout->high_size = memory - layout->low_size;
    layout->acpi_size = page_up(acpi_size);
    add_region(layout, 0, layout->low_size, LAYOUT_RAM);
    add_region(layout, LAYOUT_ACPI, layout->acpi_size, LAYOUT_TABLES);
    add_region(layout, LAYOUT_SPECIAL, LAYOUT_SPECIAL_END - LAYOUT_SPECIAL, LAYOUT_RESERVED);
    add_region(layout, LAYOUT_HIGH_START, layout->high_size, LAYOUT_RAM);

    if (elf->end > layout->low_size)
        return LAYOUT_KERNEL_OUTSIDE;
    layout->boot_start = page_up(elf->end);
    layout->boot_size = boot_size;
    if (layout->boot_start > layout->low_size || boot_size > layout->low_size - layout->boot_start)
        return LAYOUT_RAMDISK_OUTSIDE;
    layout->ramdisk_start = page_up(layout->boot_start + boot_size);
    layout->ramdisk_size = ramdisk_size;
    if (ramdisk_size && (layout->ramdisk_start > layout->low_size ||
                         ramdisk_size > layout->low_size - layout->ramdisk_start))
        return LAYOUT_RAMDISK_OUTSIDE;
    return LAYOUT_OK;
}

unsigned layout_order(uint64_t gfn, uint64_t pages, unsigned order_max)
{
    static const unsigned orders[] = { ORDER_1G, ORDER_2M };

    for (unsigned i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        uint64_t extent = 1ull << orders[i];

        if (orders[i] <= order_max && !(gfn & (extent - 1)) && pages >= extent)
            return orders[i];
    }
    return 0;
}
