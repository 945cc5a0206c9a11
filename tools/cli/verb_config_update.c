/* SPDX-License-Identifier: MIT */
/* ctl config-update: another configuration for a domain's next restart. */
#include "config_argument.h"
#include "verbs.h"

#include <errno.h>
#include <string.h>

static int update(struct cli *cli, uint32_t domid, const struct ctl_config *config)
{
    struct ctl_domain domain;
    int result = ctl_domain_get(cli->ctl, domid, &domain);

    if (result < 0)
        return cli_fail_ctl(cli, result);
    if (strcmp(domain.name, config->name) != 0)
        return cli_fail(cli, EINVAL, "%s: key \"name\": the domain is called \"%s\", not \"%s\"; `ctl rename` renames "
                        "it", config->source, domain.name, config->name);
    result = ctl_domain_config_set(cli->ctl, domid, config);
    return result < 0 ? cli_fail_ctl(cli, result) : CLI_DONE;
}

static int run(struct cli *cli)
{
    struct ctl_config config;
    uint32_t domid;
    int status = config_argument_read(cli, 1, &config);

    if (status == CLI_DONE)
        status = cli_find(cli, cli->arguments[0], &domid) ? update(cli, domid, &config) : CLI_FAILED;
    ctl_config_free(&config);
    return status;
}

static const struct cli_option options[] = {
    { 'q', "quiet", NULL, "print errors only" },
    { 'f', "defconfig", "FILE", "the configuration file" },
    { 0 },
};

const struct cli_verb verb_config_update = {
    .name = "config-update", .arguments = "DOMAIN [FILE] [KEY=VALUE...]", .arguments_least = 1, .arguments_most = -1,
    .summary = "Give a domain another configuration for its next restart",
    .details = "The domain itself stays as it is. The arguments behind it are those of `ctl create`.",
    .options = options, .run = run, .busy = "writing the configuration",
};
