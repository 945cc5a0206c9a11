/* SPDX-License-Identifier: MIT */
/* The writers of guests' time structures; each follows its version counter's protocol: odd while it is being changed. */
#include <stdatomic.h>

#include "arch.h"
#include "host_time.h"
#include "pvclock.h"

static DEFINE_SPINLOCK(wallclock_lock, LOCK_RANK_HARDWARE);
static uint32_t wallclock_nanoseconds; /* of UTC at time 0; its seconds are host_clock's */

/* --- time of a vCPU ------------------------------------------------------------------------------------------------ */

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

/* --- UTC ------------------------------------------------------------------------------------------------------------ */

void arch_wallclock(uint64_t *seconds, uint32_t *nanoseconds)
{
    *seconds = host_clock.wallclock_seconds_at_boot;
    *nanoseconds = wallclock_nanoseconds;
}

static void write_wallclock(struct domain *d)
{
    struct shared_info *shared = d->shared_info;
    uint64_t seconds = host_clock.wallclock_seconds_at_boot + (uint64_t)d->arch.time_offset_seconds;
    uint32_t version = (shared->wc_version + 1) | 1;
    __atomic_store_n(&shared->wc_version, version, __ATOMIC_RELAXED);
    atomic_thread_fence(memory_order_release);
    shared->wc_sec = (uint32_t)seconds;
    shared->xen_wc_sec_hi = (uint32_t)(seconds >> 32);
    shared->wc_nsec = wallclock_nanoseconds;
    __atomic_store_n(&shared->wc_version, version + 1, __ATOMIC_RELEASE);
}

void wallclock_fill(struct domain *d)
{
    spin_lock(&wallclock_lock);
    write_wallclock(d);
    spin_unlock(&wallclock_lock);
}

void wallclock_set_offset(struct domain *d, int64_t seconds)
{
    spin_lock(&wallclock_lock);
    d->arch.time_offset_seconds = seconds;
    write_wallclock(d);
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
        if (d->shared_info)
            wallclock_fill(d);
        domain_put(d);
        d = domain_get_next(next);
    }
}
