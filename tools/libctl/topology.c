/* SPDX-License-Identifier: MIT */
/*
 * Where the machine's CPUs, its memory and its PCI devices are: cores, sockets, nodes and how far these are from each
 * other.
 */
#include "hypercall.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/physdev.h>

#define CPUS_MAX (CTL_CPUMAP_BYTES * 8u)
#define PCI_FUNCTIONS_MAX 65536u
#define PCI_FOLDER "/sys/bus/pci/devices"

_Static_assert(sizeof(struct xen_sysctl_cputopo) == 12, "xen_sysctl_cputopo has the ABI's size");
_Static_assert(sizeof(struct xen_sysctl_meminfo) == 16, "xen_sysctl_meminfo has the ABI's size");
_Static_assert(sizeof(struct physdev_pci_device) == 4, "physdev_pci_device has the ABI's size");

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
        result = refused(ctl, (int)result, "its CPUs");
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
        result = refused(ctl, (int)result, "its nodes");
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

/* The PCI functions that domain 0's kernel has; -ENOMEM, or the count, which is 0 without PCI. */
static ssize_t pci_functions(struct ctl_pci_place **list)
{
    DIR *folder = opendir(PCI_FOLDER);
    size_t count = 0, room = 0;
    const struct dirent *entry;

    *list = NULL;
    while (folder && count < PCI_FUNCTIONS_MAX && (entry = readdir(folder)) != NULL) {
        struct ctl_pci_place place = { 0 };

        if (sscanf(entry->d_name, "%4x:%2x:%2x.%1x", &place.segment, &place.bus, &place.device, &place.function) != 4 ||
            place.device > 31 || place.function > 7)
            continue;
        if (count == room) {
            struct ctl_pci_place *grown = realloc(*list, (room + 64) * sizeof(*grown));

            if (!grown) {
                closedir(folder);
                return -ENOMEM;
            }
            *list = grown;
            room += 64;
        }
        (*list)[count++] = place;
    }
    if (folder)
        closedir(folder);
    return (ssize_t)count;
}

/* Asks for the node of each; the hypervisor does as many at once as it likes. */
static int ask_pci_nodes(struct ctl *ctl, struct physdev_pci_device *places, uint32_t *nodes, uint32_t count)
{
    for (uint32_t done = 0; done < count;) {
        struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_pcitopoinfo, .u.pcitopoinfo.num_devs = count - done };

        set_xen_guest_handle(sysctl.u.pcitopoinfo.devs, places + done);
        set_xen_guest_handle(sysctl.u.pcitopoinfo.nodes, nodes + done);
        int result = hypercall_sysctl(ctl, &sysctl);

        if (result < 0)
            return result;
        if (sysctl.u.pcitopoinfo.num_devs == 0 || sysctl.u.pcitopoinfo.num_devs > count - done)
            return -EPROTO;
        done += sysctl.u.pcitopoinfo.num_devs;
    }
    return 0;
}

ssize_t ctl_pci_places(struct ctl *ctl, struct ctl_pci_place **list)
{
    ssize_t count = pci_functions(list), kept = 0, result = count;
    struct physdev_pci_device *places = NULL;
    size_t size = 0;
    uint32_t *nodes;

    if (count == 0)
        return 0;
    if (count > 0) {
        size = (size_t)count * (sizeof(*places) + sizeof(*nodes));
        places = hypercall_alloc(ctl, size);
    }
    if (!places) {
        result = ctl_fail(ctl, ENOMEM, "there is no memory for the list of PCI devices");
        goto free_all;
    }
    nodes = (uint32_t *)(places + count);
    for (ssize_t i = 0; i < count; i++) {
        const struct ctl_pci_place *at = &(*list)[i];

        places[i] = (struct physdev_pci_device){ (uint16_t)at->segment, (uint8_t)at->bus,
                                                 (uint8_t)(at->device << 3 | at->function) };
    }
    result = ask_pci_nodes(ctl, places, nodes, (uint32_t)count);
    if (result < 0) {
        result = refused(ctl, (int)result, "its PCI devices");
        goto free_all;
    }
    for (ssize_t i = 0; i < count; i++) {
        if (nodes[i] == XEN_INVALID_NODE_ID || nodes[i] == XEN_INVALID_DEV)
            continue;
        (*list)[kept] = (*list)[i];
        (*list)[kept++].node = nodes[i];
    }
    hypercall_free(ctl, places, size);
    return kept;

free_all:
    hypercall_free(ctl, places, size);
    free(*list);
    *list = NULL;
    return result;
}
