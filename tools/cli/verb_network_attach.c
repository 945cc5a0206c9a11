/* SPDX-License-Identifier: MIT */
/* ctl network-attach: gives a running guest a network interface. */
#include "device_change.h"
#include "verbs.h"

#include "libctl/config_devices.h"

static int run(struct cli *cli)
{
    char text[DEVICE_SPECIFICATION_MAX], why[CONFIG_WHY_MAX];
    struct ctl_nic nic;
    int status;

    if (!device_specification(cli, 1, text))
        return CLI_USAGE;
    status = config_nic_parse(text, &nic, NULL, why) ? device_attach(cli, NULL, &nic) : cli_usage_error(cli, "%s", why);
    config_nic_free(&nic);
    return status;
}

static const struct cli_option options[] = {
    { 'w', "wait", NULL, "until the guest uses it" },
    { 't', "timeout", "SECONDS", "with -w: give up after so long (10); the guest keeps it then" },
    { 0 },
};

const struct cli_verb verb_network_attach = {
    .name = "network-attach", .arguments = "DOMAIN [KEY=VALUE...]", .arguments_least = 1, .arguments_most = -1,
    .summary = "Give a running guest a network interface",
    .details = "The keys are those of a vif in a configuration: mac=, bridge=, vifname=, rate=, devid=, mtu=. The\n"
               "host's end joins the bridge (xenbr0 where none is named; bridge= without a name: none). No scripts\n"
               "are run.",
    .options = options, .run = run,
};
