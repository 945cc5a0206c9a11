/* SPDX-License-Identifier: MIT */
/* ctl network-list: the network interfaces of domains, in xl's columns. */
#include "devices.h"
#include "verbs.h"

static int run(struct cli *cli)
{
    return devices_run(cli, DEVICE_NIC);
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_network_list = {
    .name = "network-list", .arguments = "DOMAIN...", .arguments_least = 1, .arguments_most = -1,
    .summary = "Show the network interfaces of domains", .options = options, .run = run,
};
