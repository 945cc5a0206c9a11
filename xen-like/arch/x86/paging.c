/* SPDX-License-Identifier: MIT */
/* Builds the hypervisor's final page tables. */
#include "paging.h"

#include "boot_memory.h"
#include "cpu.h"
#include "image.h"
#include "panic.h"
#include "registers.h"

#define ENTRIES 512u
#define LEVELS 4u

#define FLAGS_TEXT (PTE_PRESENT | PTE_GLOBAL)
#define FLAGS_CONSTANT (PTE_PRESENT | PTE_GLOBAL | PTE_NX)
#define FLAGS_DATA (PTE_PRESENT | PTE_GLOBAL | PTE_WRITE | PTE_NX)
#define FLAGS_DEVICE (FLAGS_DATA | PTE_CACHE_DISABLE | PTE_WRITE_THROUGH)

static uint64_t *root;
static uintptr_t window_next = WINDOW_BASE;

/* Bytes that one entry of a table of that level covers; level 1 holds 4 KiB pages. */
static uint64_t level_size(unsigned int level) { return PAGE_SIZE << 9 * (level - 1); }

static unsigned int level_index(uintptr_t address, unsigned int level) { return address / level_size(level) % ENTRIES; }

static uint64_t *next_table(uint64_t *entry)
{
    if (!*entry)
        *entry = direct_map_to_physical(boot_alloc_pages(1)) | PTE_PRESENT | PTE_WRITE;
    BUG_ON(*entry & PTE_LARGE);
    return direct_map(*entry & PTE_ADDRESS);
}

/* The largest page that both addresses and the size allow. */
static unsigned int best_level(uintptr_t address, paddr_t physical, uint64_t size)
{
    for (unsigned int level = cpu_features.pages_1g ? 3 : 2; level > 1; level--)
        if (!((address | physical) % level_size(level)) && size >= level_size(level))
            return level;
    return 1;
}

/* All page-aligned; nothing may be mapped there. */
static void map_range(uintptr_t address, paddr_t physical, uint64_t size, uint64_t flags)
{
    while (size) {
        unsigned int target = best_level(address, physical, size);
        uint64_t *table = root;
        for (unsigned int level = LEVELS; level > target; level--)
            table = next_table(&table[level_index(address, level)]);
        uint64_t *entry = &table[level_index(address, target)];
        BUG_ON(*entry);
        *entry = physical | flags | (target > 1 ? PTE_LARGE : 0);
        address += level_size(target);
        physical += level_size(target);
        size -= level_size(target);
    }
}

static void map_image_part(const char *start, const char *end, uint64_t flags)
{
    map_range((uintptr_t)start, image_to_physical(start), (uint64_t)(end - start), flags);
}

static void map_image(void)
{
    map_image_part(text_start, text_end, FLAGS_TEXT);
    map_image_part(rodata_start, rodata_end, FLAGS_CONSTANT);
    map_image_part(data_start, boot_stack_guard, FLAGS_DATA);
    map_image_part(boot_stack_guard + PAGE_SIZE, image_end, FLAGS_DATA);
}

static void map_direct(paddr_t start, paddr_t end, uint64_t flags)
{
    if (start < end)
        map_range(DIRECT_MAP_BASE + start, start, end - start, flags);
}

/* RAM as data, but the part that holds the image's text and constants without write permission. */
static void map_ram(paddr_t start, paddr_t end)
{
    paddr_t constant_start = image_to_physical(text_start), constant_end = image_to_physical(rodata_end);

    map_direct(start, MIN(end, constant_start), FLAGS_DATA);
    map_direct(MAX(start, constant_start), MIN(end, constant_end), FLAGS_CONSTANT);
    map_direct(MAX(start, constant_end), end, FLAGS_DATA);
}

/* No page of the hypervisor may be both written and executed. */
static void check_table(const uint64_t *table, unsigned int level)
{
    for (unsigned int i = 0; i < ENTRIES; i++) {
        uint64_t entry = table[i];
        if (!(entry & PTE_PRESENT))
            continue;
        if (level == 1 || (entry & PTE_LARGE))
            BUG_ON((entry & PTE_WRITE) && !(entry & PTE_NX));
        else
            check_table(direct_map(entry & PTE_ADDRESS), level - 1);
    }
}

void paging_initialise(void)
{
    root = boot_alloc_pages(1);
    map_image();
    for (uint32_t i = 0; i < boot_memory_region_count; i++) {
        const struct memory_region *r = &boot_memory_regions[i];
        paddr_t end = MIN(r->start + r->size, DIRECT_MAP_END - DIRECT_MAP_BASE);
        if (boot_memory_kind_is_mapped(r->kind))
            map_ram(r->start, end);
    }
    check_table(root, LEVELS);
    paging_load();
    boot_memory_all_mapped();
}

paddr_t paging_root(void) { return direct_map_to_physical(root); }

void paging_load(void) { write_cr3(paging_root()); }

static uintptr_t take_window(size_t size)
{
    uintptr_t start = window_next;

    if (size > WINDOW_BASE + WINDOW_SIZE - window_next)
        panic("The window for device registers is full (%lu KiB more are wanted): the machine has too many devices",
              size / 1024);
    window_next += size;
    return start;
}

static void *map_window(paddr_t address, size_t size, uint64_t flags)
{
    size_t offset = address % PAGE_SIZE, whole = ROUND_UP(offset + size, PAGE_SIZE);
    uintptr_t start = take_window(whole);

    for (size_t at = 0; at < whole; at += PAGE_SIZE)
        map_range(start + at, address - offset + at, PAGE_SIZE, flags);
    return (void *)(start + offset);
}

void *map_mmio(paddr_t address, size_t size) { return map_window(address, size, FLAGS_DEVICE); }

const void *map_firmware(paddr_t address, size_t size)
{
    if (boot_memory_is_mapped(address, size))
        return direct_map(address);
    return map_window(address, size, FLAGS_CONSTANT);
}

void *map_stack(size_t size)
{
    void *pages = boot_alloc_pages(size / PAGE_SIZE);

    take_window(PAGE_SIZE);
    return (char *)map_window(direct_map_to_physical(pages), size, FLAGS_DATA) + size;
}
