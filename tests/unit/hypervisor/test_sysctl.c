/* SPDX-License-Identifier: MIT */
/* sysctl, for the tools alone: what xl list, xl info and xl cpupool-list ask. */
#include "memory_case.h"

#include "printk.h"

#include <string.h>

static struct domain *zero, *guest;

static void start(void)
{
    case_start(2048, 1024);
    zero = case_domain(0, true);
    guest = case_domain(3, false);
    guest->handle[0] = 0xab;
}

static void stop(void)
{
    case_destroy(guest);
    case_destroy(zero);
}

static long run(struct domain *d, struct xen_sysctl *op, uint32_t command)
{
    op->cmd = command;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return case_call(hypercall_sysctl, d, GUEST_ADDRESS(op), 0, 0);
}

/* No guest, no other version of the interface, no unknown operation. */
static void who_may_ask(void)
{
    struct xen_sysctl op = { 0 };
    start();
    CU_ASSERT_EQUAL(run(guest, &op, XEN_SYSCTL_physinfo), -XEN_EPERM);
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_perfc_op), -XEN_ENOSYS);
    CU_ASSERT_EQUAL(run(zero, &op, 0), -XEN_ENOSYS);
    CU_ASSERT_EQUAL(run(zero, &op, ~0u), -XEN_ENOSYS);
    op = (struct xen_sysctl){ .cmd = XEN_SYSCTL_physinfo, .interface_version = XEN_SYSCTL_INTERFACE_VERSION + 1 };
    CU_ASSERT_EQUAL(case_call(hypercall_sysctl, zero, GUEST_ADDRESS(&op), 0, 0), -XEN_EACCES);
    CU_ASSERT_EQUAL(case_call(hypercall_sysctl, zero, 8, 0, 0), -XEN_EFAULT);
    stop();
}

static void domain_list(void)
{
    struct xen_domctl_getdomaininfo infos[3];
    struct xen_sysctl op = { .u.getdomaininfolist = { .first_domain = 0, .max_domains = 3 } };
    start();
    case_populate(guest, 10, 5);
    guest->is_shut_down = true;
    guest->shutdown_code = SHUTDOWN_crash;
    set_xen_guest_handle(op.u.getdomaininfolist.buffer, infos);
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_getdomaininfolist), 0);
    CU_ASSERT_EQUAL(op.u.getdomaininfolist.num_domains, 2);
    CU_ASSERT_EQUAL(infos[0].domain, 0);
    CU_ASSERT_EQUAL(infos[1].domain, 3);
    CU_ASSERT_EQUAL(infos[1].tot_pages, 5);
    CU_ASSERT_EQUAL(infos[1].max_pages, CASE_MAX_PAGES);
    CU_ASSERT_EQUAL(infos[1].handle[0], 0xab);
    CU_ASSERT_EQUAL(infos[1].max_vcpu_id, 0);
    CU_ASSERT_EQUAL(infos[1].nr_online_vcpus, guest->vcpus[0]->is_up);
    CU_ASSERT_TRUE(infos[1].flags & XEN_DOMINF_shutdown);
    CU_ASSERT_TRUE(infos[1].flags & XEN_DOMINF_hvm_guest);
    CU_ASSERT_EQUAL(infos[1].flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask, SHUTDOWN_crash);
    op.u.getdomaininfolist.first_domain = 1;
    op.u.getdomaininfolist.max_domains = 1;
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_getdomaininfolist), 0);
    CU_ASSERT_EQUAL(op.u.getdomaininfolist.num_domains, 1);
    CU_ASSERT_EQUAL(infos[0].domain, 3);
    op.u.getdomaininfolist.first_domain = 4;
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_getdomaininfolist), 0);
    CU_ASSERT_EQUAL(op.u.getdomaininfolist.num_domains, 0);
    op.u.getdomaininfolist.first_domain = 0;
    fake_memory_set_fault(&infos[0], 1);
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_getdomaininfolist), -XEN_EFAULT);
    fake_memory_set_fault(NULL, 0);
    guest->is_shut_down = false;
    stop();
}

