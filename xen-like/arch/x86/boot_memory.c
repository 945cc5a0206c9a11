/* SPDX-License-Identifier: MIT */
/* The memory map put in order, and the allocator of boot: a sorted list of what is taken. */
#include "boot_memory.h"

#include "paging.h"
#include "panic.h"
#include "string.h"

#define RESERVATIONS_MAX 128u

struct memory_region boot_memory_regions[MEMORY_REGIONS_MAX];
uint32_t boot_memory_region_count;

/* Sorted, disjoint, not touching each other, page-aligned. */
static struct range { paddr_t start, end; } reservations[RESERVATIONS_MAX];
static uint32_t reservation_count;
static bool is_handed_over;
static paddr_t mapped_limit = GIB(4); /* what the boot page tables map */

/* Which of two overlapping kinds a byte has: the one that is safer to believe. */
static unsigned int kind_priority(enum memory_kind kind)
{
    switch (kind) {
    case MEMORY_USABLE: return 1;
    case MEMORY_ACPI: return 2;
    case MEMORY_ACPI_NVS: return 3;
    case MEMORY_RESERVED: return 4;
    default: return 5;
    }
}

/* Usable memory counts in whole pages, other kinds claim every page they touch. False: nothing is left of it. */
static bool page_bounds(const struct memory_region *region, struct range *bounds)
{
    paddr_t end;

    if (__builtin_add_overflow(region->start, region->size, &end) || end > 1ull << 52)
        end = 1ull << 52;
    if (region->kind == MEMORY_USABLE) {
        bounds->start = ROUND_UP(region->start, PAGE_SIZE);
        bounds->end = ROUND_DOWN(end, PAGE_SIZE);
    } else {
        bounds->start = ROUND_DOWN(region->start, PAGE_SIZE);
        bounds->end = ROUND_UP(end, PAGE_SIZE);
    }
    return region->start < 1ull << 52 && bounds->start < bounds->end;
}

static void sort_addresses(paddr_t *address, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t j = i; j > 0 && address[j - 1] > address[j]; j--) {
            paddr_t swap = address[j];
            address[j] = address[j - 1];
            address[j - 1] = swap;
        }
}

static void append_region(paddr_t start, paddr_t end, enum memory_kind kind)
{
    struct memory_region *last = boot_memory_region_count ? &boot_memory_regions[boot_memory_region_count - 1] : NULL;

    if (last && last->kind == kind && last->start + last->size == start) {
        last->size += end - start;
        return;
    }
    if (boot_memory_region_count == MEMORY_REGIONS_MAX)
        panic("The firmware's memory map has more than %u pieces: update the firmware", MEMORY_REGIONS_MAX);
    boot_memory_regions[boot_memory_region_count++] =
        (struct memory_region){ .start = start, .size = end - start, .kind = kind };
}

void boot_memory_initialise(const struct memory_region *regions, uint32_t count)
{
    static paddr_t edges[2 * MEMORY_REGIONS_MAX];
    uint32_t edge_count = 0;
    struct range bounds;

    for (uint32_t i = 0; i < count && i < MEMORY_REGIONS_MAX; i++)
        if (page_bounds(&regions[i], &bounds)) {
            edges[edge_count++] = bounds.start;
            edges[edge_count++] = bounds.end;
        }
    sort_addresses(edges, edge_count);

    /* Between two neighbouring edges each region covers all or nothing. */
    for (uint32_t e = 0; e + 1 < edge_count; e++) {
        unsigned int best = 0;
        enum memory_kind kind = MEMORY_USABLE;
        if (edges[e] == edges[e + 1])
            continue;
        for (uint32_t i = 0; i < count && i < MEMORY_REGIONS_MAX; i++)
            if (page_bounds(&regions[i], &bounds) && bounds.start <= edges[e] && bounds.end >= edges[e + 1] &&
                kind_priority(regions[i].kind) > best) {
                best = kind_priority(regions[i].kind);
                kind = best == 5 ? MEMORY_BAD : regions[i].kind;
            }
        if (best)
            append_region(edges[e], edges[e + 1], kind);
    }
    if (!boot_memory_total())
        panic("The boot loader's memory map names no usable memory: boot Keel with GRUB's multiboot2 command");
    boot_memory_reserve(0, PAGE_SIZE);
}

paddr_t boot_memory_end(void)
{
    for (uint32_t i = boot_memory_region_count; i-- > 0;)
        if (boot_memory_regions[i].kind == MEMORY_USABLE)
            return boot_memory_regions[i].start + boot_memory_regions[i].size;
    return 0;
}

uint64_t boot_memory_total(void)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < boot_memory_region_count; i++)
        if (boot_memory_regions[i].kind == MEMORY_USABLE)
            total += boot_memory_regions[i].size;
    return total;
}

