/* SPDX-License-Identifier: MIT */
/*
 * Where vCPUs may run, and how many of them a guest is asked to use.
 */
#include "hypercall.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_empty(const uint8_t map[CTL_CPUMAP_BYTES])
{
    for (unsigned i = 0; i < CTL_CPUMAP_BYTES; i++)
        if (map[i])
            return false;
    return true;
}

static int pin_one(struct ctl *ctl, uint32_t domid, uint32_t vcpu, uint8_t *maps, uint32_t flags)
{
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_setvcpuaffinity, .domain = (domid_t)domid };
    struct xen_domctl_vcpuaffinity *affinity = &domctl.u.vcpuaffinity;
    int result;

    affinity->vcpu = vcpu;
    affinity->flags = flags;
    set_xen_guest_handle(affinity->cpumap_hard.bitmap, maps);
    affinity->cpumap_hard.nr_bits = CTL_CPUMAP_BYTES * 8;
    set_xen_guest_handle(affinity->cpumap_soft.bitmap, maps + CTL_CPUMAP_BYTES);
    affinity->cpumap_soft.nr_bits = CTL_CPUMAP_BYTES * 8;
    result = hypercall_domctl(ctl, &domctl);
    if (result == -ENOSYS || result == -EOPNOTSUPP)
        return ctl_fail(ctl, EOPNOTSUPP, "this hypervisor has no such affinity (%s)",
                        flags & XEN_VCPUAFFINITY_SOFT ? "soft" : "hard");
    if (result < 0)
        return ctl_fail(ctl, -result, "cannot bind vCPU %u of domain %u: %s", vcpu, domid,
                        result == -EINVAL ? "none of these CPUs is there" : strerror(-result));
    return 0;
}

int ctl_vcpu_pin(struct ctl *ctl, uint32_t domid, uint32_t vcpu, const uint8_t hard[CTL_CPUMAP_BYTES],
                 const uint8_t soft[CTL_CPUMAP_BYTES])
{
    uint32_t flags = (hard ? XEN_VCPUAFFINITY_HARD : 0) | (soft ? XEN_VCPUAFFINITY_SOFT : 0);
    struct ctl_domain domain;
    int result = ctl_domain_get(ctl, domid, &domain);
    uint8_t *maps, wanted[2 * CTL_CPUMAP_BYTES] = { 0 };

    if (result < 0)
        return result;
    if ((hard && is_empty(hard)) || (soft && is_empty(soft)))
        return ctl_fail(ctl, EINVAL, "the list leaves no CPU to run on");
    if (vcpu != CTL_VCPUS_ALL && vcpu >= domain.vcpus_max)
        return ctl_fail(ctl, EINVAL, "domain %u has no vCPU %u; it has %u", domid, vcpu, domain.vcpus_max);
    maps = hypercall_alloc(ctl, sizeof(wanted));
    if (!maps)
        return ctl_fail(ctl, ENOMEM, "there is no memory for the CPUs of domain %u", domid);
    if (hard)
        memcpy(wanted, hard, CTL_CPUMAP_BYTES);
    if (soft)
        memcpy(wanted + CTL_CPUMAP_BYTES, soft, CTL_CPUMAP_BYTES);
    for (uint32_t id = 0; id < domain.vcpus_max && result == 0 && flags; id++) {
        if (vcpu != CTL_VCPUS_ALL && vcpu != id)
            continue;
        memcpy(maps, wanted, sizeof(wanted)); /* the call writes back what came of it */
        result = pin_one(ctl, domid, id, maps, flags);
    }
    hypercall_free(ctl, maps, sizeof(wanted));
    return result;
}

struct availability {
    uint32_t domid, vcpus, online;
};

static int write_availability(struct ctl *ctl, xs_transaction_t transaction, void *context)
{
    const struct availability *wanted = context;
    int error = 0;

    for (uint32_t vcpu = 0; vcpu < wanted->vcpus && error == 0; vcpu++) {
        const char *state = vcpu < wanted->online ? "online" : "offline";
        char *held = ctl_store_read(ctl, transaction, "/local/domain/%u/cpu/%u/availability", wanted->domid, vcpu);
        char path[CTL_STORE_PATH_MAX];

        ctl_path(path, "/local/domain/%u/cpu/%u/availability", wanted->domid, vcpu);
        if (!held || strcmp(held, state) != 0) /* a guest's kernel acts on each write */
            error = ctl_store_write(ctl, transaction, path, state);
        free(held);
    }
    return error;
}

int ctl_vcpu_set(struct ctl *ctl, uint32_t domid, uint32_t online)
{
    struct ctl_domain domain;
    int result = ctl_domain_get(ctl, domid, &domain), error;

    if (result < 0)
        return result;
    if (!ctl_store(ctl))
        return -ENOENT;
    if (online == 0 || online > domain.vcpus_max)
        return ctl_fail(ctl, EINVAL, "domain %u can have from 1 to %u vCPUs (maxvcpus), not %u", domid,
                        domain.vcpus_max, online);
    struct availability wanted = { domid, domain.vcpus_max, online };

    error = ctl_store_transact(ctl, write_availability, &wanted);
    return error ? ctl_fail(ctl, error, "cannot write the vCPUs of domain %u into the store: %s", domid,
                            strerror(error)) : 0;
}
