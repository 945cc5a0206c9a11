/* SPDX-License-Identifier: MIT */
/* The memory map put in order, and boot's allocator against a plain model with one byte a page. */
#include "../run_tests.h"
#include "fake_host.h"
#include "fake_ram.h"

#include <string.h>

#include "boot_memory.h"
#include "paging.h"

#define MODEL_PAGES 4096u /* 16 MiB */

static const struct memory_region simple_map[] = {
    { 0, 0x9fc00, MEMORY_USABLE }, { 0x9fc00, 0x400, MEMORY_RESERVED }, { MIB(1), MIB(15), MEMORY_USABLE },
};

static void check_region(uint32_t index, paddr_t start, paddr_t end, enum memory_kind kind)
{
    CHECK(index < boot_memory_region_count);
    CHECK(boot_memory_regions[index].start == start);
    CHECK(boot_memory_regions[index].size == end - start);
    CHECK(boot_memory_regions[index].kind == kind);
}

static void map_in_disorder(void)
{
    const struct memory_region map[] = {
        { GIB(4), GIB(1), MEMORY_USABLE }, { MIB(1), MIB(7), MEMORY_USABLE },     { MIB(8), MIB(8), MEMORY_USABLE },
        { 0x9fc00, 0x400, MEMORY_RESERVED }, { 0, 0x9fc00, MEMORY_USABLE },       { MIB(4), 100, MEMORY_ACPI },
        { GIB(6), 0, MEMORY_USABLE },        { GIB(7), 0xfff, MEMORY_USABLE },
    };
    boot_memory_initialise(map, sizeof(map) / sizeof(map[0]));
    check_region(0, 0, 0x9f000, MEMORY_USABLE);
    check_region(1, 0x9f000, 0xa0000, MEMORY_RESERVED);
    check_region(2, MIB(1), MIB(4), MEMORY_USABLE);
    check_region(3, MIB(4), MIB(4) + PAGE_SIZE, MEMORY_ACPI);
    check_region(4, MIB(4) + PAGE_SIZE, MIB(16), MEMORY_USABLE);
    check_region(5, GIB(4), GIB(5), MEMORY_USABLE);
    CHECK(boot_memory_region_count == 6);
    CHECK(boot_memory_end() == GIB(5));
    CHECK(boot_memory_total() == 0x9f000 + MIB(15) - PAGE_SIZE + GIB(1));
    CHECK(boot_memory_is_mapped(MIB(3), MIB(5)));
    CHECK(!boot_memory_is_mapped(MIB(15), MIB(2)));
    CHECK(!boot_memory_is_mapped(0x9f000, 1));
    CHECK(!boot_memory_is_mapped(MIB(3), ~0ull - MIB(1)));
}

static void overlaps_and_overflow(void)
{
    const struct memory_region map[] = {
        { 0, MIB(16), MEMORY_USABLE },
        { MIB(2), MIB(4), MEMORY_RESERVED },
        { MIB(4), MIB(4), MEMORY_ACPI_NVS },
        { MIB(12), ~0ull, MEMORY_RESERVED },
        { ~0ull - 5, 100, MEMORY_USABLE },
    };
    boot_memory_initialise(map, sizeof(map) / sizeof(map[0]));
    check_region(0, 0, MIB(2), MEMORY_USABLE);
    check_region(1, MIB(2), MIB(6), MEMORY_RESERVED);
    check_region(2, MIB(6), MIB(8), MEMORY_ACPI_NVS);
    check_region(3, MIB(8), MIB(12), MEMORY_USABLE);
    check_region(4, MIB(12), 1ull << 52, MEMORY_RESERVED);
    CHECK(boot_memory_region_count == 5);
}

static void nothing_usable(void)
{
    const struct memory_region map[] = { { 0, MIB(16), MEMORY_RESERVED }, { MIB(32) + 1, PAGE_SIZE, MEMORY_USABLE } };
    CHECK(FAKE_HALTS(boot_memory_initialise(map, 2)));
    CHECK(strstr(fake_console, "names no usable memory"));
}

