/* SPDX-License-Identifier: MIT */
/* Starting the other CPUs, and asking them to do something. */
#ifndef KEEL_X86_SMP_H
#define KEEL_X86_SMP_H

#include "types.h"

/* Starts every CPU of the MADT, one after the other; one that does not come up is warned about and left out. */
void smp_start_secondaries(void);
/*
 * Secondary CPUs wait (answering smp_call) until the core is ready for them; then each calls keel_secondary_main.
 * keel_main calls this once.
 */
void smp_release_secondaries(void);

/*
 * Runs fn(arg) on that CPU, in interrupt context there, and returns when it has returned. May be called with interrupts
 * off: while waiting, this CPU answers calls of others. The caller must hold no lock that the other CPU may be spinning
 * for. On the caller's own CPU it is a plain call.
 */
void smp_call(uint32_t cpu, void (*fn)(void *arg), void *arg);
/* Runs what others have asked of this CPU; for long waits with interrupts off. */
void smp_answer_calls(void);
/* An interrupt with no work of its own: the CPU leaves its guest, or idling. */
void smp_send_kick(uint32_t cpu);

/* The core's entry, on the boot CPU and on each secondary one. */
void keel_main(void) __attribute__((noreturn));
void keel_secondary_main(void) __attribute__((noreturn));

#endif
