/* SPDX-License-Identifier: MIT */
/*
 * The local APIC's timer: it counts down in bus cycles of LAPIC_BUS_CYCLE_NS times the divider, on a timer of the
 * hypervisor. A periodic timer that has fallen behind (its vCPU was paused) ticks once and goes on from now.
 */
#include "virtual_lapic.h"

#define PERIOD_MINIMUM_NS (20 * NS_PER_US) /* a guest cannot make the hypervisor do nothing but its ticks */

static uint32_t divider(const struct virtual_lapic *lapic)
{
    uint32_t code = (lapic->divide & 3) | (lapic->divide >> 1 & 4);
    return code == 7 ? 1 : 2u << code;
}

static uint64_t tick_ns(const struct virtual_lapic *lapic) { return (uint64_t)divider(lapic) * LAPIC_BUS_CYCLE_NS; }

static bool is_periodic(const struct virtual_lapic *lapic) { return lapic->lvt[LVT_TIMER] & LVT_TIMER_PERIODIC; }

static void timer_expired(void *data)
{
    struct virtual_lapic *lapic = data;
    uint32_t lvt = lapic->lvt[LVT_TIMER];
    if (is_periodic(lapic) && lapic->initial_count) {
        uint64_t period_ns = MAX(lapic->initial_count * tick_ns(lapic), PERIOD_MINIMUM_NS);
        uint64_t now_ns = arch_time_ns();
        uint64_t next_ns = lapic->timer.deadline_ns + period_ns;
        if (next_ns <= now_ns)
            next_ns = now_ns + period_ns;
        lapic->timer_start_ns = next_ns - period_ns;
        timer_set(&lapic->timer, next_ns);
    }
    if (!(lvt & LVT_MASKED))
        virtual_lapic_inject(lapic->vcpu, (uint8_t)lvt, false);
}

void virtual_lapic_timer_restart(struct virtual_lapic *lapic)
{
    timer_stop(&lapic->timer);
    if (!lapic->initial_count)
        return;
    if (lapic->timer.cpu != arch_cpu_id())
        timer_migrate(&lapic->timer, arch_cpu_id());
    lapic->timer_start_ns = arch_time_ns();
    timer_set(&lapic->timer, lapic->timer_start_ns + lapic->initial_count * tick_ns(lapic));
}

uint32_t virtual_lapic_timer_count(const struct virtual_lapic *lapic)
{
    if (!lapic->initial_count)
        return 0;
    uint64_t ticks = (arch_time_ns() - lapic->timer_start_ns) / tick_ns(lapic);
    if (is_periodic(lapic))
        ticks %= lapic->initial_count;
    return ticks >= lapic->initial_count ? 0 : lapic->initial_count - (uint32_t)ticks;
}

void virtual_lapic_timer_create(struct virtual_lapic *lapic)
{
    timer_init(&lapic->timer, timer_expired, lapic, arch_cpu_id());
}

void virtual_lapic_timer_free(struct virtual_lapic *lapic) { timer_kill(&lapic->timer); }
