/* SPDX-License-Identifier: MIT */
/* ctl destroy: ends domains at once. */
#include "verbs.h"

#include <errno.h>

static int destroy_domain(struct cli *cli, uint32_t domid)
{
    if (domid == 0)
        return cli_fail(cli, EINVAL, "domain 0 cannot be destroyed: this program runs in it");
    int result = ctl_domain_destroy(cli->ctl, domid);

    return result < 0 ? cli_fail_ctl(cli, result) : CLI_DONE;
}

static int run(struct cli *cli)
{
    return cli_for_each(cli, destroy_domain);
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_destroy = {
    .name = "destroy", .arguments = "DOMAIN...", .arguments_least = 1, .arguments_most = -1,
    .summary = "End domains at once, without asking them",
    .details = "This is like pulling the plug; `ctl shutdown` asks the guest to end by itself.",
    .options = options, .run = run, .busy = "ending domains",
};
