/* SPDX-License-Identifier: MIT */
/*
 * Where time goes: of vCPUs, of physical CPUs. Made to be called once a second for every domain: no affinities, no
 * store, no memory from the heap.
 */
#include "hypercall.h"
#include <errno.h>
#include <string.h>
#include <xen/vcpu.h>

_Static_assert(sizeof(struct xen_sysctl_cpuinfo) == 8, "cpuinfo has the ABI's size");
_Static_assert(sizeof(struct vcpu_runstate_info) == 48, "vcpu_runstate_info has the ABI's size");

ssize_t ctl_vcpu_times(struct ctl *ctl, uint32_t domid, uint32_t vcpus_max, struct ctl_vcpu_time *list, size_t most)
{
    size_t count = 0;

    if (domid >= DOMID_FIRST_RESERVED)
        return 0;
    for (uint32_t id = 0; id < vcpus_max && count < most; id++) {
        struct xen_domctl domctl = { .cmd = XEN_DOMCTL_getvcpuinfo, .domain = (domid_t)domid };
        const struct xen_domctl_getvcpuinfo *info = &domctl.u.getvcpuinfo;
        int result;

        domctl.u.getvcpuinfo.vcpu = id;
        result = hypercall_domctl(ctl, &domctl);
        if (result == -ESRCH) /* a number that the domain does not use, or no such domain */
            continue;
        if (result < 0)
            return ctl_fail(ctl, -result, "cannot look at vCPU %u of domain %u: %s", id, domid, strerror(-result));
        list[count++] = (struct ctl_vcpu_time){ .id = id, .cpu = info->cpu, .online = info->online,
                                                .running = info->running, .blocked = info->blocked,
                                                .cpu_time_ns = info->cpu_time };
    }
    return (ssize_t)count;
}

int ctl_own_wait_time(struct ctl *ctl, uint32_t vcpu, uint64_t *wait_ns)
{
    struct vcpu_runstate_info *info = hypercall_alloc(ctl, sizeof(*info));
    int result;

    if (!info)
        return ctl_fail(ctl, ENOMEM, "there is no memory for a runstate");
    result = hypercall(ctl, __HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, vcpu, (uintptr_t)info, 0, 0);
    *wait_ns = info->time[RUNSTATE_runnable];
    hypercall_free(ctl, info, sizeof(*info));
    if (result < 0)
        return ctl_fail(ctl, -result, "the hypervisor does not tell how vCPU %u of this domain fares: %s", vcpu,
                        strerror(-result));
    return 0;
}

ssize_t ctl_cpu_idle_times(struct ctl *ctl, uint64_t *idle_ns, size_t most)
{
    struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_getcpuinfo };
    struct xen_sysctl_cpuinfo *infos = hypercall_alloc(ctl, most * sizeof(*infos));
    size_t count;
    int result;

    if (!infos)
        return ctl_fail(ctl, ENOMEM, "there is no memory for the CPUs' times");
    sysctl.u.getcpuinfo.max_cpus = (uint32_t)most;
    set_xen_guest_handle(sysctl.u.getcpuinfo.info, infos);
    result = hypercall_sysctl(ctl, &sysctl);
    count = sysctl.u.getcpuinfo.nr_cpus < most ? sysctl.u.getcpuinfo.nr_cpus : most;
    for (size_t i = 0; result >= 0 && i < count; i++)
        idle_ns[i] = infos[i].idletime;
    hypercall_free(ctl, infos, most * sizeof(*infos));
    if (result < 0)
        return ctl_fail(ctl, -result, "the hypervisor does not tell how idle its CPUs are: %s", strerror(-result));
    return (ssize_t)count;
}
