/* SPDX-License-Identifier: MIT */
/* Grant tables, version 1: a domain grants pages to itself, maps, copies and unmaps them. */
#include "test.h"

#include <xen/grant_table.h>
#include <xen/memory.h>

#define FIRST_FREE_REFERENCE 8 /* below are the builder's own */

static grant_entry_v1_t table[PAGE_SIZE / sizeof(grant_entry_v1_t)] __attribute__((aligned(PAGE_SIZE)));
static uint8_t granted[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static uint8_t target[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static bool table_mapped;

static const char *map_table(void)
{
    struct xen_add_to_physmap map = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table, .idx = 0, .gpfn = (uint64_t)table / PAGE_SIZE
    };

    if (table_mapped)
        return NULL;
    EXPECT_EQUAL(memory_op(XENMEM_add_to_physmap, &map), 0);
    table_mapped = true;
    return NULL;
}

static void grant_to_self(grant_ref_t reference, void *page, uint16_t flags)
{
    table[reference].domid = (domid_t)own_domid;
    table[reference].frame = (uint32_t)((uint64_t)page / PAGE_SIZE);
    __asm__ volatile("" ::: "memory");
    *(volatile uint16_t *)&table[reference].flags = flags;
}

/* The table's size can be asked, its version is 1, and its first page can be mapped. */
TEST_CASE(grant_setup, ANYWHERE)
{
    struct gnttab_query_size size = { .dom = DOMID_SELF };
    struct gnttab_get_version version = { .dom = DOMID_SELF };

    EXPECT_EQUAL(grant_op(GNTTABOP_query_size, &size, 1), 0);
    EXPECT_EQUAL(size.status, GNTST_okay);
    EXPECT(size.max_nr_frames >= 1);
    EXPECT_EQUAL(grant_op(GNTTABOP_get_version, &version, 1), 0);
    EXPECT_EQUAL(version.version, 1);
    return map_table();
}

/* A copy by grant reference brings the page's bytes. */
TEST_CASE(grant_copy, ANYWHERE)
{
    const char *why = map_table();

    if (why)
        return why;
    memset(granted, 0x5a, PAGE_SIZE);
    memset(target, 0, PAGE_SIZE);
    grant_to_self(FIRST_FREE_REFERENCE, granted, GTF_permit_access | GTF_readonly);
    struct gnttab_copy copy = {
        .source = { .u.ref = FIRST_FREE_REFERENCE, .domid = DOMID_SELF, .offset = 16 },
        .dest = { .u.gmfn = (uint64_t)target / PAGE_SIZE, .domid = DOMID_SELF, .offset = 100 },
        .len = 1000,
        .flags = GNTCOPY_source_gref,
    };
    EXPECT_EQUAL(grant_op(GNTTABOP_copy, &copy, 1), 0);
    EXPECT_EQUAL(copy.status, GNTST_okay);
    EXPECT(target[99] == 0 && target[100] == 0x5a && target[1099] == 0x5a && target[1100] == 0);
    EXPECT_EQUAL(table[FIRST_FREE_REFERENCE].flags, GTF_permit_access | GTF_readonly);
    /* into a page that was granted for reading only, over a page's end, and by a reference that grants nothing */
    copy = (struct gnttab_copy){
        .source = { .u.gmfn = (uint64_t)target / PAGE_SIZE, .domid = DOMID_SELF },
        .dest = { .u.ref = FIRST_FREE_REFERENCE, .domid = DOMID_SELF },
        .len = 16,
        .flags = GNTCOPY_dest_gref,
    };
    EXPECT_EQUAL(grant_op(GNTTABOP_copy, &copy, 1), 0);
    EXPECT(copy.status < 0);
    copy = (struct gnttab_copy){
        .source = { .u.ref = FIRST_FREE_REFERENCE, .domid = DOMID_SELF, .offset = 4090 },
        .dest = { .u.gmfn = (uint64_t)target / PAGE_SIZE, .domid = DOMID_SELF },
        .len = 16,
        .flags = GNTCOPY_source_gref,
    };
    EXPECT_EQUAL(grant_op(GNTTABOP_copy, &copy, 1), 0);
    EXPECT(copy.status < 0);
    copy.source.offset = 0;
    copy.source.u.ref = FIRST_FREE_REFERENCE + 1;
    EXPECT_EQUAL(grant_op(GNTTABOP_copy, &copy, 1), 0);
    EXPECT(copy.status < 0);
    table[FIRST_FREE_REFERENCE].flags = 0;
    return NULL;
}

/* A mapped grant shows the page at its new address, is marked in use, and is gone after unmapping. */
TEST_CASE(grant_map, ANYWHERE)
{
    static uint8_t window[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
    xen_pfn_t frame = (uint64_t)window / PAGE_SIZE;
    struct xen_memory_reservation reservation = { .nr_extents = 1, .domid = DOMID_SELF };
    volatile grant_entry_v1_t *entry = &table[FIRST_FREE_REFERENCE];
    const char *why = map_table();

    if (why)
        return why;
    set_handle(reservation.extent_start, &frame);
    EXPECT_EQUAL(memory_op(XENMEM_decrease_reservation, &reservation), 1);
    grant_to_self(FIRST_FREE_REFERENCE, granted, GTF_permit_access);
    granted[7] = 0x77;
    struct gnttab_map_grant_ref map = {
        .host_addr = (uint64_t)window, .flags = GNTMAP_host_map, .ref = FIRST_FREE_REFERENCE, .dom = (domid_t)own_domid
    };
    EXPECT_EQUAL(grant_op(GNTTABOP_map_grant_ref, &map, 1), 0);
    EXPECT_EQUAL(map.status, GNTST_okay);
    EXPECT(entry->flags & GTF_reading && entry->flags & GTF_writing);
    EXPECT_EQUAL(((volatile uint8_t *)window)[7], 0x77);
    ((volatile uint8_t *)window)[8] = 0x88; /* seen through the window: Xen takes a page granted to itself off its old place */
    EXPECT_EQUAL(((volatile uint8_t *)window)[8], 0x88);
    struct gnttab_unmap_grant_ref unmap = { .host_addr = (uint64_t)window, .handle = map.handle };
    EXPECT_EQUAL(grant_op(GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
    EXPECT_EQUAL(unmap.status, GNTST_okay);
    EXPECT_EQUAL(entry->flags, GTF_permit_access);
    unmap.status = 0;
    EXPECT_EQUAL(grant_op(GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
    EXPECT(unmap.status < 0);
    entry->flags = 0;
    EXPECT_EQUAL(memory_op(XENMEM_populate_physmap, &reservation), 1);
    return NULL;
}

/* What grants nothing cannot be mapped: a free entry, one beyond the table, another domain's table, no domain. */
TEST_CASE(grant_errors, ANYWHERE)
{
    struct gnttab_map_grant_ref map = {
        .host_addr = (uint64_t)target, .flags = GNTMAP_host_map, .ref = FIRST_FREE_REFERENCE + 2, .dom = (domid_t)own_domid
    };

    EXPECT_EQUAL(grant_op(GNTTABOP_map_grant_ref, &map, 1), 0);
    EXPECT(map.status < 0);
    map.ref = 1u << 30;
    EXPECT_EQUAL(grant_op(GNTTABOP_map_grant_ref, &map, 1), 0);
    EXPECT_EQUAL(map.status, GNTST_bad_gntref);
    map.dom = 0x7000;
    EXPECT_EQUAL(grant_op(GNTTABOP_map_grant_ref, &map, 1), 0);
    EXPECT_EQUAL(map.status, GNTST_bad_domain);
    EXPECT_EQUAL(grant_op(GNTTABOP_map_grant_ref, UNMAPPED_ADDRESS, 1), -XEN_EFAULT);
    EXPECT_EQUAL(grant_op(77, &map, 1), -XEN_ENOSYS);
    return NULL;
}
