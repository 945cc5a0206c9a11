/* SPDX-License-Identifier: MIT */
/* Formatting against the C library's printf; the log's lines, levels, ring and limit on lines that guests cause. */
#include "../run_tests.h"
#include "fake_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_line.h"
#include "printk.h"

#define MAX_LINE 512

/* The same text as the C library makes, and the same count, with a buffer that is large enough and one that is not. */
#define SAME(...)                                                     \
    do {                                                              \
        char ours[256], theirs[256];                                  \
        int our_length = keel_snprintf(ours, sizeof(ours), __VA_ARGS__);  \
        int their_length = snprintf(theirs, sizeof(theirs), __VA_ARGS__); \
        CU_ASSERT_EQUAL(our_length, their_length);                    \
        CU_ASSERT_STRING_EQUAL(ours, theirs);                         \
        for (size_t size = 0; size < 8; size++) {                     \
            memset(ours, '#', sizeof(ours));                          \
            memset(theirs, '#', sizeof(theirs));                      \
            keel_snprintf(ours, size, __VA_ARGS__);                   \
            snprintf(theirs, size, __VA_ARGS__);                      \
            CU_ASSERT_EQUAL(memcmp(ours, theirs, sizeof(ours)), 0);   \
        }                                                             \
    } while (0)

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-truncation"

static void integers(void)
{
    SAME("%d %d %u", -5, 2147483647, 4294967295u);
    SAME("%d", (int)0x80000000);
    SAME("%ld %lu", (long)(-9223372036854775807L - 1), 18446744073709551615ul);
    SAME("%lld %zu %ld", -1ll, (size_t)7, -8l);
    SAME("%x %#x %#x", 0xbeef, 255, 0);
    SAME("%#lx", 0xffffffff80000000ul);
}

static void width_and_precision(void)
{
    SAME("[%5d] [%-5d] [%05d]", 42, 42, 42);
    SAME("[%8.3d] [%-8.3d] [%08.3d] [%.0d] [%.0d]", 7, 7, 7, 0, 1);
    SAME("[%016lx] [%#10x] [%-#10x] [%#010x]", 0xabcul, 0xabc, 0xabc, 0xabc);
    SAME("[%*d] [%-*d] [%*d] [%.*d]", 6, 1, 6, 2, -6, 3, 4, 5);
    SAME("[%5d] [%-5d] [%05d]", -3, -3, -3);
}

static void texts(void)
{
    SAME("%s|%10s|%-10s|%.2s|%5.1s|%.*s", "abc", "abc", "abc", "abc", "abc", 2, "abcdef");
    SAME("%c%c%c [%3c] [%-3c]", 'a', 'b', 'c', 'd', 'e');
    SAME("100%% %s", "");
    char buffer[32], *volatile nothing = NULL;
    keel_snprintf(buffer, sizeof(buffer), "%s", nothing);
    CU_ASSERT_STRING_EQUAL(buffer, "(null)");
    /* A text without an end is read no further than the precision says. */
    char unterminated[3] = { 'x', 'y', 'z' };
    keel_snprintf(buffer, sizeof(buffer), "%.3s", unterminated);
    CU_ASSERT_STRING_EQUAL(buffer, "xyz");
}

static void pointers_and_symbols(void)
{
    char buffer[64];
    SAME("%p", (void *)0x1234);
    keel_snprintf(buffer, sizeof(buffer), "%p", NULL);
    CU_ASSERT_STRING_EQUAL(buffer, "0x0");
    keel_snprintf(buffer, sizeof(buffer), "%pS, %pS, %pS", (void *)0x1010, (void *)0x1000, (void *)0x2000);
    CU_ASSERT_STRING_EQUAL(buffer, "named_function+0x10, named_function+0x0, 0x2000");
}

static void unknown_conversions(void)
{
    char buffer[32];
    CU_ASSERT_EQUAL(keel_snprintf(buffer, sizeof(buffer), "a %y b"), 4);
    CU_ASSERT_STRING_EQUAL(buffer, "a %?");
    keel_snprintf(buffer, sizeof(buffer), "a %");
    CU_ASSERT_STRING_EQUAL(buffer, "a %?");
    keel_snprintf(buffer, sizeof(buffer), "a %ll");
    CU_ASSERT_STRING_EQUAL(buffer, "a %?");
}

static void log_level(const char *level)
{
    char line[64];
    snprintf(line, sizeof(line), "loglvl=%s", level);
    CU_ASSERT_EQUAL(command_line_apply(line), 0);
    fake_console_clear();
}

static void lines_and_levels(void)
{
    log_level("all");
    printk(LOG_DEBUG, "one %d", 1);
    printk(LOG_ERROR, "two\n");
    CU_ASSERT_STRING_EQUAL(fake_console, "(KEEL) one 1\r\n(KEEL) two\r\n");
    log_level("error/all");
    printk(LOG_WARNING, "unseen");
    printk(LOG_ERROR, "seen");
    CU_ASSERT_STRING_EQUAL(fake_console, "(KEEL) seen\r\n");
    fake_console_clear();
    CU_ASSERT_EQUAL(command_line_apply("loglvl=loud"), 0 + 1);
    log_level("all");
}

