/* SPDX-License-Identifier: MIT */
/* ctl domid: the number of the domain of a name. */
#include "json.h"
#include "verbs.h"

static int run(struct cli *cli)
{
    uint32_t domid;

    if (!cli_find(cli, cli->arguments[0], &domid))
        return CLI_FAILED;
    if (!cli->json) {
        fprintf(cli->out, "%u\n", domid);
        return CLI_DONE;
    }
    yajl_gen json = json_open("keel.domid/1");

    json_number(json, "domid", domid);
    return json_close(cli, json, cli->out);
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_domid = {
    .name = "domid", .arguments = "NAME", .arguments_least = 1, .arguments_most = 1,
    .summary = "Show the number of a domain", .options = options, .run = run,
};
