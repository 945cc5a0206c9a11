/* SPDX-License-Identifier: MIT */
/* ctl unpause: lets paused domains run again. */
#include "verbs.h"

static int unpause_domain(struct cli *cli, uint32_t domid)
{
    int result = ctl_domain_unpause(cli->ctl, domid);

    return result < 0 ? cli_fail_ctl(cli, result) : CLI_DONE;
}

static int run(struct cli *cli)
{
    return cli_for_each(cli, unpause_domain);
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_unpause = {
    .name = "unpause", .arguments = "DOMAIN...", .arguments_least = 1, .arguments_most = -1,
    .summary = "Let paused domains run again", .options = options, .run = run,
};
