/* SPDX-License-Identifier: MIT */
/*
 * The ACPI tables of a guest: RSDP, XSDT, FADT, MADT and a DSDT with nothing in it. The machine they describe has
 * local APICs and no other hardware (hardware-reduced ACPI: no PIC, PIT, RTC, PM timer or fixed events).
 */
#ifndef KEEL_CTL_ACPI_H
#define KEEL_CTL_ACPI_H

#include <stddef.h>
#include <stdint.h>

struct acpi_cpus {
    uint32_t count;           /* of all vCPUs */
    uint32_t online;          /* the first so many are enabled */
    const uint32_t *apic_ids; /* one a vCPU */
};

/* What the tables of so many vCPUs need at most, in bytes. */
size_t acpi_size_max(uint32_t cpus);
/* Builds the tables for guest-physical address `base`, where the RSDP comes to lie; the size, or 0: buffer too small. */
size_t acpi_build(uint8_t *buffer, size_t size, uint64_t base, const struct acpi_cpus *cpus);

#endif
