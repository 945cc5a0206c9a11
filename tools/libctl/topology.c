/* SPDX-License-Identifier: MIT */
/*
 * Where the machine's CPUs and its memory are: cores, sockets, nodes and how far these are from each other.
 */
#include "hypercall.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CPUS_MAX (CTL_CPUMAP_BYTES * 8u)

_Static_assert(sizeof(struct xen_sysctl_cputopo) == 12, "xen_sysctl_cputopo has the ABI's size");
_Static_assert(sizeof(struct xen_sysctl_meminfo) == 16, "xen_sysctl_meminfo has the ABI's size");

static int refused(struct ctl *ctl, int result, const char *what)
{
    if (result == -ENOSYS || result == -EOPNOTSUPP)
        return ctl_fail(ctl, EOPNOTSUPP, "this hypervisor does not tell where %s are", what);
    return ctl_fail(ctl, -result, "the hypervisor does not tell where %s are: %s", what, strerror(-result));
}

ssize_t ctl_cpu_places(struct ctl *ctl, struct ctl_cpu_place **list)
{
    struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_cputopoinfo };
    size_t size = CPUS_MAX * sizeof(struct xen_sysctl_cputopo);
    struct xen_sysctl_cputopo *told = hypercall_alloc(ctl, size);
    struct ctl_cpu_place *places = calloc(CPUS_MAX, sizeof(*places));
    ssize_t result, count = 0;

    *list = NULL;
    if (!told || !places) {
        result = ctl_fail(ctl, ENOMEM, "there is no memory for the list of CPUs");
        goto free_all;
    }
    sysctl.u.cputopoinfo.num_cpus = CPUS_MAX;
    set_xen_guest_handle(sysctl.u.cputopoinfo.cputopo, told);
    result = hypercall_sysctl(ctl, &sysctl);
    if (result < 0) {
        refused(ctl, (int)result, "its CPUs");
        goto free_all;
    }
    for (uint32_t cpu = 0; cpu < sysctl.u.cputopoinfo.num_cpus && cpu < CPUS_MAX; cpu++)
        if (told[cpu].core != XEN_INVALID_CORE_ID)
            places[count++] = (struct ctl_cpu_place){ cpu, told[cpu].core, told[cpu].socket, told[cpu].node };
    hypercall_free(ctl, told, size);
    *list = places;
    return count;

free_all:
    hypercall_free(ctl, told, size);
    free(places);
    return result;
}

ssize_t ctl_nodes(struct ctl *ctl, struct ctl_node **list)
{
    struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_numainfo };
    struct {
        struct xen_sysctl_meminfo memory[CTL_NODES_MAX];
        uint32_t distance[CTL_NODES_MAX * CTL_NODES_MAX];
    } *told = hypercall_alloc(ctl, sizeof(*told));
    struct ctl_node *nodes = calloc(CTL_NODES_MAX, sizeof(*nodes));
    ssize_t result, kept = 0;

    *list = NULL;
    if (!told || !nodes) {
        result = ctl_fail(ctl, ENOMEM, "there is no memory for the list of nodes");
        goto free_all;
    }
    sysctl.u.numainfo.num_nodes = CTL_NODES_MAX;
    set_xen_guest_handle(sysctl.u.numainfo.meminfo, told->memory);
    set_xen_guest_handle(sysctl.u.numainfo.distance, told->distance);
    result = hypercall_sysctl(ctl, &sysctl);
    uint32_t count = sysctl.u.numainfo.num_nodes;

    if (result >= 0 && count > CTL_NODES_MAX)
        result = -E2BIG;
    if (result < 0) {
        refused(ctl, (int)result, "its nodes");
        goto free_all;
    }
    for (uint32_t node = 0; node < count; node++) {
        if (told->memory[node].memsize == XEN_INVALID_MEM_SZ)
            continue;
        nodes[kept] = (struct ctl_node){ .id = node, .memory_kib = told->memory[node].memsize >> 10,
                                         .free_kib = told->memory[node].memfree >> 10, .distances_count = count };
        memcpy(nodes[kept++].distances, told->distance + node * count, count * sizeof(told->distance[0]));
    }
    hypercall_free(ctl, told, sizeof(*told));
    *list = nodes;
    return kept;

free_all:
    hypercall_free(ctl, told, sizeof(*told));
    free(nodes);
    return result;
}
