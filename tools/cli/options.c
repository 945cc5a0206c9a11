/* SPDX-License-Identifier: MIT */
/* The command line: options of a verb by its table, in any order with the arguments, and the choice of the verb. */
#include "cli.h"
#include "progress.h"

#include "libctl/config_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int option_index(const struct cli_verb *verb, char letter)
{
    for (int i = 0; verb->options[i].help; i++) {
        if (verb->options[i].letter == letter)
            return i;
    }
    return -1;
}

unsigned cli_given(const struct cli *cli, char letter)
{
    int index = option_index(cli->verb, letter);

    return index < 0 ? 0 : cli->counts[index];
}

bool cli_worded(const struct cli *cli, char letter)
{
    int index = option_index(cli->verb, letter);

    return index >= 0 && cli->worded[index];
}

const char *cli_value(const struct cli *cli, char letter)
{
    int index = option_index(cli->verb, letter);

    return index < 0 ? NULL : cli->values[index];
}

/* "--word" or "--word=value", without the hyphens. */
static int parse_word(struct cli *cli, const char *text, int *at, int count, char **words)
{
    size_t length = strcspn(text, "=");
    const char *value = text[length] ? text + length + 1 : NULL;

    if (strcmp(text, "json") == 0) {
        cli->json = true;
        return CLI_DONE;
    }
    if (strcmp(text, "help") == 0)
        return -1;
    for (int i = 0; cli->verb->options[i].help; i++) {
        const struct cli_option *option = &cli->verb->options[i];

        if (strlen(option->word) != length || memcmp(option->word, text, length) != 0)
            continue;
        if (value && !option->argument)
            return cli_usage_error(cli, "option --%s takes no value", option->word);
        if (!value && option->argument && ++*at < count)
            value = words[*at];
        if (!value && option->argument)
            return cli_usage_error(cli, "option --%s needs a value: --%s=%s", option->word, option->word,
                                   option->argument);
        cli->counts[i]++;
        cli->worded[i] = true;
        cli->values[i] = value;
        return CLI_DONE;
    }
    if (strcmp(text, "quiet") == 0 || strcmp(text, "verbose") == 0) {
        *(*text == 'q' ? &cli->quiet : &cli->verbose) = true;
        return CLI_DONE;
    }
    return cli_usage_error(cli, "%s has no option --%.*s", cli->verb->name, (int)length, text);
}

/* "-abc", or "-aVALUE" or "-a VALUE" where a takes one. */
static int parse_letters(struct cli *cli, const char *letters, int *at, int count, char **words)
{
    for (; *letters; letters++) {
        int index = option_index(cli->verb, *letters);

        if (index < 0 && *letters == 'h')
            return -1;
        if (index < 0)
            return cli_usage_error(cli, "%s has no option -%c", cli->verb->name, *letters);
        cli->counts[index]++;
        if (!cli->verb->options[index].argument)
            continue;
        if (letters[1])
            cli->values[index] = letters + 1;
        else if (++*at < count)
            cli->values[index] = words[*at];
        else
            return cli_usage_error(cli, "option -%c needs a value: -%c %s", *letters, *letters,
                                   cli->verb->options[index].argument);
        break;
    }
    return CLI_DONE;
}

int cli_parse(struct cli *cli, int count, char **words)
{
    const struct cli_verb *verb = cli->verb;
    bool options_end = false;

    /* Errors are JSON as well, wherever the option stands. */
    for (int i = 0; i < count && strcmp(words[i], "--") != 0; i++)
        cli->json |= strcmp(words[i], "--json") == 0;
    cli->arguments = words;
    cli->arguments_count = 0;
    for (int at = 0; at < count; at++) {
        char *word = words[at];
        int status = CLI_DONE;

        if (options_end || word[0] != '-' || word[1] == '\0')
            cli->arguments[cli->arguments_count++] = word;
        else if (strcmp(word, "--") == 0)
            options_end = true;
        else if (word[1] == '-')
            status = parse_word(cli, word + 2, &at, count, words);
        else
            status = parse_letters(cli, word + 1, &at, count, words);
        if (status != CLI_DONE)
            return status;
    }
    if (cli->arguments_count < verb->arguments_least)
        return cli_usage_error(cli, "%s needs more arguments: %s", verb->name, verb->arguments);
    if (verb->arguments_most >= 0 && cli->arguments_count > verb->arguments_most)
        return cli_usage_error(cli, "%s does not take \"%s\"", verb->name, cli->arguments[verb->arguments_most]);
    return CLI_DONE;
}

const struct cli_verb *cli_verb_find(const char *name)
{
    for (size_t i = 0; cli_verbs[i]; i++) {
        if (strcmp(cli_verbs[i]->name, name) == 0)
            return cli_verbs[i];
    }
    return NULL;
}

