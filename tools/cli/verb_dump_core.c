/* SPDX-License-Identifier: MIT */
/* ctl dump-core: a domain's memory and registers in a file. */
#include "verbs.h"

static int run(struct cli *cli)
{
    uint32_t domid;

    if (!cli_find(cli, cli->arguments[0], &domid))
        return CLI_FAILED;
    int result = ctl_domain_dump(cli->ctl, domid, cli->arguments[1]);

    return result < 0 ? cli_fail_ctl(cli, result) : CLI_DONE;
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_dump_core = {
    .name = "dump-core", .arguments = "DOMAIN FILE", .arguments_least = 2, .arguments_most = 2,
    .summary = "Write memory and registers of a domain into a file",
    .details = "It stands still meanwhile. The file is in the form of Xen's own tools, which crash(8) reads.",
    .options = options, .run = run, .busy = "writing the core",
};
