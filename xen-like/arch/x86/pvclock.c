/* SPDX-License-Identifier: MIT */
/*
 * Time for guests. A vCPU's time structure maps its TSC to the hypervisor's clock: host time is one linear function
 * of the TSC since boot, so a structure once written stays true, and is rewritten only where the vCPU's info area
 * moves or its TSC offset changes. UTC at time 0 is the CMOS clock's until domain 0 sets it. Each writer follows the
 * structure's version counter's protocol: odd while it is being changed.
 */
#include "arch.h"
#include "host_time.h"

static DEFINE_SPINLOCK(wallclock_lock, LOCK_RANK_HARDWARE);
static uint32_t wallclock_nanoseconds; /* of UTC at time 0; its seconds are host_clock's */

/* --- time of a vCPU --------------------------------------------------------------------------------------------- */

void arch_vcpu_fill_time(struct vcpu *v, struct vcpu_time_info *time)
{
    *time = (struct vcpu_time_info){
        .tsc_timestamp = host_clock.tsc_base + v->arch.tsc_offset,
        .system_time = 0,
        .tsc_to_system_mul = host_clock.tsc_multiplier,
        .tsc_shift = host_clock.tsc_shift,
        .flags = XEN_PVCLOCK_TSC_STABLE_BIT, /* all CPUs' structures agree: host time itself rests on that */
    };
}

void arch_vcpu_update_time(struct vcpu *v)
{
    struct vcpu_time_info *time = &v->info->time, next;
    arch_vcpu_fill_time(v, &next);
    uint32_t version = (time->version + 1) | 1; /* odd, and not what it was */
    __atomic_store_n(&time->version, version, __ATOMIC_RELAXED);
    atomic_thread_fence(memory_order_release);
    time->tsc_timestamp = next.tsc_timestamp;
    time->system_time = next.system_time;
    time->tsc_to_system_mul = next.tsc_to_system_mul;
    time->tsc_shift = next.tsc_shift;
    time->flags = next.flags;
    __atomic_store_n(&time->version, version + 1, __ATOMIC_RELEASE);
}

/* --- UTC -------------------------------------------------------------------------------------------------------- */

void arch_wallclock(uint64_t *seconds, uint32_t *nanoseconds)
{
    spin_lock(&wallclock_lock);
    *seconds = host_clock.wallclock_seconds_at_boot;
    *nanoseconds = wallclock_nanoseconds;
    spin_unlock(&wallclock_lock);
}

void wallclock_set(uint64_t seconds, uint32_t nanoseconds, uint64_t at_ns)
{
    unsigned __int128 utc_ns = (unsigned __int128)seconds * NS_PER_S + nanoseconds;
    uint64_t boot_ns = utc_ns > at_ns ? (uint64_t)(utc_ns - at_ns) : 0;
    spin_lock(&wallclock_lock);
    host_clock.wallclock_seconds_at_boot = boot_ns / NS_PER_S;
    wallclock_nanoseconds = (uint32_t)(boot_ns % NS_PER_S);
    spin_unlock(&wallclock_lock);
    for (struct domain *d = domain_get_next(0); d;) {
        domid_t next = (domid_t)(d->id + 1);
        spin_lock(&d->lock); /* a domain that is alive has its shared page while the lock is held */
        if (d->dying == DOMAIN_ALIVE)
            domain_update_wallclock(d);
        spin_unlock(&d->lock);
        domain_put(d);
        d = domain_get_next(next);
    }
}
