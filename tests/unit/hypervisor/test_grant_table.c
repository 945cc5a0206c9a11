/* SPDX-License-Identifier: MIT */
/* Grants: who may map and copy what, what the granting domain sees of it, and that every reference is given back. */
#include "memory_case.h"

#include <string.h>

static struct domain *granter, *user;
static grant_entry_v1_t *entries;
static uint64_t free_before;

#define GRANTED_GFN 100u
#define MAP_GFN 5000u
#define USER_GFN 200u

static void start(void)
{
    mfn_t mfn;
    case_start(4096, 0);
    free_before = page_free_count();
    granter = case_domain(1, false);
    user = case_domain(2, false);
    case_populate(granter, GRANTED_GFN, 8);
    case_populate(user, USER_GFN, 4);
    CU_ASSERT_EQUAL_FATAL(grant_table_get_frame(granter, 0, &mfn), 0);
    entries = arch_mfn_to_virtual(mfn);
}

static void stop(void)
{
    case_destroy(user);
    case_destroy(granter);
    CU_ASSERT_EQUAL(page_free_count(), free_before);
}

static void grant(grant_ref_t ref, domid_t to, uint32_t gfn, uint16_t flags)
{
    entries[ref] = (grant_entry_v1_t){ .flags = (uint16_t)(GTF_permit_access | flags), .domid = to, .frame = gfn };
}

static gnttab_map_grant_ref_t map(struct domain *d, domid_t dom, grant_ref_t ref, uint64_t gfn, uint32_t flags)
{
    gnttab_map_grant_ref_t op = { .host_addr = gfn << PAGE_SHIFT, .flags = flags, .ref = ref, .dom = dom, .status = 77 };
    CU_ASSERT_EQUAL(case_call(hypercall_grant_table_op, d, GNTTABOP_map_grant_ref, GUEST_ADDRESS(&op), 1), 0);
    return op;
}

static int unmap(struct domain *d, grant_handle_t handle, uint64_t gfn)
{
    gnttab_unmap_grant_ref_t op = { .host_addr = gfn << PAGE_SHIFT, .handle = handle, .status = 77 };
    CU_ASSERT_EQUAL(case_call(hypercall_grant_table_op, d, GNTTABOP_unmap_grant_ref, GUEST_ADDRESS(&op), 1), 0);
    return op.status;
}

/* A mapping shows the granter's bytes at the mapper's gfn, marks the entry, and its end takes both away. */
static void map_and_unmap(void)
{
    start();
    grant(9, 2, GRANTED_GFN, 0);
    gnttab_map_grant_ref_t op = map(user, 1, 9, MAP_GFN, GNTMAP_host_map);
    CU_ASSERT_EQUAL(op.status, GNTST_okay);
    CU_ASSERT_PTR_EQUAL(case_memory(user, MAP_GFN), case_memory(granter, GRANTED_GFN));
    CU_ASSERT_EQUAL(entries[9].flags, GTF_permit_access | GTF_reading | GTF_writing);
    enum p2m_type type;
    arch_p2m_get(user, make_gfn(MAP_GFN), &type, NULL);
    CU_ASSERT_EQUAL(type, P2M_GRANT);
    CU_ASSERT_EQUAL(unmap(user, op.handle + 1, MAP_GFN), GNTST_bad_handle);
    CU_ASSERT_EQUAL(unmap(user, op.handle, MAP_GFN + 1), GNTST_general_error);
    CU_ASSERT_EQUAL(unmap(user, op.handle, MAP_GFN), GNTST_okay);
    CU_ASSERT_PTR_NULL(case_memory(user, MAP_GFN));
    CU_ASSERT_EQUAL(entries[9].flags, GTF_permit_access);
    CU_ASSERT_EQUAL(unmap(user, op.handle, MAP_GFN), GNTST_bad_handle);
    stop();
}

