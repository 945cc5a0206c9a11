/* SPDX-License-Identifier: MIT */
/*
 * The policy: proportional share by virtual time. A vCPU's virtual time is its run time divided by its domain's weight
 * (256 is 1); who has the lowest runs next, so over time each gets its weight's share. Virtual times are comparable
 * across CPUs, which lets a CPU take over a vCPU that has fallen behind in another's queue.
 *
 * Bounds: a woken vCPU is at most WAKE_CREDIT_NS of its own run time ahead of the others, however long it slept; one
 * that comes from another CPU at most MOVE_LIMIT_NS ahead or behind. So nobody waits without end, and sleeping earns
 * latency, not time.
 *
 * A cap is a budget of the whole domain for each period of SCHEDULER_CAP_PERIOD_NS. What it uses too much, because
 * slices have a minimum, is taken from the next period's.
 */
#include "scheduler_policy.h"

#include "arch.h"

#define WAKE_CREDIT_NS (5 * NS_PER_MS)
#define MOVE_LIMIT_NS (50 * NS_PER_MS)
#define MOVE_THRESHOLD_NS (2 * SCHEDULER_SLICE_NS) /* of virtual time: less is noise of slices */
#define SLICE_MINIMUM_NS (500 * NS_PER_US)

static uint64_t scaled(const struct vcpu *v, uint64_t ns)
{
    uint32_t weight = v->domain->scheduler.weight;
    return weight == SCHEDULER_DEFAULT_WEIGHT ? ns : ns * SCHEDULER_DEFAULT_WEIGHT / weight;
}

static int64_t budget_ns(const struct domain *d) { return (int64_t)(d->scheduler.cap * SCHEDULER_CAP_PERIOD_NS / 100); }

static void share_charge(struct vcpu *v, uint64_t ran_ns)
{
    v->scheduler.virtual_time_ns += scaled(v, ran_ns);
    if (v->domain->scheduler.cap)
        v->domain->scheduler.cap_used_ns += (int64_t)ran_ns;
}

static void share_place(struct vcpu *v, uint64_t floor_ns, enum scheduler_placement placement)
{
    uint64_t *virtual_time_ns = &v->scheduler.virtual_time_ns;
    uint64_t ahead = scaled(v, placement == PLACE_WOKEN ? WAKE_CREDIT_NS : MOVE_LIMIT_NS);
    uint64_t earliest = floor_ns > ahead ? floor_ns - ahead : 0;

    if (*virtual_time_ns < earliest)
        *virtual_time_ns = earliest;
    if (placement == PLACE_MOVED)
        *virtual_time_ns = MIN(*virtual_time_ns, floor_ns + scaled(v, MOVE_LIMIT_NS));
}

static bool share_precedes(const struct vcpu *a, const struct vcpu *b)
{
    return a->scheduler.virtual_time_ns < b->scheduler.virtual_time_ns;
}

static bool share_deserves_move(uint64_t virtual_time_ns, const struct vcpu *b)
{
    return virtual_time_ns + MOVE_THRESHOLD_NS < b->scheduler.virtual_time_ns;
}

static uint64_t share_slice_ns(const struct vcpu *v)
{
    const struct domain *d = v->domain;

    if (likely(!d->scheduler.cap))
        return SCHEDULER_SLICE_NS;
    /* Others of the domain may run at the same time and use the same budget. */
    int64_t left = (budget_ns(d) - d->scheduler.cap_used_ns) / (int64_t)d->max_vcpus;
    return MIN(SCHEDULER_SLICE_NS, (uint64_t)MAX(left, (int64_t)SLICE_MINIMUM_NS));
}

static bool share_is_exhausted(const struct vcpu *v)
{
    const struct domain *d = v->domain;
    return unlikely(d->scheduler.cap != 0) && d->scheduler.cap_used_ns >= budget_ns(d);
}

const struct scheduler_policy scheduler_share = {
    .charge = share_charge,
    .place = share_place,
    .precedes = share_precedes,
    .deserves_move = share_deserves_move,
    .slice_ns = share_slice_ns,
    .is_exhausted = share_is_exhausted,
};

/* --- domains ----------------------------------------------------------------------------------------------------- */

static void unpark_all(struct domain *d)
{
    DOMAIN_FOR_EACH_VCPU(d, v)
        scheduler_unpark(v);
}

static void start_period(void *data)
{
    struct domain *d = data;
    int64_t used = d->scheduler.cap_used_ns, budget = budget_ns(d);

    d->scheduler.cap_used_ns -= MIN(used, budget);
    if (d->scheduler.cap)
        timer_set(&d->scheduler.cap_timer, arch_time_ns() + SCHEDULER_CAP_PERIOD_NS);
    unpark_all(d);
}

void scheduler_domain_init(struct domain *d)
{
    d->scheduler.weight = SCHEDULER_DEFAULT_WEIGHT;
    timer_init(&d->scheduler.cap_timer, start_period, d, d->id % arch_cpu_count());
}

void scheduler_domain_remove(struct domain *d) { timer_kill(&d->scheduler.cap_timer); }

int scheduler_set_parameters(struct domain *d, struct scheduler_parameters parameters)
{
    if (!parameters.weight || parameters.cap > 100 * d->max_vcpus)
        return -XEN_EINVAL;
    bool had_cap = d->scheduler.cap;
    d->scheduler.weight = parameters.weight;
    d->scheduler.cap = parameters.cap;
    if (parameters.cap && !had_cap) {
        d->scheduler.cap_used_ns = 0;
        timer_set(&d->scheduler.cap_timer, arch_time_ns() + SCHEDULER_CAP_PERIOD_NS);
    } else if (!parameters.cap) {
        timer_stop(&d->scheduler.cap_timer);
        unpark_all(d);
    }
    return 0;
}

struct scheduler_parameters scheduler_get_parameters(const struct domain *d)
{
    return (struct scheduler_parameters){ (uint16_t)d->scheduler.weight, (uint16_t)d->scheduler.cap };
}