static void long_lines_are_cut(void)
{
    char text[2000];
    log_level("all");
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    printk(LOG_ERROR, "%s", text);
    CU_ASSERT_EQUAL(fake_console_length, MAX_LINE + 1);
    CU_ASSERT_STRING_EQUAL(fake_console + fake_console_length - 3, "x\r\n");
}

static void ring_is_read_and_cleared(void)
{
    char buffer[256];
    uint32_t index = 0;
    size_t count;

    log_level("all");
    count = log_ring_read(buffer, 0, &index, false);
    while (log_ring_read(buffer, sizeof(buffer), &index, true)) {
    }
    printk(LOG_ERROR, "first");
    count = log_ring_read(buffer, sizeof(buffer), &index, true);
    CU_ASSERT_EQUAL(count, strlen("(KEEL) first\n"));
    CU_ASSERT_EQUAL(memcmp(buffer, "(KEEL) first\n", count), 0);
    CU_ASSERT_EQUAL(log_ring_read(buffer, sizeof(buffer), &index, true), 0);
    log_ring_clear(index);
    printk(LOG_ERROR, "second");
    count = log_ring_read(buffer, sizeof(buffer), &index, false);
    CU_ASSERT_EQUAL(count, strlen("(KEEL) second\n"));
    /* An index that was never handed out reads from the oldest byte, as if nothing had been read. */
    index = 0xdeadbeef;
    CU_ASSERT_EQUAL(log_ring_read(buffer, sizeof(buffer), &index, true), strlen("(KEEL) second\n"));
    /* In small pieces the whole comes out once. */
    index = 0;
    count = log_ring_read(buffer, 5, &index, false);
    count += log_ring_read(buffer + count, 100, &index, true);
    CU_ASSERT_EQUAL(count, strlen("(KEEL) second\n"));
    CU_ASSERT_EQUAL(memcmp(buffer, "(KEEL) second\n", count), 0);
}

static void ring_keeps_the_newest(void)
{
    static char all[LOG_RING_SIZE + 1];
    uint32_t index = 0;

    log_level("all");
    for (unsigned int i = 0; i < 10000; i++)
        printk(LOG_DEBUG, "line %u", i);
    CU_ASSERT_EQUAL(log_ring_read(all, sizeof(all), &index, false), LOG_RING_SIZE);
    CU_ASSERT_EQUAL(memcmp(all + LOG_RING_SIZE - strlen("(KEEL) line 9999\n"), "(KEEL) line 9999\n",
                           strlen("(KEEL) line 9999\n")), 0);
}

static unsigned int count_of(const char *what)
{
    unsigned int count = 0;
    for (const char *at = fake_console; (at = strstr(at, what)); at++)
        count++;
    return count;
}

static void guests_cannot_flood_the_log(void)
{
    log_level("all");
    fake_time_ns += 2 * LOG_GUEST_INTERVAL_NS;
    for (unsigned int i = 0; i < 1000; i++)
        log_guest(i % 2 ? LOG_DEBUG : LOG_WARNING, "guest line %u", i);
    CU_ASSERT_EQUAL(count_of("guest line"), LOG_GUEST_BURST);
    fake_time_ns += LOG_GUEST_INTERVAL_NS - 1;
    log_guest(LOG_WARNING, "guest line too early");
    CU_ASSERT_EQUAL(count_of("guest line"), LOG_GUEST_BURST);
    fake_time_ns++;
    log_guest(LOG_DEBUG, "guest line again");
    CU_ASSERT_EQUAL(count_of("guest line"), LOG_GUEST_BURST + 1);
    CU_ASSERT_EQUAL(count_of("981 lines that guests caused were left out"), 1);
    log_guest(LOG_DEBUG, "guest line and again"); /* what was left out is told once */
    CU_ASSERT_EQUAL(count_of("left out"), 1);

    /* Lines below the log's level are neither printed nor counted: they take no other guest's line away. */
    log_level("warning");
    fake_console_clear();
    fake_time_ns += LOG_GUEST_INTERVAL_NS;
    for (unsigned int i = 0; i < 1000; i++)
        log_guest(LOG_DEBUG, "guest line %u", i);
    log_guest(LOG_WARNING, "guest line");
    CU_ASSERT_EQUAL(count_of("guest line"), 1);
    CU_ASSERT_EQUAL(count_of("left out"), 0);
    log_level("all");
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "integers are printed as the C library does", integers },
        { "width, precision and flags are the C library's", width_and_precision },
        { "texts are padded and cut as the C library does", texts },
        { "pointers print as hexadecimal and as names", pointers_and_symbols },
        { "an unknown conversion ends the text", unknown_conversions },
        { "each call is one line with a prefix, by level", lines_and_levels },
        { "a line that is too long is cut and ended", long_lines_are_cut },
        { "the ring is read from an index and cleared", ring_is_read_and_cleared },
        { "a full ring drops the oldest bytes", ring_keeps_the_newest },
        { "lines that guests cause are limited and counted", guests_cannot_flood_the_log },
    };
    return RUN_TESTS("printk", tests);
}
