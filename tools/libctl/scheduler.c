/* SPDX-License-Identifier: MIT */
/*
 * CPU pools, the schedulers that serve them, and the domains' shares.
 */
#include "hypercall.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOL_NONE UINT32_MAX
#define POOLS_MAX 4096u

static bool is_absent(int result)
{
    return result == -ENOSYS || result == -EOPNOTSUPP;
}

const char *ctl_scheduler_name(uint32_t id)
{
    switch (id) {
    case XEN_SCHEDULER_CREDIT: return "credit";
    case XEN_SCHEDULER_CREDIT2: return "credit2";
    case XEN_SCHEDULER_ARINC653: return "arinc653";
    case XEN_SCHEDULER_RTDS: return "rtds";
    case XEN_SCHEDULER_NULL: return "null";
    default: return "unknown";
    }
}

/* --- shares -------------------------------------------------------------------------------------------------- */

static int share_op(struct ctl *ctl, uint32_t domid, enum ctl_scheduler scheduler, uint32_t command,
                    struct ctl_share *share)
{
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_scheduler_op, .domain = (domid_t)domid };
    struct xen_domctl_scheduler_op *op = &domctl.u.scheduler_op;
    const char *name = scheduler == CTL_SCHEDULER_CREDIT ? "credit" : "credit2";
    int result;

    if (domid >= DOMID_FIRST_RESERVED) /* cut to 16 bits it would be another domain's */
        return ctl_fail(ctl, ESRCH, "there is no domain %u", domid);
    op->sched_id = scheduler == CTL_SCHEDULER_CREDIT ? XEN_SCHEDULER_CREDIT : XEN_SCHEDULER_CREDIT2;
    op->cmd = command;
    /* Both schedulers have the two fields in the same place. */
    op->u.credit2.weight = (uint16_t)share->weight;
    op->u.credit2.cap = (uint16_t)share->cap;
    result = hypercall_domctl(ctl, &domctl);
    if (result == -ESRCH)
        return ctl_fail(ctl, ESRCH, "there is no domain %u", domid);
    if (is_absent(result))
        return ctl_fail(ctl, EOPNOTSUPP, "this hypervisor has no shares for domains");
    if (result == -EINVAL && command == XEN_DOMCTL_SCHEDOP_putinfo && share->cap > 100)
        return ctl_fail(ctl, EINVAL, "domain %u cannot have a cap of %u percent: a cap is at most 100 for each of its vCPUs",
                        domid, share->cap);
    if (result < 0)
        return ctl_fail(ctl, -result, "domain %u has no share of the scheduler %s: %s", domid, name, strerror(-result));
    share->weight = op->u.credit2.weight;
    share->cap = op->u.credit2.cap;
    return 0;
}

int ctl_share_get(struct ctl *ctl, uint32_t domid, enum ctl_scheduler scheduler, struct ctl_share *share)
{
    *share = (struct ctl_share){ 0 };
    return share_op(ctl, domid, scheduler, XEN_DOMCTL_SCHEDOP_getinfo, share);
}

int ctl_share_set(struct ctl *ctl, uint32_t domid, enum ctl_scheduler scheduler, const struct ctl_share *share)
{
    struct ctl_share copy = *share;

    if (share->weight < 1 || share->weight > UINT16_MAX)
        return ctl_fail(ctl, EINVAL, "a weight is from 1 to %u, not %u", UINT16_MAX, share->weight);
    if (share->cap > UINT16_MAX)
        return ctl_fail(ctl, EINVAL, "a cap is from 0 to %u percent, not %u", UINT16_MAX, share->cap);
    return share_op(ctl, domid, scheduler, XEN_DOMCTL_SCHEDOP_putinfo, &copy);
}

/* --- pools --------------------------------------------------------------------------------------------------- */

static void pool_fill(struct ctl *ctl, struct ctl_pool *pool, uint32_t id, uint32_t scheduler)
{
    char *name = ctl_store_read(ctl, XBT_NULL, "/local/pool/%u/name", id);

    pool->id = id;
    if (name)
        snprintf(pool->name, sizeof(pool->name), "%s", name);
    else
        snprintf(pool->name, sizeof(pool->name), "Pool-%u", id);
    free(name);
    snprintf(pool->scheduler_name, sizeof(pool->scheduler_name), "%s", ctl_scheduler_name(scheduler));
    pool->scheduler = scheduler == XEN_SCHEDULER_CREDIT ? CTL_SCHEDULER_CREDIT
                    : scheduler == XEN_SCHEDULER_CREDIT2 ? CTL_SCHEDULER_CREDIT2 : CTL_SCHEDULER_OTHER;
}

