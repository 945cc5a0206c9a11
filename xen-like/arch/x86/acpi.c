/* SPDX-License-Identifier: MIT */
/* Finds the firmware's tables and checks them. What is in the MADT and the FADT is read in acpi_machine.c. */
#include "acpi.h"

#include "acpi_private.h"
#include "multiboot2.h"
#include "paging.h"
#include "panic.h"
#include "printk.h"
#include "string.h"

#define TABLES_MAX 64u
#define TABLE_SIZE_MAX MIB(16)

struct root_pointer {
    char signature[8];
    uint8_t checksum;
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt_address;
    uint32_t length;
    uint64_t xsdt_address;
    uint8_t extended_checksum, reserved[3];
} __attribute__((packed));
_Static_assert(sizeof(struct root_pointer) == 36, "ACPI's root pointer");
#define ROOT_POINTER_OLD_SIZE 20u

static struct {
    const struct acpi_table_header *header;
    paddr_t address;
} tables[TABLES_MAX];
static uint32_t table_count;
static uint8_t revision;

static bool checksum_is_good(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint8_t sum = 0;
    while (size--)
        sum = (uint8_t)(sum + *at++);
    return !sum;
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
    if (!checksum_is_good(header, length)) {
        log_warning("ACPI table %.4s at 0x%lx has a bad checksum and is ignored", header->signature, address);
        return NULL;
    }
    return header;
}

static void add_tables(const struct acpi_table_header *list, uint32_t entry_size)
{
    const uint8_t *entries = (const uint8_t *)(list + 1);
    uint32_t count = (list->length - sizeof(*list)) / entry_size;

    for (uint32_t i = 0; i < count && table_count < TABLES_MAX; i++) {
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

static const struct acpi_table_header *find(const char signature[4], uint32_t instance, paddr_t *address)
{
    if (!memcmp(signature, "DSDT", 4)) {
        *address = acpi_machine.dsdt_address;
        return instance ? NULL : acpi_map_table(acpi_machine.dsdt_address);
    }
    for (uint32_t i = 0; i < table_count; i++)
        if (!memcmp(tables[i].header->signature, signature, 4) && !instance--) {
            *address = tables[i].address;
            return tables[i].header;
        }
    return NULL;
}

const struct acpi_table_header *acpi_find_table(const char signature[4], uint32_t instance)
{
    paddr_t address;
    return find(signature, instance, &address);
}

paddr_t acpi_find_table_address(const char signature[4], uint32_t instance)
{
    paddr_t address;
    return find(signature, instance, &address) ? address : 0;
}

uint8_t acpi_revision(void)
{
    return revision;
}

void acpi_initialise(void)
{
    struct root_pointer root = { 0 };
    const struct acpi_table_header *list = NULL;
    size_t size;
    const void *given = multiboot2_acpi_root(&size);

    if (given)
        memcpy(&root, given, MIN(size, sizeof(root)));
    if (size < ROOT_POINTER_OLD_SIZE || memcmp(root.signature, "RSD PTR ", 8) ||
        !checksum_is_good(&root, ROOT_POINTER_OLD_SIZE))
        panic("The boot loader gave no valid ACPI root pointer: boot with GRUB's multiboot2 command, with ACPI on");
    revision = root.revision;
    if (revision >= 2 && size >= sizeof(root) && checksum_is_good(&root, sizeof(root)))
        list = acpi_map_table(root.xsdt_address);
    if (list)
        add_tables(list, 8);
    else if ((list = acpi_map_table(root.rsdt_address)))
        add_tables(list, 4);
    acpi_read_machine();
}
