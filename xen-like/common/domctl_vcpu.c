/* SPDX-License-Identifier: MIT */
/* Domctls on vCPUs and their scheduling. */
#include "domctl.h"

/* Makes vCPUs 0 to max - 1 that are not there yet. */
int domctl_max_vcpus(struct hypercall *call, struct xen_domctl *op, struct domain *d)
{
    uint32_t max = op->u.max_vcpus.max;

    if (!max || max > d->max_vcpus || d->dying != DOMAIN_ALIVE)
        return -XEN_EINVAL;
    for (uint32_t id = 0; id < max; id++) {
        if (domain_vcpu(d, id))
            continue;
        int error = vcpu_create(d, id, NULL);
        if (error)
            return error;
        if (id + 1 < max && hypercall_should_yield())
            return -XEN_ERESTART;
    }
    return 0;
}

#define AFFINITY_KNOWN (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT | XEN_VCPUAFFINITY_FORCE)

/* The vCPU that the call names. */
static int find_affinity_vcpu(const struct xen_domctl_vcpuaffinity *op, const struct domain *d, struct vcpu **v)
{
    if (!(op->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)) || (op->flags & ~AFFINITY_KNOWN))
        return -XEN_EINVAL;
    *v = domain_vcpu(d, op->vcpu);
    return *v ? 0 : -XEN_ESRCH;
}

/* Tells the caller what its setting amounts to on this machine. */
static int report_effective(const struct xen_domctl_vcpuaffinity *op, const struct vcpu *v)
{
    cpu_mask_t hard = cpu_mask_and(v->scheduler.hard_affinity, cpu_mask_pool());
    int error = 0;

    if (op->flags & XEN_VCPUAFFINITY_HARD)
        error = cpu_mask_to_guest(&op->cpumap_hard, hard);
    if (!error && (op->flags & XEN_VCPUAFFINITY_SOFT))
        error = cpu_mask_to_guest(&op->cpumap_soft, cpu_mask_and(v->scheduler.soft_affinity, hard));
    return error;
}

int domctl_setvcpuaffinity(struct hypercall *call, struct xen_domctl *op, struct domain *d)
{
    const struct xen_domctl_vcpuaffinity *affinity = &op->u.vcpuaffinity;
    bool has_hard = affinity->flags & XEN_VCPUAFFINITY_HARD, has_soft = affinity->flags & XEN_VCPUAFFINITY_SOFT;
    cpu_mask_t hard, soft;
    struct vcpu *v;

    int error = find_affinity_vcpu(affinity, d, &v);
    if (!error && has_hard)
        error = cpu_mask_from_guest(&hard, &affinity->cpumap_hard);
    if (!error && has_soft)
        error = cpu_mask_from_guest(&soft, &affinity->cpumap_soft);
    if (!error)
        error = scheduler_set_affinity(v, has_hard ? &hard : NULL, has_soft ? &soft : NULL);
    return error ? error : report_effective(affinity, v);
}

int domctl_getvcpuaffinity(struct hypercall *call, struct xen_domctl *op, struct domain *d)
{
    const struct xen_domctl_vcpuaffinity *affinity = &op->u.vcpuaffinity;
    struct vcpu *v;

    int error = find_affinity_vcpu(affinity, d, &v);
    if (!error && (affinity->flags & XEN_VCPUAFFINITY_HARD))
        error = cpu_mask_to_guest(&affinity->cpumap_hard, v->scheduler.hard_affinity);
    if (!error && (affinity->flags & XEN_VCPUAFFINITY_SOFT))
        error = cpu_mask_to_guest(&affinity->cpumap_soft, v->scheduler.soft_affinity);
    return error;
}

int domctl_getvcpuinfo(struct hypercall *call, struct xen_domctl *op, struct domain *d)
{
    struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
    struct vcpu *v = domain_vcpu(d, info->vcpu);

    if (!v)
        return -XEN_ESRCH;
    info->online = v->is_up;
    info->blocked = v->is_blocked;
    info->running = v->scheduler.is_on_cpu;
    info->cpu_time = scheduler_vcpu_time_ns(v);
    info->cpu = v->scheduler.cpu;
    return 0;
}

int domctl_scheduler_op(struct hypercall *call, struct xen_domctl *op, struct domain *d)
{
    struct xen_domctl_scheduler_op *scheduler = &op->u.scheduler_op;
    struct scheduler_parameters parameters = scheduler_get_parameters(d);

    if (scheduler->sched_id != XEN_SCHEDULER_CREDIT2)
        return -XEN_EINVAL;
    switch (scheduler->cmd) {
    case XEN_DOMCTL_SCHEDOP_getinfo:
        scheduler->u.credit2.weight = parameters.weight;
        scheduler->u.credit2.cap = parameters.cap;
        return 0;
    case XEN_DOMCTL_SCHEDOP_putinfo:
        if (scheduler->u.credit2.weight) /* 0 and ~0: as it is */
            parameters.weight = scheduler->u.credit2.weight;
        if (scheduler->u.credit2.cap != (uint16_t)~0)
            parameters.cap = scheduler->u.credit2.cap;
        return scheduler_set_parameters(d, parameters);
    default: /* weight and cap are a domain's, not a vCPU's */
        return -XEN_EINVAL;
    }
}
