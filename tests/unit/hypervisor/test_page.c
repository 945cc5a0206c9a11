/* SPDX-License-Identifier: MIT */
/* Owners and references: a page lives exactly as long as somebody refers to it, and its owner pays for it until then. */
#include "memory_case.h"

#include "physmap.h"

#include <pthread.h>

static struct domain *a, *b;
static uint64_t free_before;

static void start(void)
{
    case_start(2048, 0);
    free_before = page_free_count();
    a = case_domain(1, false);
    b = case_domain(2, false);
}

static void stop(void)
{
    case_destroy(a);
    case_destroy(b);
    CU_ASSERT_EQUAL(page_free_count(), free_before);
}

/* Only the owner's pages can be taken, and a free page or the hypervisor's by nobody. */
static void get_checks_the_owner(void)
{
    start();
    struct page *page = page_allocate_domain(a, 0), *own = page_allocate(0);
    CU_ASSERT_TRUE(page_get(page, a));
    CU_ASSERT_EQUAL(page->references, 2);
    CU_ASSERT_FALSE(page_get(page, b));
    CU_ASSERT_EQUAL(page->references, 2);
    CU_ASSERT_FALSE(page_get(own, a));
    CU_ASSERT_FALSE(page_get(own, NULL));
    page_put(page);
    CU_ASSERT_TRUE(page_release_allocation(page));
    CU_ASSERT_FALSE(page_get(page, a));
    CU_ASSERT_EQUAL(page->references, 0);
    page_free(own, 0);
    stop();
}

/* The allocation's reference is dropped once; with others left the page stays, and counts. */
static void release_happens_once(void)
{
    start();
    struct page *page = page_allocate_domain(a, 0);
    page_get_again(page);
    uint64_t free_with_page = page_free_count();
    CU_ASSERT_TRUE(page_release_allocation(page));
    CU_ASSERT_FALSE(page_release_allocation(page));
    CU_ASSERT_EQUAL(a->total_pages, 1);
    CU_ASSERT_EQUAL(page_free_count(), free_with_page);
    page_put(page);
    CU_ASSERT_EQUAL(a->total_pages, 0);
    CU_ASSERT_EQUAL(page_free_count(), free_with_page + 1);
    stop();
}

/* A domain's maximum holds for every order, and special pages do not count. */
static void maximum_is_kept(void)
{
    start();
    a->max_pages = 5;
    CU_ASSERT_PTR_NOT_NULL(page_allocate_domain(a, 2));
    CU_ASSERT_PTR_NULL(page_allocate_domain(a, 1));
    CU_ASSERT_PTR_NOT_NULL(page_allocate_special(a));
    CU_ASSERT_PTR_NOT_NULL(page_allocate_domain(a, 0));
    CU_ASSERT_PTR_NULL(page_allocate_domain(a, 0));
    CU_ASSERT_EQUAL(a->total_pages, 5);
    a->max_pages = 1; /* may be set below what it has: nothing is taken away, nothing given */
    CU_ASSERT_PTR_NULL(page_allocate_domain(a, 0));
    stop();
}

/* A claim sets pages aside for one domain, is used up by its allocations, and cannot be more than there is. */
static void claims_are_kept(void)
{
    start();
    uint64_t available = page_free_count();
    CU_ASSERT_EQUAL(page_claim(a, CASE_MAX_PAGES + 1), -XEN_EINVAL);
    a->max_pages = 1u << 20;
    CU_ASSERT_EQUAL(page_claim(a, available + 1), -XEN_ENOMEM);
    CU_ASSERT_EQUAL(page_claim(a, available - 10), 0);
    CU_ASSERT_EQUAL(page_claim(a, 1), -XEN_EINVAL);
    CU_ASSERT_EQUAL(page_claimed_count(), available - 10);
    CU_ASSERT_PTR_NULL(page_allocate_domain(b, 4));
    CU_ASSERT_PTR_NOT_NULL(page_allocate_domain(b, 3));
    CU_ASSERT_PTR_NOT_NULL(page_allocate_domain(a, 4));
    CU_ASSERT_EQUAL(a->outstanding_pages, available - 26);
    CU_ASSERT_EQUAL(page_claim(a, 0), 0);
    CU_ASSERT_EQUAL(page_claimed_count(), 0);
    CU_ASSERT_PTR_NOT_NULL(page_allocate_domain(b, 4));
    CU_ASSERT_EQUAL(page_claim(a, 100), 0);
    stop();
    CU_ASSERT_EQUAL(page_claimed_count(), 0);
}

