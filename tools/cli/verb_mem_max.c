/* SPDX-License-Identifier: MIT */
/* ctl mem-max: set the most memory that a domain may have. */
#include "verbs.h"

static int run(struct cli *cli)
{
    uint64_t kib;
    uint32_t domid;

    if (!cli_memory(cli, cli->arguments[1], &kib))
        return CLI_USAGE;
    if (!cli_find(cli, cli->arguments[0], &domid))
        return CLI_FAILED;
    int result = ctl_memory_max(cli->ctl, domid, kib);

    return result < 0 ? cli_fail_ctl(cli, result) : CLI_DONE;
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_mem_max = {
    .name = "mem-max", .arguments = "DOMAIN MEMORY", .arguments_least = 2, .arguments_most = 2,
    .summary = "Set the most memory that a domain may have",
    .details = "MEMORY is in MiB, or a number with one of b, k, m, g, t behind it.\n"
               "Not less than it has; `ctl mem-set` then may ask for so much.",
    .options = options, .run = run,
};
