/* SPDX-License-Identifier: MIT */
/*
 * The firmware's tables: read where they are sound, left out where length or checksum is wrong, never read past their
 * end.
 */
#include "../run_tests.h"
#include "fake_host.h"
#include "fake_ram.h"

#include <string.h>

#include "acpi.h"
#include "multiboot2.h"
#include "paging.h"

#define RSDT 0x100000u
#define XSDT 0x101000u
#define MADT 0x102000u
#define FADT 0x103000u
#define DSDT 0x104000u
#define OTHER 0x105000u

static uint8_t root[36];
static size_t root_size;

/* In place of multiboot2.c. */
const void *multiboot2_acpi_root(size_t *size)
{
    *size = root_size;
    return root_size ? root : NULL;
}

static void set_checksum(void *bytes, size_t size, size_t at)
{
    uint8_t *b = bytes, sum = 0;
    b[at] = 0;
    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + b[i]);
    b[at] = (uint8_t)-sum;
}

static uint8_t *put_table(uint32_t address, const char *signature, const void *body, size_t size)
{
    struct acpi_table_header *header = direct_map(address);
    memset(header, 0, sizeof(*header));
    memcpy(header->signature, signature, 4);
    header->length = (uint32_t)(sizeof(*header) + size);
    memcpy(header + 1, body, size);
    set_checksum(header, header->length, 9);
    return (uint8_t *)header;
}

static void put_root(uint8_t revision)
{
    memset(root, 0, sizeof(root));
    memcpy(root, "RSD PTR ", 8);
    root[15] = revision;
    memcpy(root + 16, &(uint32_t){ RSDT }, 4);
    memcpy(root + 20, &(uint32_t){ 36 }, 4);
    memcpy(root + 24, &(uint64_t){ XSDT }, 8);
    set_checksum(root, 20, 8);
    set_checksum(root, 36, 32);
    root_size = revision >= 2 ? 36 : 20;
}

static const uint8_t madt_body[] = {
    0, 0, 0xe0, 0xfe, 1, 0, 0, 0,               /* local APIC address, flags */
    0, 8, 1, 0, 1, 0, 0, 0,                     /* CPU: ACPI id 1, APIC id 0, enabled */
    0, 8, 2, 4, 1, 0, 0, 0,                     /* CPU: ACPI id 2, APIC id 4, enabled */
    0, 8, 3, 6, 0, 0, 0, 0,                     /* CPU: not enabled */
    0, 8, 4, 4, 1, 0, 0, 0,                     /* CPU: APIC id 4 again */
    9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, /* x2APIC id 256, ACPI id 9 */
    1, 12, 5, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0,  /* I/O APIC at 0xfec00000 */
    2, 10, 0, 0, 2, 0, 0, 0, 0, 0,              /* ISA 0 is GSI 2 */
    2, 10, 0, 9, 9, 0, 0, 0, 0x0f, 0,           /* ISA 9: level, low */
    2, 10, 0, 5, 5, 0, 0, 0, 0x0d, 0,           /* ISA 5: level, high */
    99, 3, 0,                                   /* a kind of the future */
};

static const uint8_t dsdt_body[] = {
    0x10, 0x20, 0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0a, 0x05, 0x01, 0x00, 0x00, 0, 0, 0, 0, 0,
};

static void put_all(uint8_t revision)
{
    uint8_t fadt[148 - 36] = { 0 };
    const uint32_t list32[] = { MADT, FADT };
    const uint64_t list64[] = { FADT, OTHER, MADT };

    memcpy(fadt + 40 - 36, &(uint32_t){ DSDT }, 4);
    memcpy(fadt + 46 - 36, &(uint16_t){ 9 }, 2);
    memcpy(fadt + 64 - 36, &(uint32_t){ 0x604 }, 4);
    memcpy(fadt + 76 - 36, &(uint32_t){ 0x608 }, 4);
    fadt[91 - 36] = 4;
    fadt[108 - 36] = 0x32;
    put_root(revision);
    put_table(RSDT, "RSDT", list32, sizeof(list32));
    put_table(XSDT, "XSDT", list64, sizeof(list64));
    put_table(MADT, "APIC", madt_body, sizeof(madt_body));
    put_table(FADT, "FACP", fadt, sizeof(fadt));
    put_table(DSDT, "DSDT", dsdt_body, sizeof(dsdt_body));
    put_table(OTHER, "ABCD", "", 0);
}