/* Read-only grants give read-only mappings alone; GTF_writing follows the writers, GTF_reading everybody. */
static void read_only(void)
{
    start();
    grant(3, 2, GRANTED_GFN, GTF_readonly);
    CU_ASSERT_EQUAL(map(user, 1, 3, MAP_GFN, GNTMAP_host_map).status, GNTST_general_error);
    CU_ASSERT_EQUAL(entries[3].flags, GTF_permit_access | GTF_readonly);
    gnttab_map_grant_ref_t op = map(user, 1, 3, MAP_GFN, GNTMAP_host_map | GNTMAP_readonly);
    CU_ASSERT_EQUAL(op.status, GNTST_okay);
    CU_ASSERT_EQUAL(entries[3].flags, GTF_permit_access | GTF_readonly | GTF_reading);
    enum p2m_type type;
    arch_p2m_get(user, make_gfn(MAP_GFN), &type, NULL);
    CU_ASSERT_EQUAL(type, P2M_GRANT_READ_ONLY);

    entries[3].flags &= (uint16_t)~GTF_readonly; /* the granter allows writing while it is mapped */
    gnttab_map_grant_ref_t writer = map(user, 1, 3, MAP_GFN + 1, GNTMAP_host_map);
    CU_ASSERT_EQUAL(writer.status, GNTST_okay);
    CU_ASSERT_EQUAL(entries[3].flags, GTF_permit_access | GTF_reading | GTF_writing);
    CU_ASSERT_EQUAL(unmap(user, writer.handle, MAP_GFN + 1), GNTST_okay);
    CU_ASSERT_EQUAL(entries[3].flags, GTF_permit_access | GTF_reading);
    CU_ASSERT_EQUAL(unmap(user, op.handle, MAP_GFN), GNTST_okay);
    CU_ASSERT_EQUAL(entries[3].flags, GTF_permit_access);
    stop();
}

/* What is not granted, or not to this domain, cannot be mapped, and a refusal leaves nothing behind. */
static void refusals(void)
{
    start();
    grant(5, 3, GRANTED_GFN, 0);
    CU_ASSERT_EQUAL(map(user, 1, 5, MAP_GFN, GNTMAP_host_map).status, GNTST_general_error);
    CU_ASSERT_EQUAL(map(user, 1, 6, MAP_GFN, GNTMAP_host_map).status, GNTST_general_error);
    CU_ASSERT_EQUAL(map(user, 1, 512, MAP_GFN, GNTMAP_host_map).status, GNTST_bad_gntref);
    CU_ASSERT_EQUAL(map(user, 1, ~0u, MAP_GFN, GNTMAP_host_map).status, GNTST_bad_gntref);
    CU_ASSERT_EQUAL(map(user, 44, 5, MAP_GFN, GNTMAP_host_map).status, GNTST_bad_domain);
    grant(7, 2, GRANTED_GFN + 100, 0);
    CU_ASSERT_EQUAL(map(user, 1, 7, MAP_GFN, GNTMAP_host_map).status, GNTST_bad_page);
    CU_ASSERT_EQUAL(entries[7].flags, GTF_permit_access);
    grant(8, 2, GRANTED_GFN, GTF_sub_page);
    CU_ASSERT_EQUAL(map(user, 1, 8, MAP_GFN, GNTMAP_host_map).status, GNTST_general_error);
    entries[8].flags = GTF_accept_transfer;
    CU_ASSERT_EQUAL(map(user, 1, 8, MAP_GFN, GNTMAP_host_map).status, GNTST_general_error);
    grant(8, 2, GRANTED_GFN, 0);
    CU_ASSERT_EQUAL(map(user, 1, 8, MAP_GFN, 0).status, GNTST_bad_gntref);
    CU_ASSERT_EQUAL(map(user, 1, 8, MAP_GFN, GNTMAP_host_map | GNTMAP_contains_pte).status, GNTST_general_error);
    gnttab_map_grant_ref_t op = { .host_addr = (MAP_GFN << PAGE_SHIFT) + 8, .flags = GNTMAP_host_map, .ref = 8, .dom = 1 };
    case_call(hypercall_grant_table_op, user, GNTTABOP_map_grant_ref, GUEST_ADDRESS(&op), 1);
    CU_ASSERT_EQUAL(op.status, GNTST_bad_virt_addr);
    CU_ASSERT_EQUAL(user->grant.mappings, 0);
    CU_ASSERT_EQUAL(granter->grant.active_count, 0);
    CU_ASSERT_EQUAL(fake_p2m_count(user), 4);
    stop();
}

