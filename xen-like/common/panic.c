/* SPDX-License-Identifier: MIT */
/* What the machine does when it cannot go on: says why, stops all CPUs, halts. Contract in panic.h. */
#include "panic.h"

#include "arch_host.h"
#include "console.h"
#include "lock.h"
#include "printk.h"

enum { NOT_REPORTING, BEGUN, REPORTING };
static int state;
static volatile uint32_t reporter = ~0u; /* the CPU that has begun */

void panic_begin(void)
{
    int expected = NOT_REPORTING;

    arch_interrupts_save();
    if (!__atomic_compare_exchange_n(&state, &expected, BEGUN, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        arch_halt();
    reporter = arch_cpu_id();
    arch_stop_other_cpus();
    lock_forget_held();
    console_break_lock();
    printk(LOG_ALWAYS, "****************************************");
}

/* The CPU that has called panic_begin goes on. */
static void begin_report(void)
{
    if (__atomic_load_n(&state, __ATOMIC_SEQ_CST) != BEGUN || reporter != arch_cpu_id())
        panic_begin();
    __atomic_store_n(&state, REPORTING, __ATOMIC_SEQ_CST);
}

static void end_report(void)
{
    printk(LOG_ALWAYS, "The machine is halted: reset it to start again.");
    printk(LOG_ALWAYS, "****************************************");
    arch_halt();
}

void panic_forget(void)
{
    reporter = ~0u;
    __atomic_store_n(&state, NOT_REPORTING, __ATOMIC_SEQ_CST);
}

void panic(const char *format, ...)
{
    va_list arguments;

    begin_report();
    printk(LOG_ALWAYS, "Panic on CPU %u:", arch_cpu_id());
    va_start(arguments, format);
    vprintk(LOG_ALWAYS, format, arguments);
    va_end(arguments);
    arch_print_backtrace();
    end_report();
    __builtin_unreachable();
}

void bug(const char *file, unsigned int line, const char *what)
{
    begin_report();
    printk(LOG_ALWAYS, "BUG on CPU %u at %s:%u: %s", arch_cpu_id(), file, line, what);
    arch_print_backtrace();
    end_report();
    __builtin_unreachable();
}
