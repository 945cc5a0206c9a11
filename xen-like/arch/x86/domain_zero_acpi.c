/* SPDX-License-Identifier: MIT */
/*
 * Domain 0's ACPI tables (ACPI 6.2, chapter 5): a root pointer and an XSDT of its own that refer to the machine's
 * tables where they are, except for those that describe what is virtualised: the MADT is rewritten for its vCPUs, and
 * tables of timers, NUMA, DMA remapping and memory-mapped PCI configuration are left out.
 */
#include "acpi_tables.h"
#include "domain_zero.h"
#include "paging.h"
#include "string.h"
#include "virtual_lapic.h"

static bool is_left_out(const char signature[4])
{
    static const char hidden[][5] = { "APIC", "HPET", "SRAT", "SLIT", "DMAR", "IVRS", "MCFG", "MSCT", "BGRT", "WDAT",
                                      "PMTT" };
    for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
        if (!memcmp(signature, hidden[i], 4))
            return true;
    return false;
}

static void set_header(struct acpi_table_header *header, const char signature[4], size_t length, uint8_t revision)
{
    memset(header, 0, sizeof(*header));
    memcpy(header->signature, signature, 4);
    header->length = (uint32_t)length;
    header->revision = revision;
    memcpy(header->oem_id, "KEEL  ", 6);
    memcpy(header->oem_table_id, "KEELDOM0", 8);
    header->oem_revision = 1;
    memcpy(&header->creator_id, "KEEL", 4);
    header->creator_revision = 1;
}

/* The APIC id of a vCPU, as CPUID tells it too. */
static uint32_t vcpu_apic_id(uint32_t id) { return id * 2; }

static size_t madt_size(uint32_t vcpus)
{
    return sizeof(struct madt) + vcpus * sizeof(struct madt_x2apic) +
           acpi_machine.ioapic_count * sizeof(struct madt_ioapic) +
           acpi_machine.override_count * sizeof(struct madt_override);
}

size_t domain_zero_acpi_size(uint32_t vcpus)
{
    return sizeof(struct acpi_root_pointer) + 64 + sizeof(struct acpi_table_header) + ACPI_TABLES_MAX * 8 + 64 +
           madt_size(vcpus);
}

static size_t write_madt(struct madt *madt, uint32_t vcpus)
{
    uint8_t *at = (uint8_t *)(madt + 1);

    for (uint32_t id = 0; id < vcpus; id++) {
        if (vcpu_apic_id(id) < 255) {
            uint8_t apic_id = (uint8_t)vcpu_apic_id(id);
            struct madt_lapic entry = { MADT_LAPIC, sizeof(entry), (uint8_t)id, apic_id, MADT_ENABLED };
            memcpy(at, &entry, sizeof(entry));
            at += sizeof(entry);
        } else {
            struct madt_x2apic entry = { MADT_X2APIC, sizeof(entry), 0, vcpu_apic_id(id), MADT_ENABLED, id };
            memcpy(at, &entry, sizeof(entry));
            at += sizeof(entry);
        }
    }
    for (uint32_t i = 0; i < acpi_machine.ioapic_count; i++) {
        const struct acpi_ioapic *ioapic = &acpi_machine.ioapics[i];
        struct madt_ioapic entry = { MADT_IOAPIC, sizeof(entry), (uint8_t)ioapic->id, 0, (uint32_t)ioapic->address,
                                     ioapic->first_gsi };
        memcpy(at, &entry, sizeof(entry));
        at += sizeof(entry);
    }
    for (uint32_t i = 0; i < acpi_machine.override_count; i++) {
        const struct acpi_override *override = &acpi_machine.overrides[i];
        uint16_t flags = (override->is_active_low ? MADT_ACTIVE_LOW : MADT_ACTIVE_HIGH) |
                         (override->is_level ? MADT_LEVEL : MADT_EDGE);
        struct madt_override entry = { MADT_OVERRIDE, sizeof(entry), 0, override->isa_irq, override->gsi, flags };
        memcpy(at, &entry, sizeof(entry));
        at += sizeof(entry);
    }
    size_t length = (size_t)(at - (uint8_t *)madt);
    set_header(&madt->header, "APIC", length, 3);
    madt->lapic_address = LAPIC_ADDRESS;
    madt->flags = 0; /* no 8259s */
    madt->header.checksum = acpi_checksum(madt, length);
    return length;
}

void domain_zero_acpi_write(paddr_t at, size_t size, uint32_t vcpus)
{
    memset(direct_map(at), 0, size);
    struct acpi_root_pointer *root = direct_map(at);
    paddr_t xsdt_address = at + 64;
    struct acpi_table_header *xsdt = direct_map(xsdt_address);
    uint64_t entries[ACPI_TABLES_MAX];
    uint32_t count = 0;

    const struct acpi_table_header *table;
    paddr_t address;
    for (uint32_t i = 0; (table = acpi_table_at(i, &address)); i++)
        if (!is_left_out(table->signature) && count < ACPI_TABLES_MAX - 1)
            entries[count++] = address;
    size_t xsdt_size = sizeof(*xsdt) + (count + 1) * 8;
    paddr_t madt_address = ROUND_UP(xsdt_address + xsdt_size, 64);
    entries[count++] = madt_address;
    write_madt(direct_map(madt_address), vcpus);

    set_header(xsdt, "XSDT", xsdt_size, 1);
    memcpy(xsdt + 1, entries, count * 8);
    xsdt->checksum = acpi_checksum(xsdt, xsdt_size);

    memcpy(root->signature, "RSD PTR ", 8);
    memcpy(root->oem_id, "KEEL  ", 6);
    root->revision = 2;
    root->length = sizeof(*root);
    root->xsdt = xsdt_address;
    root->checksum = acpi_checksum(root, 20);
    root->extended_checksum = acpi_checksum(root, sizeof(*root));
}