static void machine(void)
{
    struct xen_sysctl op = { 0 };
    start();
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_physinfo), 0);
    CU_ASSERT_EQUAL(op.u.physinfo.nr_cpus, arch_cpu_count());
    CU_ASSERT_EQUAL(op.u.physinfo.total_pages, 3072);
    CU_ASSERT_EQUAL(op.u.physinfo.free_pages, page_free_count());
    CU_ASSERT_TRUE(op.u.physinfo.capabilities & XEN_SYSCTL_PHYSCAP_hap);

    struct xen_sysctl_cputopo places[64];
    memset(&op.u, 0, sizeof(op.u));
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_cputopoinfo), 0);
    CU_ASSERT_EQUAL(op.u.cputopoinfo.num_cpus, arch_cpu_count());
    memset(places, 0xff, sizeof(places));
    set_xen_guest_handle(op.u.cputopoinfo.cputopo, places);
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_cputopoinfo), 0);
    CU_ASSERT_EQUAL(places[0].core, 0);
    CU_ASSERT_EQUAL(places[0].node, 0);
    CU_ASSERT_EQUAL(places[arch_cpu_count()].node, ~0u);

    struct xen_sysctl_meminfo memory = { 0 };
    uint32_t distance = 0;
    memset(&op.u, 0, sizeof(op.u));
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_numainfo), 0);
    CU_ASSERT_EQUAL(op.u.numainfo.num_nodes, 1);
    set_xen_guest_handle(op.u.numainfo.meminfo, &memory);
    set_xen_guest_handle(op.u.numainfo.distance, &distance);
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_numainfo), 0);
    CU_ASSERT_EQUAL(memory.memsize, 3072 * PAGE_SIZE);
    CU_ASSERT_EQUAL(distance, 10);

    struct xen_sysctl_cpuinfo idle[64];
    memset(&op.u, 0, sizeof(op.u));
    op.u.getcpuinfo.max_cpus = 64;
    set_xen_guest_handle(op.u.getcpuinfo.info, idle);
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_getcpuinfo), 0);
    CU_ASSERT_EQUAL(op.u.getcpuinfo.nr_cpus, arch_cpu_count());

    memset(&op.u, 0, sizeof(op.u));
    op.u.availheap.node = -1;
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_availheap), 0);
    CU_ASSERT_EQUAL(op.u.availheap.avail_bytes, page_free_count() * PAGE_SIZE);
    op.u.availheap.max_bitwidth = 32;
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_availheap), 0);
    CU_ASSERT_EQUAL(op.u.availheap.avail_bytes, page_free_count_low() * PAGE_SIZE);
    stop();
}

/* Functions that are there belong to node 0; a call does part of a long list and says how much. */
static void pci_functions(void)
{
    struct physdev_pci_device places[100] = { { .bus = 1, .devfn = 3 << 3 | 1 }, { .bus = 1, .devfn = 3 << 3 | 2 },
                                              { .seg = 1, .bus = 1, .devfn = 3 << 3 } };
    uint32_t nodes[100];
    struct xen_sysctl op = { .u.pcitopoinfo.num_devs = 3 };
    start();
    memset(nodes, 0x77, sizeof(nodes));
    set_xen_guest_handle(op.u.pcitopoinfo.devs, places);
    set_xen_guest_handle(op.u.pcitopoinfo.nodes, nodes);
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_pcitopoinfo), 0);
    CU_ASSERT_EQUAL(op.u.pcitopoinfo.num_devs, 3);
    CU_ASSERT_EQUAL(nodes[0], 0);
    CU_ASSERT_EQUAL(nodes[1], XEN_INVALID_DEV);
    CU_ASSERT_EQUAL(nodes[2], XEN_INVALID_DEV);
    CU_ASSERT_EQUAL(nodes[3], 0x77777777);
    op.u.pcitopoinfo.num_devs = ~0u;
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_pcitopoinfo), 0);
    CU_ASSERT(op.u.pcitopoinfo.num_devs > 3 && op.u.pcitopoinfo.num_devs < 100);
    CU_ASSERT_EQUAL(nodes[op.u.pcitopoinfo.num_devs - 1], XEN_INVALID_DEV);
    CU_ASSERT_EQUAL(nodes[op.u.pcitopoinfo.num_devs], 0x77777777);
    fake_memory_set_fault(&places[1], 1);
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_pcitopoinfo), -XEN_EFAULT);
    fake_memory_set_fault(&nodes[1], 1);
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_pcitopoinfo), -XEN_EFAULT);
    fake_memory_set_fault(NULL, 0);
    op.u.pcitopoinfo.num_devs = 0;
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_pcitopoinfo), 0);
    stop();
}

