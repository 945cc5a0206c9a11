/* SPDX-License-Identifier: MIT */
/* How ACPI 6.2, chapter 5, lays out its tables, as far as they are read or written here; and how they are reached. */
#ifndef KEEL_X86_ACPI_TABLES_H
#define KEEL_X86_ACPI_TABLES_H

#include "acpi.h"

struct acpi_root_pointer {
    char signature[8];
    uint8_t checksum;
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt, length;
    uint64_t xsdt;
    uint8_t extended_checksum, reserved[3];
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_root_pointer) == 36, "ACPI 6.2, 5.2.5.3");
/* In revision 0 the structure ended here; the first checksum covers this much. */
#define ACPI_ROOT_POINTER_OLD_SIZE 20u
#define ACPI_TABLES_MAX 64u

/* The MADT's entries follow it; each begins with its type and length. */
struct madt { struct acpi_table_header header; uint32_t lapic_address, flags; } __attribute__((packed));
enum { MADT_LAPIC = 0, MADT_IOAPIC = 1, MADT_OVERRIDE = 2, MADT_LAPIC_ADDRESS = 5, MADT_X2APIC = 9 };
struct madt_entry { uint8_t type, length; } __attribute__((packed));
struct madt_lapic { uint8_t type, length, acpi_id, apic_id; uint32_t flags; } __attribute__((packed));
struct madt_ioapic { uint8_t type, length, id, reserved; uint32_t address, first_gsi; } __attribute__((packed));
struct madt_override { uint8_t type, length, bus, irq; uint32_t gsi; uint16_t flags; } __attribute__((packed));
struct madt_lapic_address { uint8_t type, length; uint16_t reserved; uint64_t address; } __attribute__((packed));
struct madt_x2apic {
    uint8_t type, length;
    uint16_t reserved;
    uint32_t apic_id, flags, acpi_id;
} __attribute__((packed));
#define MADT_ENABLED 1u
#define MADT_ACTIVE_HIGH 1u
#define MADT_ACTIVE_LOW 3u
#define MADT_EDGE (1u << 2)
#define MADT_LEVEL (3u << 2)

/* The byte that makes the sum of all 0; 0 for a table that carries its right one. */
uint8_t acpi_checksum(const void *bytes, size_t size);
/* A table with a good length and checksum, mapped read-only, or NULL. */
const struct acpi_table_header *acpi_map_table(paddr_t address);
/* Fills acpi_machine from the tables that were found. Panics without a MADT. */
void acpi_read_machine(void);

#endif
