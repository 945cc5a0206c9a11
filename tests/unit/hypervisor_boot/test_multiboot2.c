/* SPDX-License-Identifier: MIT */
/*
 * The boot loader's information: read where it is sound, refused with a sentence where it is not, moved modules
 * intact.
 */
#include "../run_tests.h"
#include "fake_host.h"
#include "fake_ram.h"

#include <string.h>

#include "boot_memory.h"
#include "multiboot2.h"
#include "paging.h"

#define INFORMATION 0x10000u

static uint32_t length;

static void *put(const void *bytes, size_t size)
{
    void *at = (char *)direct_map(INFORMATION) + length;
    memcpy(at, bytes, size);
    length += (uint32_t)size;
    return at;
}

static void *put_tag(uint32_t type, const void *payload, size_t size)
{
    const uint32_t header[2] = { type, (uint32_t)size + 8 };
    void *at = put(header, 8);
    put(payload, size);
    length = (length + 7) & ~7u;
    return at;
}

static void put_module(uint32_t start, uint32_t end, const char *text)
{
    char payload[3000];
    memcpy(payload, &start, 4);
    memcpy(payload + 4, &end, 4);
    strcpy(payload + 8, text);
    put_tag(3, payload, 8 + strlen(text) + 1);
}

static void begin(void)
{
    length = 8;
}

static void parse(void)
{
    put_tag(0, "", 0);
    memcpy(direct_map(INFORMATION), &length, 4);
    multiboot2_parse(MULTIBOOT2_LOADER_MAGIC, INFORMATION);
}

static void put_memory(void)
{
    struct { uint32_t entry_size, version; struct { uint64_t start, size; uint32_t kind, reserved; } entry[3]; } map = {
        24, 0, { { 0, 0x9fc00, 1, 0 }, { MIB(1), MIB(63), 1, 0 }, { MIB(64), MIB(1), 77, 0 } },
    };
    put_tag(6, &map, sizeof(map));
}

static void sound_information(void)
{
    uint32_t count;
    size_t size;
    const uint8_t old_root[20] = "RSD PTR old", new_root[36] = "RSD PTR new";

    begin();
    put_tag(1, "  console=com1 loglvl=all ", 27);
    put_tag(2, "GRUB", 5);
    put_memory();
    put_tag(15, new_root, sizeof(new_root));
    put_tag(14, old_root, sizeof(old_root));
    put_module(MIB(20), MIB(20) + 5000, "console=hvc0 quiet");
    put_module(MIB(30), MIB(30) + 100, "");
    put_module(MIB(40), MIB(40) + 100, "ignored");
    parse();
    CHECK(!strcmp(multiboot2_command_line(), "console=com1 loglvl=all"));
    CHECK(multiboot2_memory_map(&count)[1].size == MIB(63));
    CHECK(count == 3 && multiboot2_memory_map(&count)[2].kind == MEMORY_RESERVED);
    CHECK(!strcmp(multiboot2_acpi_root(&size), "RSD PTR new") && size == 36);
    CHECK(boot_module_count == 2);
    CHECK(!strcmp(boot_modules[BOOT_MODULE_KERNEL].command_line, "console=hvc0 quiet"));
    CHECK(boot_modules[BOOT_MODULE_KERNEL].size == 5000);

    /* Moved to the top of memory, intact; their old place is free. */
    for (uint32_t i = 0; i < 5000; i++)
        ((uint8_t *)direct_map(MIB(20)))[i] = (uint8_t)(i * 7);
    boot_memory_initialise(multiboot2_memory_map(&count), 3);
    boot_memory_reserve(MIB(20), 5000);
    boot_memory_reserve(MIB(30), 100);
    multiboot2_move_modules();
    CHECK(boot_modules[0].start == MIB(64) - 2 * PAGE_SIZE);
    CHECK(boot_modules[1].start == MIB(64) - 3 * PAGE_SIZE);
    for (uint32_t i = 0; i < 5000; i++)
        CHECK(((uint8_t *)direct_map(boot_modules[0].start))[i] == (uint8_t)(i * 7));
    CHECK(boot_alloc_pages_below(1, MIB(20) + PAGE_SIZE) == direct_map(MIB(20)));
}

