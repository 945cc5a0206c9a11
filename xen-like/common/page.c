/* SPDX-License-Identifier: MIT */
/*
 * Pages of domains: ownership and references.
 *
 * The count of references decides alone whether a page is in use: page_get raises it by compare-and-exchange and never
 * from 0, then looks at the owner, which is set before the count becomes 1 and cleared after it is 0. So a page that is
 * being freed, or has been given to somebody else meanwhile, is never taken by mistake.
 */
#include "page.h"

#include "arch.h"
#include "page_allocator.h"
#include "panic.h"
#include "printk.h"

#define RELEASE_BATCH 256u /* pages between two looks at the clock */

void page_init_domain(struct domain *d)
{
    spin_lock_init(&d->physmap_lock, "physmap", LOCK_RANK_PHYSMAP);
    spin_lock_init(&d->page_lock, "page_lock", LOCK_RANK_DOMAIN_PAGES);
    list_init(&d->page_list);
    list_init(&d->special_list);
    d->total_pages = d->outstanding_pages = 0;
}

static bool has_pages(const struct domain *d)
{
    return !list_is_empty(&d->page_list) || !list_is_empty(&d->special_list);
}

/* page_lock is held. Each page becomes visible to page_get with its last line: what is before it is seen then. */
static void give_to_domain(struct page *pages, uint64_t count, struct domain *d, uint8_t flags)
{
    struct list *list = flags & PAGE_SPECIAL ? &d->special_list : &d->page_list;

    if (!has_pages(d))
        domain_get_again(d);
    for (struct page *page = pages; page < pages + count; page++) {
        page->owner = d;
        page->order = 0;
        atomic_store_explicit(&page->flags, flags, memory_order_relaxed);
        list_add_first(list, &page->link);
        atomic_store_explicit(&page->references, 1, memory_order_release);
    }
}

static struct page *allocate_domain(struct domain *d, unsigned int order, bool low_only)
{
    if (order > PAGE_MAX_ORDER)
        return NULL;
    uint64_t count = 1ull << order;
    spin_lock(&d->page_lock);
    struct page *page = NULL;
    if (d->dying == DOMAIN_ALIVE && d->max_pages >= count && d->total_pages <= d->max_pages - count) {
        uint64_t claimed = MIN(count, d->outstanding_pages);
        page = page_take_block(order, low_only, claimed);
        if (page) {
            d->outstanding_pages -= claimed;
            d->total_pages += count;
        }
    }
    spin_unlock(&d->page_lock);
    if (!page)
        return NULL;

    page_zero_block(page, order);

    spin_lock(&d->page_lock);
    bool is_alive = d->dying == DOMAIN_ALIVE; /* else its pages may have been released already */
    if (is_alive)
        give_to_domain(page, count, d, PAGE_ALLOCATED);
    else
        d->total_pages -= count;
    spin_unlock(&d->page_lock);
    if (!is_alive) {
        page_return_block(page, order);
        return NULL;
    }
    return page;
}

struct page *page_allocate_domain(struct domain *d, unsigned int order) { return allocate_domain(d, order, false); }
struct page *page_allocate_domain_low(struct domain *d, unsigned int order) { return allocate_domain(d, order, true); }

void page_assign_domain(struct page *page, struct domain *d)
{
    BUG_ON(page->references || (page->flags & PAGE_FREE));
    page_count_extra();
    spin_lock(&d->page_lock);
    give_to_domain(page, 1, d, PAGE_ALLOCATED);
    d->total_pages++;
    spin_unlock(&d->page_lock);
}

struct page *page_allocate_special(struct domain *d)
{
    struct page *page = page_allocate(0);
    if (!page)
        return NULL;
    spin_lock(&d->page_lock);
    bool is_alive = d->dying == DOMAIN_ALIVE;
    if (is_alive)
        give_to_domain(page, 1, d, PAGE_ALLOCATED | PAGE_SPECIAL);
    spin_unlock(&d->page_lock);
    if (!is_alive) {
        page_free(page, 0);
        return NULL;
    }
    return page;
}

