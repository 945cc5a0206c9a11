/* SPDX-License-Identifier: MIT */
/* ctl mem-set: ask a guest to have so much memory. */
#include "verbs.h"

static int run(struct cli *cli)
{
    uint64_t kib;
    uint32_t domid;

    if (!cli_memory(cli, cli->arguments[1], &kib))
        return CLI_USAGE;
    if (!cli_find(cli, cli->arguments[0], &domid))
        return CLI_FAILED;
    int result = ctl_memory_set(cli->ctl, domid, kib);

    return result < 0 ? cli_fail_ctl(cli, result) : CLI_DONE;
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_mem_set = {
    .name = "mem-set", .arguments = "DOMAIN MEMORY", .arguments_least = 2, .arguments_most = 2,
    .summary = "Ask a guest to have so much memory",
    .details = "MEMORY is in MiB, or a number with one of b, k, m, g, t behind it.\n"
               "At most its maxmem (see `ctl mem-max`). The guest's balloon driver takes its time.",
    .options = options, .run = run,
};
