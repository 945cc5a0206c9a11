/* SPDX-License-Identifier: MIT */
/* Errors, usage and help: from the table of verbs, as text or (errors, with --json) as one JSON document. */
#include "json.h"
#include "progress.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define SENTENCE_MAX 1024

const struct cli_status_text cli_statuses[] = {
    { CLI_DONE, "done", "It was done" },
    { CLI_FAILED, "failed", "It could not be done, or not for each domain; a sentence says why" },
    { CLI_USAGE, "usage", "The command line is wrong; nothing was done" },
    { CLI_ABSENT, "absent", "This hypervisor, or this program, does not have it" },
    { CLI_LATE, "late", "What was waited for did not happen in time" },
    { CLI_DONE, NULL, NULL },
};

static int status_of(int error)
{
    switch (error) {
    case EOPNOTSUPP:
    case ENOSYS: return CLI_ABSENT;
    case ETIMEDOUT: return CLI_LATE;
    default: return CLI_FAILED;
    }
}

#define COLOUR_ERROR "\033[1;31m"
#define COLOUR_WARNING "\033[33m"
#define COLOUR_END "\033[0m"

void cli_end_progress(struct cli *cli)
{
    if (cli->progress)
        progress_end(cli->progress);
    cli->progress = NULL;
}

/* The program's name, in that colour on a terminal, and what kind of line it is. */
static void begin_line(struct cli *cli, const char *colour, const char *kind)
{
    cli_end_progress(cli);
    fprintf(cli->err, "%s%s:%s %s", cli->colour ? colour : "", cli->as_xl ? "xl" : "ctl", cli->colour ? COLOUR_END : "",
            kind);
}

static void print_error(struct cli *cli, int status, int error, const char *sentence)
{
    if (!cli->json) {
        begin_line(cli, COLOUR_ERROR, "");
        fprintf(cli->err, "%s\n", sentence);
        return;
    }
    yajl_gen json = json_open_line("keel.error/1");

    if (cli->verb)
        json_text(json, "verb", cli->verb->name);
    json_text(json, "message", sentence);
    json_number(json, "exit_status", (uint64_t)status);
    if (error) {
        const char *name = strerrorname_np(error);

        json_text(json, "errno", name ? name : "unknown");
    }
    json_close(cli, json, cli->err);
}

int cli_fail(struct cli *cli, int error, const char *format, ...)
{
    char sentence[SENTENCE_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    print_error(cli, status_of(error), error, sentence);
    return status_of(error);
}

int cli_fail_ctl(struct cli *cli, int result)
{
    print_error(cli, status_of(-result), -result, ctl_error(cli->ctl));
    return status_of(-result);
}

int cli_usage_error(struct cli *cli, const char *format, ...)
{
    char sentence[SENTENCE_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    print_error(cli, CLI_USAGE, 0, sentence);
    if (cli->json || cli->as_xl) /* the verb's usage is not that of xl's command */
        return CLI_USAGE;
    if (cli->verb)
        cli_print_usage(cli->err, cli->verb);
    else
        fprintf(cli->err, "usage: ctl [--json] VERB [OPTION...] [ARGUMENT...]; `ctl help` lists the verbs\n");
    return CLI_USAGE;
}

void cli_warn(struct cli *cli, const char *format, ...)
{
    char sentence[SENTENCE_MAX];
    va_list arguments;

    if (cli->quiet)
        return;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    if (!cli->json) {
        begin_line(cli, COLOUR_WARNING, "warning: ");
        fprintf(cli->err, "%s\n", sentence);
        return;
    }
    yajl_gen json = json_open_line("keel.warning/1");

    json_text(json, "verb", cli->verb->name);
    json_text(json, "message", sentence);
    json_close(cli, json, cli->err);
}

void cli_explain(struct cli *cli, const char *format, ...)
{
    va_list arguments;

    if (!cli->verbose || cli->json)
        return;
    begin_line(cli, "", "");
    va_start(arguments, format);
    vfprintf(cli->err, format, arguments);
    va_end(arguments);
    fputc('\n', cli->err);
}

void cli_print_usage(FILE *file, const struct cli_verb *verb)
{
    char letters[CLI_OPTIONS_MAX + 1] = "";
    size_t flags = 0;

    for (const struct cli_option *option = verb->options; option->help; option++) {
        if (!option->argument)
            letters[flags++] = option->letter;
    }
    letters[flags] = '\0';
    fprintf(file, "usage: ctl %s", verb->name);
    if (flags)
        fprintf(file, " [-%s]", letters);
    for (const struct cli_option *option = verb->options; option->help; option++) {
        if (option->argument)
            fprintf(file, " [-%c %s]", option->letter, option->argument);
    }
    fprintf(file, " [--json]%s%s\n", *verb->arguments ? " " : "", verb->arguments);
}

static void print_option(FILE *file, char letter, const char *word, const char *argument, const char *help)
{
    char text[64];
    int length = 0;

    if (letter)
        length = snprintf(text, sizeof(text), "-%c, --%s", letter, word);
    else
        length = snprintf(text, sizeof(text), "    --%s", word);
    if (argument)
        snprintf(text + length, sizeof(text) - (size_t)length, "=%s", argument);
    fprintf(file, "  %-26s %s\n", text, help);
}

static bool has_word(const struct cli_verb *verb, const char *word)
{
    for (const struct cli_option *option = verb->options; option->help; option++)
        if (strcmp(option->word, word) == 0)
            return true;
    return false;
}

void cli_print_help(FILE *file, const struct cli_verb *verb)
{
    fprintf(file, "%s: %s.\n\n", verb->name, verb->summary);
    cli_print_usage(file, verb);
    if (verb->details)
        fprintf(file, "\n%s\n", verb->details);
    fputc('\n', file);
    for (const struct cli_option *option = verb->options; option->help; option++)
        print_option(file, option->letter, option->word, option->argument, option->help);
    if (!has_word(verb, "quiet"))
        print_option(file, 0, "quiet", NULL, "neither warnings nor progress");
    if (!has_word(verb, "verbose"))
        print_option(file, 0, "verbose", NULL, "say what is found, and how long it takes");
    print_option(file, 0, "json", NULL, "results and errors as JSON");
    print_option(file, 'h', "help", NULL, "this text");
}

void cli_print_verbs(FILE *file)
{
    fprintf(file, "usage: ctl [--json] VERB [OPTION...] [ARGUMENT...]\n\n");
    for (size_t i = 0; cli_verbs[i]; i++)
        fprintf(file, "  %-14s %s\n", cli_verbs[i]->name, cli_verbs[i]->summary);
    fprintf(file, "\nExit statuses:\n");
    for (const struct cli_status_text *status = cli_statuses; status->word; status++)
        fprintf(file, "    %d  %s\n", status->status, status->meaning);
    fprintf(file, "\n`ctl help VERB` tells more about one. A domain is given by its name or number.\n");
}
