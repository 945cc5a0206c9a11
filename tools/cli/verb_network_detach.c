/* SPDX-License-Identifier: MIT */
/* ctl network-detach: says that it is not available. */
#include "verbs.h"

#include <errno.h>

static int run(struct cli *cli)
{
    return cli_fail(cli, EOPNOTSUPP, "network interfaces cannot be taken from a guest: none can be given");
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_network_detach = {
    .name = "network-detach", .arguments = "DOMAIN DEVID", .arguments_least = 1, .arguments_most = -1,
    .summary = "Take a network interface from a running guest (not available)",
    .details = "It says so, and ends with status 3.",
    .options = options, .run = run,
};
