/* SPDX-License-Identifier: MIT */
/*
 * The host's local APIC: x2APIC mode if the CPU has it, else xAPIC. Each function acts on the local APIC of the CPU it
 * is called on.
 */
#ifndef KEEL_X86_LAPIC_H
#define KEEL_X86_LAPIC_H

#include "types.h"

/* Boot CPU: maps it and chooses the mode; then lapic_start. */
void lapic_initialise(void);
/* Every CPU: turns it on, all sources masked, interrupts are still off. */
void lapic_start(void);
uint32_t lapic_id(void);
void lapic_eoi(void);
/* A fixed interrupt to another CPU (or this one). Interrupts must be off in xAPIC mode. */
void lapic_send_interrupt(uint32_t apic_id, uint8_t vector);
void lapic_send_nmi_to_others(void);
void lapic_send_init(uint32_t apic_id);
void lapic_send_startup(uint32_t apic_id, uint8_t page);

/* Measures the timer against host time. Boot CPU, after time_initialise. */
void lapic_timer_calibrate(void);
/*
 * One interrupt VECTOR_TIMER at or soon after that host time (never before it, unless it is further than the counter
 * reaches: then early); at once if it has passed. ~0: none. Replaces the deadline set before.
 */
void lapic_timer_set_deadline_ns(uint64_t deadline_ns);

#endif
