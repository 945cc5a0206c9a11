/* SPDX-License-Identifier: MIT */
/* Multicalls: each entry has its own result, and one that is continued goes on where it was. */
#include "memory_case.h"

static struct domain *guest;

static void start(void)
{
    case_start(1024, 0);
    guest = case_domain(1, false);
}

static long multicall(multicall_entry_t *entries, uint64_t count)
{
    return case_call(hypercall_multicall, guest, GUEST_ADDRESS(entries), count, 0);
}

static void results(void)
{
    multicall_entry_t entries[] = {
        { .op = __HYPERVISOR_xen_version, .args = { XENVER_version } },
        { .op = 54 },
        { .op = ~0ul },
        { .op = __HYPERVISOR_multicall },
        { .op = __HYPERVISOR_xen_version, .args = { XENVER_pagesize } },
    };
    start();
    CU_ASSERT_EQUAL(multicall(entries, 5), 0);
    CU_ASSERT_EQUAL(entries[0].result, 0x00040011);
    CU_ASSERT_EQUAL((long)entries[1].result, -XEN_ENOSYS);
    CU_ASSERT_EQUAL((long)entries[2].result, -XEN_ENOSYS);
    CU_ASSERT_EQUAL((long)entries[3].result, -XEN_EINVAL);
    CU_ASSERT_EQUAL(entries[4].result, 4096);
    CU_ASSERT_EQUAL(multicall(entries, 0), 0);
    CU_ASSERT_EQUAL(multicall(entries, ~0ull), -XEN_EINVAL);
    CU_ASSERT_EQUAL(multicall((multicall_entry_t *)8, 1), -XEN_EFAULT);
    case_destroy(guest);
}

/* The continuation of an entry and that of the list do not get into each other's way: every page is populated once. */
static void continuations(void)
{
    xen_pfn_t lists[2][50];
    struct xen_memory_reservation reservations[2];
    multicall_entry_t entries[3] = { 0 };
    start();
    for (unsigned int i = 0; i < 100; i++)
        lists[i / 50][i % 50] = 10 + i;
    for (unsigned int i = 0; i < 2; i++) {
        reservations[i] = (struct xen_memory_reservation){ .nr_extents = 50, .domid = DOMID_SELF };
        set_xen_guest_handle(reservations[i].extent_start, lists[i]);
        entries[i] = (multicall_entry_t){
            .op = __HYPERVISOR_memory_op, .args = { XENMEM_populate_physmap, GUEST_ADDRESS(&reservations[i]) },
        };
    }
    entries[2] = (multicall_entry_t){ .op = __HYPERVISOR_xen_version, .args = { XENVER_pagesize } };
    case_yield_every(1);
    struct hypercall call = { .vcpu = guest->vcpus[0], .argument = { GUEST_ADDRESS(entries), 3 } };
    long result;
    CU_ASSERT_TRUE(case_count(hypercall_multicall, &call, &result) >= 98);
    case_yield_every(0);
    CU_ASSERT_EQUAL(result, 0);
    CU_ASSERT_EQUAL(entries[0].result, 50);
    CU_ASSERT_EQUAL(entries[1].result, 50);
    CU_ASSERT_EQUAL(entries[2].result, 4096);
    CU_ASSERT_EQUAL(guest->total_pages, 100);
    case_destroy(guest);
}

int main(void)
{
    return case_run("multicall", (const CU_TestInfo[]){
        { "results", results },
        { "continuations", continuations },
        CU_TEST_INFO_NULL,
    });
}