/* The structure of a destroyed domain lives until its last page is let go, and the page is freed then. */
static void pages_outlive_their_domain(void)
{
    case_start(2048, 0);
    free_before = page_free_count();
    a = case_domain(1, false);
    struct page *page = page_allocate_domain(a, 0);
    page_get_again(page);
    domain_get_again(a);
    case_destroy(a);
    CU_ASSERT_PTR_NULL(page_allocate_domain(a, 0));
    CU_ASSERT_PTR_NULL(page_allocate_special(a));
    CU_ASSERT_EQUAL(a->total_pages, 1);
    CU_ASSERT_EQUAL(page->owner, a);
    domain_put(a);
    CU_ASSERT_NOT_EQUAL(page_free_count(), free_before);
    page_put(page);
    CU_ASSERT_EQUAL(page_free_count(), free_before);
}

/* Pages that are not the allocator's are counted when they become a domain's, and come to it when given back. */
static void assigned_pages(void)
{
    start();
    struct page *pages = page_allocate(3);
    uint64_t total = page_total_count(), available = page_free_count();
    for (unsigned int i = 0; i < 8; i++)
        page_assign_domain(&pages[i], a);
    CU_ASSERT_EQUAL(a->total_pages, 8);
    CU_ASSERT_EQUAL(page_total_count(), total + 8);
    for (unsigned int i = 0; i < 8; i++)
        CU_ASSERT_TRUE(page_release_allocation(&pages[i]));
    CU_ASSERT_EQUAL(page_free_count(), available + 8);
    stop();
}

static _Atomic bool is_over;
static _Atomic uint32_t taken;
static struct page *_Atomic shared;

/* Another CPU that takes and drops references on whatever page is shown, in the name of a. */
static void *take_references(void *cpu)
{
    fake_cpu = (uint32_t)(uintptr_t)cpu;
    while (!is_over) {
        struct page *page = shared;
        if (page && page_get(page, a)) {
            taken++;
            if (page->owner != a)
                return (void *)1;
            page_put(page);
        }
    }
    return NULL;
}

/* Pages freed and handed to another owner while two CPUs try to take them: nobody ever holds what is not its own. */
static void races(void)
{
    pthread_t threads[2];
    start();
    is_over = false;
    for (uintptr_t i = 0; i < 2; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, take_references, (void *)(i + 1)), 0);
    for (int round = 0; round < 20000 || (!taken && round < 20000000); round++) {
        struct page *page = page_allocate_domain(round % 2 ? a : b, 0);
        shared = page;
        page_release_allocation(page);
    }
    is_over = true;
    for (int i = 0; i < 2; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        CU_ASSERT_PTR_NULL(wrong);
    }
    CU_ASSERT_TRUE(taken > 0);
    CU_ASSERT_EQUAL(a->total_pages, 0);
    CU_ASSERT_EQUAL(b->total_pages, 0);
    stop();
}

/* A page of memory is at one gfn at a time, and what it replaces is given back. */
static void physmap_moves(void)
{
    struct physmap_old old;
    start();
    case_populate(a, 10, 2);
    struct page *first = mfn_to_page(arch_p2m_get(a, make_gfn(10), NULL, NULL));
    CU_ASSERT_EQUAL(physmap_move(a, make_gfn(10), make_gfn(11), &old), 0);
    physmap_drop(&old, true);
    CU_ASSERT_PTR_NULL(case_memory(a, 10));
    CU_ASSERT_EQUAL(mfn_to_page(arch_p2m_get(a, make_gfn(11), NULL, NULL)), first);
    CU_ASSERT_EQUAL(a->total_pages, 1);
    CU_ASSERT_EQUAL(physmap_move(a, make_gfn(11), make_gfn(11), &old), 0);
    physmap_drop(&old, true);
    CU_ASSERT_EQUAL(physmap_move(a, make_gfn(10), make_gfn(12), &old), -XEN_EINVAL);
    CU_ASSERT_EQUAL(a->total_pages, 1);
    CU_ASSERT_EQUAL(first->references, 1);
    /* Mapped again where it is: nothing is freed. */
    CU_ASSERT_EQUAL(physmap_set(a, make_gfn(11), first, P2M_RAM, &old), 0);
    physmap_drop(&old, true);
    CU_ASSERT_EQUAL(first->references, 1);
    stop();
}

int main(void)
{
    return case_run("pages", (const CU_TestInfo[]){
        { "get checks the owner", get_checks_the_owner },
        { "release happens once", release_happens_once },
        { "maximum is kept", maximum_is_kept },
        { "claims are kept", claims_are_kept },
        { "pages outlive their domain", pages_outlive_their_domain },
        { "assigned pages", assigned_pages },
        { "races", races },
        { "physmap moves", physmap_moves },
        CU_TEST_INFO_NULL,
    });
}
