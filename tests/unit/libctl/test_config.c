/* SPDX-License-Identifier: MIT */
/* The configuration's grammar: what xl's parser reads is read the same, and mistakes are told with their place. */
#include "../run_tests.h"
#include "config_case.h"

#include <stdlib.h>

static void command_line_is(const char *text, const char *expected)
{
    struct config_case result = parse(text);

    CU_ASSERT_EQUAL_FATAL(result.status, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(result.config.command_line);
    CU_ASSERT_STRING_EQUAL(result.config.command_line, expected);
    end(&result);
}

static void defaults(void)
{
    struct config_case result = parse(HEAD);

    CU_ASSERT_EQUAL(result.status, 0);
    CU_ASSERT_STRING_EQUAL(result.config.name, "g");
    CU_ASSERT_STRING_EQUAL(result.config.kernel, "/k");
    CU_ASSERT_STRING_EQUAL(result.config.source, "g.cfg");
    CU_ASSERT_PTR_NULL(result.config.ramdisk);
    CU_ASSERT_PTR_NULL(result.config.command_line);
    CU_ASSERT_FALSE(result.config.uuid_set);
    CU_ASSERT_FALSE(result.config.cpus.set);
    CU_ASSERT_EQUAL(result.config.memory_kib, 128 << 10);
    CU_ASSERT_EQUAL(result.config.max_memory_kib, 128 << 10);
    CU_ASSERT_EQUAL(result.config.vcpus, 1);
    CU_ASSERT_EQUAL(result.config.max_vcpus, 1);
    CU_ASSERT_EQUAL(result.config.cpu_weight, 0);
    CU_ASSERT_EQUAL(result.config.cap, 0);
    CU_ASSERT_EQUAL(result.config.on_poweroff, CTL_ACTION_DESTROY);
    CU_ASSERT_EQUAL(result.config.on_reboot, CTL_ACTION_RESTART);
    CU_ASSERT_EQUAL(result.config.on_crash, CTL_ACTION_DESTROY);
    CU_ASSERT_EQUAL(result.config.on_watchdog, CTL_ACTION_DESTROY);
    CU_ASSERT_EQUAL(result.config.on_soft_reset, CTL_ACTION_SOFT_RESET);
    end(&result);
}

static void separators_and_comments(void)
{
    struct config_case result =
        parse("; ;\n;;name='g';kernel='/k' # comment \"q\"\n\n  vcpus = 2 ; # c\n\tmemory\t=\t32\r\n#");

    CU_ASSERT_EQUAL(result.status, 0);
    CU_ASSERT_EQUAL(result.messages.count, 0);
    CU_ASSERT_EQUAL(result.config.vcpus, 2);
    CU_ASSERT_EQUAL(result.config.memory_kib, 32 << 10);
    end(&result);
    accepted("\xef\xbb\xbf" HEAD "vcpus=2");
}

static void numbers(void)
{
    struct config_case result = parse(HEAD "memory=0x40\nvcpus=010\nmaxvcpus=\" 0x10\"\n");

    CU_ASSERT_EQUAL(result.status, 0);
    CU_ASSERT_EQUAL(result.config.memory_kib, 64 << 10);
    CU_ASSERT_EQUAL(result.config.vcpus, 8);
    CU_ASSERT_EQUAL(result.config.max_vcpus, 16);
    end(&result);
    refused(HEAD "vcpus=08\n", "g.cfg:3:7: key \"vcpus\": \"08\" is not a number");
    refused(HEAD "vcpus=0x\n", "g.cfg:3:7: key \"vcpus\": \"0x\" is not a number");
    refused(HEAD "vcpus=\"2 \"\n", "\"2 \" is not a number");
    refused(HEAD "memory = 512M\n",
            "g.cfg:3:10: key \"memory\": \"512M\" is not a number; write a whole number of MiB");
    refused(HEAD "memory = -5\n", "-5 is out of range");
    refused(HEAD "memory = 99999999999999999999\n", "out of range");
    refused(HEAD "memory = \n",
            "g.cfg:3:10: key \"memory\": a number, a string or a list expected, not the end of the line");
}

static void strings(void)
{
    command_line_is(HEAD "cmdline='a\"b'", "a\"b");
    command_line_is(HEAD "cmdline=\"a'b\"", "a'b");
    command_line_is(HEAD "cmdline=\"\\\\ \\' \\\" \\n\\t\\a\\x41\\x4a1\\101\\7\"", "\\ ' \" \n\t\aAJ1A\a");
    command_line_is(HEAD "cmdline='$x #no comment; nothing'", "$x #no comment; nothing");
    command_line_is(HEAD "cmdline=0x10", "0x10");
    command_line_is(HEAD "cmdline='\xc3\xa4\xe2\x82\xac'", "\xc3\xa4\xe2\x82\xac");
    refused(HEAD "cmdline=\"\\q\"", "g.cfg:3:10: a backslash in a string must start one of");
    refused(HEAD "cmdline=\"\\0\"", "none may mean a zero byte");
    refused(HEAD "cmdline=\"\\x\"", "backslash");
    refused(HEAD "cmdline=\"a\n\"", "g.cfg:3:9: the string that opens here has no closing \" on its line");
    refused(HEAD "cmdline='a\\'", "has no closing '");
    refused(HEAD "cmdline='\xff'", "not valid UTF-8");
    refused(HEAD "cmdline='\\xff'", "not valid UTF-8");
    refused("name=foo\nkernel='/k'\n",
            "g.cfg:1:6: key \"name\": foo is neither a number, a string nor a list; a string needs "
            "quotes: \"foo\"");
    refused(HEAD "cmdline='x' 'y'\n",
            "g.cfg:3:13: key \"cmdline\": a new line or \";\" after the value expected, not a string");
    refused(HEAD "cmdline\n='x'\n", "g.cfg:3:8: key \"cmdline\": \"=\" or \"+=\" expected, not the end of the line");
}

static void command_line_of_root_and_extra(void)
{
    command_line_is(HEAD "extra='quiet x=1'\nroot='/dev/xvda1'\n", "root=/dev/xvda1 quiet x=1");
    command_line_is(HEAD "extra='quiet'\n", "quiet");
    command_line_is(HEAD "root='/dev/a ro'\n", "root=/dev/a ro");
    command_line_is(HEAD "extra='quiet'\nroot='/dev/sda'\ncmdline='cc'\n", "cc");
    warned(HEAD "extra='quiet'\ncmdline='cc'\n",
           "g.cfg:3:1: key \"extra\" is ignored: cmdline is the whole command line");
}

static void joining(void)
{
    command_line_is(HEAD "cmdline='a b'\ncmdline+=' c'\ncmdline+=''\n", "a b c");
    command_line_is(HEAD "cmdline+='x'\n", "x");
    refused(HEAD "vcpus=1\nvcpus+=2\n", "+= joins strings or lists, not numbers");
    refused(HEAD "cmdline='a'\ncmdline+=['b']\n",
            "g.cfg:4:10: key \"cmdline\": += cannot join a list and a single value");
    refused(HEAD "disk=[]\ndisk+=['a']\n", "key \"disk\": no vdev");
    accepted(HEAD "disk=[]\ndisk+=[]\n");
    warned(HEAD "vcpus=1\nvcpus=2\n", "g.cfg:4:1: key \"vcpus\": set a second time; the value of line 3 is not used");
}

static void lists(void)
{
    struct config_case result = parse(HEAD "vcpus=3\ncpus=[\n # first\n \"0\",\n\n '1' , ]\n");

    CU_ASSERT_EQUAL(result.status, 0);
    CU_ASSERT_FALSE(result.config.cpus.set);
    CU_ASSERT_EQUAL_FATAL(result.config.cpus.vcpus_count, 2);
    CU_ASSERT_EQUAL(result.config.cpus.vcpus[0][0], 1);
    CU_ASSERT_EQUAL(result.config.cpus.vcpus[1][0], 2);
    end(&result);
    refused(HEAD "vnuma=[ ['a',1],\n['b'] , [ [ ]]]\nvif=[,]\n", "g.cfg:5:6: key \"vif\": a number, a string or a list "
            "expected, not \",\"");
    refused(HEAD "vif=['a',,'b']", "g.cfg:3:10: key \"vif\": a number, a string or a list expected, not \",\"");
    refused(HEAD "vif=['a' 'b']", "key \"vif\": \",\" or \"]\" expected, not a string");
    refused(HEAD "vif=['a';'b']", "key \"vif\": \",\" or \"]\" expected, not \";\"");
    refused(HEAD "vif=['a',\n", "expected, not the end");
    refused(HEAD "vnuma=[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]\n", "nested more than 16 deep");
}

static void keys(void)
{
    warned(HEAD "foo=1\n", "g.cfg:3:1: key \"foo\" is unknown and ignored");
    warned(HEAD "memmory=256\n", "g.cfg:3:1: key \"memmory\" is unknown and ignored; did you mean \"memory\"?");
    warned(HEAD "maxvpcus=2\n", "did you mean \"maxvcpus\"?");
    warned(HEAD "a.b=2\n", "key \"a.b\" is unknown");
    refused(HEAD "Vcpus=2\n", "g.cfg:3:1: \"Vcpus\" cannot be a key");
    refused(HEAD "a-b=2\n", "\"a-b\" cannot be a key");
    refused(HEAD "= 2\n", "g.cfg:3:1: a key expected, not \"=\"");
    refused(HEAD "vcpus: 2\n", "g.cfg:3:6: unexpected character :");
    refused(HEAD "import os\n", "g.cfg:3:8: key \"import\": \"=\" or \"+=\" expected, not a word without quotes");
}

static void one_mistake_one_error(void)
{
    struct config_case result = parse("name = foo bar [ baz\nkernel = @@@\nvcpus = 0\n");

    CU_ASSERT_EQUAL(result.messages.count, 3);
    CU_ASSERT(says(&result, true, "g.cfg:1:8: "));
    CU_ASSERT(says(&result, true, "g.cfg:2:10: "));
    CU_ASSERT(says(&result, true, "g.cfg:3:9: "));
    CU_ASSERT_EQUAL(result.messages.list[2].line, 3);
    CU_ASSERT_EQUAL(result.messages.list[2].column, 9);
    end(&result);
}

static void floods_are_cut_short(void)
{
    char *text = malloc(1 << 20), *at = text;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    while (at < text + (1 << 20) - 8)
        at = stpcpy(at, "?=\n");
    struct config_case result = parse(text);

    CU_ASSERT_EQUAL(result.status, -22);
    CU_ASSERT(result.messages.count <= 40);
    end(&result);
    at = stpcpy(text, HEAD);
    for (unsigned i = 0; i < 5000; i++)
        at += sprintf(at, "k%u=1\n", i);
    refused(text, "more than 4096 settings");
    free(text);
}

static void places_count_characters(void)
{
    refused(HEAD "cmdline='\xc3\xa4\xc3\xb6'; vcpus=0\n", "g.cfg:3:21: key \"vcpus\"");
}

static void overrides(void)
{
    static const char *const good[] = { "name=foo", "memory=0x20", "extra=console=hvc0 quiet", "vcpus = 2; cpus=0-1,^1",
                                        "ramdisk=\"/r\"" };
    static const char *const bad[] = { "vcpus=0" }, *const junk[] = { "vcpus" }, *const open[] = { "cpus=[\"0\"" };
    struct config_case result = parse_with(HEAD "vcpus=1\nextra='old'\n", good, 5);

    CU_ASSERT_EQUAL(result.status, 0);
    CU_ASSERT_EQUAL(result.messages.count, 0);
    CU_ASSERT_STRING_EQUAL(result.config.name, "foo");
    CU_ASSERT_STRING_EQUAL(result.config.ramdisk, "/r");
    CU_ASSERT_STRING_EQUAL(result.config.command_line, "console=hvc0 quiet");
    CU_ASSERT_EQUAL(result.config.memory_kib, 32 << 10);
    CU_ASSERT_EQUAL(result.config.vcpus, 2);
    CU_ASSERT(result.config.cpus.set);
    CU_ASSERT_EQUAL(result.config.cpus.all[0], 1);
    end(&result);
    result = parse_with(HEAD, bad, 1);
    CU_ASSERT(says(&result, true, "command line \"vcpus=0\": key \"vcpus\": 0 is out of range"));
    CU_ASSERT_EQUAL(result.messages.list[0].line, 0);
    end(&result);
    result = parse_with(HEAD, junk, 1);
    CU_ASSERT(says(&result, true, "command line \"vcpus\": key \"vcpus\": \"=\" or \"+=\" expected, not the end"));
    end(&result);
    result = parse_with(HEAD, open, 1);
    CU_ASSERT(says(&result, true, "\",\" or \"]\" expected, not the end"));
    end(&result);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(defaults),
        TEST_CASE(separators_and_comments),
        TEST_CASE(numbers),
        TEST_CASE(strings),
        TEST_CASE(command_line_of_root_and_extra),
        TEST_CASE(joining),
        TEST_CASE(lists),
        TEST_CASE(keys),
        TEST_CASE(one_mistake_one_error),
        TEST_CASE(floods_are_cut_short),
        TEST_CASE(places_count_characters),
        TEST_CASE(overrides),
    };
    return RUN_TESTS("config", tests);
}
