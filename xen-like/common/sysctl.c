/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_sysctl: the table of its operations, for the privileged domain alone, and those on the log and on domains.
 */
#include "sysctl.h"

#include "arch.h"
#include "console.h"
#include "domain.h"
#include "printk.h"

#define LOG_CHUNK 512u
#define DEBUG_KEYS_MAX 64u

int sysctl_readconsole(struct hypercall *call, struct xen_sysctl *op)
{
    struct xen_sysctl_readconsole *read = &op->u.readconsole;
    uint64_t buffer = HANDLE_ADDRESS(read->buffer);
    uint32_t index = read->index, count = 0;
    bool incremental = read->incremental;
    char chunk[LOG_CHUNK];
    while (count < read->count) {
        size_t n = log_ring_read(chunk, MIN(sizeof(chunk), (size_t)(read->count - count)), &index, incremental);
        if (!n)
            break;
        if (copy_to_guest(buffer + count, chunk, n))
            return -XEN_EFAULT;
        count += (uint32_t)n;
        incremental = true; /* the following chunks continue where this one ended */
        if (count >= LOG_RING_SIZE)
            break;
    }
    if (read->clear)
        log_ring_clear(index);
    read->count = count;
    read->index = index;
    return 0;
}

int sysctl_debug_keys(struct hypercall *call, struct xen_sysctl *op)
{
    const struct xen_sysctl_debug_keys *keys = &op->u.debug_keys;
    char text[DEBUG_KEYS_MAX];
    if (keys->nr_keys > sizeof(text))
        return -XEN_EINVAL;
    if (copy_from_guest(text, HANDLE_ADDRESS(keys->keys), keys->nr_keys))
        return -XEN_EFAULT;
    for (uint32_t i = 0; i < keys->nr_keys; i++)
        run_debug_key(text[i]);
    return 0;
}

int sysctl_getdomaininfolist(struct hypercall *call, struct xen_sysctl *op)
{
    struct xen_sysctl_getdomaininfolist *list = &op->u.getdomaininfolist;
    uint64_t buffer = HANDLE_ADDRESS(list->buffer);
    uint32_t count = 0, next = list->first_domain;
    struct domain *d;
    while (count < list->max_domains && next < DOMAIN_MAX && (d = domain_get_next((domid_t)next))) {
        struct xen_domctl_getdomaininfo info;
        domain_fill_info(d, &info);
        next = d->id + 1u;
        domain_put(d);
        if (copy_to_guest(buffer + count * sizeof(info), &info, sizeof(info)))
            return -XEN_EFAULT;
        count++;
    }
    list->num_domains = count;
    return 0;
}

static sysctl_handler *const handlers[] = {
    [XEN_SYSCTL_readconsole] = sysctl_readconsole,
    [XEN_SYSCTL_physinfo] = sysctl_physinfo,
    [XEN_SYSCTL_sched_id] = sysctl_sched_id,
    [XEN_SYSCTL_getdomaininfolist] = sysctl_getdomaininfolist,
    [XEN_SYSCTL_debug_keys] = sysctl_debug_keys,
    [XEN_SYSCTL_getcpuinfo] = sysctl_getcpuinfo,
    [XEN_SYSCTL_availheap] = sysctl_availheap,
    [XEN_SYSCTL_cputopoinfo] = sysctl_cputopoinfo,
    [XEN_SYSCTL_numainfo] = sysctl_numainfo,
    [XEN_SYSCTL_pcitopoinfo] = sysctl_pcitopoinfo,
    [XEN_SYSCTL_cpupool_op] = sysctl_cpupool_op,
    [XEN_SYSCTL_scheduler_op] = sysctl_scheduler_op,
};

long hypercall_sysctl(struct hypercall *call)
{
    uint64_t address = call->argument[0];
    struct xen_sysctl op;
    if (!call->vcpu->domain->is_privileged)
        return -XEN_EPERM;
    if (COPY_STRUCT_FROM_GUEST(&op, address))
        return -XEN_EFAULT;
    if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
        return -XEN_EACCES;
    bool copy_back = true;
    long result;
    if (op.cmd < ARRAY_SIZE(handlers) && handlers[op.cmd]) {
        result = handlers[op.cmd](call, &op);
        copy_back = result == 0;
    } else {
        copy_back = false;
        result = arch_sysctl(call, &op, &copy_back);
    }
    if (copy_back && COPY_STRUCT_TO_GUEST(address, &op))
        return -XEN_EFAULT;
    return result;
}
