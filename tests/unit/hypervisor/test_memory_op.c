/* SPDX-License-Identifier: MIT */
/* memory_op: extents done and left, who may change whose memory, and every reference accounted for. */
#include "memory_case.h"

#include <string.h>

static struct domain *zero, *guest;
static uint64_t free_before;

static void start(void)
{
    case_start(4096, 1024);
    free_before = page_free_count();
    zero = case_domain(0, true);
    guest = case_domain(1, false);
}

static void stop(void)
{
    case_destroy(guest);
    case_destroy(zero);
    CU_ASSERT_EQUAL(page_free_count(), free_before);
}

static long memory_op(struct domain *d, uint64_t command, void *argument)
{
    return case_call(hypercall_memory_op, d, command, GUEST_ADDRESS(argument), 0);
}

static long reserve(struct domain *d, uint64_t command, domid_t domid, xen_pfn_t *list, uint64_t count, unsigned int order)
{
    struct xen_memory_reservation reservation = { .nr_extents = count, .extent_order = order, .domid = domid };
    set_xen_guest_handle(reservation.extent_start, list);
    return memory_op(d, command, &reservation);
}

static long populate(struct domain *d, domid_t domid, xen_pfn_t gfn, unsigned int order)
{
    return reserve(d, XENMEM_populate_physmap, domid, &gfn, 1, order);
}

/* Pages appear at the gfns asked for, zeroed, and go again with every reference. */
static void populate_and_decrease(void)
{
    xen_pfn_t list[3] = { 7, 1000, 12 };
    start();
    CU_ASSERT_EQUAL(reserve(guest, XENMEM_populate_physmap, DOMID_SELF, list, 3, 0), 3);
    CU_ASSERT_EQUAL(guest->total_pages, 3);
    CU_ASSERT_PTR_NOT_NULL_FATAL(case_memory(guest, 1000));
    CU_ASSERT_EQUAL(case_memory(guest, 1000)[4095], 0);
    CU_ASSERT_EQUAL(reserve(guest, XENMEM_decrease_reservation, DOMID_SELF, list, 2, 0), 2);
    CU_ASSERT_EQUAL(guest->total_pages, 1);
    CU_ASSERT_PTR_NULL(case_memory(guest, 7));
    CU_ASSERT_EQUAL(reserve(guest, XENMEM_decrease_reservation, DOMID_SELF, list, 3, 0), 0);
    stop();
}

/* Large extents are aligned and mapped as one; what is unaligned, too large or too much is not done. */
static void large_extents(void)
{
    unsigned int order;
    start();
    CU_ASSERT_EQUAL(populate(zero, 1, 512, 9), 1);
    arch_p2m_get(guest, make_gfn(600), NULL, &order);
    CU_ASSERT_EQUAL(order, 9);
    CU_ASSERT_EQUAL(populate(zero, 1, 1025, 9), 0);
    CU_ASSERT_EQUAL(populate(zero, 1, 0, 18), 0);
    CU_ASSERT_EQUAL(populate(zero, 1, 0, ~0u), 0);
    guest->max_pages = 1000;
    CU_ASSERT_EQUAL(populate(zero, 1, 1024, 9), 0);
    CU_ASSERT_EQUAL(guest->total_pages, 512);
    xen_pfn_t gfn = 512;
    CU_ASSERT_EQUAL(reserve(zero, XENMEM_decrease_reservation, 1, &gfn, 1, 9), 1);
    CU_ASSERT_EQUAL(guest->total_pages, 0);
    CU_ASSERT_EQUAL(fake_p2m_count(guest), 0);
    stop();
}

/* Populating what is populated replaces it, without losing a page. */
static void populate_over(void)
{
    start();
    CU_ASSERT_EQUAL(populate(guest, DOMID_SELF, 5, 0), 1);
    case_memory(guest, 5)[0] = 1;
    CU_ASSERT_EQUAL(populate(guest, DOMID_SELF, 5, 0), 1);
    CU_ASSERT_EQUAL(case_memory(guest, 5)[0], 0);
    CU_ASSERT_EQUAL(guest->total_pages, 1);
    CU_ASSERT_EQUAL(populate(guest, DOMID_SELF, 0, 3), 1);
    CU_ASSERT_EQUAL(guest->total_pages, 8);
    stop();
}

