/* SPDX-License-Identifier: MIT */
/* ctl dmesg: the hypervisor's log. */
#include "json.h"
#include "verbs.h"

#include <stdlib.h>

static int run(struct cli *cli)
{
    char *text;

    if (!cli_open(cli))
        return CLI_FAILED;
    ssize_t length = ctl_dmesg(cli->ctl, cli_given(cli, 'c') > 0, &text);
    int status = CLI_DONE;

    if (length < 0)
        return cli_fail_ctl(cli, (int)length);
    if (cli->json) {
        yajl_gen json = json_open("keel.dmesg/1");

        json_text(json, "text", text);
        status = json_close(cli, json, cli->out);
    } else {
        fwrite(text, 1, (size_t)length, cli->out);
    }
    free(text);
    return status;
}

static const struct cli_option options[] = {
    { 'c', "clear", NULL, "empty the log as well" },
    { 0 },
};

const struct cli_verb verb_dmesg = {
    .name = "dmesg", .arguments = "", .summary = "Show the hypervisor's log", .options = options, .run = run,
};
