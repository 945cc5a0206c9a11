/* SPDX-License-Identifier: MIT */
/* ctl mem-set and mem-max: how much memory a guest is to have, and how much it may. */
#include "verbs.h"

static int change(struct cli *cli, int (*change_to)(struct ctl *ctl, uint32_t domid, uint64_t memory_kib))
{
    uint64_t kib;
    uint32_t domid;

    if (!cli_memory(cli, cli->arguments[1], &kib))
        return CLI_USAGE;
    if (!cli_find(cli, cli->arguments[0], &domid))
        return CLI_FAILED;
    int result = change_to(cli->ctl, domid, kib);

    return result < 0 ? cli_fail_ctl(cli, result) : CLI_DONE;
}

static int set(struct cli *cli)
{
    return change(cli, ctl_memory_set);
}

static int set_most(struct cli *cli)
{
    return change(cli, ctl_memory_max);
}

static const struct cli_option options[] = { { 0 } };

#define AMOUNT "MEMORY is in MiB, or a number with one of b, k, m, g, t behind it.\n"

const struct cli_verb verb_mem_set = {
    .name = "mem-set", .arguments = "DOMAIN MEMORY", .arguments_least = 2, .arguments_most = 2,
    .summary = "Ask a guest to have so much memory",
    .details = AMOUNT "At most its maxmem (see `ctl mem-max`). The guest's balloon driver takes its time.",
    .options = options, .run = set,
};

const struct cli_verb verb_mem_max = {
    .name = "mem-max", .arguments = "DOMAIN MEMORY", .arguments_least = 2, .arguments_most = 2,
    .summary = "Set the most memory that a domain may have",
    .details = AMOUNT "Not less than it has; `ctl mem-set` then may ask for so much.", .options = options,
    .run = set_most,
};
