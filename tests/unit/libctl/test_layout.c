/* SPDX-License-Identifier: MIT */
/* A guest's memory: where RAM, boot information and ramdisk lie, what the memory map says, what the guest is told. */
#include "../run_tests.h"
#include "libctl/boot_info.h"
#include "libctl/layout.h"

#include <stdlib.h>
#include <string.h>
#include <xen/xen.h>
#include <xen/arch-x86/hvm/start_info.h>

#define MIB (1ull << 20)

static const struct elf_image kernel = { .start = 16 * MIB, .end = 74 * MIB + 123 };

static struct layout plan(uint64_t memory_kib, uint64_t ramdisk_size, enum layout_result expected)
{
    struct layout layout;

    CU_ASSERT_EQUAL(layout_plan(&layout, memory_kib, &kernel, 300, ramdisk_size, 700), expected);
    return layout;
}

static void small(void)
{
    struct layout layout = plan(128 << 10, 2 * MIB, LAYOUT_OK);

    CU_ASSERT_EQUAL(layout.low_size, 128 * MIB);
    CU_ASSERT_EQUAL(layout.high_size, 0);
    CU_ASSERT_EQUAL(layout.boot_start, 74 * MIB + 4096);
    CU_ASSERT_EQUAL(layout.ramdisk_start, 74 * MIB + 8192);
    CU_ASSERT_EQUAL(layout.regions_count, 3);
    CU_ASSERT_EQUAL(layout.regions[0].size, 128 * MIB);
    CU_ASSERT_EQUAL(layout.regions[1].kind, LAYOUT_TABLES);
    CU_ASSERT_EQUAL(layout.regions[1].size, 4096); /* what the tables' pages are, and no more */
    CU_ASSERT_EQUAL(layout.acpi_size, 4096);
    CU_ASSERT_EQUAL(layout.regions[2].kind, LAYOUT_RESERVED);
}

static void around_the_hole(void)
{
    struct layout layout = plan(LAYOUT_LOW_END >> 10, 0, LAYOUT_OK);

    CU_ASSERT_EQUAL(layout.low_size, LAYOUT_LOW_END);
    CU_ASSERT_EQUAL(layout.high_size, 0);
    layout = plan((LAYOUT_LOW_END >> 10) + 4, 0, LAYOUT_OK);
    CU_ASSERT_EQUAL(layout.low_size, LAYOUT_LOW_END);
    CU_ASSERT_EQUAL(layout.high_size, 4096);
    CU_ASSERT_EQUAL(layout.regions_count, 4);
    CU_ASSERT_EQUAL(layout.regions[3].start, LAYOUT_HIGH_START);
    layout = plan(1ull << 30, 0, LAYOUT_OK); /* 1 TiB */
    CU_ASSERT_EQUAL(layout.low_size + layout.high_size, 1ull << 40);
    layout = plan((128 << 10) + 3, 0, LAYOUT_OK); /* not a whole page more */
    CU_ASSERT_EQUAL(layout.low_size, 128 * MIB);
}

/* Regions rise and never overlap, whatever the size: a guest that meets an overlap may use the console ring as RAM. */
static void regions_are_disjoint(void)
{
    for (uint64_t memory_kib = 80 << 10; memory_kib < 64ull << 20; memory_kib = memory_kib * 5 / 4 + 4) {
        struct layout layout = plan(memory_kib, 4 * MIB, LAYOUT_OK);
        uint64_t end = 0, ram = 0;

        for (unsigned i = 0; i < layout.regions_count; i++) {
            CU_ASSERT(layout.regions[i].start >= end);
            CU_ASSERT(layout.regions[i].size);
            end = layout.regions[i].start + layout.regions[i].size;
            ram += layout.regions[i].kind == LAYOUT_RAM ? layout.regions[i].size : 0;
        }
        CU_ASSERT_EQUAL(ram, (memory_kib & ~3ull) << 10);
    }
    CU_ASSERT(LAYOUT_STORE_GFN << 12 >= LAYOUT_SPECIAL && LAYOUT_CONSOLE_GFN << 12 < LAYOUT_SPECIAL_END);
    CU_ASSERT(LAYOUT_TSS_GFN << 12 >= LAYOUT_SPECIAL && LAYOUT_IDENTITY_GFN << 12 < LAYOUT_SPECIAL_END);
}