/* The one pool of a hypervisor without pools. */
static ssize_t single_pool(struct ctl *ctl, struct ctl_pool **list)
{
    struct ctl_pool *pool = calloc(1, sizeof(*pool));
    struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_sched_id };
    struct ctl_domain *domains;
    struct ctl_host host;
    ssize_t count;
    int result = pool ? ctl_host_get(ctl, &host) : ctl_fail(ctl, ENOMEM, "there is no memory for the CPU pools");

    if (result < 0)
        goto free_pool;
    count = ctl_domain_list_bare(ctl, 0, &domains);
    result = (int)count;
    if (count < 0)
        goto free_pool;
    free(domains);
    result = hypercall_sysctl(ctl, &sysctl);
    if (result < 0) {
        ctl_fail(ctl, -result, "the hypervisor does not name its scheduler: %s", strerror(-result));
        goto free_pool;
    }
    pool_fill(ctl, pool, 0, sysctl.u.sched_id.sched_id);
    pool->domains = (uint32_t)count;
    for (uint32_t cpu = 0; cpu < host.cpus_online && cpu < CTL_CPUMAP_BYTES * 8; cpu++)
        pool->cpus[cpu / 8] |= (uint8_t)(1u << cpu % 8);
    *list = pool;
    return 1;

free_pool:
    free(pool);
    return result;
}

/* The pool of this number, or the next one there is: 1, 0 when there is none, or a negative errno without sentence. */
static int pool_get(struct ctl *ctl, uint32_t from, uint8_t *map, struct ctl_pool *pool)
{
    struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_cpupool_op };
    struct xen_sysctl_cpupool_op *op = &sysctl.u.cpupool_op;
    int result;

    op->op = XEN_SYSCTL_CPUPOOL_OP_INFO;
    op->cpupool_id = from;
    set_xen_guest_handle(op->cpumap.bitmap, map);
    op->cpumap.nr_bits = CTL_CPUMAP_BYTES * 8;
    memset(map, 0, CTL_CPUMAP_BYTES);
    result = hypercall_sysctl(ctl, &sysctl);
    if (result == -ENOENT || (result == -ESRCH))
        return 0;
    if (result < 0)
        return result;
    memset(pool, 0, sizeof(*pool));
    pool_fill(ctl, pool, op->cpupool_id, op->sched_id);
    pool->domains = op->n_dom;
    memcpy(pool->cpus, map, CTL_CPUMAP_BYTES);
    return 1;
}

ssize_t ctl_pool_list(struct ctl *ctl, struct ctl_pool **list)
{
    uint8_t *map = hypercall_alloc(ctl, CTL_CPUMAP_BYTES);
    struct ctl_pool *pools = NULL, *grown;
    uint32_t from = 0;
    size_t count = 0;
    int result;

    *list = NULL;
    if (!map)
        return ctl_fail(ctl, ENOMEM, "there is no memory for the CPU pools");
    for (;;) {
        grown = reallocarray(pools, count + 1, sizeof(*pools));
        result = grown ? 0 : -ENOMEM;
        if (!grown)
            break;
        pools = grown;
        result = pool_get(ctl, from, map, &pools[count]);
        if (result <= 0 || count >= POOLS_MAX || pools[count].id == POOL_NONE)
            break;
        from = pools[count++].id + 1;
    }
    hypercall_free(ctl, map, CTL_CPUMAP_BYTES);
    if (is_absent(result) && count == 0) {
        free(pools);
        return single_pool(ctl, list);
    }
    if (result < 0) {
        free(pools);
        return ctl_fail(ctl, -result, "the hypervisor does not list its CPU pools: %s", strerror(-result));
    }
    *list = pools;
    return (ssize_t)count;
}

static int times_op(struct ctl *ctl, const struct ctl_pool *pool, uint32_t command, struct ctl_pool_times *times)
{
    struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_scheduler_op };
    struct xen_sysctl_scheduler_op *op = &sysctl.u.scheduler_op;
    bool credit = pool->scheduler == CTL_SCHEDULER_CREDIT;
    int result;

    op->cpupool_id = pool->id;
    op->cmd = command;
    op->sched_id = credit ? XEN_SCHEDULER_CREDIT : XEN_SCHEDULER_CREDIT2;
    if (credit) {
        op->u.sched_credit.tslice_ms = times->timeslice_ms;
        op->u.sched_credit.ratelimit_us = times->ratelimit_us;
        op->u.sched_credit.vcpu_migr_delay_us = times->migration_delay_us;
    } else {
        op->u.sched_credit2.ratelimit_us = times->ratelimit_us;
    }
    result = hypercall_sysctl(ctl, &sysctl);
    if (is_absent(result))
        return ctl_fail(ctl, EOPNOTSUPP, "the scheduler of this hypervisor has no parameters of its own");
    if (result < 0)
        return ctl_fail(ctl, -result, "the scheduler of pool %s refuses its parameters: %s", pool->name,
                        strerror(-result));
    times->timeslice_ms = credit ? op->u.sched_credit.tslice_ms : 0;
    times->migration_delay_us = credit ? op->u.sched_credit.vcpu_migr_delay_us : 0;
    times->ratelimit_us = credit ? op->u.sched_credit.ratelimit_us : op->u.sched_credit2.ratelimit_us;
    return 0;
}

int ctl_pool_times_get(struct ctl *ctl, const struct ctl_pool *pool, struct ctl_pool_times *times)
{
    *times = (struct ctl_pool_times){ 0 };
    return times_op(ctl, pool, XEN_SYSCTL_SCHEDOP_getinfo, times);
}

int ctl_pool_times_set(struct ctl *ctl, const struct ctl_pool *pool, const struct ctl_pool_times *times)
{
    struct ctl_pool_times copy = *times;

    return times_op(ctl, pool, XEN_SYSCTL_SCHEDOP_putinfo, &copy);
}
