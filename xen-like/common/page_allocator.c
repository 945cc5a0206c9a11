/* SPDX-License-Identifier: MIT */
/*
 * The page allocator: a binary buddy over the frame table, in two zones (below 4 GiB and above, which is preferred: low
 * memory is scarce and devices want it). A free block is headed by its lowest page. Every page is zero when it is
 * handed out: pages are marked dirty when they are freed. What was in use waits outside the buddy for an idle CPU that
 * zeroes it; what nobody has zeroed (memory never used, or wanted too soon) is by who allocates it, outside the lock.
 */
#include "page_allocator.h"

#include "arch.h"
#include "panic.h"
#include "string.h"

enum zone { ZONE_LOW, ZONE_HIGH, ZONE_COUNT };
#define ZONE_LOW_END (GIB(4) >> PAGE_SHIFT) /* a multiple of the largest block: no block is in both */

struct page *frame_table;
uint64_t frame_table_end;

static DEFINE_SPINLOCK(allocator_lock, LOCK_RANK_PAGE_ALLOCATOR);
static struct list free_lists[ZONE_COUNT][PAGE_MAX_ORDER + 1];
static uint64_t free_pages[ZONE_COUNT];
static uint64_t total_pages, claimed_pages;

/* Free blocks, counted as such, that idle CPUs zero before they are merged. */
static struct list waiting_blocks = LIST_INIT(waiting_blocks);
static uint64_t waiting_pages, zeroing_pages; /* the latter: of those, in the hands of an idle CPU */
#define WAITING_LIMIT (MIB(64) >> PAGE_SHIFT) /* more are merged as they are: an allocation may go through them all */
#define ZEROING_ORDER 4u   /* what an idle CPU zeroes in one go; also bounds what it keeps from the others meanwhile */
#define MERGE_BATCH 256u   /* blocks that are merged unzeroed between two tries to allocate */

static enum zone zone_of(const struct page *page)
{
    return page_to_mfn(page).value < ZONE_LOW_END ? ZONE_LOW : ZONE_HIGH;
}

static uint64_t free_page_sum(void) { return free_pages[ZONE_LOW] + free_pages[ZONE_HIGH]; }

void page_allocator_init(struct page *table, uint64_t end)
{
    frame_table = table;
    frame_table_end = end;
    memset(table, 0, end * sizeof(*table));
    for (unsigned int zone = 0; zone < ZONE_COUNT; zone++) {
        free_pages[zone] = 0;
        for (unsigned int order = 0; order <= PAGE_MAX_ORDER; order++)
            list_init(&free_lists[zone][order]);
    }
    total_pages = claimed_pages = 0;
    list_init(&waiting_blocks);
    waiting_pages = zeroing_pages = 0;
}

static void insert_free_block(struct page *page, unsigned int order)
{
    page->order = (uint8_t)order;
    page->flags |= PAGE_FREE;
    list_add_first(&free_lists[zone_of(page)][order], &page->link);
}

static void remove_free_block(struct page *page)
{
    list_remove(&page->link);
    page->flags &= (uint8_t)~PAGE_FREE;
}

/* Gives a block, which is counted as free, to the free lists, merged with its buddies. allocator_lock is held. */
static void merge_block(struct page *page, unsigned int order)
{
    uint64_t frame = page_to_mfn(page).value;
    while (order < PAGE_MAX_ORDER) {
        uint64_t buddy_frame = frame ^ (1ull << order);
        if (buddy_frame + (1ull << order) > frame_table_end)
            break;
        struct page *buddy = &frame_table[buddy_frame];
        if (!(buddy->flags & PAGE_FREE) || buddy->order != order)
            break;
        remove_free_block(buddy);
        frame &= ~(1ull << order);
        order++;
    }
    insert_free_block(&frame_table[frame], order);
}

static void free_block(struct page *page, unsigned int order)
{
    free_pages[zone_of(page)] += 1ull << order;
    merge_block(page, order);
}

static void mark_dirty(struct page *page, unsigned int order)
{
    for (uint64_t i = 0; i < 1ull << order; i++) {
        BUG_ON(page[i].flags & PAGE_FREE);
        page[i].owner = NULL;
        page[i].references = 0;
        page[i].flags = PAGE_DIRTY;
    }
}

/* The largest order of a block that starts at frame and ends by end. */
static unsigned int order_of_range(uint64_t frame, uint64_t end)
{
    unsigned int order = 0;
    while (order < PAGE_MAX_ORDER && !(frame & (1ull << order)) && frame + (2ull << order) <= end)
        order++;
    return order;
}

void page_allocator_add(uint64_t start, uint64_t end)
{
    BUG_ON(start > end || end > frame_table_end);
    for (uint64_t frame = start; frame < end;) {
        unsigned int order = order_of_range(frame, end);
        mark_dirty(&frame_table[frame], order);
        spin_lock(&allocator_lock);
        free_block(&frame_table[frame], order);
        total_pages += 1ull << order;
        spin_unlock(&allocator_lock);
        frame += 1ull << order;
    }
}

/*
 * A block of exactly this order, from the smallest that suffices; the upper part of it is taken. allocator_lock is
 * held.
 */
