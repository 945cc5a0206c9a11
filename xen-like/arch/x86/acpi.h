/* SPDX-License-Identifier: MIT */
/*
 * The firmware's ACPI tables, checked (lengths and checksums) before anything in them is believed. Boot CPU only; what
 * is found stays for good. Tables are in memory that nobody hands out.
 */
#ifndef KEEL_X86_ACPI_H
#define KEEL_X86_ACPI_H

#include "arch_host.h"
#include "types.h"

struct acpi_table_header {
    char signature[4];
    uint32_t length; /* of the whole table, header included */
    uint8_t revision, checksum;
    char oem_id[6], oem_table_id[8];
    uint32_t oem_revision, creator_id, creator_revision;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_table_header) == 36, "ACPI's table header");

struct acpi_generic_address {
    uint8_t space, bit_width, bit_offset, access_size; /* space 0: memory, 1: I/O ports */
    uint64_t address;
} __attribute__((packed));

#define ACPI_IOAPICS_MAX 16u
#define ACPI_OVERRIDES_MAX 32u

struct acpi_ioapic { uint32_t id; paddr_t address; uint32_t first_gsi; };
struct acpi_override { uint8_t isa_irq; uint32_t gsi; bool is_level, is_active_low; };
struct acpi_processor { uint32_t apic_id, acpi_id; };

/* What the MADT and the FADT say. */
struct acpi_machine {
    paddr_t lapic_address;
    struct acpi_processor processors[MAX_CPUS]; /* enabled ones, in the table's order */
    uint32_t processor_count, processors_ignored;
    struct acpi_ioapic ioapics[ACPI_IOAPICS_MAX];
    uint32_t ioapic_count;
    struct acpi_override overrides[ACPI_OVERRIDES_MAX];
    uint32_t override_count;

    bool has_fadt;
    uint32_t sci_gsi;
    uint16_t pm1a_control_port, pm1b_control_port; /* 0: none */
    uint16_t pm_timer_port; /* 0: none */
    bool pm_timer_is_32bit;
    uint8_t century_register; /* of the CMOS clock; 0: none */
    bool has_reset_register;
    struct acpi_generic_address reset_register;
    uint8_t reset_value;
    uint16_t smi_command_port;
    uint8_t acpi_enable_value;
    bool has_s5; /* the DSDT names the sleep type of power-off */
    uint8_t s5_type_a, s5_type_b;
    paddr_t dsdt_address; /* 0: none */
};
extern struct acpi_machine acpi_machine;

/* Finds and checks the tables. Panics if there is no MADT: no CPUs and no interrupts are known then. */
void acpi_initialise(void);
/* The first table with that signature, mapped read-only, or NULL. */
const struct acpi_table_header *acpi_find_table(const char signature[4]);
/* All tables of the XSDT or RSDT with a good checksum, in order: index from 0; NULL after the last. */
const struct acpi_table_header *acpi_table_at(uint32_t index, paddr_t *address);
/* The GSI of an ISA interrupt, with its trigger mode and polarity. */
struct acpi_override acpi_isa_interrupt(uint8_t irq);

#endif
