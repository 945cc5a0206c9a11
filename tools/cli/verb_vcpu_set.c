/* SPDX-License-Identifier: MIT */
/* ctl vcpu-set: how many vCPUs a guest is to use. */
#include "verbs.h"

static int run(struct cli *cli)
{
    uint32_t domid, count;

    if (!cli_number(cli, "count of vCPUs", cli->arguments[1], 1, 4096, &count))
        return CLI_USAGE;
    if (!cli_find(cli, cli->arguments[0], &domid))
        return CLI_FAILED;
    int result = ctl_vcpu_set(cli->ctl, domid, count);

    return result < 0 ? cli_fail_ctl(cli, result) : CLI_DONE;
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_vcpu_set = {
    .name = "vcpu-set", .arguments = "DOMAIN COUNT", .arguments_least = 2, .arguments_most = 2,
    .summary = "Ask a guest to use so many vCPUs",
    .details = "At most its maxvcpus. The guest's kernel takes its time to bring them on or off.", .options = options,
    .run = run,
};
