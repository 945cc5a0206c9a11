/* SPDX-License-Identifier: MIT */
/* Verbs of xl's that are not available: each says so, and ends with CLI_ABSENT. */
#include "verbs.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *verb, *why;
} reasons[] = {
    { "dump-core", "core dumps are not available" },
};

static int run(struct cli *cli)
{
    const char *why = "not available";

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strcmp(reasons[i].verb, cli->verb->name) == 0)
            why = reasons[i].why;
    return cli_fail(cli, EOPNOTSUPP, "%s", why);
}

static const struct cli_option options[] = { { 0 } };

#define ABSENT(verb, takes, does) { .name = verb, .arguments = takes, .arguments_least = 1, .arguments_most = -1, \
    .summary = does " (not available)", .details = "It says so, and ends with status 3.", .options = options, .run = run }

const struct cli_verb verb_dump_core = ABSENT("dump-core", "DOMAIN FILE", "Write the memory of a domain into a file");
