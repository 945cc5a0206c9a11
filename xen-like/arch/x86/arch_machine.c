/* SPDX-License-Identifier: MIT */
/* The machine's part of the seam (arch.h) in terms of the host layer: kicks, idling, timers, memory. */
#include "arch.h"
#include "cpu.h"
#include "lapic.h"
#include "paging.h"
#include "registers.h"
#include "smp.h"

#define EXIT_TIME_LIMIT_NS (NS_PER_MS / 2)

uint32_t arch_cpu_count(void) { return cpu_count(); }

void arch_timer_set(uint64_t deadline_ns)
{
    if (this_cpu()->timer_deadline_ns != deadline_ns)
        lapic_timer_set_deadline_ns(deadline_ns);
}

void arch_cpu_kick(uint32_t cpu)
{
    if (cpu != arch_cpu_id())
        smp_send_kick(cpu);
}

void arch_cpu_request_loop(uint32_t id)
{
    struct cpu *cpu = cpu_of(id);
    if (!atomic_exchange(&cpu->pending, 1))
        arch_cpu_kick(id);
}

bool arch_should_yield(void)
{
    struct cpu *cpu = this_cpu();
    uint64_t now = arch_time_ns();

    /* The first question in an exit starts its clock: most exits never ask, and need not read it. */
    if (!cpu->exit_start_ns)
        cpu->exit_start_ns = now;
    return cpu->pending || now - cpu->exit_start_ns > EXIT_TIME_LIMIT_NS;
}

void arch_idle(void)
{
    struct cpu *cpu = this_cpu();

    if (!cpu->pending)
        interrupts_wait(); /* interrupts open only with the halt: one that makes a request cannot slip in between */
    cpu->pending = 0;
}

void arch_take_interrupts(void)
{
    interrupts_window();
    this_cpu()->pending = 0; /* whatever was asked for, the loop looks at everything */
}

void *arch_mfn_to_virtual(mfn_t mfn) { return mfn_to_virt(mfn.value); }
mfn_t arch_virtual_to_mfn(const void *pointer) { return make_mfn(virt_to_mfn(pointer)); }
