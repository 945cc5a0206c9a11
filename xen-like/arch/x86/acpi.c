/* SPDX-License-Identifier: MIT */
/* Finds the firmware's tables and checks them. What is in the MADT and the FADT is read in acpi_machine.c. */
#include "acpi_tables.h"
#include "multiboot2.h"
#include "paging.h"
#include "panic.h"
#include "printk.h"
#include "string.h"

#define TABLE_SIZE_MAX MIB(16)

static struct {
    const struct acpi_table_header *header;
    paddr_t address;
} tables[ACPI_TABLES_MAX];
static uint32_t table_count;

uint8_t acpi_checksum(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint8_t sum = 0;
    while (size--)
        sum = (uint8_t)(sum - *at++);
    return sum;
}

const struct acpi_table_header *acpi_map_table(paddr_t address)
{
    const struct acpi_table_header *header;
    uint32_t length;

    if (!address)
        return NULL;
    header = map_firmware(address, sizeof(*header));
    length = header->length;
    if (length < sizeof(*header) || length > TABLE_SIZE_MAX) {
        log_warning("ACPI table at 0x%lx has the length %u and is ignored", address, length);
        return NULL;
    }
    header = map_firmware(address, length);
    if (acpi_checksum(header, length)) {
        log_warning("ACPI table %.4s at 0x%lx has a bad checksum and is ignored", header->signature, address);
        return NULL;
    }
    return header;
}

static void add_tables(const struct acpi_table_header *list, uint32_t entry_size)
{
    const uint8_t *entries = (const uint8_t *)(list + 1);
    uint32_t count = (list->length - sizeof(*list)) / entry_size;

    for (uint32_t i = 0; i < count && table_count < ACPI_TABLES_MAX; i++) {
        uint64_t address = 0;
        memcpy(&address, entries + (size_t)i * entry_size, entry_size);
        const struct acpi_table_header *header = acpi_map_table(address);
        if (header) {
            tables[table_count].header = header;
            tables[table_count++].address = address;
        }
    }
}

const struct acpi_table_header *acpi_table_at(uint32_t index, paddr_t *address)
{
    if (index >= table_count)
        return NULL;
    if (address)
        *address = tables[index].address;
    return tables[index].header;
}

const struct acpi_table_header *acpi_find_table(const char signature[4])
{
    for (uint32_t i = 0; i < table_count; i++)
        if (!memcmp(tables[i].header->signature, signature, 4))
            return tables[i].header;
    return NULL;
}

void acpi_initialise(void)
{
    struct acpi_root_pointer root = { 0 };
    const struct acpi_table_header *list = NULL;
    size_t size;
    const void *given = multiboot2_acpi_root(&size);

    if (given)
        memcpy(&root, given, MIN(size, sizeof(root)));
    if (size < ACPI_ROOT_POINTER_OLD_SIZE || memcmp(root.signature, "RSD PTR ", 8) ||
        acpi_checksum(&root, ACPI_ROOT_POINTER_OLD_SIZE))
        panic("The boot loader gave no valid ACPI root pointer: boot with GRUB's multiboot2 command, with ACPI on");
    if (root.revision >= 2 && size >= sizeof(root) && !acpi_checksum(&root, sizeof(root)))
        list = acpi_map_table(root.xsdt);
    if (list)
        add_tables(list, 8);
    else if ((list = acpi_map_table(root.rsdt)))
        add_tables(list, 4);
    acpi_read_machine();
}
