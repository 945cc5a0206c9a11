/* SPDX-License-Identifier: MIT */
/* ctl check: whether a configuration is good, without creating anything. */
#include "config_argument.h"
#include "json.h"
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>

static int run(struct cli *cli)
{
    struct ctl_config config;
    int status = config_argument_read(cli, 0, &config);

    if (status == CLI_DONE && !cli_given(cli, 's'))
        status = config_check_files(cli, &config);
    if (status == CLI_DONE && cli->json) {
        yajl_gen json = json_open("keel.check/1");

        json_bool(json, "good", true);
        json_text(json, "name", config.name);
        json_number(json, "memory_kib", config.memory_kib);
        json_number(json, "vcpus", config.vcpus);
        status = json_close(cli, json, cli->out);
    } else if (status == CLI_DONE && !cli_given(cli, 'q')) {
        fprintf(cli->out, "%s: good: guest \"%s\", %llu MiB, %u vCPU%s\n", config.source, config.name,
                (unsigned long long)(config.memory_kib >> 10), config.vcpus, config.vcpus > 1 ? "s" : "");
    }
    ctl_config_free(&config);
    return status;
}

static const struct cli_option options[] = {
    { 'q', "quiet", NULL, "print errors only" },
    { 's', "syntax", NULL, "the configuration alone, not whether its files can be read" },
    { 'f', "defconfig", "FILE", "the configuration file" },
    { 0 },
};

const struct cli_verb verb_check = {
    .name = "check", .arguments = "[FILE] [KEY=VALUE...]", .arguments_most = -1,
    .summary = "Say whether a configuration is good",
    .details = "Nothing is created, and no hypervisor is needed. The arguments are those of `ctl create`.",
    .options = options, .run = run,
};
