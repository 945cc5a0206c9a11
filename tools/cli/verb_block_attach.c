/* SPDX-License-Identifier: MIT */
/* ctl block-attach: gives a running guest a disk. */
#include "device_change.h"
#include "verbs.h"

#include "libctl/config_devices.h"

static int run(struct cli *cli)
{
    char text[DEVICE_SPECIFICATION_MAX], why[CONFIG_WHY_MAX];
    struct ctl_disk disk;
    int status;

    if (!device_specification(cli, 1, text))
        return CLI_USAGE;
    status = config_disk_parse(text, &disk, why) ? device_attach(cli, &disk, NULL) : cli_usage_error(cli, "%s", why);
    config_disk_free(&disk);
    return status;
}

static const struct cli_option options[] = {
    { 'w', "wait", NULL, "until the guest uses it" },
    { 't', "timeout", "SECONDS", "with -w: give up after so long (10); the guest keeps it then" },
    { 0 },
};

const struct cli_verb verb_block_attach = {
    .name = "block-attach", .arguments = "DOMAIN DISK...", .arguments_least = 2, .arguments_most = -1,
    .summary = "Give a running guest a disk",
    .details = "DISK is as in a configuration, in one argument or several: /srv/data.img raw xvdb rw, or\n"
               "vdev=xvdb,target=/srv/data.img. Files and block devices in raw format are served.",
    .options = options, .run = run,
};