static int refuse_map_gfn(struct domain *d, gfn_t gfn)
{
    return d == user && gfn.value == MAP_GFN ? -XEN_ENOMEM : 0;
}

/* A physical map without memory for its tables undoes pin, handle and references. */
static void failing_map_is_undone(void)
{
    start();
    grant(9, 2, GRANTED_GFN, 0);
    fake_p2m_error = refuse_map_gfn;
    CU_ASSERT_EQUAL(map(user, 1, 9, MAP_GFN, GNTMAP_host_map).status, GNTST_general_error);
    fake_p2m_error = NULL;
    CU_ASSERT_EQUAL(entries[9].flags, GTF_permit_access);
    CU_ASSERT_EQUAL(user->grant.mappings, 0);
    CU_ASSERT_EQUAL(mfn_to_page(arch_p2m_get(granter, make_gfn(GRANTED_GFN), NULL, NULL))->references, 1);
    stop();
}

/* The frame that an entry names while it is mapped is the one it named first, whatever the guest writes there later. */
static void changed_entry_keeps_its_page(void)
{
    start();
    grant(9, 2, GRANTED_GFN, 0);
    gnttab_map_grant_ref_t first = map(user, 1, 9, MAP_GFN, GNTMAP_host_map);
    entries[9].frame = GRANTED_GFN + 1;
    gnttab_map_grant_ref_t second = map(user, 1, 9, MAP_GFN + 1, GNTMAP_host_map);
    CU_ASSERT_EQUAL(second.status, GNTST_okay);
    CU_ASSERT_PTR_EQUAL(case_memory(user, MAP_GFN + 1), case_memory(granter, GRANTED_GFN));
    entries[9].flags = 0; /* and taking the entry back under the mapper's feet takes nothing back */
    entries[9].domid = 3;
    CU_ASSERT_EQUAL(unmap(user, first.handle, MAP_GFN), GNTST_okay);
    CU_ASSERT_EQUAL(unmap(user, second.handle, MAP_GFN + 1), GNTST_okay);
    CU_ASSERT_EQUAL(entries[9].flags, 0);
    stop();
}

/* A granted page that its owner gives back meanwhile stays whole until it is unmapped. */
static void page_given_back_while_mapped(void)
{
    start();
    grant(9, 2, GRANTED_GFN, 0);
    uint8_t *bytes = case_memory(granter, GRANTED_GFN);
    gnttab_map_grant_ref_t op = map(user, 1, 9, MAP_GFN, GNTMAP_host_map);
    xen_pfn_t gfn = GRANTED_GFN;
    struct xen_memory_reservation reservation = { .nr_extents = 1, .domid = DOMID_SELF };
    set_xen_guest_handle(reservation.extent_start, &gfn);
    bytes[0] = 0x5a;
    CU_ASSERT_EQUAL(case_call(hypercall_memory_op, granter, XENMEM_decrease_reservation, GUEST_ADDRESS(&reservation), 0), 1);
    CU_ASSERT_EQUAL(granter->total_pages, 8);
    CU_ASSERT_PTR_EQUAL(case_memory(user, MAP_GFN), bytes);
    CU_ASSERT_EQUAL(bytes[0], 0x5a);
    CU_ASSERT_EQUAL(unmap(user, op.handle, MAP_GFN), GNTST_okay);
    CU_ASSERT_EQUAL(granter->total_pages, 7);
    stop();
}

