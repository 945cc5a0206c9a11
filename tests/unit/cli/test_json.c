/* SPDX-License-Identifier: MIT */
/* Documents are valid JSON whatever a text holds, and hold the whole of it. */
#include "../run_tests.h"
#include "cli/json.h"

#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_tree.h>

#define TEXT_LENGTH 100000u

/* The hypervisor's log holds what guests have written, which may be any bytes. */
static void long_and_not_utf8(void)
{
    const char *path[] = { "text", NULL };
    char *text = malloc(TEXT_LENGTH + 1), *out, why[64];
    size_t size;
    FILE *file = open_memstream(&out, &size);
    struct cli cli = { .out = file, .err = stderr };
    yajl_gen json = json_open("keel.dmesg/1");

    CU_ASSERT_FATAL(text && file && json);
    memset(text, 'a', TEXT_LENGTH);
    text[5] = '\xff';
    text[TEXT_LENGTH - 1] = 'z';
    text[TEXT_LENGTH] = '\0';
    json_text(json, "text", text);
    CU_ASSERT_EQUAL(json_close(&cli, json, file), CLI_DONE);
    fclose(file);
    yajl_val tree = yajl_tree_parse(out, why, sizeof(why));

    CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
    text[5] = '?';
    CU_ASSERT_STRING_EQUAL(YAJL_GET_STRING(yajl_tree_get(tree, path, yajl_t_string)), text);
    yajl_tree_free(tree);
    free(text);
    free(out);
}

int main(void)
{
    static const CU_TestInfo tests[] = { TEST_CASE(long_and_not_utf8) };

    return RUN_TESTS("JSON documents", tests);
}