static struct page *take_block(enum zone zone, unsigned int order)
{
    unsigned int found = order;
    while (found <= PAGE_MAX_ORDER && list_is_empty(&free_lists[zone][found]))
        found++;
    if (found > PAGE_MAX_ORDER)
        return NULL;
    struct page *page = LIST_ENTRY(free_lists[zone][found].next, struct page, link);
    remove_free_block(page);
    while (found > order) {
        found--;
        insert_free_block(page, found);
        page += 1ull << found;
    }
    page->order = (uint8_t)order;
    free_pages[zone] -= 1ull << order;
    return page;
}

/* --- what waits to be zeroed; allocator_lock is held -------------------------------------------------------------- */

static void add_waiting(struct page *page, unsigned int order)
{
    page->order = (uint8_t)order;
    list_add_first(&waiting_blocks, &page->link);
    waiting_pages += 1ull << order;
}

static struct page *take_waiting(void)
{
    if (list_is_empty(&waiting_blocks))
        return NULL;
    struct page *page = LIST_ENTRY(waiting_blocks.next, struct page, link);
    list_remove(&page->link);
    waiting_pages -= 1ull << page->order;
    return page;
}

/* Too little is in the free lists: brings in what waits. False: all that is free is in them. May let go of the lock. */
static bool merge_waiting(void)
{
    unsigned int merged = 0;
    for (struct page *page; merged < MERGE_BATCH && (page = take_waiting()); merged++)
        merge_block(page, page->order);
    if (merged)
        return true;
    if (!zeroing_pages)
        return false;
    spin_unlock(&allocator_lock); /* another CPU gives them back at once, and asks for nothing before it does */
    arch_relax();
    spin_lock(&allocator_lock);
    return true;
}

/* ------------------------------------------------------------------------------------------------------------------ */

struct page *page_take_block(unsigned int order, bool low_only, uint64_t claimed)
{
    struct page *page = NULL;
    if (order > PAGE_MAX_ORDER)
        return NULL;
    spin_lock(&allocator_lock);
    while (!page && free_page_sum() - claimed_pages + claimed >= 1ull << order) {
        if (!low_only)
            page = take_block(ZONE_HIGH, order);
        if (!page)
            page = take_block(ZONE_LOW, order);
        if (!page && !merge_waiting())
            break;
    }
    if (page)
        claimed_pages -= claimed;
    spin_unlock(&allocator_lock);
    return page;
}

void page_return_block(struct page *page, unsigned int order)
{
    mark_dirty(page, order);
    spin_lock(&allocator_lock);
    free_pages[zone_of(page)] += 1ull << order;
    if (waiting_pages + (1ull << order) <= WAITING_LIMIT)
        add_waiting(page, order);
    else
        merge_block(page, order);
    spin_unlock(&allocator_lock);
}

/* How many pages it has zeroed: those of one block, or the first part of a large one. */
static uint64_t zero_block_waiting(void)
{
    spin_lock(&allocator_lock);
    struct page *page = take_waiting();
    unsigned int order = page ? page->order : 0;
    for (; order > ZEROING_ORDER; order--)
        add_waiting(page + (1ull << (order - 1)), order - 1);
    uint64_t count = page ? 1ull << order : 0;
    zeroing_pages += count;
    spin_unlock(&allocator_lock);
    if (!count)
        return 0;

    page_zero_block(page, order);

    spin_lock(&allocator_lock);
    zeroing_pages -= count;
    merge_block(page, order);
    spin_unlock(&allocator_lock);
    return count;
}

bool page_zero_waiting(void)
{
    uint64_t zeroed = 0, more = 1;
    for (; more && zeroed < 1ull << ZEROING_ORDER; zeroed += more)
        more = zero_block_waiting();
    return zeroed;
}

void page_zero_block(struct page *page, unsigned int order)
{
    for (uint64_t i = 0; i < 1ull << order; i++) {
        if (!page[i].flags)
            continue;
        memset(page_to_virtual(&page[i]), 0, PAGE_SIZE);
        page[i].flags = 0;
    }
}

bool page_change_claim(uint64_t give_up, uint64_t claim)
{
    spin_lock(&allocator_lock);
    bool fits = free_page_sum() - claimed_pages + give_up >= claim;
    if (fits)
        claimed_pages = claimed_pages - give_up + claim;
    spin_unlock(&allocator_lock);
    return fits;
}

void page_count_extra(void)
{
    spin_lock(&allocator_lock);
    total_pages++;
    spin_unlock(&allocator_lock);
}

struct page *page_allocate(unsigned int order)
{
    struct page *page = page_take_block(order, false, 0);
    if (page)
        page_zero_block(page, order);
    return page;
}

void page_free(struct page *page, unsigned int order)
{
    BUG_ON(page->references);
    page_return_block(page, order);
}

void *page_allocate_mapped(unsigned int order)
{
    struct page *page = page_allocate(order);
    return page ? page_to_virtual(page) : NULL;
}

void page_free_mapped(void *pointer, unsigned int order) { page_free(virtual_to_page(pointer), order); }

uint64_t page_free_count(void)
{
    spin_lock(&allocator_lock);
    uint64_t count = free_page_sum();
    spin_unlock(&allocator_lock);
    return count;
}

static uint64_t read_count(const uint64_t *count)
{
    spin_lock(&allocator_lock);
    uint64_t value = *count;
    spin_unlock(&allocator_lock);
    return value;
}

uint64_t page_free_count_low(void) { return read_count(&free_pages[ZONE_LOW]); }
uint64_t page_total_count(void) { return read_count(&total_pages); }
uint64_t page_claimed_count(void) { return read_count(&claimed_pages); }
