/* SPDX-License-Identifier: MIT */
/* memory_op, and what a domain without privilege may not do. */
#include "cpu.h"
#include "test.h"

#include <xen/domctl.h>
#include <xen/memory.h>
#include <xen/platform.h>
#include <xen/sysctl.h>

#define TEST_PAGES 4
static uint8_t pages[TEST_PAGES][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static struct xen_memory_reservation reservation_of_pages(xen_pfn_t *frames)
{
    struct xen_memory_reservation reservation = { .nr_extents = TEST_PAGES, .domid = DOMID_SELF };

    for (unsigned int i = 0; i < TEST_PAGES; i++)
        frames[i] = (uint64_t)pages[i] / PAGE_SIZE;
    set_handle(reservation.extent_start, frames);
    return reservation;
}

static long current_pages(void)
{
    domid_t self = DOMID_SELF;

    return memory_op(XENMEM_current_reservation, &self);
}

/* The domain's present and greatest memory, and its highest frame. */
TEST_CASE(memory_reservation, ANYWHERE)
{
    domid_t self = DOMID_SELF;

    EXPECT(current_pages() > 1024);
    EXPECT(memory_op(XENMEM_maximum_reservation, &self) >= current_pages() || is_dom0);
    EXPECT(memory_op(XENMEM_maximum_gpfn, &self) > 0x1000);
    EXPECT(memory_op(XENMEM_maximum_ram_page, 0) > 0x1000);
    return NULL;
}

/* Pages that are given back leave the reservation; populated again they can be written and read. */
TEST_CASE(memory_decrease_populate, ANYWHERE)
{
    xen_pfn_t frames[TEST_PAGES];
    struct xen_memory_reservation reservation = reservation_of_pages(frames);
    long before = current_pages();

    EXPECT_EQUAL(memory_op(XENMEM_decrease_reservation, &reservation), TEST_PAGES);
    EXPECT_EQUAL(current_pages(), before - TEST_PAGES);
    reservation = reservation_of_pages(frames);
    EXPECT_EQUAL(memory_op(XENMEM_populate_physmap, &reservation), TEST_PAGES);
    EXPECT_EQUAL(current_pages(), before);
    for (unsigned int i = 0; i < TEST_PAGES; i++)
        memset(pages[i], (int)(0x50 + i), PAGE_SIZE);
    for (unsigned int i = 0; i < TEST_PAGES; i++)
        EXPECT(pages[i][0] == 0x50 + i && pages[i][PAGE_SIZE - 1] == 0x50 + i);
    return NULL;
}

/* Giving back what is not there changes nothing and stops at that extent. */
TEST_CASE(memory_decrease_hole, ANYWHERE)
{
    xen_pfn_t frame = 0xfffffff;
    struct xen_memory_reservation reservation = { .nr_extents = 1, .domid = DOMID_SELF };
    long before = current_pages();

    set_handle(reservation.extent_start, &frame);
    EXPECT_EQUAL(memory_op(XENMEM_decrease_reservation, &reservation), 0);
    EXPECT_EQUAL(current_pages(), before);
    return NULL;
}

/* The memory map has this kernel's code in a piece of RAM. */
TEST_CASE(memory_map, ANYWHERE)
{
    static struct { uint64_t address, size; uint32_t type; } __attribute__((packed)) entries[64];
    struct xen_memory_map map = { .nr_entries = ARRAY_SIZE(entries) };
    uint64_t here = (uint64_t)memory_map;

    set_handle(map.buffer, entries);
    EXPECT_EQUAL(memory_op(XENMEM_memory_map, &map), 0);
    EXPECT(map.nr_entries >= 1 && map.nr_entries <= ARRAY_SIZE(entries));
    for (unsigned int i = 0; i < map.nr_entries; i++)
        if (entries[i].type == 1 && entries[i].address <= here && here < entries[i].address + entries[i].size)
            return NULL;
    return failure("none of the %u entries is RAM at 0x%lx", map.nr_entries, here);
}

/* A frame that another took the place of: shared_info can be mapped elsewhere, and its old place takes memory again. */
TEST_CASE(memory_move_shared_info, ANYWHERE)
{
    static uint8_t other[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
    struct xen_add_to_physmap map = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info, .gpfn = (uint64_t)other / PAGE_SIZE
    };
    struct shared_info *old = shared;
    xen_pfn_t frame = (uint64_t)old / PAGE_SIZE;
    struct xen_memory_reservation reservation = { .nr_extents = 1, .domid = DOMID_SELF };

    EXPECT_EQUAL(memory_op(XENMEM_add_to_physmap, &map), 0);
    shared = (struct shared_info *)other;
    EXPECT(shared->wc_sec != 0);
    EXPECT(shared->vcpu_info[0].time.tsc_to_system_mul != 0);
    set_handle(reservation.extent_start, &frame);
    EXPECT_EQUAL(memory_op(XENMEM_populate_physmap, &reservation), 1);
    *(volatile uint8_t *)old = 1;
    return NULL;
}

/* Pointers that lead nowhere are -EFAULT, calls that do not exist -ENOSYS. */
TEST_CASE(memory_errors, ANYWHERE)
{
    struct xen_memory_reservation reservation = { .nr_extents = 1, .domid = DOMID_SELF };

    EXPECT(memory_op(XENMEM_populate_physmap, UNMAPPED_ADDRESS) <= 0); /* extents done, or the error */
    EXPECT_EQUAL(memory_op(XENMEM_add_to_physmap, UNMAPPED_ADDRESS), -XEN_EFAULT);
    set_handle(reservation.extent_start, (xen_pfn_t *)UNMAPPED_ADDRESS);
    EXPECT_EQUAL(memory_op(XENMEM_populate_physmap, &reservation), 0);
    EXPECT_EQUAL(memory_op(61, &reservation), -XEN_ENOSYS);
    return NULL;
}

/* A guest may neither see the machine's memory map nor touch another domain's memory. */
TEST_CASE(memory_unprivileged, IN_GUEST)
{
    struct xen_memory_map map = { .nr_entries = 0 };
    xen_pfn_t frame = (uint64_t)pages[0] / PAGE_SIZE;
    struct xen_memory_reservation reservation = { .nr_extents = 1, .domid = 0 };
    domid_t other = 0;

    EXPECT_EQUAL(memory_op(XENMEM_machine_memory_map, &map), -XEN_EPERM);
    set_handle(reservation.extent_start, &frame);
    EXPECT(memory_op(XENMEM_decrease_reservation, &reservation) <= 0); /* no extent was done, or the error */
    EXPECT_EQUAL(memory_op(XENMEM_current_reservation, &other), -XEN_EPERM);
    return NULL;
}

/* A guest cannot map a frame of domain 0 as its own. */
TEST_CASE(memory_foreign_unprivileged, IN_GUEST)
{
    xen_ulong_t index = 0x100;
    xen_pfn_t frame = (uint64_t)pages[0] / PAGE_SIZE;
    int error = 0;
    struct xen_add_to_physmap_batch batch = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 1, .u.foreign_domid = 0
    };

    set_handle(batch.idxs, &index);
    set_handle(batch.gpfns, &frame);
    set_handle(batch.errs, &error);
    EXPECT(memory_op(XENMEM_add_to_physmap_batch, &batch) == -XEN_EPERM || error == -XEN_EPERM);
    return NULL;
}

