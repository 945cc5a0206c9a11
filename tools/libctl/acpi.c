/* SPDX-License-Identifier: MIT */
/*
 * The ACPI tables of a guest, after the ACPI specification 6.0, chapter 5. They lie one behind the other, each on a
 * multiple of 16 bytes: RSDP, XSDT, FADT, DSDT, MADT.
 */
#include "acpi.h"
#include <stdbool.h>
#include <string.h>

#define ALIGNED(size) (((size) + 15) / 16 * 16)
#define LOCAL_APIC_ADDRESS 0xfee00000u
#define XAPIC_ID_END 255u /* from here on only an x2APIC entry can name a CPU */

struct __attribute__((packed)) rsdp {
    char signature[8];
    uint8_t checksum; /* of the first 20 bytes */
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
    uint8_t extended_checksum;
    uint8_t reserved[3];
};

struct __attribute__((packed)) table_header {
    char signature[4];
    uint32_t length;
    uint8_t revision, checksum;
    char oem_id[6], oem_table_id[8];
    uint32_t oem_revision;
    char creator_id[4];
    uint32_t creator_revision;
};

struct __attribute__((packed)) xsdt {
    struct table_header header;
    uint64_t fadt, madt;
};

struct __attribute__((packed)) fadt {
    struct table_header header;
    uint32_t firmware_control, dsdt;
    uint8_t reserved0, preferred_profile;
    uint8_t legacy0[63]; /* fixed hardware: absent when hardware-reduced */
    uint16_t boot_architecture;
    uint8_t reserved1;
    uint32_t flags;
    uint8_t reset_register[12], reset_value;
    uint16_t arm_boot_architecture;
    uint8_t minor_version;
    uint64_t x_firmware_control, x_dsdt;
    uint8_t legacy1[96];
    uint8_t sleep_control[12], sleep_status[12];
    char hypervisor_vendor[8];
};

#define FADT_PROFILE_SERVER 4
#define FADT_BOOT_NO_VGA (1u << 2)
#define FADT_BOOT_NO_RTC (1u << 5)
#define FADT_WBINVD (1u << 0)
#define FADT_NO_POWER_BUTTON (1u << 4)
#define FADT_NO_SLEEP_BUTTON (1u << 5)
#define FADT_NO_RTC_WAKE (1u << 6)
#define FADT_HARDWARE_REDUCED (1u << 20)

struct __attribute__((packed)) madt {
    struct table_header header;
    uint32_t local_apic, flags;
};

struct __attribute__((packed)) madt_apic {
    uint8_t type, length, processor, apic_id;
    uint32_t flags;
};

struct __attribute__((packed)) madt_x2apic {
    uint8_t type, length;
    uint16_t reserved;
    uint32_t apic_id, flags, processor;
};

_Static_assert(sizeof(struct rsdp) == 36, "RSDP of revision 2");
_Static_assert(sizeof(struct table_header) == 36, "header of a system description table");
_Static_assert(sizeof(struct fadt) == 276, "FADT of revision 6");
_Static_assert(sizeof(struct madt) == 44, "MADT without entries");
_Static_assert(sizeof(struct madt_apic) == 8 && sizeof(struct madt_x2apic) == 16, "MADT's entries");

/*
 * Scope (\_SB) {}
 *   10           ScopeOp
 *   06           PkgLength: six bytes from here to the end
 *   5c           the root
 *   5f 53 42 5f  _SB_
 */
static const uint8_t dsdt_code[] = { 0x10, 0x06, 0x5c, 0x5f, 0x53, 0x42, 0x5f };

static uint8_t checksum(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint8_t sum = 0;

    while (size--)
        sum = (uint8_t)(sum + *bytes++);
    return (uint8_t)-sum;
}

/* Fills a table's header, the checksum last; the rest of the table stands already. */
static void seal(void *table, const char *signature, size_t length, uint8_t revision)
{
    struct table_header *header = table;

    memcpy(header->signature, signature, sizeof(header->signature));
    header->length = (uint32_t)length;
    header->revision = revision;
    memcpy(header->oem_id, "KEEL  ", sizeof(header->oem_id));
    memcpy(header->oem_table_id, "KEELPVH ", sizeof(header->oem_table_id));
    header->oem_revision = 1;
    memcpy(header->creator_id, "KEEL", sizeof(header->creator_id));
    header->creator_revision = 1;
    header->checksum = 0;
    header->checksum = checksum(table, length);
}

