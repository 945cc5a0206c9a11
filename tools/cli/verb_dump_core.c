/* SPDX-License-Identifier: MIT */
/* ctl dump-core: says that it is not available. */
#include "verbs.h"

#include <errno.h>

static int run(struct cli *cli)
{
    return cli_fail(cli, EOPNOTSUPP, "core dumps are not available");
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_dump_core = {
    .name = "dump-core", .arguments = "DOMAIN FILE", .arguments_least = 1, .arguments_most = -1,
    .summary = "Write the memory of a domain into a file (not available)",
    .details = "It says so, and ends with status 3.",
    .options = options, .run = run,
};
