/* SPDX-License-Identifier: MIT */
/* Short forms for the configuration's tests: parse a text, look at what came of it and at what was said. */
#ifndef KEEL_TEST_CONFIG_CASE_H
#define KEEL_TEST_CONFIG_CASE_H

#include "libctl/config.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#define HEAD "name = \"g\"\nkernel = \"/k\"\n" /* lines 1 and 2 of most cases */

struct config_case {
    struct ctl_config config;
    struct ctl_config_messages messages;
    int status;
};

static inline struct config_case parse_with(const char *text, const char *const *overrides, size_t count)
{
    struct config_case result;

    result.status = ctl_config_parse(&result.config, "g.cfg", text, strlen(text), overrides, count, &result.messages);
    return result;
}

static inline struct config_case parse(const char *text)
{
    return parse_with(text, NULL, 0);
}

static inline void end(struct config_case *result)
{
    ctl_config_free(&result->config);
    ctl_config_messages_free(&result->messages);
}

static inline bool says(const struct config_case *result, bool is_error, const char *sentence)
{
    for (size_t i = 0; i < result->messages.count; i++) {
        if (result->messages.list[i].is_error == is_error && strstr(result->messages.list[i].text, sentence))
            return true;
    }
    fprintf(stderr, "no %s says: %s\n", is_error ? "error" : "warning", sentence);
    for (size_t i = 0; i < result->messages.count; i++)
        fprintf(stderr, "   %s\n", result->messages.list[i].text);
    return false;
}

/* The text is refused, and one error contains the sentence. */
static inline void refused(const char *text, const char *sentence)
{
    struct config_case result = parse(text);

    CU_ASSERT(result.status < 0);
    CU_ASSERT(says(&result, true, sentence));
    end(&result);
}

/* The text is accepted, and one warning contains the sentence. */
static inline void warned(const char *text, const char *sentence)
{
    struct config_case result = parse(text);

    CU_ASSERT_EQUAL(result.status, 0);
    CU_ASSERT(says(&result, false, sentence));
    end(&result);
}

/* The text is accepted without a word. */
static inline void accepted(const char *text)
{
    struct config_case result = parse(text);

    CU_ASSERT_EQUAL(result.status, 0);
    CU_ASSERT_EQUAL(result.messages.count, 0);
    for (size_t i = 0; i < result.messages.count; i++)
        fprintf(stderr, "unexpected: %s\n", result.messages.list[i].text);
    end(&result);
}

#endif
