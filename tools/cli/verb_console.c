/* SPDX-License-Identifier: MIT */
/* ctl console: this terminal, or the standard streams of a script, at a domain's console. */
#include "console.h"
#include "verbs.h"

#include <errno.h>

static int run(struct cli *cli)
{
    uint32_t domid, number = 0;

    if (cli_value(cli, 'n') && !cli_number(cli, "number of a console", cli_value(cli, 'n'), 0, 1000, &number))
        return CLI_USAGE;
    if (!cli_find(cli, cli->arguments[0], &domid))
        return CLI_FAILED;
    if (number > 0)
        return cli_fail(cli, ENODEV, "domain %u has no console %u, only console 0", domid, number);
    if (domid == 0)
        return cli_fail(cli, EINVAL, "domain 0 has no console here: it has the machine's");
    return console_run(cli, domid, NULL);
}

static const struct cli_option options[] = {
    { 'n', "number", "NUMBER", "which console; a PVH guest has number 0 alone" },
    { 0 },
};

const struct cli_verb verb_console = {
    .name = "console", .arguments = "DOMAIN", .arguments_least = 1, .arguments_most = 1,
    .summary = "Attach to a domain's console",
    .details = "Ctrl-] leaves it. Without a terminal, standard input goes to the console and the console to\n"
               "standard output. It ends when the domain does.",
    .options = options, .run = run,
};