static void allocation_is_from_the_top(void)
{
    const struct memory_region map[] = { { MIB(1), MIB(15), MEMORY_USABLE }, { GIB(4), MIB(1), MEMORY_USABLE } };
    char *page;

    boot_memory_initialise(map, 2);
    memset(direct_map(MIB(16) - PAGE_SIZE), 0x5a, PAGE_SIZE);
    /* Only what the boot page tables map, until the final ones are loaded. */
    page = boot_alloc_pages(1);
    CHECK(page == direct_map(MIB(16) - PAGE_SIZE));
    for (size_t i = 0; i < PAGE_SIZE; i++)
        CHECK(!page[i]);
    CHECK(boot_alloc_pages_below(2, MIB(2)) == direct_map(MIB(2) - 2 * PAGE_SIZE));
    boot_memory_reserve(MIB(16) - 3 * PAGE_SIZE, 1);
    CHECK(boot_alloc_pages(1) == direct_map(MIB(16) - 2 * PAGE_SIZE));
    CHECK(boot_alloc_pages(1) == direct_map(MIB(16) - 4 * PAGE_SIZE));
    boot_memory_all_mapped();
    CHECK(boot_alloc_pages(1) == direct_map(GIB(4) + MIB(1) - PAGE_SIZE));
    CHECK(boot_alloc_pages(256) == direct_map(MIB(16) - 260 * PAGE_SIZE));
    CHECK(FAKE_HALTS(boot_alloc_pages(5000)));
    CHECK(strstr(fake_console, "20000 KiB of memory in one piece"));
    boot_memory_hand_over();
    CHECK(FAKE_HALTS(boot_alloc_pages(1)));
}

static bool model_taken[MODEL_PAGES], model_seen[MODEL_PAGES];

static void see_free(uint64_t start, uint64_t end, void *data)
{
    uint64_t *last = data;
    CHECK(start < end && end <= MODEL_PAGES && start >= *last);
    *last = end;
    for (uint64_t mfn = start; mfn < end; mfn++)
        model_seen[mfn] = true;
}

static bool model_usable(uint32_t page)
{
    return page < 0x9f || page >= 0x100;
}

static void random_reservations(void)
{
    boot_memory_initialise(simple_map, 3);
    model_taken[0] = true;
    srand(1);
    for (unsigned int round = 0; round < 5000; round++) {
        uint32_t start = (uint32_t)rand() % MODEL_PAGES, count = 1 + (uint32_t)rand() % (round % 7 ? 8 : 600);
        bool is_release = rand() % 5 >= 2;
        if (count > MODEL_PAGES - start)
            count = MODEL_PAGES - start;
        if (is_release && start == 0)
            continue;
        if (is_release)
            boot_memory_release(start * PAGE_SIZE, count * PAGE_SIZE);
        else
            boot_memory_reserve(start * PAGE_SIZE + 1, count * PAGE_SIZE - 1);
        memset(model_taken + start, !is_release, count);
        if (round % 50 == 0 || round > 4900) {
            uint64_t last = 0;
            memset(model_seen, 0, sizeof(model_seen));
            boot_memory_for_each_free(see_free, &last);
            for (uint32_t page = 0; page < MODEL_PAGES; page++)
                CHECK(model_seen[page] == (model_usable(page) && !model_taken[page]));
        }
    }
}

static void random_allocations(void)
{
    boot_memory_initialise(simple_map, 3);
    model_taken[0] = true;
    srand(2);
    for (unsigned int round = 0; round < 40; round++) {
        uint32_t count = 1 + (uint32_t)rand() % 60, hole = (uint32_t)rand() % MODEL_PAGES, best = MODEL_PAGES - count;
        boot_memory_reserve(hole * PAGE_SIZE, PAGE_SIZE);
        model_taken[hole] = true;
        for (;; best--) { /* the highest run of the model that is free */
            uint32_t i = 0;
            while (i < count && model_usable(best + i) && !model_taken[best + i])
                i++;
            if (i == count)
                break;
        }
        CHECK(boot_alloc_pages(count) == direct_map(best * PAGE_SIZE));
        memset(model_taken + best, true, count);
    }
}

static void test_disorder(void) { CU_ASSERT_TRUE(fake_ram_run(map_in_disorder)); }
static void test_overlaps(void) { CU_ASSERT_TRUE(fake_ram_run(overlaps_and_overflow)); }
static void test_nothing(void) { CU_ASSERT_TRUE(fake_ram_run(nothing_usable)); }
static void test_top(void) { CU_ASSERT_TRUE(fake_ram_run(allocation_is_from_the_top)); }
static void test_reservations(void) { CU_ASSERT_TRUE(fake_ram_run(random_reservations)); }
static void test_allocations(void) { CU_ASSERT_TRUE(fake_ram_run(random_allocations)); }

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "a map in any order is sorted, joined and cut to pages", test_disorder },
        { "where regions overlap the safer kind wins", test_overlaps },
        { "a map without memory is a panic that says so", test_nothing },
        { "pages are taken zeroed from the top, below limits", test_top },
        { "reserving and releasing agree with the model", test_reservations },
        { "allocating agrees with the model", test_allocations },
    };
    return RUN_TESTS("boot memory", tests);
}
