/* SPDX-License-Identifier: MIT */
/*
 * The table of keys has each key of Debian's own xl.cfg(5), and no other; each is supported, ignored with a word or
 * refused with a reason, as the table says, when it stands in a configuration; and who mistypes one is told the right one.
 */
#include "../run_tests.h"
#include "config_case.h"

#include "libctl/config_keys.h"

#include <stdlib.h>
#include <zlib.h>

#define MANUAL "build/debian/xen/usr/share/man/man5/xl.cfg.5.gz" /* the tests run in the root of the tree */

/* The key that the line of the manual's source is the heading of; false for another line. */
static bool is_heading(const char *line, char name[64])
{
    const char *at = strncmp(line, ".ie n ", 6) == 0 ? line + 6 : line;
    size_t length;

    if (strncmp(at, ".IP \"", 5) != 0)
        return false;
    at += 5 + strspn(at + 5, "\"");
    if (strncmp(at, "\\fB", 3) != 0)
        return false;
    at += 3;
    length = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (length == 0 || length >= 64 || at[length] != '=')
        return false;
    memcpy(name, at, length);
    name[length] = '\0';
    return true;
}

static void manual_and_table(void)
{
    gzFile manual = gzopen(MANUAL, "r");
    char line[1024], name[64];
    int depth = 0, found = 0;

    if (!manual)
        fprintf(stderr, MANUAL " is not there: make setup unpacks it\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(manual);
    bool *seen = calloc(config_keys_count, sizeof(*seen));
    CU_ASSERT_PTR_NOT_NULL_FATAL(seen);
    while (gzgets(manual, line, sizeof(line))) {
        depth += (strncmp(line, ".RS", 3) == 0) - (strncmp(line, ".RE", 3) == 0);
        if (depth > 0 || !is_heading(line, name)) /* deeper are what a device's specification holds */
            continue;
        const struct config_key *key = config_key_find(name);

        CU_ASSERT_PTR_NOT_NULL(key);
        if (key)
            seen[key - config_keys] = true;
        else
            fprintf(stderr, "xl.cfg(5) has the key %s\n", name);
        found++;
    }
    gzclose(manual);
    CU_ASSERT(found > 100);
    for (size_t i = 0; i < config_keys_count; i++) {
        CU_ASSERT(seen[i]);
        if (!seen[i])
            fprintf(stderr, "xl.cfg(5) has no key %s\n", config_keys[i].name);
    }
    free(seen);
}

/* A value of the kind that the key takes where it is not refused for its kind. */
static void each_verdict(void)
{
    for (size_t i = 0; i < config_keys_count; i++) {
        const struct config_key *key = &config_keys[i];
        char text[256];

        snprintf(text, sizeof(text), HEAD "%s = \"strange\"\n", key->name);
        if (key->verdict == CONFIG_REFUSED) {
            refused(text, key->reason);
        } else if (key->verdict == CONFIG_IGNORED) {
            struct config_case result = parse(text);

            CU_ASSERT_EQUAL(result.status, 0);
            CU_ASSERT(says(&result, false, key->reason));
            CU_ASSERT(says(&result, false, "g.cfg:3:"));
            end(&result);
        }
    }
}

/* What is known is not warned of as unknown, whatever its value. */
static void none_is_unknown(void)
{
    for (size_t i = 0; i < config_keys_count; i++) {
        static const char *const values[] = { "1", "\"x\"", "[]" };
        char text[256];

        for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
            snprintf(text, sizeof(text), HEAD "%s = %s\n", config_keys[i].name, values[j]);
            struct config_case result = parse(text);

            for (size_t k = 0; k < result.messages.count; k++)
                CU_ASSERT_PTR_NULL(strstr(result.messages.list[k].text, "is unknown and ignored"));
            end(&result);
        }
    }
}

/* One letter too few: the warning names the key that is near. */
static void mistyped(void)
{
    for (size_t i = 0; i < config_keys_count; i++) {
        const char *name = config_keys[i].name;
        size_t length = strlen(name);
        char text[256], wrong[64];

        snprintf(wrong, sizeof(wrong), "%.*s", (int)length - 1, name);
        if (length < 6 || config_key_find(wrong))
            continue;
        snprintf(text, sizeof(text), HEAD "%s = 1\n", wrong);
        struct config_case result = parse(text);

        CU_ASSERT(says(&result, false, wrong));
        CU_ASSERT(says(&result, false, "did you mean"));
        end(&result);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(manual_and_table), TEST_CASE(each_verdict), TEST_CASE(none_is_unknown), TEST_CASE(mistyped),
    };
    return RUN_TESTS("keys of xl.cfg(5)", tests);
}
