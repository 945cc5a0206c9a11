/* SPDX-License-Identifier: MIT */
/* ctl help: the verbs, or one of them in full. */
#include "json.h"
#include "verbs.h"

static void put_options(yajl_gen json, const struct cli_verb *verb)
{
    json_array_open(json, "options");
    for (const struct cli_option *option = verb->options; option->help; option++) {
        const char letter[2] = { option->letter };

        json_object_open(json);
        json_text(json, "letter", letter);
        json_text(json, "word", option->word);
        if (option->argument)
            json_text(json, "argument", option->argument);
        json_text(json, "help", option->help);
        json_object_close(json);
    }
    json_array_close(json);
}

int help_print_json(struct cli *cli, const struct cli_verb *only)
{
    yajl_gen json = json_open("keel.help/1");

    json_array_open(json, "verbs");
    for (size_t i = 0; cli_verbs[i]; i++) {
        if (only && cli_verbs[i] != only)
            continue;
        json_object_open(json);
        json_text(json, "name", cli_verbs[i]->name);
        json_text(json, "arguments", cli_verbs[i]->arguments);
        json_text(json, "summary", cli_verbs[i]->summary);
        put_options(json, cli_verbs[i]);
        json_object_close(json);
    }
    json_array_close(json);
    json_array_open(json, "exit_statuses");
    for (const struct cli_status_text *status = cli_statuses; status->word; status++) {
        json_object_open(json);
        json_number(json, "status", status->status);
        json_text(json, "word", status->word);
        json_text(json, "meaning", status->meaning);
        json_object_close(json);
    }
    json_array_close(json);
    return json_close(cli, json, cli->out);
}

static int run(struct cli *cli)
{
    if (cli->arguments_count == 0) {
        if (cli->json)
            return help_print_json(cli, NULL);
        cli_print_verbs(cli->out);
        return CLI_DONE;
    }
    int used;
    const struct cli_verb *verb = cli_verb_find_words(cli->arguments_count, cli->arguments, &used);

    if (!verb)
        return cli_verb_unknown(cli, cli->arguments_count, cli->arguments);
    if (used < cli->arguments_count)
        return cli_usage_error(cli, "help does not take \"%s\"", cli->arguments[used]);
    if (cli->json)
        return help_print_json(cli, verb);
    cli_print_help(cli->out, verb);
    return CLI_DONE;
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_help = {
    .name = "help", .arguments = "[VERB]", .arguments_most = 2, .summary = "List the verbs, or explain one",
    .options = options, .run = run,
};
