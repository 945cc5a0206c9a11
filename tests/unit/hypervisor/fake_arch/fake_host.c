/* SPDX-License-Identifier: MIT */
/* The fake of arch_host.h for unit tests: a console that is a buffer, and a halt that a test can catch. */
#include "fake_host.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch_host.h"
#include "panic.h"
#include "symbols.h"

_Thread_local uint32_t fake_cpu;
uint64_t fake_time_ns;
_Thread_local bool fake_interrupts_on = true;
char fake_console[65536];
size_t fake_console_length;
jmp_buf fake_halt_target;
bool fake_halt_expected;

void fake_console_clear(void)
{
    fake_console_length = 0;
    fake_console[0] = 0;
}

uint32_t arch_cpu_id(void) { return fake_cpu; }
uint64_t arch_time_ns(void) { return fake_time_ns; }
/* Threads stand for CPUs, and there may be more of them than the machine has: a waiting one lets its holder run. */
void arch_relax(void) { sched_yield(); }

unsigned long arch_interrupts_save(void)
{
    bool were_on = fake_interrupts_on;
    fake_interrupts_on = false;
    return were_on;
}

void arch_interrupts_restore(unsigned long state)
{
    fake_interrupts_on = state;
}

void arch_console_write(const char *bytes, size_t count)
{
    size_t room = sizeof(fake_console) - 1 - fake_console_length, kept = count < room ? count : room;
    memcpy(fake_console + fake_console_length, bytes, kept);
    fake_console_length += kept;
    fake_console[fake_console_length] = 0;
}

void arch_print_backtrace(void) {}

void arch_stop_other_cpus(void) {}

void arch_halt(void)
{
    if (fake_halt_expected) {
        panic_forget();
        longjmp(fake_halt_target, 1);
    }
    fprintf(stderr, "The hypervisor halted where the test expects it to go on:\n%s", fake_console);
    abort();
}

/* One function of the fake machine has a name: [0x1000, 0x1100) is "named_function". */
const char *symbol_lookup(uintptr_t address, size_t *offset)
{
    if (address < 0x1000 || address >= 0x1100)
        return NULL;
    *offset = address - 0x1000;
    return "named_function";
}