#define NAME_MAX_SIZE 64

const struct cli_verb *cli_verb_find_words(int count, char **words, int *used)
{
    const struct cli_verb *verb = cli_verb_find(words[0]);
    char name[NAME_MAX_SIZE];

    *used = 1;
    if (verb || count < 2)
        return verb;
    snprintf(name, sizeof(name), "%s %s", words[0], words[1]);
    *used = 2;
    return cli_verb_find(name);
}

/* The second words of verbs that begin with this one, as "ls, read"; empty when there are none. */
static void second_words(const char *first, char *text, size_t size)
{
    size_t length = strlen(first), used = 0;

    *text = '\0';
    for (size_t i = 0; cli_verbs[i]; i++) {
        const char *name = cli_verbs[i]->name;

        if (strncmp(name, first, length) == 0 && name[length] == ' ' && used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", name + length + 1);
    }
}

int cli_verb_unknown(struct cli *cli, int count, char **words)
{
    const char *names[64];
    char name[NAME_MAX_SIZE], others[256];
    size_t names_count = 0;

    second_words(words[0], others, sizeof(others));
    if (*others && count < 2)
        return cli_usage_error(cli, "%s needs one word more: %s", words[0], others);
    snprintf(name, sizeof(name), "%s%s%s", words[0], *others ? " " : "", *others ? words[1] : "");
    for (; cli_verbs[names_count] && names_count < 64; names_count++)
        names[names_count] = cli_verbs[names_count]->name;
    const char *nearest = config_nearest(name, names, names_count, sizeof(names[0]));

    return cli_usage_error(cli, "there is no verb \"%s\"%s%s%s", name, nearest ? "; did you mean \"" : "",
                           nearest ? nearest : "", nearest ? "\"?" : "");
}

static int run_verb(struct cli *cli, int count, char **words)
{
    int status = cli_parse(cli, count, words);

    if (status < 0 && cli->json)
        return help_print_json(cli, cli->verb);
    if (status < 0) {
        cli_print_help(cli->out, cli->verb);
        return CLI_DONE;
    }
    if (status != CLI_DONE)
        return status;
    uint64_t start_ns = cli->verbose ? cli_now_ns() : 0;
    struct progress progress;

    int own_quiet = option_index(cli->verb, 'q');

    if (own_quiet >= 0) { /* before the verb or behind it: the same */
        cli->counts[own_quiet] += cli->quiet;
        cli->quiet = cli->counts[own_quiet] > 0;
    }
    if (cli->verb->busy && !cli->quiet && !cli->json && !cli->verbose) {
        progress_begin(&progress, cli->err, cli->verb->busy);
        cli->progress = progress.started ? &progress : NULL;
    }
    status = cli->verb->run(cli);
    cli_end_progress(cli);
    if (cli->verbose)
        cli_explain(cli, "%s took %.3f s", cli->verb->name, (double)(cli_now_ns() - start_ns) / 1e9);
    return status;
}

/* Colours are for terminals, unless the user wants none (no-color.org). */
static bool wants_colour(FILE *err)
{
    const char *unwanted = getenv("NO_COLOR"), *terminal = getenv("TERM");

    return isatty(fileno(err)) && !(unwanted && *unwanted) && terminal && strcmp(terminal, "dumb") != 0;
}

int cli_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct cli cli = { .out = out, .err = err, .colour = wants_colour(err) };
    int at = 1, used = 1, status;

    for (; at < argc; at++) {
        bool *flag = strcmp(argv[at], "--json") == 0 ? &cli.json
                   : strcmp(argv[at], "--quiet") == 0 ? &cli.quiet
                   : strcmp(argv[at], "--verbose") == 0 ? &cli.verbose
                   : NULL;

        if (!flag)
            break;
        *flag = true;
    }
    if (at >= argc)
        return cli_usage_error(&cli, "a verb is missing");
    if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)
        cli.verb = cli_verb_find("help");
    else if (strcmp(argv[at], "--version") == 0)
        cli.verb = cli_verb_find("version");
    else if (*argv[at] == '-')
        return cli_usage_error(&cli, "there is no option %s before the verb", argv[at]);
    else
        cli.verb = cli_verb_find_words(argc - at, argv + at, &used);
    if (cli.verb)
        status = run_verb(&cli, argc - at - used, argv + at + used);
    else
        status = cli_verb_unknown(&cli, argc - at, argv + at);
    ctl_close(cli.ctl);
    cli.ctl = NULL;
    if ((fflush(out) != 0 || ferror(out)) && status == CLI_DONE)
        status = cli_fail(&cli, errno, "cannot write the output: %s", strerror(errno));
    return status;
}
