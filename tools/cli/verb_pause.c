/* SPDX-License-Identifier: MIT */
/* ctl pause: domains keep what they have but get no CPU. */
#include "verbs.h"

#include <errno.h>

static int pause_domain(struct cli *cli, uint32_t domid)
{
    if (domid == 0)
        return cli_fail(cli, EINVAL, "domain 0 cannot be paused: this program runs in it");
    int result = ctl_domain_pause(cli->ctl, domid);

    return result < 0 ? cli_fail_ctl(cli, result) : CLI_DONE;
}

static int run(struct cli *cli)
{
    return cli_for_each(cli, pause_domain);
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_pause = {
    .name = "pause", .arguments = "DOMAIN...", .arguments_least = 1, .arguments_most = -1,
    .summary = "Stop the vCPUs of domains", .options = options, .run = run,
};
