/* SPDX-License-Identifier: MIT */
/* What the machine does when it cannot go on: says why, stops all CPUs, halts. Contract in panic.h. */
#include "panic.h"

#include "arch_host.h"
#include "console.h"
#include "lock.h"
#include "printk.h"

static bool is_reporting;

/*
 * The first CPU to fail reports. A second failure on it (in the report itself) or one on another CPU just halts that
 * CPU, so that the first report stays readable.
 */
static void begin_report(void)
{
    arch_interrupts_save();
    if (__atomic_exchange_n(&is_reporting, true, __ATOMIC_SEQ_CST))
        arch_halt();
    arch_stop_other_cpus();
    lock_forget_held();
    console_break_lock();
    printk(LOG_ERROR, "****************************************");
}

static void end_report(void)
{
    printk(LOG_ERROR, "The machine is halted: reset it to start again.");
    printk(LOG_ERROR, "****************************************");
    arch_halt();
}

void panic_forget(void)
{
    __atomic_store_n(&is_reporting, false, __ATOMIC_SEQ_CST);
}

void panic(const char *format, ...)
{
    va_list arguments;

    begin_report();
    printk(LOG_ERROR, "Panic on CPU %u:", arch_cpu_id());
    va_start(arguments, format);
    vprintk(LOG_ERROR, format, arguments);
    va_end(arguments);
    arch_print_backtrace();
    end_report();
    __builtin_unreachable();
}

void bug(const char *file, unsigned int line, const char *what)
{
    begin_report();
    printk(LOG_ERROR, "BUG on CPU %u at %s:%u: %s", arch_cpu_id(), file, line, what);
    arch_print_backtrace();
    end_report();
    __builtin_unreachable();
}
