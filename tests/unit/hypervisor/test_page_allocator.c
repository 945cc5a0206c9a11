/* SPDX-License-Identifier: MIT */
/* The page allocator hands out zeroed, aligned, disjoint blocks, and is whole again when all came back. */
#include "memory_case.h"

#include <stdlib.h>
#include <string.h>

static bool is_zero(const struct page *page, unsigned int order)
{
    const uint64_t *word = page_to_virtual(page);
    for (size_t i = 0; i < (PAGE_SIZE << order) / sizeof(*word); i++)
        if (word[i])
            return false;
    return true;
}

/* Boot memory is full of garbage; what is allocated is zero, and so is what was used and freed. */
static void pages_are_zeroed(void)
{
    case_start(64, 0);
    for (int round = 0; round < 2; round++) {
        struct page *page = page_allocate(3);
        CU_ASSERT_PTR_NOT_NULL_FATAL(page);
        CU_ASSERT_TRUE(is_zero(page, 3));
        memset(page_to_virtual(page), 0xff, PAGE_SIZE << 3);
        page_free(page, 3);
    }
}

/* What was given back is zeroed by idle CPUs, in small pieces; memory that was never used is not, and need not be. */
static void idle_cpus_zero(void)
{
    case_start(1024, 0);
    CU_ASSERT_FALSE(page_zero_waiting());
    for (unsigned int order = 0; order <= 9; order++) {
        struct page *page = page_allocate(order);
        CU_ASSERT_PTR_NOT_NULL_FATAL(page);
        memset(page_to_virtual(page), 0xff, PAGE_SIZE << order);
        page_free(page, order);
        CU_ASSERT_EQUAL(page_free_count(), 1024);
        CU_ASSERT_FALSE(is_zero(page, 0));
        unsigned int turns = 0;
        while (page_zero_waiting())
            turns++;
        CU_ASSERT_EQUAL(turns, order > 4 ? 1u << (order - 4) : 1);
        CU_ASSERT_TRUE(is_zero(page, order));
        CU_ASSERT_EQUAL(page_free_count(), 1024);
    }
}

/* Single pages are zeroed several in one turn; who wants memory before that gets it, zero. */
static void memory_is_wanted_before(void)
{
    enum { COUNT = 256 };
    struct page *pages[COUNT];
    case_start(COUNT, 0);
    for (unsigned int zeroed = 0; zeroed <= COUNT; zeroed += 32) {
        for (unsigned int i = 0; i < COUNT; i++) {
            pages[i] = page_allocate(0);
            CU_ASSERT_PTR_NOT_NULL_FATAL(pages[i]);
            CU_ASSERT_TRUE(is_zero(pages[i], 0));
            memset(page_to_virtual(pages[i]), 0xff, PAGE_SIZE);
        }
        CU_ASSERT_PTR_NULL(page_allocate(0));
        for (unsigned int i = 0; i < COUNT; i++)
            page_free(pages[i * 37 % COUNT], 0);
        for (unsigned int i = 0; i < zeroed / 16; i++)
            CU_ASSERT_TRUE(page_zero_waiting());
        struct page *block = page_allocate(8); /* all pieces are one again */
        CU_ASSERT_PTR_NOT_NULL_FATAL(block);
        CU_ASSERT_TRUE(is_zero(block, 8));
        CU_ASSERT_FALSE(page_zero_waiting()); /* nothing is free */
        page_free(block, 8);
    }
}