static void expect_panic(const char *what)
{
    CHECK(FAKE_HALTS(parse()));
    if (!strstr(fake_console, what))
        fprintf(stderr, "%s", fake_console);
    CHECK(strstr(fake_console, what));
}

static void wrong_magic(void)
{
    CHECK(FAKE_HALTS(multiboot2_parse(0x2badb002, INFORMATION)));
    CHECK(strstr(fake_console, "GRUB's multiboot2 command"));
}

static void backward_module(void)
{
    begin();
    put_module(MIB(20), MIB(10), "");
    expect_panic("describes a module in a way that makes no sense");
}

static void short_module_tag(void)
{
    begin();
    put_tag(3, "abcd", 4);
    expect_panic("describes a module");
}

static void tag_beyond_the_end(void)
{
    begin();
    uint32_t *tag = put_tag(1, "x", 2);
    tag[1] = 5000;
    expect_panic("damaged at byte 8");
}

static void tag_of_no_size(void)
{
    begin();
    uint32_t *tag = put_tag(1, "x", 2);
    tag[1] = 0;
    expect_panic("damaged at byte 8");
}

static void huge_information(void)
{
    *(uint32_t *)direct_map(INFORMATION) = 0xfffffff0;
    CHECK(FAKE_HALTS(multiboot2_parse(MULTIBOOT2_LOADER_MAGIC, INFORMATION)));
    CHECK(strstr(fake_console, "makes no sense"));
}

static void unterminated_texts(void)
{
    char text[4000];
    begin();
    memset(text, 'a', sizeof(text));
    put_tag(1, text, sizeof(text));
    parse();
    CHECK(strlen(multiboot2_command_line()) == 1023);
}

static void bad_memory_map_tags(void)
{
    uint32_t count;
    begin();
    put_tag(6, "abcd", 4);
    put_tag(6, (uint32_t[]){ 8, 0, 1, 2, 3, 4 }, 24);
    put_tag(6, (uint32_t[]){ 0, 0, 1, 2, 3, 4 }, 24);
    parse();
    multiboot2_memory_map(&count);
    CHECK(count == 0);
}

static const struct memory_region small_map[] = { { 0, MIB(64), MEMORY_USABLE } };

static void no_modules(void)
{
    begin();
    parse();
    boot_memory_initialise(small_map, 1);
    CHECK(FAKE_HALTS(multiboot2_move_modules()));
    CHECK(strstr(fake_console, "gave no modules: put \"module2 KERNEL ARGUMENTS\""));
}

static void module_outside_memory(void)
{
    begin();
    put_module(MIB(63), MIB(65), "");
    parse();
    boot_memory_initialise(small_map, 1);
    CHECK(FAKE_HALTS(multiboot2_move_modules()));
    CHECK(strstr(fake_console, "Module 0 at 0x3f00000 is not in usable memory"));
}

static void empty_module(void)
{
    begin();
    put_module(MIB(20), MIB(20), "");
    parse();
    boot_memory_initialise(small_map, 1);
    CHECK(FAKE_HALTS(multiboot2_move_modules()));
    CHECK(strstr(fake_console, "is an empty file"));
}

#define TEST(name) \
    static void test_##name(void) { CU_ASSERT_TRUE(fake_ram_run(name)); }
TEST(sound_information)
TEST(wrong_magic)
TEST(backward_module)
TEST(short_module_tag)
TEST(tag_beyond_the_end)
TEST(tag_of_no_size)
TEST(huge_information)
TEST(unterminated_texts)
TEST(bad_memory_map_tags)
TEST(no_modules)
TEST(module_outside_memory)
TEST(empty_module)

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "sound information is read, and modules are moved", test_sound_information },
        { "another loader's magic is refused", test_wrong_magic },
        { "a module that ends before it starts is refused", test_backward_module },
        { "a module tag that is too short is refused", test_short_module_tag },
        { "a tag that leaves the structure is refused", test_tag_beyond_the_end },
        { "a tag of no size is refused", test_tag_of_no_size },
        { "an absurd total size is refused", test_huge_information },
        { "texts without an end are cut", test_unterminated_texts },
        { "memory map tags that make no sense are passed over", test_bad_memory_map_tags },
        { "a boot without modules says what to do", test_no_modules },
        { "a module outside memory is refused", test_module_outside_memory },
        { "an empty module is refused", test_empty_module },
    };
    return RUN_TESTS("multiboot2", tests);
}
