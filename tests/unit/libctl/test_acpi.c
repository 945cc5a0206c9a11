/* SPDX-License-Identifier: MIT */
/* The ACPI tables, read the way a guest reads them: from the RSDP by addresses, with each checksum and length. */
#include "../run_tests.h"
#include "libctl/acpi.h"

#include <stdlib.h>
#include <string.h>

#define BASE 0xfc000000ull
#define ROOM 0x10000u
#define CPUS_MAX 512u

static uint8_t *tables;
static size_t tables_size;
static uint32_t ids[CPUS_MAX];

static uint64_t number(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;

    memcpy(&value, at, bytes);
    return value;
}

static uint8_t sum(const uint8_t *at, size_t size)
{
    uint8_t total = 0;

    while (size--)
        total = (uint8_t)(total + *at++);
    return total;
}

/* The table at a guest address, checked to be whole, inside and of the name. */
static const uint8_t *table(uint64_t address, const char *signature, size_t least)
{
    const uint8_t *at = tables + (address - BASE);
    size_t length;

    CU_ASSERT_FATAL(address >= BASE && address - BASE + 36 <= tables_size);
    length = number(at + 4, 4);
    CU_ASSERT_FATAL(length >= least && address - BASE + length <= tables_size);
    CU_ASSERT_EQUAL(memcmp(at, signature, 4), 0);
    CU_ASSERT_EQUAL(sum(at, length), 0);
    CU_ASSERT_EQUAL(address % 16, 0);
    return at;
}

static const uint8_t *xsdt(void)
{
    CU_ASSERT_EQUAL(memcmp(tables, "RSD PTR ", 8), 0);
    CU_ASSERT_EQUAL(sum(tables, 20), 0);
    CU_ASSERT_EQUAL(sum(tables, 36), 0);
    CU_ASSERT_EQUAL(tables[15], 2);
    return table(number(tables + 24, 8), "XSDT", 36 + 16);
}

static void build(uint32_t count, uint32_t online)
{
    struct acpi_cpus cpus = { count, online, ids };
    size_t room;

    free(tables);
    tables = NULL;
    /* The least buffer that is enough, so that the sanitizer sees a byte too many. */
    tables = malloc(ROOM);
    tables_size = acpi_build(tables, ROOM, BASE, &cpus);
    CU_ASSERT_FATAL(tables_size > 0 && tables_size <= acpi_size_max(count));
    room = tables_size;
    free(tables);
    tables = malloc(room);
    CU_ASSERT_EQUAL(acpi_build(tables, room - 1, BASE, &cpus), 0);
    CU_ASSERT_EQUAL_FATAL(acpi_build(tables, room, BASE, &cpus), room);
}

static void fixed_tables(void)
{
    const uint8_t *fadt, *dsdt;

    build(1, 1);
    fadt = table(number(xsdt() + 36, 8), "FACP", 276);
    CU_ASSERT_EQUAL(fadt[8], 6);
    CU_ASSERT(number(fadt + 112, 4) & 1u << 20); /* hardware-reduced: a guest has no PIT, PIC or PM timer */
    CU_ASSERT_EQUAL(number(fadt + 109, 2), 1u << 2 | 1u << 5); /* neither VGA nor CMOS clock */
    CU_ASSERT_EQUAL(number(fadt + 40, 4), number(fadt + 140, 8));
    dsdt = table(number(fadt + 140, 8), "DSDT", 36);
    CU_ASSERT_EQUAL(number(dsdt + 4, 4), 36 + 7);
    CU_ASSERT_EQUAL(dsdt[36], 0x10);
    CU_ASSERT_EQUAL(dsdt[37], number(dsdt + 4, 4) - 37); /* PkgLength spans the rest */
}

/* Each vCPU has one entry of the right kind, enabled if it is online. */
static void cpus(uint32_t count, uint32_t online)
{
    const uint8_t *madt, *at, *end;
    uint32_t cpu = 0;

    build(count, online);
    madt = table(number(xsdt() + 44, 8), "APIC", 44);
    CU_ASSERT_EQUAL(number(madt + 36, 4), 0xfee00000);
    CU_ASSERT_EQUAL(number(madt + 40, 4), 0); /* no 8259s */
    end = madt + number(madt + 4, 4);
    for (at = madt + 44; at < end; at += at[1], cpu++) {
        CU_ASSERT_FATAL(at[1] > 0 && cpu < count);
        if (ids[cpu] < 255 && cpu < 255) {
            CU_ASSERT_EQUAL_FATAL(at[0], 0);
            CU_ASSERT_EQUAL(at[1], 8);
            CU_ASSERT_EQUAL(at[2], cpu);
            CU_ASSERT_EQUAL(at[3], ids[cpu]);
            CU_ASSERT_EQUAL(number(at + 4, 4), cpu < online);
        } else {
            CU_ASSERT_EQUAL_FATAL(at[0], 9);
            CU_ASSERT_EQUAL(at[1], 16);
            CU_ASSERT_EQUAL(number(at + 4, 4), ids[cpu]);
            CU_ASSERT_EQUAL(number(at + 8, 4), cpu < online);
            CU_ASSERT_EQUAL(number(at + 12, 4), cpu);
        }
    }
    CU_ASSERT_PTR_EQUAL(at, end);
    CU_ASSERT_EQUAL(cpu, count);
}

static void cpu_entries(void)
{
    cpus(1, 1);
    cpus(4, 2);
    cpus(127, 127);
    cpus(128, 128); /* the 128th has APIC id 254, the last that xAPIC can name */
    cpus(129, 1);
    cpus(CPUS_MAX, 300);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(fixed_tables),
        TEST_CASE(cpu_entries),
    };
    for (uint32_t i = 0; i < CPUS_MAX; i++)
        ids[i] = 2 * i;
    int status = RUN_TESTS("acpi", tests);
    free(tables);
    return status;
}