static int refuse_all(struct domain *d, gfn_t gfn) { return -XEN_ENOMEM; }

/* Where the map has no memory for its tables, the extent is not done and its pages are given back. */
static void failing_map(void)
{
    start();
    fake_p2m_error = refuse_all;
    CU_ASSERT_EQUAL(populate(guest, DOMID_SELF, 5, 0), 0);
    CU_ASSERT_EQUAL(populate(zero, 1, 0, 9), 0);
    fake_p2m_error = NULL;
    CU_ASSERT_EQUAL(guest->total_pages, 0);
    stop();
}

/* A call stopped after each extent goes on where it was and returns the whole number; hostile progress does nothing. */
static void continuations(void)
{
    static xen_pfn_t list[200];
    start();
    for (unsigned int i = 0; i < 200; i++)
        list[i] = 3 * i;
    struct xen_memory_reservation reservation = { .nr_extents = 200, .domid = DOMID_SELF };
    set_xen_guest_handle(reservation.extent_start, list);
    struct hypercall call = { .vcpu = guest->vcpus[0], .argument = { XENMEM_populate_physmap, GUEST_ADDRESS(&reservation) } };
    long result;
    case_yield_every(1);
    CU_ASSERT_EQUAL(case_count(hypercall_memory_op, &call, &result), 199);
    CU_ASSERT_EQUAL(result, 200);
    CU_ASSERT_EQUAL(guest->total_pages, 200);
    call.argument[0] = XENMEM_decrease_reservation;
    CU_ASSERT_TRUE(case_count(hypercall_memory_op, &call, &result) >= 3);
    case_yield_every(0);
    CU_ASSERT_EQUAL(result, 200);
    CU_ASSERT_EQUAL(guest->total_pages, 0);
    CU_ASSERT_EQUAL(memory_op(guest, XENMEM_populate_physmap | 200 << 6, &reservation), 200);
    CU_ASSERT_EQUAL(memory_op(guest, XENMEM_populate_physmap | 5000000ull << 6, &reservation), 5000000);
    CU_ASSERT_EQUAL(guest->total_pages, 0);
    stop();
}

/* A list that faults half-way ends the call there. */
static void faults(void)
{
    xen_pfn_t list[4] = { 1, 2, 3, 4 };
    start();
    fake_memory_set_fault(&list[2], 8);
    CU_ASSERT_EQUAL(reserve(guest, XENMEM_populate_physmap, DOMID_SELF, list, 4, 0), 2);
    CU_ASSERT_EQUAL(reserve(guest, XENMEM_decrease_reservation, DOMID_SELF, list, 4, 0), 2);
    CU_ASSERT_EQUAL(memory_op(guest, XENMEM_populate_physmap, NULL), 0);
    CU_ASSERT_EQUAL(memory_op(guest, XENMEM_add_to_physmap, NULL), -XEN_EFAULT);
    stop();
}

