/* SPDX-License-Identifier: MIT */
/* The machine as sysctls describe it: CPUs, memory, and one node of both. */
#include "sysctl.h"

#include "arch.h"
#include "string.h"

#define PCI_FUNCTIONS_A_CALL 64u /* a longer list takes further calls */
#define LOCAL_DISTANCE 10u /* ACPI's number for a node's distance to itself */

_Static_assert(sizeof(struct xen_sysctl_cputopo) == 12, "ABI");
_Static_assert(sizeof(struct xen_sysctl_meminfo) == 16, "ABI");
_Static_assert(sizeof(struct physdev_pci_device) == 4, "ABI");
_Static_assert(sizeof(struct xen_sysctl_cpuinfo) == 8, "ABI");

static void fill_physinfo(struct xen_sysctl_physinfo *info)
{
    memset(info, 0, sizeof(*info));
    info->threads_per_core = info->cores_per_socket = 1;
    info->nr_cpus = arch_cpu_count();
    info->max_cpu_id = info->nr_cpus - 1;
    info->nr_nodes = 1;
    info->capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap | XEN_SYSCTL_PHYSCAP_gnttab_v1;
    info->total_pages = page_total_count();
    info->free_pages = page_free_count();
    info->outstanding_pages = page_claimed_count();
    info->max_mfn = frame_table_end - 1;
    arch_fill_physinfo(info);
}

int sysctl_physinfo(struct hypercall *call, struct xen_sysctl *op)
{
    fill_physinfo(&op->u.physinfo);
    return 0;
}

int sysctl_cputopoinfo(struct hypercall *call, struct xen_sysctl *op)
{
    struct xen_sysctl_cputopoinfo *asked = &op->u.cputopoinfo;
    uint64_t buffer = HANDLE_ADDRESS(asked->cputopo);
    struct xen_sysctl_physinfo machine;
    fill_physinfo(&machine);
    uint32_t threads = MAX(machine.threads_per_core, 1u), cores = MAX(machine.cores_per_socket, 1u);
    for (uint32_t cpu = 0; buffer && cpu < MIN(asked->num_cpus, machine.nr_cpus); cpu++) {
        const struct xen_sysctl_cputopo place = { .core = cpu / threads % cores, .socket = cpu / (threads * cores) };
        if (copy_to_guest(buffer + cpu * sizeof(place), &place, sizeof(place)))
            return -XEN_EFAULT;
    }
    asked->num_cpus = machine.nr_cpus;
    return 0;
}

int sysctl_numainfo(struct hypercall *call, struct xen_sysctl *op)
{
    struct xen_sysctl_numainfo *asked = &op->u.numainfo;
    const struct xen_sysctl_meminfo memory = {
        .memsize = page_total_count() << PAGE_SHIFT,
        .memfree = page_free_count() << PAGE_SHIFT,
    };
    const uint32_t distance = LOCAL_DISTANCE;
    if (asked->num_nodes) {
        if (HANDLE_ADDRESS(asked->meminfo) && COPY_STRUCT_TO_GUEST(HANDLE_ADDRESS(asked->meminfo), &memory))
            return -XEN_EFAULT;
        if (HANDLE_ADDRESS(asked->distance) && COPY_STRUCT_TO_GUEST(HANDLE_ADDRESS(asked->distance), &distance))
            return -XEN_EFAULT;
    }
    asked->num_nodes = 1;
    return 0;
}

/* The machine is one node: every function that is there is near to it. */
int sysctl_pcitopoinfo(struct hypercall *call, struct xen_sysctl *op)
{
    struct xen_sysctl_pcitopoinfo *asked = &op->u.pcitopoinfo;
    uint64_t places = HANDLE_ADDRESS(asked->devs), nodes = HANDLE_ADDRESS(asked->nodes);
    asked->num_devs = MIN(asked->num_devs, PCI_FUNCTIONS_A_CALL);
    for (uint32_t i = 0; i < asked->num_devs; i++) {
        struct physdev_pci_device place;
        if (COPY_STRUCT_FROM_GUEST(&place, places + i * sizeof(place)))
            return -XEN_EFAULT;
        const uint32_t node = arch_pci_function_exists(place.seg, place.bus, place.devfn) ? 0 : XEN_INVALID_DEV;
        if (COPY_STRUCT_TO_GUEST(nodes + i * sizeof(node), &node))
            return -XEN_EFAULT;
    }
    return 0;
}

int sysctl_availheap(struct hypercall *call, struct xen_sysctl *op)
{
    struct xen_sysctl_availheap *asked = &op->u.availheap;
    bool is_low_only = asked->max_bitwidth && asked->max_bitwidth <= 32;
    if (asked->node > 0)
        return -XEN_EINVAL;
    asked->avail_bytes = (is_low_only ? page_free_count_low() : page_free_count()) << PAGE_SHIFT;
    return 0;
}

int sysctl_getcpuinfo(struct hypercall *call, struct xen_sysctl *op)
{
    struct xen_sysctl_getcpuinfo *asked = &op->u.getcpuinfo;
    uint32_t count = MIN(asked->max_cpus, arch_cpu_count());
    for (uint32_t cpu = 0; cpu < count; cpu++) {
        const struct xen_sysctl_cpuinfo info = { .idletime = scheduler_idle_time_ns(cpu) };
        if (copy_to_guest(HANDLE_ADDRESS(asked->info) + cpu * sizeof(info), &info, sizeof(info)))
            return -XEN_EFAULT;
    }
    asked->nr_cpus = count;
    return 0;
}
