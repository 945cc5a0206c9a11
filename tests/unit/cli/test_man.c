/* SPDX-License-Identifier: MIT */
/* The manual pages say what the tables say: every verb, its options and every key of a configuration is described. */
#include "../run_tests.h"
#include "cli/cli.h"
#include "cli/xl.h"

#include "libctl/config_keys.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A page of docs/man without the backslashes before hyphens; the tests run in the root of the tree. */
static char *read_page(const char *path)
{
    FILE *file = fopen(path, "r");
    static char text[1 << 16];
    size_t length = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (int c; (c = fgetc(file)) != EOF && length < sizeof(text) - 1;) {
        if (c != '\\')
            text[length++] = (char)c;
    }
    text[length] = '\0';
    fclose(file);
    return text;
}

/* The text from a verb's heading to the next one, in a buffer of its own; NULL when there is none. */
static char *section_of(const char *page, const char *verb)
{
    for (const char *at = strstr(page, "\n.SS "); at; at = strstr(at, "\n.SS ")) {
        size_t length = strlen(verb);

        at += strlen("\n.SS ");
        at += *at == '"';
        if (strncmp(at, verb, length) != 0 || (at[length] != ' ' && at[length] != '\n'))
            continue;
        const char *end = strstr(at, "\n.SS "), *last = strstr(at, "\n.SH ");

        return strndup(at, (size_t)((end && end < last ? end : last) - at));
    }
    return NULL;
}

static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
        bool opens = at == text || (!isalnum((unsigned char)at[-1]) && at[-1] != '_');

        if (opens && !isalnum((unsigned char)at[length]) && at[length] != '_')
            return true;
    }
    fprintf(stderr, "not described: %s\n", word);
    return false;
}

/* In the heading, as -x or among others in [-wxyz]. */
static bool has_letter(const char *section, char letter)
{
    const char *end = strchr(section, '\n');

    for (const char *at = strchr(section, '-'); at && at < end; at = strchr(at + 1, '-'))
        for (const char *c = at + 1; strchr("[ ", at[-1]) && isalnum((unsigned char)*c); c++)
            if (*c == letter)
                return true;
    fprintf(stderr, "not in the heading %.*s: -%c\n", (int)(end - section), section, letter);
    return false;
}

/* The heading's last words are what the table says of a verb's arguments. */
static bool ends_with_arguments(const char *section, const char *arguments)
{
    size_t heading = strcspn(section, "\n"), length = strlen(arguments);

    heading -= heading > 0 && section[heading - 1] == '"';
    if (heading >= length && strncmp(section + heading - length, arguments, length) == 0)
        return true;
    fprintf(stderr, "the heading %.*s does not end with: %s\n", (int)heading, section, arguments);
    return false;
}

static void every_verb_and_option(void)
{
    const char *page = read_page("docs/man/ctl.1");

    for (size_t i = 0; cli_verbs[i]; i++) {
        char *section = section_of(page, cli_verbs[i]->name);
        bool refers = section && strstr(section, "the options are those of");

        if (section)
            CU_ASSERT(ends_with_arguments(section, cli_verbs[i]->arguments));

        CU_ASSERT_PTR_NOT_NULL(section);
        for (const struct cli_option *option = cli_verbs[i]->options; section && !refers && option->help; option++) {
            CU_ASSERT(has_word(section, option->word));
            CU_ASSERT(has_letter(section, option->letter));
        }
        free(section);
    }
}

static void every_command_of_xl(void)
{
    char *page = strstr(read_page("docs/man/ctl.1"), ".SH \"CALLED AS XL\"");

    CU_ASSERT_PTR_NOT_NULL_FATAL(page);
    *strstr(page, ".SH \"EXIT STATUS\"") = '\0';
    for (const struct xl_command *command = xl_commands; command->name; command++)
        CU_ASSERT(has_word(page, command->name));
}

static void every_exit_status(void)
{
    const char *page = strstr(read_page("docs/man/ctl.1"), ".SH \"EXIT STATUS\"");

    CU_ASSERT_PTR_NOT_NULL_FATAL(page);
    for (const struct cli_status_text *status = cli_statuses; status->word; status++) {
        char line[16];

        snprintf(line, sizeof(line), "\n.B %d\n", status->status);
        const char *at = strstr(page, line);

        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        CU_ASSERT_EQUAL(strncmp(at + strlen(line), status->meaning, strlen(status->meaning)), 0);
    }
}

static void every_key(void)
{
    const char *page = read_page("docs/man/guest.cfg.5");
    const char *refused = strstr(page, ".SH \"REFUSED KEYS\""), *ignored = strstr(page, ".SH \"IGNORED KEYS\"");

    CU_ASSERT_FATAL(refused && ignored && refused < ignored);
    for (size_t i = 0; i < config_keys_count; i++) {
        enum config_verdict verdict = config_keys[i].verdict;
        const char *part = verdict == CONFIG_SUPPORTED ? page : verdict == CONFIG_REFUSED ? refused : ignored;

        CU_ASSERT(has_word(part, config_keys[i].name));
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(every_verb_and_option),
        TEST_CASE(every_command_of_xl),
        TEST_CASE(every_exit_status),
        TEST_CASE(every_key),
    };
    return RUN_TESTS("manual pages", tests);
}