int page_claim(struct domain *d, uint64_t pages)
{
    int error = 0;
    spin_lock(&d->page_lock);
    if (pages == 0) {
        page_change_claim(d->outstanding_pages, 0);
        d->outstanding_pages = 0;
    } else if (d->dying != DOMAIN_ALIVE || d->outstanding_pages || pages < d->total_pages || pages > d->max_pages) {
        error = -XEN_EINVAL;
    } else if (!page_change_claim(0, pages - d->total_pages)) {
        error = -XEN_ENOMEM;
    } else {
        d->outstanding_pages = pages - d->total_pages;
    }
    spin_unlock(&d->page_lock);
    return error;
}

bool page_get(struct page *page, struct domain *d)
{
    uint32_t seen = page->references;
    do {
        if (seen == 0)
            return false;
        BUG_ON(seen == UINT32_MAX);
    } while (!__atomic_compare_exchange_n((uint32_t *)&page->references, &seen, seen + 1, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));
    if (likely(page->owner == d))
        return true;
    page_put(page);
    return false;
}

void page_get_again(struct page *page)
{
    uint32_t before = page->references++;
    BUG_ON(before == 0 || before == UINT32_MAX);
}

void page_put(struct page *page)
{
    uint32_t before = page->references--;
    BUG_ON(before == 0);
    if (before > 1)
        return;

    struct domain *d = page->owner;
    spin_lock(&d->page_lock);
    list_remove(&page->link);
    if (!(page->flags & PAGE_SPECIAL))
        d->total_pages--;
    bool was_last = !has_pages(d);
    spin_unlock(&d->page_lock);
    page_return_block(page, 0);
    if (was_last)
        domain_put(d);
}

/* The caller has cleared PAGE_ALLOCATED, so the reference is its to drop. Released pages stand behind all others. */
static void drop_allocation(struct page *page)
{
    struct domain *d = page->owner;
    spin_lock(&d->page_lock);
    list_remove(&page->link);
    list_add_last(page->flags & PAGE_SPECIAL ? &d->special_list : &d->page_list, &page->link);
    spin_unlock(&d->page_lock);
    page_put(page);
}

static bool clear_allocated(struct page *page)
{
    return __atomic_fetch_and((uint8_t *)&page->flags, (uint8_t)~PAGE_ALLOCATED, __ATOMIC_SEQ_CST) & PAGE_ALLOCATED;
}

bool page_release_allocation(struct page *page)
{
    if (!clear_allocated(page))
        return false;
    drop_allocation(page);
    return true;
}

/* The first page of the list that is still allocated, with the right to drop that reference; NULL: none. */
static struct page *next_allocated(struct domain *d, struct list *list)
{
    struct page *page = NULL;
    spin_lock(&d->page_lock);
    if (!list_is_empty(list)) {
        page = LIST_ENTRY(list->next, struct page, link);
        if (!clear_allocated(page))
            page = NULL;
    }
    spin_unlock(&d->page_lock);
    return page;
}

void page_report_domain(struct domain *d)
{
    spin_lock(&d->page_lock);
    uint64_t remaining = 0, first = 0;
    LIST_FOR_EACH(element, &d->page_list) {
        if (!remaining++)
            first = page_to_mfn(LIST_ENTRY(element, struct page, link)).value;
    }
    spin_unlock(&d->page_lock);
    if (remaining)
        log_warning("domain %u: other domains still refer to %lu of its pages (first: frame %#lx); they are freed when "
                    "these let go", d->id, remaining, first);
}

int page_release_domain(struct domain *d)
{
    struct list *const lists[] = { &d->page_list, &d->special_list };
    BUG_ON(d->dying == DOMAIN_ALIVE);
    page_claim(d, 0);
    domain_get_again(d); /* for the accesses after its last page is gone */
    int result = 0;
    unsigned int done = 0;
    for (unsigned int i = 0; i < ARRAY_SIZE(lists) && !result; i++) {
        struct page *page;
        while (!result && (page = next_allocated(d, lists[i]))) {
            drop_allocation(page);
            if (++done % RELEASE_BATCH == 0 && hypercall_should_yield())
                result = -XEN_ERESTART;
        }
    }
    domain_put(d);
    return result;
}
