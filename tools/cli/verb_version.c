/* SPDX-License-Identifier: MIT */
/* ctl version: of this program; the hypervisor's is in ctl info. */
#include "json.h"
#include "verbs.h"

static int run(struct cli *cli)
{
    if (!cli->json) {
        fprintf(cli->out, "ctl (Keel) " CLI_VERSION "\n");
        return CLI_DONE;
    }
    yajl_gen json = json_open("keel.version/1");

    json_text(json, "program", "ctl");
    json_text(json, "version", CLI_VERSION);
    return json_close(cli, json, cli->out);
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_version = {
    .name = "version", .arguments = "", .summary = "Show the version of this program", .options = options, .run = run,
};
