/* SPDX-License-Identifier: MIT */
/* Handing the machine over to the core: its memory, and each CPU. */
#include "boot_memory.h"
#include "cpu.h"
#include "smp.h"
#include "traps.h"
#include "vectors.h"
#include "virtualization.h"

static void give_to_allocator(uint64_t start, uint64_t end, void *data) { page_allocator_add(start, end); }

void arch_start_memory(void)
{
    uint64_t frames = boot_memory_end() >> PAGE_SHIFT;
    struct page *table = boot_alloc_pages(ROUND_UP(frames * sizeof(*table), PAGE_SIZE) >> PAGE_SHIFT);

    page_allocator_init(table, frames);
    arch_reserve_domain_zero_memory();
    boot_memory_for_each_free(give_to_allocator, NULL);
    boot_memory_hand_over();
}

/*
 * What is due is run by cpu_loop. The hardware is off now, and may have fired early for want of range: it is set again.
 */
static void timer_fired(uint8_t vector)
{
    struct cpu *cpu = this_cpu();
    cpu->timer_deadline_ns = ~0ull;
    cpu->pending = 1;
}

void arch_start_cpu(void)
{
    if (arch_cpu_id() == 0)
        register_interrupt_vector(VECTOR_TIMER, timer_fired);
    virtualization_start();
}

void arch_release_secondaries(void) { smp_release_secondaries(); }
