/* SPDX-License-Identifier: MIT */
/*
 * Domain 0's I/O APICs: one for each of the machine's, at the same address, with the same pins. An entry that domain 0
 * opens has the physical pin routed to it (guest_irq.h). A level-triggered line stays masked on the machine from its
 * interrupt until domain 0's end of interrupt.
 */
#ifndef KEEL_X86_VIRTUAL_IOAPIC_H
#define KEEL_X86_VIRTUAL_IOAPIC_H

#include "domain.h"

/* Domain 0 only, after ioapic_initialise and acpi_initialise. -XEN_ENOMEM. */
int virtual_ioapic_create(struct domain *d);
void virtual_ioapic_free(struct domain *d);
/* Is the guest-physical address in one of d's I/O APIC pages? Such a page must not be mapped in d's physical map. */
bool virtual_ioapic_contains(const struct domain *d, uint64_t guest_physical);
/* 32-bit registers; the address's low two bits are ignored. virtual_ioapic_contains holds. */
uint32_t virtual_ioapic_read(struct domain *d, uint64_t guest_physical);
void virtual_ioapic_write(struct domain *d, uint64_t guest_physical, uint32_t value);
/* A local APIC of d has finished a level-triggered vector. */
void virtual_ioapic_end_of_interrupt(struct domain *d, uint8_t vector);
/* The physical pin has fired (it is masked if level-triggered). Interrupt context, no lock held. */
void virtual_ioapic_raise(struct domain *d, uint32_t gsi);

#endif