/* The control calls are refused to a guest, whatever they ask. */
TEST_CASE(control_unprivileged, IN_GUEST)
{
    static struct xen_domctl domctl;
    static struct xen_sysctl sysctl;
    static struct xen_platform_op platform;

    domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    domctl.cmd = XEN_DOMCTL_pausedomain;
    domctl.domain = 0;
    EXPECT_EQUAL(hypercall1(__HYPERVISOR_domctl, &domctl), -XEN_EPERM);
    domctl.cmd = XEN_DOMCTL_createdomain;
    EXPECT(hypercall1(__HYPERVISOR_domctl, &domctl) < 0);
    sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    sysctl.cmd = XEN_SYSCTL_physinfo;
    EXPECT_EQUAL(hypercall1(__HYPERVISOR_sysctl, &sysctl), -XEN_EPERM);
    platform.interface_version = XENPF_INTERFACE_VERSION;
    platform.cmd = XENPF_get_cpuinfo;
    EXPECT(hypercall1(__HYPERVISOR_platform_op, &platform) < 0);
    return NULL;
}

/* Domain 0 may control; but only with the version of the interface that is spoken here. */
TEST_CASE(control_version, IN_DOM0)
{
    static struct xen_domctl domctl;
    static struct xen_sysctl sysctl;

    domctl.interface_version = 1;
    domctl.cmd = XEN_DOMCTL_getdomaininfo;
    EXPECT_EQUAL(hypercall1(__HYPERVISOR_domctl, &domctl), -XEN_EACCES);
    domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    domctl.domain = 0;
    EXPECT_EQUAL(hypercall1(__HYPERVISOR_domctl, &domctl), 0);
    EXPECT_EQUAL(domctl.u.getdomaininfo.domain, 0);
    EXPECT(domctl.u.getdomaininfo.tot_pages > 1024);
    sysctl.interface_version = 1;
    sysctl.cmd = XEN_SYSCTL_physinfo;
    EXPECT_EQUAL(hypercall1(__HYPERVISOR_sysctl, &sysctl), -XEN_EACCES);
    sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    EXPECT_EQUAL(hypercall1(__HYPERVISOR_sysctl, &sysctl), 0);
    EXPECT(sysctl.u.physinfo.nr_cpus >= 1);
    EXPECT(sysctl.u.physinfo.free_pages < sysctl.u.physinfo.total_pages);
    return NULL;
}
