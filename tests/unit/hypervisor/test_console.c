/* SPDX-License-Identifier: MIT */
/* Where typed bytes go: domain 0, or after Ctrl-a three times the debug keys, and back. */
#include "../run_tests.h"
#include "fake_host.h"

#include <string.h>

#include "console.h"

static char received[64];
static char keys[8];

static void receive(const char *bytes, size_t count)
{
    strncat(received, bytes, count);
}

static void remember_key(char key)
{
    strncat(keys, &key, 1);
}

static void type(const char *text)
{
    received[0] = keys[0] = 0;
    fake_console_clear();
    console_receive(text, strlen(text));
}

static void input_is_switched(void)
{
    console_set_input_handler(receive);
    register_debug_key('t', "a test", remember_key);
    type("ls\n");
    CU_ASSERT_STRING_EQUAL(received, "ls\n");
    type("a\001\001b\001");
    CU_ASSERT_STRING_EQUAL(received, "a\001\001b\001");
    type("\001\001tt");
    CU_ASSERT_STRING_EQUAL(received, "\001");
    CU_ASSERT_STRING_EQUAL(keys, "tt");
    CU_ASSERT_PTR_NOT_NULL(strstr(fake_console, "Serial input to Keel"));
    type("t");
    CU_ASSERT_STRING_EQUAL(received, "");
    CU_ASSERT_STRING_EQUAL(keys, "t");
    type("\001\001\001x");
    CU_ASSERT_STRING_EQUAL(received, "x");
    CU_ASSERT_PTR_NOT_NULL(strstr(fake_console, "Serial input to DOM0"));
}

static void keys_are_listed(void)
{
    fake_console_clear();
    run_debug_key('h');
    CU_ASSERT_PTR_NOT_NULL(strstr(fake_console, " t: a test\r\n"));
    fake_console_clear();
    run_debug_key('?');
    CU_ASSERT_PTR_NOT_NULL(strstr(fake_console, "no debug key '?'"));
    fake_console_clear();
    run_debug_key((char)0xff);
    run_debug_key(0x01);
    CU_ASSERT_STRING_EQUAL(fake_console, "");
    CU_ASSERT_TRUE(FAKE_HALTS(register_debug_key('t', "again", remember_key)));
    CU_ASSERT_PTR_NOT_NULL(strstr(fake_console, "BUG"));
}

static void output_is_raw(void)
{
    fake_console_clear();
    console_write("a\nb\0c", 5);
    CU_ASSERT_EQUAL(fake_console_length, 5);
    CU_ASSERT_EQUAL(memcmp(fake_console, "a\nb\0c", 5), 0);
}

static void input_without_a_reader_is_dropped(void)
{
    console_set_input_handler(NULL);
    type("nobody");
    CU_ASSERT_STRING_EQUAL(received, "");
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "Ctrl-a three times switches the input to and fro", input_is_switched },
        { "debug keys are listed, run and registered once", keys_are_listed },
        { "a domain's output is not changed", output_is_raw },
        { "input is dropped while nobody reads it", input_without_a_reader_is_dropped },
    };
    return RUN_TESTS("console", tests);
}
