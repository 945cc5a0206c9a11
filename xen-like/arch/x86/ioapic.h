/* SPDX-License-Identifier: MIT */
/* The host's I/O APICs, by global interrupt number (GSI). All entries start masked. */
#ifndef KEEL_X86_IOAPIC_H
#define KEEL_X86_IOAPIC_H

#include "types.h"

void ioapic_initialise(void);
/* One more than the highest GSI; numbers below may still be in no I/O APIC. */
uint32_t ioapic_gsi_count(void);
/* False if no I/O APIC has that GSI; the functions below then do nothing. */
bool ioapic_has_gsi(uint32_t gsi);

struct ioapic_route {
    uint8_t vector;
    uint32_t apic_id; /* physical destination, below 256 */
    bool is_level, is_active_low, is_masked;
};

void ioapic_route(uint32_t gsi, const struct ioapic_route *route);
void ioapic_mask(uint32_t gsi);
void ioapic_unmask(uint32_t gsi);

#endif