/* A hundred mappings in one call, continued again and again: all done once, with few flushes. */
static void batches_are_continued(void)
{
    static gnttab_map_grant_ref_t maps[100];
    static gnttab_unmap_grant_ref_t unmaps[100];
    start();
    case_yield_every(1);
    for (unsigned int i = 0; i < 100; i++) {
        grant(10 + i, 2, GRANTED_GFN + i % 8, 0);
        maps[i] = (gnttab_map_grant_ref_t){
            .host_addr = (uint64_t)(MAP_GFN + i) << PAGE_SHIFT, .flags = GNTMAP_host_map, .ref = 10 + i, .dom = 1, .status = 77,
        };
    }
    struct hypercall call = { .vcpu = user->vcpus[0], .argument = { GNTTABOP_map_grant_ref, GUEST_ADDRESS(maps), 100 } };
    long result;
    CU_ASSERT_TRUE(case_count(hypercall_grant_table_op, &call, &result) >= 3);
    CU_ASSERT_EQUAL(result, 0);
    CU_ASSERT_EQUAL(user->grant.mappings, 100);
    for (unsigned int i = 0; i < 100; i++) {
        CU_ASSERT_EQUAL(maps[i].status, GNTST_okay);
        unmaps[i] = (gnttab_unmap_grant_ref_t){ .host_addr = maps[i].host_addr, .handle = maps[i].handle, .status = 77 };
    }
    fake_p2m_flushes = 0;
    CU_ASSERT_EQUAL(case_call(hypercall_grant_table_op, user, GNTTABOP_unmap_grant_ref, GUEST_ADDRESS(unmaps), 100), 0);
    case_yield_every(0);
    CU_ASSERT_EQUAL(fake_p2m_flushes, 4);
    CU_ASSERT_EQUAL(user->grant.mappings, 0);
    for (unsigned int i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(unmaps[i].status, GNTST_okay);
    stop();
}

/* One handle twice in a batch ends one mapping once; a fault in the middle leaves the first ones done. */
static void batches_with_mistakes(void)
{
    start();
    grant(9, 2, GRANTED_GFN, 0);
    gnttab_map_grant_ref_t op = map(user, 1, 9, MAP_GFN, GNTMAP_host_map);
    gnttab_unmap_grant_ref_t unmaps[2] = {
        { .host_addr = op.host_addr, .handle = op.handle }, { .host_addr = op.host_addr, .handle = op.handle },
    };
    CU_ASSERT_EQUAL(case_call(hypercall_grant_table_op, user, GNTTABOP_unmap_grant_ref, GUEST_ADDRESS(unmaps), 2), 0);
    CU_ASSERT_EQUAL(unmaps[0].status, GNTST_okay);
    CU_ASSERT_EQUAL(unmaps[1].status, GNTST_bad_handle);

    gnttab_map_grant_ref_t maps[2] = {
        { .host_addr = op.host_addr, .flags = GNTMAP_host_map, .ref = 9, .dom = 1 },
        { .host_addr = op.host_addr + PAGE_SIZE, .flags = GNTMAP_host_map, .ref = 9, .dom = 1 },
    };
    fake_memory_set_fault(&maps[1], sizeof(maps[1]));
    CU_ASSERT_EQUAL(case_call(hypercall_grant_table_op, user, GNTTABOP_map_grant_ref, GUEST_ADDRESS(maps), 2), -XEN_EFAULT);
    fake_memory_set_fault(NULL, 0);
    CU_ASSERT_EQUAL(user->grant.mappings, 1);
    CU_ASSERT_EQUAL(case_call(hypercall_grant_table_op, user, GNTTABOP_map_grant_ref, 8, 1), -XEN_EFAULT);
    CU_ASSERT_EQUAL(case_call(hypercall_grant_table_op, user, GNTTABOP_map_grant_ref, GUEST_ADDRESS(maps), ~0ull), -XEN_EINVAL);
    CU_ASSERT_EQUAL(case_call(hypercall_grant_table_op, user, 99, GUEST_ADDRESS(maps), 1), -XEN_ENOSYS);
    stop();
}

/* A mapping for devices tells the machine address, and lives until both its parts are unmapped. */
static void device_maps(void)
{
    start();
    grant(9, 2, GRANTED_GFN, 0);
    gnttab_map_grant_ref_t op = map(user, 1, 9, MAP_GFN, GNTMAP_host_map | GNTMAP_device_map);
    CU_ASSERT_EQUAL(op.dev_bus_addr, arch_p2m_get(granter, make_gfn(GRANTED_GFN), NULL, NULL).value << PAGE_SHIFT);
    CU_ASSERT_EQUAL(unmap(user, op.handle, MAP_GFN), GNTST_okay);
    CU_ASSERT_EQUAL(user->grant.mappings, 1);
    gnttab_unmap_grant_ref_t rest = { .dev_bus_addr = op.dev_bus_addr + PAGE_SIZE, .handle = op.handle };
    case_call(hypercall_grant_table_op, user, GNTTABOP_unmap_grant_ref, GUEST_ADDRESS(&rest), 1);
    CU_ASSERT_EQUAL(rest.status, GNTST_bad_dev_addr);
    rest.dev_bus_addr = op.dev_bus_addr;
    case_call(hypercall_grant_table_op, user, GNTTABOP_unmap_grant_ref, GUEST_ADDRESS(&rest), 1);
    CU_ASSERT_EQUAL(rest.status, GNTST_okay);
    CU_ASSERT_EQUAL(user->grant.mappings, 0);
    stop();
}

/* The mapper's death ends its mappings; a domain may map its own grants, and dies with them. */
static void mapper_dies(void)
{
    start();
    grant(9, 2, GRANTED_GFN, 0);
    grant(10, 1, GRANTED_GFN + 1, 0);
    map(user, 1, 9, MAP_GFN, GNTMAP_host_map);
    CU_ASSERT_EQUAL(map(granter, DOMID_SELF, 10, MAP_GFN, GNTMAP_host_map).status, GNTST_okay);
    case_yield_every(1);
    case_destroy(user);
    case_yield_every(0);
    CU_ASSERT_EQUAL(entries[9].flags, GTF_permit_access);
    CU_ASSERT_EQUAL(granter->grant.active_count, 1);
    case_destroy(granter);
    CU_ASSERT_EQUAL(page_free_count(), free_before);
}

/* The granter's death leaves the mapped page to the mapper; unmapping it frees the rest of the granter. */
static void granter_dies(void)
{
    start();
    grant(9, 2, GRANTED_GFN, 0);
    gnttab_map_grant_ref_t op = map(user, 1, 9, MAP_GFN, GNTMAP_host_map);
    uint8_t *bytes = case_memory(user, MAP_GFN);
    bytes[0] = 0x77;
    case_destroy(granter);
    CU_ASSERT_EQUAL(bytes[0], 0x77);
    CU_ASSERT_EQUAL(map(user, 1, 9, MAP_GFN + 1, GNTMAP_host_map).status, GNTST_bad_domain);
    CU_ASSERT_EQUAL(unmap(user, op.handle, MAP_GFN), GNTST_okay);
    case_destroy(user);
    CU_ASSERT_EQUAL(page_free_count(), free_before);
}

/* Handles run out at the configured maximum, and each one that is freed can be used again. */
static void handles_run_out(void)
{
    start();
    grant(9, 2, GRANTED_GFN, 0);
    uint32_t count = 0;
    gnttab_map_grant_ref_t op;
    while ((op = map(user, 1, 9, MAP_GFN + count, GNTMAP_host_map)).status == GNTST_okay)
        count++;
    CU_ASSERT_EQUAL(op.status, GNTST_no_space);
    CU_ASSERT_TRUE(count > 64 && count == user->grant.mappings);
    CU_ASSERT_EQUAL(unmap(user, 17, MAP_GFN + 17), GNTST_okay);
    CU_ASSERT_EQUAL(map(user, 1, 9, MAP_GFN + 17, GNTMAP_host_map).handle, 17);
    stop();
}

static int copy(struct domain *d, struct gnttab_copy_ptr from, struct gnttab_copy_ptr to, uint16_t len, uint16_t flags)
{
    gnttab_copy_t op = { .source = from, .dest = to, .len = len, .flags = flags, .status = 77 };
    CU_ASSERT_EQUAL(case_call(hypercall_grant_table_op, d, GNTTABOP_copy, GUEST_ADDRESS(&op), 1), 0);
    return op.status;
}

/* Bytes go between own memory and grants in both directions, and no pin is left. */
static void copies(void)
{
    start();
    grant(9, 2, GRANTED_GFN, GTF_readonly);
    grant(10, 2, GRANTED_GFN + 1, 0);
    memcpy(case_memory(granter, GRANTED_GFN) + 4090, "abcdef", 6);
    const struct gnttab_copy_ptr readable = { .u.ref = 9, .domid = 1, .offset = 4090 };
    const struct gnttab_copy_ptr writable = { .u.ref = 10, .domid = 1, .offset = 16 };
    const struct gnttab_copy_ptr own = { .u.gmfn = USER_GFN, .domid = DOMID_SELF, .offset = 1 };
    CU_ASSERT_EQUAL(copy(user, readable, own, 6, GNTCOPY_source_gref), GNTST_okay);
    CU_ASSERT_EQUAL(memcmp(case_memory(user, USER_GFN), "\0abcdef\0", 8), 0);
    CU_ASSERT_EQUAL(copy(user, own, writable, 6, GNTCOPY_dest_gref), GNTST_okay);
    CU_ASSERT_EQUAL(memcmp(case_memory(granter, GRANTED_GFN + 1) + 15, "\0abcdef\0", 8), 0);
    CU_ASSERT_EQUAL(copy(user, readable, writable, 3, GNTCOPY_source_gref | GNTCOPY_dest_gref), GNTST_okay);
    CU_ASSERT_EQUAL(copy(user, own, (struct gnttab_copy_ptr){ .u.gmfn = USER_GFN, .domid = DOMID_SELF }, 6, 0), GNTST_okay);
    CU_ASSERT_EQUAL(memcmp(case_memory(user, USER_GFN), "abcdeff\0", 8), 0);
    CU_ASSERT_EQUAL(copy(user, own, own, 0, 0), GNTST_okay);
    CU_ASSERT_EQUAL(entries[9].flags, GTF_permit_access | GTF_readonly);
    CU_ASSERT_EQUAL(entries[10].flags, GTF_permit_access);
    CU_ASSERT_EQUAL(granter->grant.active_count, 0);
    stop();
}

/* Copies beyond a page, to what is read-only, or from what is not the caller's, are refused and change nothing. */
static void refused_copies(void)
{
    start();
    grant(9, 2, GRANTED_GFN, GTF_readonly);
    const struct gnttab_copy_ptr own = { .u.gmfn = USER_GFN, .domid = DOMID_SELF, .offset = 0 };
    const struct gnttab_copy_ptr granted = { .u.ref = 9, .domid = 1 };
    const struct gnttab_copy_ptr others = { .u.gmfn = GRANTED_GFN, .domid = 1 };
    const struct gnttab_copy_ptr nothing = { .u.gmfn = 77777, .domid = DOMID_SELF };
    CU_ASSERT_EQUAL(copy(user, (struct gnttab_copy_ptr){ .u.ref = 9, .domid = 1, .offset = 4000 }, own, 97,
                         GNTCOPY_source_gref), GNTST_bad_copy_arg);
    CU_ASSERT_EQUAL(copy(user, granted, (struct gnttab_copy_ptr){ .u.gmfn = USER_GFN, .domid = DOMID_SELF, .offset = 65535 },
                         1, GNTCOPY_source_gref), GNTST_bad_copy_arg);
    CU_ASSERT_EQUAL(copy(user, granted, own, 65535, GNTCOPY_source_gref), GNTST_bad_copy_arg);
    CU_ASSERT_EQUAL(copy(user, own, granted, 6, GNTCOPY_dest_gref), GNTST_general_error);
    CU_ASSERT_EQUAL(copy(user, others, own, 6, 0), GNTST_permission_denied);
    CU_ASSERT_EQUAL(copy(user, own, nothing, 6, 0), GNTST_bad_page);
    CU_ASSERT_EQUAL(copy(user, granted, nothing, 6, GNTCOPY_source_gref), GNTST_bad_page);
    CU_ASSERT_EQUAL(copy(user, (struct gnttab_copy_ptr){ .u.ref = 9, .domid = 50 }, own, 6, GNTCOPY_source_gref),
                    GNTST_bad_domain);
    CU_ASSERT_EQUAL(granter->grant.active_count, 0);
    stop();
}

/* The table grows to its maximum and no further; its size and version are told; only the owner may ask. */
static void table_operations(void)
{
    xen_pfn_t frames[4];
    start();
    gnttab_setup_table_t setup = { .dom = DOMID_SELF, .nr_frames = 2 };
    set_xen_guest_handle(setup.frame_list, frames);
    CU_ASSERT_EQUAL(case_call(hypercall_grant_table_op, granter, GNTTABOP_setup_table, GUEST_ADDRESS(&setup), 1), 0);
    CU_ASSERT_EQUAL(setup.status, GNTST_okay);
    CU_ASSERT_EQUAL(granter->grant.frames, 2);
    setup.nr_frames = 5;
    case_call(hypercall_grant_table_op, granter, GNTTABOP_setup_table, GUEST_ADDRESS(&setup), 1);
    CU_ASSERT_EQUAL(setup.status, GNTST_general_error);
    setup.dom = 1;
    case_call(hypercall_grant_table_op, user, GNTTABOP_setup_table, GUEST_ADDRESS(&setup), 1);
    CU_ASSERT_EQUAL(setup.status, GNTST_permission_denied);

    gnttab_query_size_t size = { .dom = DOMID_SELF };
    CU_ASSERT_EQUAL(case_call(hypercall_grant_table_op, granter, GNTTABOP_query_size, GUEST_ADDRESS(&size), 1), 0);
    CU_ASSERT_EQUAL(size.nr_frames, 2);
    CU_ASSERT_EQUAL(size.max_nr_frames, 4);
    gnttab_get_version_t version = { .dom = DOMID_SELF };
    CU_ASSERT_EQUAL(case_call(hypercall_grant_table_op, granter, GNTTABOP_get_version, GUEST_ADDRESS(&version), 1), 0);
    CU_ASSERT_EQUAL(version.version, 1);
    version.dom = 2;
    CU_ASSERT_EQUAL(case_call(hypercall_grant_table_op, granter, GNTTABOP_get_version, GUEST_ADDRESS(&version), 1), -XEN_EPERM);
    stop();
}

/* Limits that make no sense are refused when the domain is made. */
static void limits(void)
{
    static struct domain d;
    case_start(256, 0);
    CU_ASSERT_EQUAL(grant_table_init(&d, 0, 1), -XEN_EINVAL);
    CU_ASSERT_EQUAL(grant_table_init(&d, ~0u, 1), -XEN_EINVAL);
    CU_ASSERT_EQUAL(grant_table_init(&d, 1, ~0u), -XEN_EINVAL);
    CU_ASSERT_EQUAL(grant_table_init(&d, 1, 0), 0);
    grant_table_free(&d);
    CU_ASSERT_EQUAL(page_free_count(), 256);
}

int main(void)
{
    return case_run("grant table", (const CU_TestInfo[]){
        { "map and unmap", map_and_unmap },
        { "read-only", read_only },
        { "refusals", refusals },
        { "a failing map is undone", failing_map_is_undone },
        { "a changed entry keeps its page", changed_entry_keeps_its_page },
        { "page given back while mapped", page_given_back_while_mapped },
        { "batches are continued", batches_are_continued },
        { "batches with mistakes", batches_with_mistakes },
        { "device maps", device_maps },
        { "mapper dies", mapper_dies },
        { "granter dies", granter_dies },
        { "handles run out", handles_run_out },
        { "copies", copies },
        { "refused copies", refused_copies },
        { "table operations", table_operations },
        { "limits", limits },
        CU_TEST_INFO_NULL,
    });
}
