/* SPDX-License-Identifier: MIT */
/* ctl block-attach: says that it is not available. */
#include "verbs.h"

#include <errno.h>

static int run(struct cli *cli)
{
    return cli_fail(cli, EOPNOTSUPP, "disks cannot be given to a guest: there is no backend for them");
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_block_attach = {
    .name = "block-attach", .arguments = "DOMAIN DISK...", .arguments_least = 1, .arguments_most = -1,
    .summary = "Give a running guest a disk (not available)",
    .details = "It says so, and ends with status 3.",
    .options = options, .run = run,
};
