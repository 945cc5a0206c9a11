/* SPDX-License-Identifier: MIT */
/* ctl block-list: the disks of domains, in xl's columns. */
#include "devices.h"
#include "verbs.h"

static int run(struct cli *cli)
{
    return devices_run(cli, DEVICE_DISK);
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_block_list = {
    .name = "block-list", .arguments = "DOMAIN...", .arguments_least = 1, .arguments_most = -1,
    .summary = "Show the disks of domains", .options = options, .run = run,
};