/* A guest changes and asks about itself alone; the privileged domain any domain that there is. */
static void privileges(void)
{
    struct xen_memory_domain self = { DOMID_SELF }, other = { 0 }, missing = { 33 };
    start();
    CU_ASSERT_EQUAL(populate(guest, 0, 5, 0), 0);
    CU_ASSERT_EQUAL(populate(guest, 1, 5, 0), 1);
    CU_ASSERT_EQUAL(populate(zero, 1, 6, 0), 1);
    CU_ASSERT_EQUAL(populate(zero, 33, 6, 0), 0);
    CU_ASSERT_EQUAL(memory_op(guest, XENMEM_current_reservation, &self), 2);
    CU_ASSERT_EQUAL(memory_op(guest, XENMEM_maximum_reservation, &self), CASE_MAX_PAGES);
    CU_ASSERT_EQUAL(memory_op(guest, XENMEM_current_reservation, &other), -XEN_EPERM);
    CU_ASSERT_EQUAL(memory_op(guest, XENMEM_current_reservation, &missing), -XEN_EPERM);
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_current_reservation, &missing), -XEN_ESRCH);
    CU_ASSERT_EQUAL(memory_op(guest, XENMEM_maximum_ram_page, NULL), (long)frame_table_end - 1);
    struct xen_memory_reservation claim = { .nr_extents = 100, .domid = 1 };
    CU_ASSERT_EQUAL(memory_op(guest, XENMEM_claim_pages, &claim), -XEN_EPERM);
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_claim_pages, &claim), 0);
    CU_ASSERT_EQUAL(guest->outstanding_pages, 98);
    CU_ASSERT_EQUAL(memory_op(guest, 63, NULL), -XEN_ENOSYS);
    struct xen_pod_target target = { .target_pages = 9, .tot_pages = 7, .pod_cache_pages = 7, .pod_entries = 7,
                                     .domid = 1 };
    CU_ASSERT_EQUAL(memory_op(guest, XENMEM_set_pod_target, &target), -XEN_EPERM);
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_set_pod_target, &target), 0);
    CU_ASSERT_EQUAL(target.tot_pages, 2);
    CU_ASSERT_EQUAL(target.pod_cache_pages, 0);
    CU_ASSERT_EQUAL(target.pod_entries, 0);
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_get_pod_target, &target), 0);
    target.domid = 99;
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_get_pod_target, &target), -XEN_ESRCH);
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_get_pod_target, (void *)8), -XEN_EFAULT);
    stop();
}

static long add(struct domain *d, unsigned int space, uint64_t index, uint64_t gfn)
{
    struct xen_add_to_physmap op = { .domid = DOMID_SELF, .space = space, .idx = index, .gpfn = gfn };
    return memory_op(d, XENMEM_add_to_physmap, &op);
}

/* Shared info, grant frames and own memory appear where they are asked for; what they replace is freed. */
static void add_to_physmap(void)
{
    start();
    CU_ASSERT_EQUAL(populate(guest, DOMID_SELF, 5, 0), 1);
    CU_ASSERT_EQUAL(add(guest, XENMAPSPACE_shared_info, 0, 5), 0);
    CU_ASSERT_PTR_EQUAL(case_memory(guest, 5), guest->shared_info);
    CU_ASSERT_EQUAL(guest->total_pages, 0);
    CU_ASSERT_EQUAL(add(guest, XENMAPSPACE_shared_info, 1, 5), -XEN_EINVAL);
    CU_ASSERT_EQUAL(add(guest, XENMAPSPACE_grant_table, 3, 6), 0);
    CU_ASSERT_EQUAL(guest->grant.frames, 4);
    CU_ASSERT_EQUAL(add(guest, XENMAPSPACE_grant_table, 4, 6), -XEN_EINVAL);
    CU_ASSERT_EQUAL(add(guest, XENMAPSPACE_grant_table, XENMAPIDX_grant_table_status, 6), -XEN_EINVAL);
    CU_ASSERT_EQUAL(add(guest, XENMAPSPACE_gmfn, 99, 8), -XEN_EINVAL);
    CU_ASSERT_EQUAL(populate(guest, DOMID_SELF, 9, 0), 1);
    CU_ASSERT_EQUAL(add(guest, XENMAPSPACE_gmfn, 9, 10), 0);
    CU_ASSERT_PTR_NULL(case_memory(guest, 9));
    CU_ASSERT_PTR_NOT_NULL(case_memory(guest, 10));
    CU_ASSERT_EQUAL(add(guest, XENMAPSPACE_gmfn_foreign, 9, 10), -XEN_ENOSYS);
    CU_ASSERT_EQUAL(add(guest, XENMAPSPACE_dev_mmio, 9, 10), -XEN_EOPNOTSUPP);
    CU_ASSERT_EQUAL(add(guest, 77, 9, 10), -XEN_ENOSYS);
    /* The special pages are unmapped by a balloon, never freed. */
    xen_pfn_t gfn = 5;
    CU_ASSERT_EQUAL(reserve(guest, XENMEM_decrease_reservation, DOMID_SELF, &gfn, 1, 0), 1);
    CU_ASSERT_PTR_NULL(case_memory(guest, 5));
    CU_ASSERT_EQUAL(add(guest, XENMAPSPACE_shared_info, 0, 5), 0);
    stop();
}

