/* SPDX-License-Identifier: MIT */
/* ctl debug-keys: keys for the hypervisor itself. */
#include "verbs.h"

static int run(struct cli *cli)
{
    if (!cli_open(cli))
        return CLI_FAILED;
    int result = ctl_debug_keys(cli->ctl, cli->arguments[0]);

    return result < 0 ? cli_fail_ctl(cli, result) : CLI_DONE;
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_debug_keys = {
    .name = "debug-keys", .arguments = "KEYS", .arguments_least = 1, .arguments_most = 1,
    .summary = "Type at the hypervisor's own console",
    .details = "What it answers is in its log: `ctl dmesg`. h lists the keys.", .options = options, .run = run,
};