bool boot_memory_kind_is_mapped(enum memory_kind kind)
{
    return kind == MEMORY_USABLE || kind == MEMORY_ACPI || kind == MEMORY_ACPI_NVS;
}

bool boot_memory_is_mapped(paddr_t start, size_t size)
{
    paddr_t end = start + size;

    for (uint32_t i = 0; i < boot_memory_region_count && start < end; i++) {
        const struct memory_region *r = &boot_memory_regions[i];
        if (boot_memory_kind_is_mapped(r->kind) && r->start <= start && start - r->start < r->size)
            start = r->start + r->size;
    }
    return start >= end && end >= size;
}

static void insert_reservation(uint32_t at, struct range range)
{
    if (reservation_count == RESERVATIONS_MAX)
        panic("More than %u pieces of memory are taken during boot: the boot loader gives too many modules",
              RESERVATIONS_MAX);
    memmove(&reservations[at + 1], &reservations[at], (reservation_count - at) * sizeof(reservations[0]));
    reservations[at] = range;
    reservation_count++;
}

static void delete_reservations(uint32_t at, uint32_t count)
{
    memmove(&reservations[at], &reservations[at + count], (reservation_count - at - count) * sizeof(reservations[0]));
    reservation_count -= count;
}

void boot_memory_reserve(paddr_t start, size_t size)
{
    struct range range = { ROUND_DOWN(start, PAGE_SIZE), ROUND_UP(start + size, PAGE_SIZE) };
    uint32_t first = 0, last;

    if (!size)
        return;
    while (first < reservation_count && reservations[first].end < range.start)
        first++;
    for (last = first; last < reservation_count && reservations[last].start <= range.end; last++) {
        range.start = MIN(range.start, reservations[last].start);
        range.end = MAX(range.end, reservations[last].end);
    }
    delete_reservations(first, last - first);
    insert_reservation(first, range);
}

void boot_memory_release(paddr_t start, size_t size)
{
    paddr_t end = ROUND_UP(start + size, PAGE_SIZE);

    start = ROUND_DOWN(start, PAGE_SIZE);
    for (uint32_t i = 0; i < reservation_count; i++) {
        struct range r = reservations[i];
        if (r.end <= start || r.start >= end)
            continue;
        delete_reservations(i, 1);
        if (r.end > end)
            insert_reservation(i, (struct range){ end, r.end });
        if (r.start < start)
            insert_reservation(i, (struct range){ r.start, start });
        i += (r.end > end) + (r.start < start);
        i--;
    }
}

/* The highest free range of that size in [start, end); its start, or 0. */
static paddr_t highest_fit(paddr_t start, paddr_t end, size_t size)
{
    for (uint32_t i = reservation_count; i-- > 0;) {
        const struct range *r = &reservations[i];
        if (r->start >= end)
            continue;
        if (r->end < end && end - r->end >= size && end - size >= start)
            return end - size;
        if (r->end > start)
            end = MIN(end, r->start);
    }
    return end > start && end - start >= size ? end - size : 0;
}

void *boot_alloc_pages_below(size_t count, paddr_t limit)
{
    size_t size = count * PAGE_SIZE;

    BUG_ON(is_handed_over || !count);
    limit = MIN(limit, mapped_limit);
    for (uint32_t i = boot_memory_region_count; i-- > 0;) {
        const struct memory_region *r = &boot_memory_regions[i];
        paddr_t found = 0;
        if (r->kind == MEMORY_USABLE && r->start < limit)
            found = highest_fit(r->start, MIN(r->start + r->size, limit), size);
        if (found) {
            boot_memory_reserve(found, size);
            return memset(direct_map(found), 0, size);
        }
    }
    panic("No %lu KiB of memory in one piece are left for the hypervisor: the machine needs more memory", size / 1024);
}

void *boot_alloc_pages(size_t count) { return boot_alloc_pages_below(count, ~0ull); }

void boot_memory_for_each_free(void (*fn)(uint64_t mfn_start, uint64_t mfn_end, void *data), void *data)
{
    for (uint32_t i = 0; i < boot_memory_region_count; i++) {
        const struct memory_region *region = &boot_memory_regions[i];
        paddr_t at = region->start, end = region->start + region->size;
        if (region->kind != MEMORY_USABLE)
            continue;
        for (uint32_t j = 0; j < reservation_count && at < end; j++) {
            const struct range *r = &reservations[j];
            if (r->end <= at || r->start >= end)
                continue;
            if (r->start > at)
                fn(at >> PAGE_SHIFT, r->start >> PAGE_SHIFT, data);
            at = r->end;
        }
        if (at < end)
            fn(at >> PAGE_SHIFT, end >> PAGE_SHIFT, data);
    }
}

void boot_memory_all_mapped(void) { mapped_limit = ~0ull; }

void boot_memory_hand_over(void) { is_handed_over = true; }
