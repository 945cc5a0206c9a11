/* SPDX-License-Identifier: MIT */
/* The command line: each kind of parameter, and that what does not fit is warned about and changes nothing. */
#include "../run_tests.h"
#include "fake_host.h"

#include <string.h>

#include "command_line.h"

static bool flag;
static uint64_t count, memory;
static char custom[32];

static bool parse_custom(const char *value)
{
    if (!strcmp(value, "bad"))
        return false;
    strncpy(custom, value, sizeof(custom) - 1);
    return true;
}

COMMAND_LINE_FLAG("test-flag", flag);
COMMAND_LINE_UNSIGNED("test-count", count, 1, 128);
COMMAND_LINE_SIZE("test-memory", memory);
COMMAND_LINE_CUSTOM("test-custom", parse_custom, "anything but bad");

/* Applies the line to known values; the number of warnings. */
static unsigned int apply(const char *line)
{
    flag = false;
    count = 7;
    memory = 0;
    strcpy(custom, "old");
    fake_console_clear();
    return command_line_apply(line);
}

static void all_kinds(void)
{
    CU_ASSERT_EQUAL(apply("test-flag test-count=12  test-memory=1024M\ttest-custom=a=b,c "), 0);
    CU_ASSERT_TRUE(flag);
    CU_ASSERT_EQUAL(count, 12);
    CU_ASSERT_EQUAL(memory, 1024ull << 20);
    CU_ASSERT_STRING_EQUAL(custom, "a=b,c");
    CU_ASSERT_STRING_EQUAL(fake_console, "");
    CU_ASSERT_EQUAL(apply(""), 0);
    CU_ASSERT_EQUAL(apply("   "), 0);
}

static void flags(void)
{
    CU_ASSERT_EQUAL(apply("test-flag=on"), 0);
    CU_ASSERT_TRUE(flag);
    CU_ASSERT_EQUAL(apply("test-flag=yes test-flag=0"), 0);
    CU_ASSERT_FALSE(flag);
    CU_ASSERT_EQUAL(apply("test-flag no-test-flag"), 0);
    CU_ASSERT_FALSE(flag);
    CU_ASSERT_EQUAL(apply("test-flag=maybe"), 1);
    CU_ASSERT_EQUAL(apply("no-test-count"), 1);
    CU_ASSERT_EQUAL(count, 7);
}

static void wrong_values_change_nothing(void)
{
    const char *const lines[] = {
        "test-count=0", "test-count=129", "test-count=", "test-count=x", "test-count", "test-memory=lots", "test-memory=",
        "test-custom=bad",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        CU_ASSERT_EQUAL(apply(lines[i]), 1);
        CU_ASSERT_EQUAL(count, 7);
        CU_ASSERT_EQUAL(memory, 0);
        CU_ASSERT_STRING_EQUAL(custom, "old");
    }
    apply("test-count=129");
    CU_ASSERT_STRING_EQUAL(fake_console,
        "(KEEL) command line: test-count expects a number from 1 to 128; \"test-count=129\" is ignored\r\n");
}

static void unknown_words_are_named(void)
{
    CU_ASSERT_EQUAL(apply("test-flags=1 test-count=3 =x"), 2);
    CU_ASSERT_EQUAL(count, 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(fake_console, "no parameter is called \"test-flags\""));
}

static void too_long_lines_are_cut(void)
{
    static char line[4096];
    strcpy(line, "test-count=9 ");
    memset(line + 13, 'x', sizeof(line) - 14);
    CU_ASSERT_EQUAL(apply(line), 2);
    CU_ASSERT_EQUAL(count, 9);
    CU_ASSERT_EQUAL(strlen(command_line_text()), COMMAND_LINE_MAX - 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(fake_console, "longer than 1023 bytes"));
}

static void text_is_kept(void)
{
    apply("console=none  test-flag");
    CU_ASSERT_STRING_EQUAL(command_line_text(), "console=none  test-flag");
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "each kind of parameter takes its value", all_kinds },
        { "flags are switched on and off in all spellings", flags },
        { "a wrong value is warned about and changes nothing", wrong_values_change_nothing },
        { "an unknown word is named, the others count", unknown_words_are_named },
        { "a line that is too long is cut, with a warning", too_long_lines_are_cut },
        { "the line is kept as it was given", text_is_kept },
    };
    return RUN_TESTS("command line", tests);
}