static void too_small(void)
{
    plan(74 << 10, 0, LAYOUT_KERNEL_OUTSIDE);
    plan((74 << 10) + 4, 0, LAYOUT_RAMDISK_OUTSIDE); /* not even the boot information */
    plan((74 << 10) + 8, 0, LAYOUT_OK);
    plan((74 << 10) + 8, 1, LAYOUT_RAMDISK_OUTSIDE);
    plan((74 << 10) + 12, 4096, LAYOUT_OK);
    plan((74 << 10) + 12, 4097, LAYOUT_RAMDISK_OUTSIDE);
    plan(128 << 10, UINT64_MAX, LAYOUT_RAMDISK_OUTSIDE);
    plan(0, 0, LAYOUT_KERNEL_OUTSIDE);
}

static void extremes_of_a_kernel(void)
{
    struct elf_image far = { .start = UINT64_MAX - 8192, .end = UINT64_MAX };
    struct layout layout;

    CU_ASSERT_EQUAL(layout_plan(&layout, 1 << 20, &far, 300, 0, 700), LAYOUT_KERNEL_OUTSIDE);
    /* RAM above 4 GiB does not help a kernel that wants to lie in the hole. */
    far.start = 0xf1000000;
    far.end = 0xf2000000;
    CU_ASSERT_EQUAL(layout_plan(&layout, 8 << 20, &far, 300, 0, 700), LAYOUT_KERNEL_OUTSIDE);
}

static void orders(void)
{
    CU_ASSERT_EQUAL(layout_order(0, 1ull << 18, 18), 18);
    CU_ASSERT_EQUAL(layout_order(0, (1ull << 18) - 1, 18), 9);
    CU_ASSERT_EQUAL(layout_order(512, 1ull << 20, 18), 9);
    CU_ASSERT_EQUAL(layout_order(1ull << 18, 1ull << 18, 9), 9);
    CU_ASSERT_EQUAL(layout_order(1, 1ull << 18, 18), 0);
    CU_ASSERT_EQUAL(layout_order(512, 511, 18), 0);
    CU_ASSERT_EQUAL(layout_order(512, 512, 0), 0);
}

static void boot_information(void)
{
    struct layout layout = plan(5 << 20, MIB, LAYOUT_OK);
    const char *command_line = "console=hvc0 root=/dev/xvda1";
    size_t size = boot_info_size(command_line);
    uint8_t *block = malloc(size);
    struct hvm_start_info info;
    struct hvm_modlist_entry module;
    struct hvm_memmap_table_entry entry;

    boot_info_build(block, &layout, command_line, 0xfc000000);
    memcpy(&info, block, sizeof(info));
    CU_ASSERT_EQUAL(info.magic, XEN_HVM_START_MAGIC_VALUE);
    CU_ASSERT_EQUAL(info.version, 1);
    CU_ASSERT_EQUAL(info.rsdp_paddr, 0xfc000000);
    CU_ASSERT_EQUAL(info.nr_modules, 1);
    CU_ASSERT_STRING_EQUAL((char *)block + (info.cmdline_paddr - layout.boot_start), command_line);
    memcpy(&module, block + (info.modlist_paddr - layout.boot_start), sizeof(module));
    CU_ASSERT_EQUAL(module.paddr, layout.ramdisk_start);
    CU_ASSERT_EQUAL(module.size, MIB);
    CU_ASSERT_EQUAL(info.memmap_entries, 4);
    memcpy(&entry, block + (info.memmap_paddr - layout.boot_start) + 3 * sizeof(entry), sizeof(entry));
    CU_ASSERT_EQUAL(entry.addr, LAYOUT_HIGH_START);
    CU_ASSERT_EQUAL(entry.type, XEN_HVM_MEMMAP_TYPE_RAM);
    free(block);

    size = boot_info_size(NULL);
    block = malloc(size);
    layout = plan(128 << 10, 0, LAYOUT_OK);
    boot_info_build(block, &layout, NULL, 0);
    memcpy(&info, block, sizeof(info));
    CU_ASSERT_EQUAL(info.nr_modules, 0);
    CU_ASSERT_EQUAL(block[info.cmdline_paddr - layout.boot_start], '\0');
    free(block);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(small),
        TEST_CASE(around_the_hole),
        TEST_CASE(regions_are_disjoint),
        TEST_CASE(too_small),
        TEST_CASE(extremes_of_a_kernel),
        TEST_CASE(orders),
        TEST_CASE(boot_information),
    };
    return RUN_TESTS("layout", tests);
}
