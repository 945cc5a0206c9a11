/* SPDX-License-Identifier: MIT */
/*
 * The lowest part of the seam: what printing, locks and panics need of a machine before domains exist. Apart from
 * arch.h because arch.h knows domains, and a lock knows none.
 */
#ifndef KEEL_ARCH_HOST_H
#define KEEL_ARCH_HOST_H

#include "types.h"

#define MAX_CPUS 64u

uint32_t arch_cpu_id(void);
uint64_t arch_time_ns(void); /* 0 until the clock is calibrated */
void arch_relax(void);       /* in spin loops */

/* Turns interrupts off and answers what to give to arch_interrupts_restore. */
unsigned long arch_interrupts_save(void);
void arch_interrupts_restore(unsigned long state);

/* Sends bytes to the console device as they are; returns when they are queued. The console's lock is held. */
void arch_console_write(const char *bytes, size_t count);

/* Prints who called whom, with names, starting at the caller. Takes no lock but the console's. */
void arch_print_backtrace(void);

/* Stops every other CPU where it is. Called once, by the CPU that panics. */
void arch_stop_other_cpus(void);
/* Stops this CPU for good (console output has been sent). */
void arch_halt(void) __attribute__((noreturn));

#endif
