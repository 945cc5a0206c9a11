/* SPDX-License-Identifier: MIT */
/*
 * What each CPU does for ever: due timers, choose a vCPU, run it; without one, zero free pages, or idle. The CPU's one
 * stack starts here.
 */
#include "arch.h"

struct cpu_state {
    struct vcpu *loaded;      /* whose registers this CPU holds */
    struct timer slice_timer; /* its handler has nothing to do: firing brings the CPU here */
};

static struct cpu_state states[SCHEDULER_MAX_CPUS];

struct vcpu *cpu_loaded_vcpu(void) { return states[arch_cpu_id()].loaded; }

static void slice_ended(void *data) {}

void cpu_loop_init_cpu(uint32_t cpu)
{
    states[cpu].loaded = NULL;
    timer_init(&states[cpu].slice_timer, slice_ended, NULL, cpu);
}

static void switch_to(struct cpu_state *state, struct vcpu *next, uint32_t cpu)
{
    struct vcpu *previous = state->loaded;

    if (previous) {
        arch_vcpu_switch_out(previous);
        vcpu_write_runstate(previous);
        state->loaded = NULL;
        scheduler_switched_out(previous);
    }
    if (next) {
        vcpu_move_timers(next, cpu);
        vcpu_write_runstate(next);
        arch_vcpu_switch_in(next);
        state->loaded = next;
    }
}

static void set_slice_timer(struct cpu_state *state, uint64_t end_ns)
{
    struct timer *timer = &state->slice_timer;

    if (end_ns == ~0ull) {
        if (timer->is_queued)
            timer_stop(timer);
    } else if (!timer->is_queued || timer->deadline_ns != end_ns) {
        timer_set(timer, end_ns);
    }
}

void cpu_loop_step(void)
{
    uint32_t cpu = arch_cpu_id();
    struct cpu_state *state = &states[cpu];
    uint64_t slice_end_ns;

    lock_assert_none_held();
    timers_run();
    struct vcpu *next = scheduler_pick(arch_time_ns(), &slice_end_ns);
    if (next != state->loaded)
        switch_to(state, next, cpu);
    set_slice_timer(state, slice_end_ns);
    if (next)
        arch_vcpu_run(next);
    else if (page_zero_waiting())
        arch_take_interrupts();
    else
        arch_idle();
}

void cpu_loop(void)
{
    for (;;)
        cpu_loop_step();
}
