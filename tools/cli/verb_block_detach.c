/* SPDX-License-Identifier: MIT */
/* ctl block-detach: takes a disk from a running guest. */
#include "device_change.h"
#include "verbs.h"

static int run(struct cli *cli)
{
    return device_detach(cli, CTL_DEVICE_DISK);
}

static const struct cli_option options[] = {
    { 'f', "force", NULL, "take it away without asking the guest" },
    { 't', "timeout", "SECONDS", "give up after so long (10)" },
    { 0 },
};

const struct cli_verb verb_block_detach = {
    .name = "block-detach", .arguments = "DOMAIN VDEV", .arguments_least = 2, .arguments_most = 2,
    .summary = "Take a disk from a running guest",
    .details = "VDEV is what the guest calls it, as xvdb, or its number. A guest that does not let go of it in time\n"
               "keeps it; the status is 4 then.",
    .options = options, .run = run,
};