static void check_machine(void)
{
    const struct acpi_machine *m = &acpi_machine;

    CHECK(m->lapic_address == 0xfee00000);
    CHECK(m->processor_count == 3);
    CHECK(m->processors[0].apic_id == 0 && m->processors[0].acpi_id == 1);
    CHECK(m->processors[1].apic_id == 4 && m->processors[1].acpi_id == 2);
    CHECK(m->processors[2].apic_id == 256 && m->processors[2].acpi_id == 9);
    CHECK(m->ioapic_count == 1 && m->ioapics[0].address == 0xfec00000 && m->ioapics[0].id == 5);
    CHECK(acpi_isa_interrupt(0).gsi == 2 && !acpi_isa_interrupt(0).is_level);
    CHECK(acpi_isa_interrupt(9).is_level && acpi_isa_interrupt(9).is_active_low);
    CHECK(acpi_isa_interrupt(5).is_level && !acpi_isa_interrupt(5).is_active_low);
    CHECK(acpi_isa_interrupt(4).gsi == 4 && !acpi_isa_interrupt(4).is_level);
    CHECK(m->has_fadt && m->sci_gsi == 9 && m->pm1a_control_port == 0x604 && m->pm_timer_port == 0x608);
    CHECK(m->century_register == 0x32);
    CHECK(m->has_s5 && m->s5_type_a == 5 && m->s5_type_b == 1);
}

static void new_tables(void)
{
    put_all(2);
    acpi_initialise();
    check_machine();
    CHECK(acpi_find_table("ABCD") == direct_map(OTHER));
    CHECK(!acpi_find_table("WXYZ"));
    CHECK(acpi_table_at(2, NULL) == direct_map(MADT) && !acpi_table_at(3, NULL));
}

static void old_tables(void)
{
    put_all(0);
    acpi_initialise();
    check_machine();
    CHECK(!acpi_find_table("ABCD"));
}

static void bad_xsdt_falls_back(void)
{
    put_all(2);
    *(uint8_t *)direct_map(XSDT + 40) ^= 1;
    acpi_initialise();
    check_machine();
    CHECK(strstr(fake_console, "XSDT at 0x101000 has a bad checksum"));
}

static void bad_tables_are_ignored(void)
{
    put_all(2);
    *(uint8_t *)direct_map(OTHER + 20) ^= 1;
    ((struct acpi_table_header *)direct_map(FADT))->length = 0x7fffffff;
    acpi_initialise();
    CHECK(!acpi_find_table("ABCD") && !acpi_find_table("FACP"));
    CHECK(strstr(fake_console, "has the length 2147483647"));
    CHECK(!acpi_machine.has_fadt && acpi_machine.processor_count == 3);
}

static void no_madt(void)
{
    put_all(2);
    *(uint8_t *)direct_map(MADT + 20) ^= 1;
    CHECK(FAKE_HALTS(acpi_initialise()));
    CHECK(strstr(fake_console, "have no MADT"));
}

static void damaged_madt(void)
{
    uint8_t body[sizeof(madt_body)];

    put_all(2);
    memcpy(body, madt_body, sizeof(body));
    body[8 + 8 + 1] = 0; /* the second CPU's entry has no length */
    put_table(MADT, "APIC", body, sizeof(body));
    acpi_initialise();
    CHECK(acpi_machine.processor_count == 1);
    CHECK(strstr(fake_console, "MADT is damaged at byte 52"));
}

static void bad_root(void)
{
    put_all(2);
    root[3] ^= 1;
    CHECK(FAKE_HALTS(acpi_initialise()));
    root_size = 0;
    CHECK(FAKE_HALTS(acpi_initialise()));
    root[3] ^= 1;
    root_size = 19;
    CHECK(FAKE_HALTS(acpi_initialise()));
}

static void cut_sleep_packages(void)
{
    /* The name at the very end, and a package that runs past the end: not found, and not read further. */
    put_all(2);
    put_table(DSDT, "DSDT", dsdt_body, 11);
    acpi_initialise();
    CHECK(!acpi_machine.has_s5);
}

#define TEST(name) \
    static void test_##name(void) { CU_ASSERT_TRUE(fake_ram_run(name)); }
TEST(new_tables)
TEST(old_tables)
TEST(bad_xsdt_falls_back)
TEST(bad_tables_are_ignored)
TEST(no_madt)
TEST(damaged_madt)
TEST(bad_root)
TEST(cut_sleep_packages)

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "tables are found through the XSDT and read", test_new_tables },
        { "old firmware's tables are found through the RSDT", test_old_tables },
        { "with a damaged XSDT the RSDT serves", test_bad_xsdt_falls_back },
        { "tables with a bad checksum or length are left out", test_bad_tables_are_ignored },
        { "without a MADT boot ends with a sentence", test_no_madt },
        { "a damaged MADT is read up to the damage", test_damaged_madt },
        { "a root pointer that is wrong or cut is refused", test_bad_root },
        { "a sleep package that is cut is not believed", test_cut_sleep_packages },
    };
    return RUN_TESTS("acpi", tests);
}
