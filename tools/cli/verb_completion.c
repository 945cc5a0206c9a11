/* SPDX-License-Identifier: MIT */
/* ctl completion: the table of verbs as functions of bash, for completion.bash, which is installed behind them. */
#include "verbs.h"

#include "libctl/config_keys.h"

#include <string.h>

/* The table holds no quote; an option's argument and a verb's arguments are words of letters and |[]. */
static void print_options(FILE *out, const struct cli_verb *verb)
{
    fprintf(out, "options='");
    for (const struct cli_option *option = verb->options; option->help; option++)
        fprintf(out, "-%c --%s%s ", option->letter, option->word, option->argument ? "=" : "");
    fprintf(out, "-h --help --json --quiet --verbose' valued='");
    for (const struct cli_option *option = verb->options; option->help; option++)
        if (option->argument)
            fprintf(out, " -%c:%s --%s:%s", option->letter, option->argument, option->word, option->argument);
    fprintf(out, "'");
}

static void print_keys(FILE *out)
{
    fprintf(out, "_ctl_keys='");
    for (size_t i = 0; i < config_keys_count; i++)
        if (config_keys[i].verdict == CONFIG_SUPPORTED)
            fprintf(out, "%s= ", config_keys[i].name);
    fprintf(out, "'\n");
}

static int run(struct cli *cli)
{
    fprintf(cli->out, "# The verbs of ctl and their options, made by `ctl completion`.\n_ctl_verbs='");
    for (size_t i = 0; cli_verbs[i]; i++)
        fprintf(cli->out, "%s%s", i ? "\n" : "", cli_verbs[i]->name);
    fprintf(cli->out, "'\n");
    print_keys(cli->out);
    fprintf(cli->out, "_ctl_verb() # VERB: sets options, valued (OPTION:ARGUMENT) and arguments\n{\n    case $1 in\n");
    for (size_t i = 0; cli_verbs[i]; i++) {
        fprintf(cli->out, "        '%s') arguments='%s' ", cli_verbs[i]->name, cli_verbs[i]->arguments);
        print_options(cli->out, cli_verbs[i]);
        fprintf(cli->out, " ;;\n");
    }
    fprintf(cli->out, "    esac\n}\n");
    return CLI_DONE;
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_completion = {
    .name = "completion", .arguments = "", .summary = "Print what completion in bash knows of the verbs",
    .details = "The installed completion consists of this and of how it is used.", .options = options, .run = run,
};