/* A range of own memory moves, in slices. */
static void move_a_range(void)
{
    start();
    case_populate(guest, 100, 20);
    case_memory(guest, 119)[0] = 0x42;
    struct xen_add_to_physmap op = { .domid = DOMID_SELF, .size = 20, .space = XENMAPSPACE_gmfn_range, .idx = 100, .gpfn = 300 };
    case_yield_every(1);
    CU_ASSERT_EQUAL(memory_op(guest, XENMEM_add_to_physmap, &op), 0);
    case_yield_every(0);
    CU_ASSERT_EQUAL(case_memory(guest, 319)[0], 0x42);
    CU_ASSERT_PTR_NULL(case_memory(guest, 100));
    CU_ASSERT_EQUAL(guest->total_pages, 20);
    stop();
}

static long add_foreign(struct domain *caller, domid_t foreign, xen_ulong_t *indices, xen_pfn_t *gfns, int *errors, uint16_t n)
{
    struct xen_add_to_physmap_batch op = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = n, .u.foreign_domid = foreign,
    };
    set_xen_guest_handle(op.idxs, indices);
    set_xen_guest_handle(op.gpfns, gfns);
    set_xen_guest_handle(op.errs, errors);
    return memory_op(caller, XENMEM_add_to_physmap_batch, &op);
}

/* The privileged domain maps a guest's pages; each has its own error, and each mapping holds its page. */
static void foreign_pages(void)
{
    xen_ulong_t indices[3] = { 50, 99, 51 };
    xen_pfn_t gfns[3] = { 900, 901, 902 };
    int errors[3] = { 77, 77, 77 };
    start();
    case_populate(guest, 50, 2);
    case_memory(guest, 51)[7] = 0x33;
    case_yield_every(1);
    CU_ASSERT_EQUAL(add_foreign(zero, 1, indices, gfns, errors, 3), 0);
    case_yield_every(0);
    CU_ASSERT_EQUAL(errors[0], 0);
    CU_ASSERT_EQUAL(errors[1], -XEN_EINVAL);
    CU_ASSERT_EQUAL(errors[2], 0);
    CU_ASSERT_EQUAL(case_memory(zero, 902)[7], 0x33);
    struct page *page = mfn_to_page(arch_p2m_get(guest, make_gfn(50), NULL, NULL));
    CU_ASSERT_EQUAL(page->references, 2);

    /* Mapped again over itself and over another: one reference each, still. */
    CU_ASSERT_EQUAL(add_foreign(zero, 1, indices, gfns, errors, 1), 0);
    CU_ASSERT_EQUAL(page->references, 2);
    gfns[0] = 902;
    CU_ASSERT_EQUAL(add_foreign(zero, 1, indices, gfns, errors, 1), 0);
    CU_ASSERT_EQUAL(page->references, 3);

    struct xen_remove_from_physmap remove = { .domid = DOMID_SELF, .gpfn = 900 };
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_remove_from_physmap, &remove), 0);
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_remove_from_physmap, &remove), -XEN_ENOENT);
    CU_ASSERT_EQUAL(page->references, 2);
    /* A balloon that takes the gfn lets the page go as well. */
    CU_ASSERT_EQUAL(reserve(zero, XENMEM_decrease_reservation, DOMID_SELF, gfns, 1, 0), 1);
    CU_ASSERT_EQUAL(page->references, 1);
    stop();
}

/* Foreign memory is for the privileged domain, of another domain, and named so. */
static void foreign_refusals(void)
{
    xen_ulong_t index = 50;
    xen_pfn_t gfn = 900;
    int error = 77;
    start();
    case_populate(guest, 50, 1);
    case_populate(zero, 50, 1);
    CU_ASSERT_EQUAL(add_foreign(guest, 0, &index, &gfn, &error, 1), -XEN_EPERM);
    CU_ASSERT_EQUAL(add_foreign(zero, 0, &index, &gfn, &error, 1), -XEN_EINVAL);
    CU_ASSERT_EQUAL(add_foreign(zero, DOMID_SELF, &index, &gfn, &error, 1), -XEN_EINVAL);
    CU_ASSERT_EQUAL(add_foreign(zero, 33, &index, &gfn, &error, 1), -XEN_ESRCH);
    CU_ASSERT_EQUAL(error, 77);
    fake_memory_set_fault(&error, sizeof(error));
    CU_ASSERT_EQUAL(add_foreign(zero, 1, &index, &gfn, &error, 1), -XEN_EFAULT);
    stop();
}

