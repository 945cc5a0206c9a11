/* SPDX-License-Identifier: MIT */
/* ctl vcpu-pin: where the vCPUs of a domain may run. */
#include "verbs.h"

#include "libctl/config_keys.h"

#include <string.h>

/* "-" leaves it as it is: *map becomes NULL. */
static bool read_cpus(struct cli *cli, const char *text, uint8_t bitmap[CTL_CPUMAP_BYTES], const uint8_t **map)
{
    char why[160];

    *map = NULL;
    if (strcmp(text, "-") == 0)
        return true;
    *map = bitmap;
    if (config_cpus_parse(text, bitmap, why, sizeof(why)))
        return true;
    cli_usage_error(cli, "%s", why);
    return false;
}

static int run(struct cli *cli)
{
    uint8_t hard[CTL_CPUMAP_BYTES], soft[CTL_CPUMAP_BYTES];
    const uint8_t *hard_map, *soft_map = NULL;
    uint32_t domid, vcpu = CTL_VCPUS_ALL;

    if (strcmp(cli->arguments[1], "all") != 0 && !cli_number(cli, "vCPU", cli->arguments[1], 0, 4095, &vcpu))
        return CLI_USAGE;
    if (!read_cpus(cli, cli->arguments[2], hard, &hard_map) ||
        (cli->arguments_count > 3 && !read_cpus(cli, cli->arguments[3], soft, &soft_map)))
        return CLI_USAGE;
    if (!cli_find(cli, cli->arguments[0], &domid))
        return CLI_FAILED;
    int result = ctl_vcpu_pin(cli->ctl, domid, vcpu, hard_map, soft_map);

    return result < 0 ? cli_fail_ctl(cli, result) : CLI_DONE;
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_vcpu_pin = {
    .name = "vcpu-pin", .arguments = "DOMAIN VCPU|all HARD [SOFT]", .arguments_least = 3, .arguments_most = 4,
    .summary = "Say where the vCPUs of a domain run",
    .details = "HARD are the CPUs where they may run, SOFT those where they run by preference: lists as in\n"
               "0-3,^1, or \"all\", or \"-\" to leave that as it is.",
    .options = options, .run = run,
};
