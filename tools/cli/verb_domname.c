/* SPDX-License-Identifier: MIT */
/* ctl domname: the name of the domain of a number. */
#include "json.h"
#include "verbs.h"

#include "libctl/internal.h"

#include <errno.h>

static int run(struct cli *cli)
{
    struct ctl_domain domain;
    uint32_t domid;

    if (!cli_find(cli, cli->arguments[0], &domid))
        return CLI_FAILED;
    int result = ctl_domain_get(cli->ctl, domid, &domain);

    if (result < 0)
        return cli_fail_ctl(cli, result);
    if (*domain.name == '\0' && !ctl_store(cli->ctl))
        return cli_fail_ctl(cli, -ENOENT);
    if (*domain.name == '\0')
        return cli_fail(cli, ENOENT, "domain %u has no name", domid);
    if (!cli->json) {
        fprintf(cli->out, "%s\n", domain.name);
        return CLI_DONE;
    }
    yajl_gen json = json_open("keel.domname/1");

    json_text(json, "name", domain.name);
    return json_close(cli, json, cli->out);
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_domname = {
    .name = "domname", .arguments = "DOMAIN", .arguments_least = 1, .arguments_most = 1,
    .summary = "Show the name of a domain", .options = options, .run = run,
};
