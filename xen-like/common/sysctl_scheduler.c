/* SPDX-License-Identifier: MIT */
/* Sysctls on scheduling: there is one scheduler, shown as credit2, and one pool of CPUs, number 0, with all of them. */
#include "sysctl.h"

#include "arch.h"

#define ONLY_POOL 0u

int sysctl_sched_id(struct hypercall *call, struct xen_sysctl *op)
{
    op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
    return 0;
}

int sysctl_scheduler_op(struct hypercall *call, struct xen_sysctl *op)
{
    struct xen_sysctl_scheduler_op *scheduler = &op->u.scheduler_op;
    if (scheduler->cpupool_id != ONLY_POOL)
        return -XEN_ESRCH;
    if (scheduler->sched_id != XEN_SCHEDULER_CREDIT2)
        return -XEN_EINVAL;
    if (scheduler->cmd != XEN_SYSCTL_SCHEDOP_getinfo)
        return -XEN_EOPNOTSUPP;
    scheduler->u.sched_credit2.ratelimit_us = 0; /* a waking vCPU never waits for the running one's minimum */
    return 0;
}

static uint32_t count_domains(void)
{
    uint32_t count = 0, next = 0;
    struct domain *d;
    while (next < DOMAIN_MAX && (d = domain_get_next((domid_t)next))) {
        next = d->id + 1u;
        count++;
        domain_put(d);
    }
    return count;
}

static int pool_info(struct xen_sysctl_cpupool_op *pool)
{
    /* The first pool from this number on, or any. */
    if (pool->cpupool_id != ONLY_POOL && pool->cpupool_id != XEN_SYSCTL_CPUPOOL_PAR_ANY)
        return -XEN_ENOENT;
    pool->cpupool_id = ONLY_POOL;
    pool->sched_id = XEN_SCHEDULER_CREDIT2;
    pool->n_dom = count_domains();
    return cpu_mask_to_guest(&pool->cpumap, cpu_mask_pool());
}

static int pool_move_domain(const struct xen_sysctl_cpupool_op *pool)
{
    if (pool->cpupool_id != ONLY_POOL)
        return -XEN_ENOENT;
    struct domain *d = pool->domid < DOMAIN_MAX ? domain_get((domid_t)pool->domid) : NULL;
    if (!d)
        return -XEN_EINVAL;
    domain_put(d);
    return 0; /* it is in it */
}

int sysctl_cpupool_op(struct hypercall *call, struct xen_sysctl *op)
{
    struct xen_sysctl_cpupool_op *pool = &op->u.cpupool_op;
    switch (pool->op) {
    case XEN_SYSCTL_CPUPOOL_OP_INFO: return pool_info(pool);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO: return cpu_mask_to_guest(&pool->cpumap, (cpu_mask_t){ 0 });
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN: return pool_move_domain(pool);
    default: return -XEN_EOPNOTSUPP;
    }
}
