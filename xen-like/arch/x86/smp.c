/* SPDX-License-Identifier: MIT */
/* Starts the secondary CPUs one by one through a page below 1 MiB, and runs functions on other CPUs. */
#include "smp.h"

#include "acpi.h"
#include "boot_memory.h"
#include "cpu.h"
#include "host_time.h"
#include "lapic.h"
#include "paging.h"
#include "panic.h"
#include "printk.h"
#include "string.h"
#include "traps.h"
#include "vectors.h"

#define TRAMPOLINE_LIMIT 0xa0000u
#define START_TIMEOUT_MS 1000u

struct call {
    void (*fn)(void *arg);
    void *arg;
    _Atomic bool is_done;
};

extern const char trampoline_start[], trampoline_end[];

/* What boot.S gives a CPU that starts; one starts at a time. */
extern struct cpu *secondary_cpu;
extern void *secondary_stack_top;
extern uint64_t secondary_page_root;
struct cpu *secondary_cpu;
void *secondary_stack_top;
uint64_t secondary_page_root;

void start_secondary(struct cpu *cpu);

static struct call *_Atomic mailbox[MAX_CPUS]; /* what each CPU is asked to do */
static _Atomic bool is_released, is_refused;

static void ignore_kick(uint8_t vector) {}

static void handle_call(uint8_t vector) { smp_answer_calls(); }

/* First C code of a secondary CPU: on its own stack, with the final page tables. */
void start_secondary(struct cpu *cpu)
{
    cpu_start_secondary(cpu);
    traps_load();
    if (!cpu_has_same_features()) {
        is_refused = true;
        arch_halt();
    }
    cpu_enable_features();
    lapic_start();
    cpu->is_online = true;
    while (!is_released) {
        smp_answer_calls();
        arch_relax();
    }
    keel_secondary_main();
}

static bool wait_until_online(const struct cpu *cpu, uint32_t milliseconds)
{
    for (uint32_t waited = 0; waited < milliseconds * 10 && !is_refused; waited++) {
        if (cpu->is_online)
            return true;
        time_delay_us(100);
    }
    return cpu->is_online;
}

static bool start_cpu(struct cpu *cpu, paddr_t trampoline)
{
    is_refused = false;
    cpu->stack_top = map_stack(CPU_STACK_SIZE);
    secondary_cpu = cpu;
    secondary_stack_top = cpu->stack_top;
    secondary_page_root = paging_root();
    lapic_send_init(cpu->apic_id);
    time_delay_us(10000);
    lapic_send_startup(cpu->apic_id, (uint8_t)(trampoline >> PAGE_SHIFT));
    if (wait_until_online(cpu, 1))
        return true;
    /* Once more, as the manuals ask; a CPU that is under way ignores it. */
    lapic_send_startup(cpu->apic_id, (uint8_t)(trampoline >> PAGE_SHIFT));
    return wait_until_online(cpu, START_TIMEOUT_MS);
}

static void read_other_tsc(void *tsc) { *(uint64_t *)tsc = read_tsc(); }

static void check_tsc(uint32_t cpu)
{
    uint64_t other, before = read_tsc();
    smp_call(cpu, read_other_tsc, &other);
    if (other < before || other > read_tsc())
        log_warning("CPU %u's TSC differs from CPU 0's: time will jump for vCPUs that move between them", cpu);
}

void smp_start_secondaries(void)
{
    const struct acpi_machine *m = &acpi_machine;
    void *page = boot_alloc_pages_below(1, TRAMPOLINE_LIMIT);

    register_interrupt_vector(VECTOR_KICK, ignore_kick);
    register_interrupt_vector(VECTOR_CALL, handle_call);
    memcpy(page, trampoline_start, (size_t)(trampoline_end - trampoline_start));
    for (uint32_t i = 0; i < m->processor_count; i++) {
        if (m->processors[i].apic_id == this_cpu()->apic_id)
            continue;
        struct cpu *cpu = cpu_add(m->processors[i].apic_id, m->processors[i].acpi_id);
        if (!cpu)
            break;
        if (start_cpu(cpu, direct_map_to_physical(page))) {
            check_tsc(cpu->id);
            continue;
        }
        log_warning("The CPU with APIC id %u %s; going on without it", cpu->apic_id,
                    is_refused ? "lacks features of the first one" : "does not start");
        lapic_send_init(cpu->apic_id);
        cpu_remove_last();
    }
    memset(page, 0, PAGE_SIZE);
    boot_memory_release(direct_map_to_physical(page), PAGE_SIZE);
    log_info("%u of %u CPUs are up", cpu_count(), m->processor_count);
}

void smp_release_secondaries(void) { is_released = true; }

void smp_answer_calls(void)
{
    struct call *call = mailbox[arch_cpu_id()];
    if (call) {
        mailbox[arch_cpu_id()] = NULL;
        call->fn(call->arg);
        call->is_done = true;
    }
}

void smp_call(uint32_t cpu, void (*fn)(void *arg), void *arg)
{
    struct call call = { .fn = fn, .arg = arg };
    unsigned long interrupts = arch_interrupts_save();

    BUG_ON(!cpu_of(cpu));
    if (cpu == arch_cpu_id()) {
        fn(arg);
    } else {
        struct call *expected = NULL;
        while (!__atomic_compare_exchange_n((struct call **)&mailbox[cpu], &expected, &call, false, __ATOMIC_SEQ_CST,
                                            __ATOMIC_RELAXED)) {
            expected = NULL;
            smp_answer_calls();
            arch_relax();
        }
        lapic_send_interrupt(cpu_of(cpu)->apic_id, VECTOR_CALL);
        while (!call.is_done) {
            smp_answer_calls();
            arch_relax();
        }
    }
    arch_interrupts_restore(interrupts);
}

void smp_send_kick(uint32_t cpu)
{
    const struct cpu *target = cpu_of(cpu);
    if (target) {
        unsigned long interrupts = arch_interrupts_save();
        lapic_send_interrupt(target->apic_id, VECTOR_KICK);
        arch_interrupts_restore(interrupts);
    }
}
