/* SPDX-License-Identifier: MIT */
/* Completion in a real bash: verbs and options of the table, names of domains, nodes of the store, files, keys. */
#include "../run_tests.h"
#include "cli/cli.h"
#include "outcome.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char script[] = "/tmp/keel-completion-XXXXXX";

/* The script as it is installed, with a ctl that answers as one on a host with two domains. */
static void write_script(void)
{
    struct outcome tables = outcome_of(cli_main, "ctl", (const char *const[]){ "completion", NULL });
    int descriptor = mkstemp(script);
    FILE *file = fdopen(descriptor, "w"), *rest = fopen("tools/cli/completion.bash", "r");

    CU_ASSERT_FATAL(tables.status == 0 && file && rest);
    fputs(tables.out, file);
    for (int c; (c = fgetc(rest)) != EOF;)
        fputc(c, file);
    fputs("ctl() {\n"
          "    case $* in\n"
          "        'list --json') printf '    \"name\": \"%s\",\\n' web 'two words' ;;\n"
          "        'store list -p /local') printf '%s\\n' /local/domain /local/other ;;\n"
          "        *) echo \"asked: $*\" >> /dev/stderr ;;\n"
          "    esac\n"
          "}\n"
          "try() { COMP_WORDS=(ctl \"$@\") COMP_CWORD=$#; _ctl; printf '%s\\n' \"${COMPREPLY[@]}\"; }\n", file);
    fclose(rest);
    fclose(file);
    end(&tables);
}

/* What bash offers behind `line`, whose last word is being typed; lines, each with its end. */
static void offers(const char *line, const char *expected)
{
    char command[512], text[8192];

    snprintf(command, sizeof(command), "bash --norc -c 'set -u; . %s && try %s' 2>&1", script, line);
    FILE *bash = popen(command, "r");

    CU_ASSERT_PTR_NOT_NULL_FATAL(bash);
    size_t length = fread(text, 1, sizeof(text) - 1, bash);

    text[length] = '\0';
    pclose(bash);
    CU_ASSERT_STRING_EQUAL(text, expected);
    if (strcmp(text, expected) != 0)
        fprintf(stderr, "ctl %s:\n%sinstead of:\n%s", line, text, expected);
}

static void verbs(void)
{
    offers("lis", "list\n");
    offers("mem", "mem-max\nmem-set\n");
    offers("store exi", "exists\n");
    offers("config \"\"", "convert\n");
    offers("nosuchverb", "\n");
    offers("help dom", "domid\ndomname\n");
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Each verb offers its own options beside those of all verbs. */
static void whole_table(void)
{
    for (size_t i = 0; cli_verbs[i]; i++) {
        char words[CLI_OPTIONS_MAX + 4][40] = { "--help\n", "--json\n", "--quiet\n", "--verbose\n" }, line[128],
             expected[sizeof(words)] = "";
        size_t count = 4;

        for (const struct cli_option *option = cli_verbs[i]->options; option->help; option++)
            snprintf(words[count++], sizeof(words[0]), "--%s%s\n", option->word, option->argument ? "=" : "");
        qsort(words, count, sizeof(words[0]), by_text);
        for (size_t j = 0; j < count; j++)
            if (j == 0 || strcmp(words[j - 1], words[j]) != 0)
                strcat(expected, words[j]);
        snprintf(line, sizeof(line), "%s --", cli_verbs[i]->name);
        offers(line, expected);
    }
}

static void arguments(void)
{
    offers("pause \"\"", "web\ntwo words\n");
    offers("destroy web tw", "two words\n");
    offers("domid w", "web\n");
    offers("shutdown -w -t 5 w", "web\n");
    offers("shutdown -t \"\"", "\n");
    offers("wait web p", "paused\n");
    offers("trigger web n", "nmi\n");
    offers("config convert -t \"\"", "cfg\njson\nxml\n");
    offers("trigger web nmi \"\"", "\n");
    offers("store ls /local/o", "/local/other\n");
    offers("create tools/cli/main", "tools/cli/main.c\n");
    offers("create -f tools/cli/main", "tools/cli/main.c\n");
    offers("create g.cfg memo", "memory=\n");
    offers("create g.cfg memory=1 vcp", "vcpus=\n");
    offers("--json pau", "pause\n");
    offers("list --verb", "--verbose\n");
    offers("wait --timeout = 5 web p", "paused\n");
    offers("config-update web --defconfig = tools/cli/main", "tools/cli/main.c\n");
    offers("sched-credit2 --domain =", "web\ntwo words\n");
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "a script is made", write_script }, TEST_CASE(verbs), TEST_CASE(whole_table), TEST_CASE(arguments),
    };
    int status = RUN_TESTS("completion in bash", tests);

    unlink(script);
    return status;
}
