/* SPDX-License-Identifier: MIT */
/* ctl trigger: raises an NMI and the like in a domain. */
#include "verbs.h"

#include <string.h>

static bool find_word(const char *word, enum ctl_trigger *trigger)
{
    static const char *const words[] = {
        [CTL_TRIGGER_NMI] = "nmi", [CTL_TRIGGER_RESET] = "reset", [CTL_TRIGGER_INIT] = "init",
        [CTL_TRIGGER_POWER] = "power", [CTL_TRIGGER_SLEEP] = "sleep",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], word) == 0) {
            *trigger = (enum ctl_trigger)i;
            return true;
        }
    }
    return false;
}

static int run(struct cli *cli)
{
    enum ctl_trigger trigger;
    uint32_t domid, vcpu = 0;

    if (!find_word(cli->arguments[1], &trigger))
        return cli_usage_error(cli, "\"%.40s\" is no trigger; write nmi, reset, init, power or sleep",
                               cli->arguments[1]);
    if (cli->arguments_count > 2 && !cli_number(cli, "vCPU", cli->arguments[2], 0, 4095, &vcpu))
        return CLI_USAGE;
    if (!cli_find(cli, cli->arguments[0], &domid))
        return CLI_FAILED;
    int result = ctl_trigger(cli->ctl, domid, trigger, vcpu);

    if (result > 0)
        cli_warn(cli, "domain %u is a PVH guest, which has no buttons: nothing happens", domid);
    return result < 0 ? cli_fail_ctl(cli, result) : CLI_DONE;
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_trigger = {
    .name = "trigger", .arguments = "DOMAIN nmi|reset|init|power|sleep [VCPU]", .arguments_least = 2,
    .arguments_most = 3, .summary = "Raise an NMI, or another signal of a machine, in a domain",
    .details = "VCPU is where it is raised; by default 0. power and sleep press a button, which a PVH guest does\n"
               "not have: nothing happens. reset and init are there for other kinds of machines.", .options = options, .run = run,
};