/* More than may wait is free all the same. */
static void more_than_may_wait(void)
{
    enum { COUNT = 20000 }; /* 64 MiB are 16,384 */
    static struct page *pages[COUNT];
    case_start(COUNT, 0);
    for (unsigned int i = 0; i < COUNT; i++) {
        pages[i] = page_allocate(0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(pages[i]);
    }
    for (unsigned int i = 0; i < COUNT; i++)
        page_free(pages[i], 0);
    CU_ASSERT_EQUAL(page_free_count(), COUNT);
    unsigned int turns = 0;
    while (page_zero_waiting())
        turns++;
    CU_ASSERT_EQUAL(turns, 16384 / 16);
    for (unsigned int i = 0; i < COUNT; i++) {
        pages[i] = page_allocate(0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(pages[i]);
    }
    for (unsigned int i = 0; i < COUNT; i++)
        page_free(pages[i], 0);
}

/* Every order is aligned to itself, and counts go down and up by its size. */
static void blocks_are_aligned(void)
{
    case_start(2048, 0);
    CU_ASSERT_EQUAL(page_total_count(), 2048);
    for (unsigned int order = 0; order <= 9; order++) {
        struct page *page = page_allocate(order);
        CU_ASSERT_PTR_NOT_NULL_FATAL(page);
        CU_ASSERT_EQUAL(page_to_mfn(page).value & ((1ull << order) - 1), 0);
        CU_ASSERT_EQUAL(page_free_count(), 2048 - (1ull << order));
        page_free(page, order);
        CU_ASSERT_EQUAL(page_free_count(), 2048);
    }
}

/* When all single pages are out there is none left; when they are back, in any order, the largest block is there again. */
static void buddies_merge(void)
{
    struct page *pages[256];
    case_start(256, 0);
    for (unsigned int i = 0; i < 256; i++) {
        pages[i] = page_allocate(0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(pages[i]);
    }
    CU_ASSERT_PTR_NULL(page_allocate(0));
    CU_ASSERT_EQUAL(page_free_count(), 0);
    for (unsigned int i = 0; i < 256; i++)
        page_free(pages[i * 37 % 256], 0);
    CU_ASSERT_EQUAL(page_free_count(), 256);
    struct page *block = page_allocate(8);
    CU_ASSERT_PTR_NOT_NULL(block);
    CU_ASSERT_EQUAL(page_to_mfn(block).value, FAKE_LOW_START);
    page_free(block, 8);
}

/* Memory above 4 GiB goes first; what needs low memory gets it while there is some. */
static void high_memory_goes_first(void)
{
    case_start(16, 16);
    struct domain *d = case_domain(1, false);
    uint64_t low_before = page_free_count_low();
    struct page *high = page_allocate_domain(d, 0), *low = page_allocate_domain_low(d, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(low);
    CU_ASSERT_TRUE(high == NULL || page_to_mfn(high).value >= FAKE_HIGH_START || low_before < 16);
    CU_ASSERT_TRUE(page_to_mfn(low).value < FAKE_HIGH_START);
    CU_ASSERT_EQUAL(page_free_count_low(), low_before - 1);
    case_destroy(d);
    CU_ASSERT_EQUAL(page_free_count(), 32);
}

/* Orders that cannot be are refused. */
static void impossible_orders(void)
{
    case_start(64, 0);
    CU_ASSERT_PTR_NULL(page_allocate(7));
    CU_ASSERT_PTR_NULL(page_allocate(PAGE_MAX_ORDER + 1));
    CU_ASSERT_EQUAL(page_free_count(), 64);
}

/* Ten thousand random steps: no two blocks in use ever overlap, and the count is always right. */
static void random_use(void)
{
    enum { SLOTS = 64 };
    struct { struct page *page; unsigned int order; } slots[SLOTS] = { 0 };
    uint64_t used = 0;
    case_start(1024, 256);
    srand(1);
    for (int step = 0; step < 10000; step++) {
        unsigned int i = (unsigned int)rand() % SLOTS;
        if (slots[i].page) {
            uint64_t *first = page_to_virtual(slots[i].page);
            CU_ASSERT_EQUAL(*first, i + 1); /* a block in the same place would have zeroed it */
            page_free(slots[i].page, slots[i].order);
            used -= 1ull << slots[i].order;
            slots[i].page = NULL;
            continue;
        }
        slots[i].order = (unsigned int)rand() % 7;
        slots[i].page = page_allocate(slots[i].order);
        if (!slots[i].page)
            continue;
        used += 1ull << slots[i].order;
        for (uint64_t p = 0; p < 1ull << slots[i].order; p++) {
            uint64_t *word = page_to_virtual(slots[i].page + p);
            CU_ASSERT_EQUAL(*word, 0);
            *word = i + 1;
        }
        CU_ASSERT_EQUAL(page_free_count(), 1280 - used);
    }
    for (unsigned int i = 0; i < SLOTS; i++)
        if (slots[i].page)
            page_free(slots[i].page, slots[i].order);
    CU_ASSERT_EQUAL(page_free_count(), 1280);
    struct page *block = page_allocate(8);
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    page_free(block, 8);
}

int main(void)
{
    return case_run("page allocator", (const CU_TestInfo[]){
        { "pages are zeroed", pages_are_zeroed },
        { "idle CPUs zero", idle_cpus_zero },
        { "memory is wanted before", memory_is_wanted_before },
        { "more than may wait", more_than_may_wait },
        { "blocks are aligned", blocks_are_aligned },
        { "buddies merge", buddies_merge },
        { "high memory goes first", high_memory_goes_first },
        { "impossible orders", impossible_orders },
        { "random use", random_use },
        CU_TEST_INFO_NULL,
    });
}
