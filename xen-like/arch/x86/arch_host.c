/* SPDX-License-Identifier: MIT */
/* The lowest part of the seam (arch_host.h), and the machine's clock (arch.h), in terms of this directory's modules. */
#include "arch.h"
#include "arch_host.h"
#include "cpu.h"
#include "host_time.h"
#include "serial.h"

uint32_t arch_cpu_id(void) { return this_cpu()->id; }

uint64_t arch_time_ns(void) { return host_clock.tsc_khz ? host_time_ns() : 0; }

void arch_relax(void) { __asm__ volatile("pause" : : : "memory"); }

unsigned long arch_interrupts_save(void)
{
    unsigned long flags;
    __asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
    return flags & RFLAGS_IF;
}

void arch_interrupts_restore(unsigned long state)
{
    if (state)
        interrupts_on();
}

void arch_console_write(const char *bytes, size_t count) { serial_write(bytes, count); }

void arch_halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt" : : : "memory");
}
