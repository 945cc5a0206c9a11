/* SPDX-License-Identifier: MIT */
/* What acpi.c and acpi_machine.c tell each other. */
#ifndef KEEL_X86_ACPI_PRIVATE_H
#define KEEL_X86_ACPI_PRIVATE_H

#include "acpi.h"

/* A table with a good length and checksum, mapped read-only, or NULL. */
const struct acpi_table_header *acpi_map_table(paddr_t address);
/* Fills acpi_machine from the tables that were found. Panics without a MADT. */
void acpi_read_machine(void);

#endif
