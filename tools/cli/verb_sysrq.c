/* SPDX-License-Identifier: MIT */
/* ctl sysrq: a SysRq key for a guest's kernel. */
#include "verbs.h"

static int run(struct cli *cli)
{
    const char *key = cli->arguments[1];
    uint32_t domid;

    if (key[0] < ' ' || key[0] > '~' || key[1] != '\0')
        return cli_usage_error(cli, "a SysRq key is one character, not \"%.40s\"", key);
    if (!cli_find(cli, cli->arguments[0], &domid))
        return CLI_FAILED;
    int result = ctl_sysrq(cli->ctl, domid, *key);

    return result < 0 ? cli_fail_ctl(cli, result) : CLI_DONE;
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_sysrq = {
    .name = "sysrq", .arguments = "DOMAIN KEY", .arguments_least = 2, .arguments_most = 2,
    .summary = "Send a SysRq key to a guest's kernel",
    .details = "As if SysRq and KEY were pressed at its console: h lists the keys there, s syncs, b reboots.",
    .options = options, .run = run,
};