static bool needs_x2apic(const struct acpi_cpus *cpus, uint32_t cpu)
{
    return cpus->apic_ids[cpu] >= XAPIC_ID_END || cpu >= XAPIC_ID_END;
}

static size_t madt_size(const struct acpi_cpus *cpus)
{
    size_t size = sizeof(struct madt);

    for (uint32_t cpu = 0; cpu < cpus->count; cpu++)
        size += needs_x2apic(cpus, cpu) ? sizeof(struct madt_x2apic) : sizeof(struct madt_apic);
    return size;
}

static void madt_build(uint8_t *at, size_t size, const struct acpi_cpus *cpus)
{
    struct madt madt = { .local_apic = LOCAL_APIC_ADDRESS };
    uint8_t *entry = at + sizeof(madt);

    memcpy(at, &madt, sizeof(madt));
    for (uint32_t cpu = 0; cpu < cpus->count; cpu++) {
        uint32_t enabled = cpu < cpus->online;

        if (needs_x2apic(cpus, cpu)) {
            struct madt_x2apic x2apic = { 9, sizeof(x2apic), 0, cpus->apic_ids[cpu], enabled, cpu };

            memcpy(entry, &x2apic, sizeof(x2apic));
            entry += sizeof(x2apic);
        } else {
            struct madt_apic apic = { 0, sizeof(apic), (uint8_t)cpu, (uint8_t)cpus->apic_ids[cpu], enabled };

            memcpy(entry, &apic, sizeof(apic));
            entry += sizeof(apic);
        }
    }
    seal(at, "APIC", size, 3);
}

static void fadt_build(struct fadt *fadt, uint64_t dsdt)
{
    fadt->dsdt = (uint32_t)dsdt;
    fadt->x_dsdt = dsdt;
    fadt->preferred_profile = FADT_PROFILE_SERVER;
    fadt->boot_architecture = FADT_BOOT_NO_VGA | FADT_BOOT_NO_RTC;
    fadt->flags = FADT_WBINVD | FADT_NO_POWER_BUTTON | FADT_NO_SLEEP_BUTTON | FADT_NO_RTC_WAKE |
                  FADT_HARDWARE_REDUCED;
    memcpy(fadt->hypervisor_vendor, "XenVMM", 6);
    seal(fadt, "FACP", sizeof(*fadt), 6);
}

/* Where the tables behind the RSDP lie. */
enum {
    XSDT_AT = ALIGNED(sizeof(struct rsdp)),
    FADT_AT = XSDT_AT + ALIGNED(sizeof(struct xsdt)),
    DSDT_AT = FADT_AT + ALIGNED(sizeof(struct fadt)),
    DSDT_SIZE = sizeof(struct table_header) + sizeof(dsdt_code),
    MADT_AT = DSDT_AT + ALIGNED(DSDT_SIZE),
};

size_t acpi_size_max(uint32_t cpus)
{
    return MADT_AT + ALIGNED(sizeof(struct madt) + cpus * sizeof(struct madt_x2apic));
}

size_t acpi_build(uint8_t *buffer, size_t size, uint64_t base, const struct acpi_cpus *cpus)
{
    size_t madt_bytes = madt_size(cpus), total = MADT_AT + ALIGNED(madt_bytes);
    struct rsdp rsdp = { .revision = 2, .length = sizeof(rsdp), .xsdt = base + XSDT_AT };
    struct xsdt xsdt = { .fadt = base + FADT_AT, .madt = base + MADT_AT };
    struct fadt fadt = { .minor_version = 0 };

    if (total > size)
        return 0;
    memset(buffer, 0, total);
    memcpy(rsdp.signature, "RSD PTR ", sizeof(rsdp.signature));
    memcpy(rsdp.oem_id, "KEEL  ", sizeof(rsdp.oem_id));
    rsdp.checksum = checksum(&rsdp, 20);
    rsdp.extended_checksum = checksum(&rsdp, sizeof(rsdp));
    memcpy(buffer, &rsdp, sizeof(rsdp));
    seal(&xsdt, "XSDT", sizeof(xsdt), 1);
    memcpy(buffer + XSDT_AT, &xsdt, sizeof(xsdt));
    fadt_build(&fadt, base + DSDT_AT);
    memcpy(buffer + FADT_AT, &fadt, sizeof(fadt));
    memcpy(buffer + DSDT_AT + sizeof(struct table_header), dsdt_code, sizeof(dsdt_code));
    seal(buffer + DSDT_AT, "DSDT", DSDT_SIZE, 2);
    madt_build(buffer + MADT_AT, madt_bytes, cpus);
    return total;
}
