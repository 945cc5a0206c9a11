/* SPDX-License-Identifier: MIT */
/* ctl shutdown: asks guests to power off. */
#include "stop.h"
#include "verbs.h"

static int run(struct cli *cli)
{
    return cli_stop(cli, CTL_SHUTDOWN_POWEROFF);
}

static const struct cli_option options[] = {
    { 'a', "all", NULL, "all guests" },
    { 'w', "wait", NULL, "until they have shut down; twice: until they are gone" },
    { 'F', "fallback", NULL, "press the power button of a guest that cannot be asked, if it has one" },
    { 't', "timeout", "SECONDS", "with -w: give up after so long" },
    { 0 },
};

const struct cli_verb verb_shutdown = {
    .name = "shutdown", .arguments = "[DOMAIN...]", .arguments_most = -1,
    .summary = "Ask guests to power off",
    .details = "The guest's kernel is asked through the store and takes its time; what follows is what\n"
               "on_poweroff says in its configuration.",
    .options = options, .run = run, .busy = "waiting for guests to power off",
};
