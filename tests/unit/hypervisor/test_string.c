/* SPDX-License-Identifier: MIT */
/* The hypervisor's memory and text functions and number parsing, against the C library's or by example. */
#include <stdlib.h>
#include <string.h>

#include "../run_tests.h"
#include "number.h"

static int c_memcmp(const void *a, const void *b, size_t n) { return memcmp(a, b, n); }
static void c_memmove(void *to, const void *from, size_t n) { memmove(to, from, n); }
static size_t c_strlen(const char *text) { return strlen(text); }

#include "string_names.h"

#include "string.h"

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void moves(void)
{
    unsigned char ours[64], theirs[64];

    for (size_t from = 0; from < 16; from++)
        for (size_t to = 0; to < 16; to++)
            for (size_t n = 0; n <= 40; n += 5) {
                for (size_t i = 0; i < sizeof(ours); i++)
                    ours[i] = theirs[i] = (unsigned char)i;
                CU_ASSERT_PTR_EQUAL(memmove(ours + to, ours + from, n), ours + to);
                c_memmove(theirs + to, theirs + from, n);
                CU_ASSERT_EQUAL(c_memcmp(ours, theirs, sizeof(ours)), 0);
            }
}

static void fills_and_copies(void)
{
    unsigned char buffer[32] = { 0 }, copy[32];

    CU_ASSERT_PTR_EQUAL(memset(buffer + 1, 0x1a5, 30), buffer + 1);
    CU_ASSERT_EQUAL(buffer[0], 0);
    CU_ASSERT_EQUAL(buffer[1], 0xa5);
    CU_ASSERT_EQUAL(buffer[30], 0xa5);
    CU_ASSERT_EQUAL(buffer[31], 0);
    CU_ASSERT_PTR_EQUAL(memcpy(copy, buffer, sizeof(copy)), copy);
    CU_ASSERT_EQUAL(c_memcmp(copy, buffer, sizeof(copy)), 0);
}

static void comparisons(void)
{
    CU_ASSERT_EQUAL(memcmp("abc", "abd", 2), 0);
    CU_ASSERT_EQUAL(sign(memcmp("abc", "abd", 3)), -1);
    CU_ASSERT_EQUAL(sign(memcmp("\xff", "\x01", 1)), 1);
    CU_ASSERT_EQUAL(strcmp("same", "same"), 0);
    CU_ASSERT_EQUAL(sign(strcmp("", "a")), -1);
    CU_ASSERT_EQUAL(sign(strcmp("\x80", "a")), 1);
}

static void searches(void)
{
    const char *text = "a.b.c";
    CU_ASSERT_PTR_EQUAL(strchr(text, '.'), text + 1);
    CU_ASSERT_PTR_EQUAL(strchr(text, 0), text + 5);
    CU_ASSERT_PTR_NULL(strchr(text, 'z'));
    CU_ASSERT_PTR_EQUAL(memchr(text, 'c', 5), text + 4);
    CU_ASSERT_PTR_NULL(memchr(text, 'c', 4));
    CU_ASSERT_EQUAL(strlen(text), c_strlen(text));
    CU_ASSERT_EQUAL(strnlen(text, 3), 3);
    CU_ASSERT_EQUAL(strnlen(text, 30), 5);
}

static void bounded_copies(void)
{
    char buffer[4] = "zzz";
    CU_ASSERT_EQUAL(string_copy(buffer, "abcdef", sizeof(buffer)), 6);
    CU_ASSERT_STRING_EQUAL(buffer, "abc");
    CU_ASSERT_EQUAL(string_copy(buffer, "x", sizeof(buffer)), 1);
    CU_ASSERT_STRING_EQUAL(buffer, "x");
    CU_ASSERT_EQUAL(string_copy(buffer, "yy", 0), 2);
    CU_ASSERT_STRING_EQUAL(buffer, "x");
}

/* ~0: refused */
static uint64_t number(const char *text)
{
    uint64_t value = 12345;
    if (parse_unsigned(text, strlen(text), &value))
        return value;
    CU_ASSERT_EQUAL(value, 12345);
    return ~0ull;
}

static uint64_t size(const char *text)
{
    uint64_t value = 12345;
    if (parse_size(text, strlen(text), 1024, &value))
        return value;
    CU_ASSERT_EQUAL(value, 12345);
    return ~0ull;
}

static void numbers(void)
{
    CU_ASSERT_EQUAL(number("0"), 0);
    CU_ASSERT_EQUAL(number("1024"), 1024);
    CU_ASSERT_EQUAL(number("0x3F8"), 0x3f8);
    CU_ASSERT_EQUAL(number("017"), 15);
    CU_ASSERT_EQUAL(number("18446744073709551614"), ~0ull - 1);
    const char *const refused[] = { "", "x", "0x", "08", "1 ", " 1", "-1", "+1", "1k", "18446744073709551616", "0x1fffffffffffffffff" };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        CU_ASSERT_EQUAL(number(refused[i]), ~0ull);
}

static void sizes(void)
{
    CU_ASSERT_EQUAL(size("1024M"), 1024ull << 20);
    CU_ASSERT_EQUAL(size("1g"), 1ull << 30);
    CU_ASSERT_EQUAL(size("4"), 4096);
    CU_ASSERT_EQUAL(size("4B"), 4);
    CU_ASSERT_EQUAL(size("2T"), 2ull << 40);
    CU_ASSERT_EQUAL(size("0x10K"), 16384);
    CU_ASSERT_EQUAL(size("0x1b"), 0x1b * 1024);
    const char *const refused[] = { "", "M", "1X", "1MM", "1.5G", "-1M", "20000000T" };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        CU_ASSERT_EQUAL(size(refused[i]), ~0ull);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "memmove copies overlapping ranges", moves },
        { "memset and memcpy stay in their range", fills_and_copies },
        { "comparisons are of unsigned bytes", comparisons },
        { "searches find the right place or nothing", searches },
        { "string_copy cuts and terminates", bounded_copies },
        { "numbers are parsed wholly or refused", numbers },
        { "sizes have suffixes and do not overflow", sizes },
    };
    return RUN_TESTS("string", tests);
}
