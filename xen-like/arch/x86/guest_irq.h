/* SPDX-License-Identifier: MIT */
/*
 * Physical interrupt lines that domain 0 handles. Its virtual I/O APIC routes, masks and unmasks them, under its own
 * lock; an interrupt goes back to virtual_ioapic_raise. Lines that the hypervisor keeps (its console, the 8254) are
 * never routed.
 */
#ifndef KEEL_X86_GUEST_IRQ_H
#define KEEL_X86_GUEST_IRQ_H

#include "types.h"

/*
 * Routes the pin to this domain's use with that trigger and polarity, masked if it was not routed so before. False:
 * it is not domain 0's to have.
 */
bool guest_irq_route(uint32_t gsi, bool is_level, bool is_active_low);
/* Nothing for a pin that is not routed. */
void guest_irq_mask(uint32_t gsi);
void guest_irq_unmask(uint32_t gsi);

#endif