/* One pool, number 0, with every CPU; there is no next one. */
static void pools(void)
{
    uint8_t map[8];
    struct xen_sysctl op = { .u.cpupool_op = { .op = XEN_SYSCTL_CPUPOOL_OP_INFO } };
    start();
    memset(map, 0xee, sizeof(map));
    set_xen_guest_handle(op.u.cpupool_op.cpumap.bitmap, map);
    op.u.cpupool_op.cpumap.nr_bits = 12;
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_cpupool_op), 0);
    CU_ASSERT_EQUAL(op.u.cpupool_op.n_dom, 2);
    CU_ASSERT_EQUAL(op.u.cpupool_op.sched_id, XEN_SCHEDULER_CREDIT2);
    CU_ASSERT_EQUAL(map[0], (1u << arch_cpu_count()) - 1);
    CU_ASSERT_EQUAL(map[1], 0);
    CU_ASSERT_EQUAL(map[2], 0xee);
    op.u.cpupool_op.cpupool_id = 1;
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_cpupool_op), -XEN_ENOENT);
    op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_FREEINFO;
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_cpupool_op), 0);
    CU_ASSERT_EQUAL(map[0], 0);
    op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_CREATE;
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_cpupool_op), -XEN_EOPNOTSUPP);

    memset(&op.u, 0, sizeof(op.u));
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_sched_id), 0);
    CU_ASSERT_EQUAL(op.u.sched_id.sched_id, XEN_SCHEDULER_CREDIT2);
    memset(&op.u, 0, sizeof(op.u));
    op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    op.u.scheduler_op.cmd = XEN_SYSCTL_SCHEDOP_getinfo;
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_scheduler_op), 0);
    op.u.scheduler_op.cmd = XEN_SYSCTL_SCHEDOP_putinfo;
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_scheduler_op), -XEN_EOPNOTSUPP);
    stop();
}

/* The log is read whole, or from where the last read ended, however large the buffer is. */
static void log_is_read(void)
{
    static char buffer[LOG_RING_SIZE];
    struct xen_sysctl op = { 0 };
    start();
    log_warning("a line that the tools shall see");
    op.u.readconsole.count = sizeof(buffer) - 1;
    set_xen_guest_handle(op.u.readconsole.buffer, buffer);
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_readconsole), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer, "a line that the tools shall see\n"));
    log_warning("and another");
    memset(buffer, 0, sizeof(buffer));
    op.u.readconsole.incremental = 1;
    op.u.readconsole.count = sizeof(buffer) - 1;
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_readconsole), 0);
    CU_ASSERT_PTR_NULL(strstr(buffer, "tools shall see"));
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer, "and another\n"));
    CU_ASSERT_EQUAL(op.u.readconsole.count, strlen(buffer));
    op.u.readconsole.incremental = 0;
    op.u.readconsole.clear = 1;
    op.u.readconsole.count = 4;
    CU_ASSERT_EQUAL(run(zero, &op, XEN_SYSCTL_readconsole), 0);
    CU_ASSERT_EQUAL(op.u.readconsole.count, 4);
    stop();
}

int main(void)
{
    return case_run("sysctl", (const CU_TestInfo[]){
        { "who may ask", who_may_ask },
        { "domain list", domain_list },
        { "machine", machine },
        { "PCI functions", pci_functions },
        { "pools", pools },
        { "log is read", log_is_read },
        CU_TEST_INFO_NULL,
    });
}
