/* SPDX-License-Identifier: MIT */
/* ctl network-detach: takes a network interface from a running guest. */
#include "device_change.h"
#include "verbs.h"

static int run(struct cli *cli)
{
    return device_detach(cli, CTL_DEVICE_NIC);
}

static const struct cli_option options[] = {
    { 'f', "force", NULL, "take it away without asking the guest" },
    { 't', "timeout", "SECONDS", "give up after so long (10)" },
    { 0 },
};

const struct cli_verb verb_network_detach = {
    .name = "network-detach", .arguments = "DOMAIN DEVID|MAC", .arguments_least = 2, .arguments_most = 2,
    .summary = "Take a network interface from a running guest",
    .details = "The interface is given by its number, as network-list shows it, or by its MAC address. A guest\n"
               "that does not let go of it in time keeps it; the status is 4 then.",
    .options = options, .run = run,
};