/* A guest destroyed while the privileged domain maps a page of it is gone for good when that ends. */
static void foreign_page_of_the_dead(void)
{
    xen_ulong_t index = 50;
    xen_pfn_t gfn = 900;
    int error = 77;
    start();
    case_populate(guest, 50, 5);
    CU_ASSERT_EQUAL(add_foreign(zero, 1, &index, &gfn, &error, 1), 0);
    case_memory(zero, 900)[0] = 9;
    case_destroy(guest);
    CU_ASSERT_EQUAL(case_memory(zero, 900)[0], 9);
    struct xen_remove_from_physmap remove = { .domid = DOMID_SELF, .gpfn = 900 };
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_remove_from_physmap, &remove), 0);
    case_destroy(zero);
    CU_ASSERT_EQUAL(page_free_count(), free_before);
}

/* Removing own memory from the map unmaps it and keeps it. */
static void remove_own_memory(void)
{
    start();
    case_populate(guest, 50, 1);
    struct xen_remove_from_physmap remove = { .domid = DOMID_SELF, .gpfn = 50 };
    CU_ASSERT_EQUAL(memory_op(guest, XENMEM_remove_from_physmap, &remove), 0);
    CU_ASSERT_PTR_NULL(case_memory(guest, 50));
    CU_ASSERT_EQUAL(guest->total_pages, 1);
    stop();
}

/* A guest's grant table as a resource: its size, its frames, and what is refused. */
static void acquire_resource(void)
{
    xen_pfn_t gfns[2] = { 900, 901 };
    struct xen_mem_acquire_resource op = { .domid = 1, .type = XENMEM_resource_grant_table };
    start();
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_acquire_resource, &op), 0);
    CU_ASSERT_EQUAL(op.nr_frames, 4);
    op.nr_frames = 2;
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_acquire_resource, &op), -XEN_EINVAL);
    set_xen_guest_handle(op.frame_list, gfns);
    case_yield_every(1);
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_acquire_resource, &op), 0);
    case_yield_every(0);
    mfn_t mfn;
    CU_ASSERT_EQUAL(grant_table_get_frame(guest, 1, &mfn), 0);
    CU_ASSERT_PTR_EQUAL(case_memory(zero, 901), arch_mfn_to_virtual(mfn));
    CU_ASSERT_EQUAL(mfn_to_page(mfn)->references, 2);
    op.frame = 3;
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_acquire_resource, &op), -XEN_EIO);
    op.frame = ~0ull;
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_acquire_resource, &op), -XEN_EINVAL);
    op.frame = 0;
    CU_ASSERT_EQUAL(memory_op(guest, XENMEM_acquire_resource, &op), -XEN_EPERM);
    op.domid = DOMID_SELF;
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_acquire_resource, &op), -XEN_EPERM);
    op.domid = 1;
    op.id = XENMEM_resource_grant_table_id_status;
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_acquire_resource, &op), -XEN_EINVAL);
    op.id = 0;
    op.pad = 1;
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_acquire_resource, &op), -XEN_EINVAL);
    op.pad = 0;
    op.type = XENMEM_resource_ioreq_server;
    CU_ASSERT_EQUAL(memory_op(zero, XENMEM_acquire_resource, &op), -XEN_EOPNOTSUPP);
    stop();
}

int main(void)
{
    return case_run("memory_op", (const CU_TestInfo[]){
        { "populate and decrease", populate_and_decrease },
        { "large extents", large_extents },
        { "populate over", populate_over },
        { "failing map", failing_map },
        { "continuations", continuations },
        { "faults", faults },
        { "privileges", privileges },
        { "add to physmap", add_to_physmap },
        { "move a range", move_a_range },
        { "foreign pages", foreign_pages },
        { "foreign refusals", foreign_refusals },
        { "foreign page of the dead", foreign_page_of_the_dead },
        { "remove own memory", remove_own_memory },
        { "acquire resource", acquire_resource },
        CU_TEST_INFO_NULL,
    });
}
