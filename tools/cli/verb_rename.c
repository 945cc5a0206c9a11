/* SPDX-License-Identifier: MIT */
/* ctl rename: gives a domain another name. */
#include "verbs.h"

static int run(struct cli *cli)
{
    uint32_t domid;

    if (!cli_find(cli, cli->arguments[0], &domid))
        return CLI_FAILED;
    int result = ctl_domain_rename(cli->ctl, domid, cli->arguments[1]);

    return result < 0 ? cli_fail_ctl(cli, result) : CLI_DONE;
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_rename = {
    .name = "rename", .arguments = "DOMAIN NAME", .arguments_least = 2, .arguments_most = 2,
    .summary = "Give a domain another name", .details = "No two domains have the same name.", .options = options,
    .run = run, .busy = "renaming",
};
