/* SPDX-License-Identifier: MIT */
/* The local APIC of the running vCPU, in the mode it is in. */
#ifndef KEEL_TEST_APIC_H
#define KEEL_TEST_APIC_H

#include <stdbool.h>
#include <stdint.h>

enum apic_register {
    APIC_ID = 0x20,
    APIC_VERSION = 0x30,
    APIC_TPR = 0x80,
    APIC_EOI = 0xb0,
    APIC_SPURIOUS = 0xf0,
    APIC_COMMAND = 0x300,
    APIC_COMMAND_HIGH = 0x310,
    APIC_TIMER = 0x320,
    APIC_TIMER_INITIAL = 0x380,
    APIC_TIMER_CURRENT = 0x390,
    APIC_TIMER_DIVIDE = 0x3e0,
};

uint32_t apic_read(enum apic_register where);
void apic_write(enum apic_register where, uint32_t value);
/* Sends an IPI: low half of the command register, and the destination's APIC id (ignored with a shorthand). */
void apic_send(uint32_t command, uint32_t destination);
/* Enters xAPIC or x2APIC mode, through "disabled" where the architecture wants it, and enables the APIC by software. */
bool apic_set_mode(bool x2apic);

#endif
