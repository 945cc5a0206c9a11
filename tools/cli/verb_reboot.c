/* SPDX-License-Identifier: MIT */
/* ctl reboot: asks guests to restart. */
#include "stop.h"
#include "verbs.h"

static int run(struct cli *cli)
{
    return cli_stop(cli, CTL_SHUTDOWN_REBOOT);
}

static const struct cli_option options[] = {
    { 'a', "all", NULL, "all guests" },
    { 'w', "wait", NULL, "until they have shut down to restart; twice: until the old domain is gone" },
    { 'F', "fallback", NULL, "press the power button of a guest that cannot be asked, if it has one" },
    { 't', "timeout", "SECONDS", "with -w: give up after so long" },
    { 0 },
};

const struct cli_verb verb_reboot = {
    .name = "reboot", .arguments = "[DOMAIN...]", .arguments_most = -1,
    .summary = "Ask guests to restart",
    .details = "The guest's kernel is asked through the store; what follows is what on_reboot says in its\n"
               "configuration.",
    .options = options, .run = run, .busy = "asking guests to restart",
};
