/* SPDX-License-Identifier: MIT */
/* ctl sched-credit: shares of the CPUs under the scheduler credit, in xl's columns. */
#include "sched.h"
#include "verbs.h"

static int run(struct cli *cli)
{
    return sched_run(cli, CTL_SCHEDULER_CREDIT);
}

static const struct cli_option options[] = {
    { 'd', "domain", "DOMAIN", "this one alone" },
    { 'w', "weight", "WEIGHT", "with -d: its share relative to others, 1 to 65535" },
    { 'c', "cap", "PERCENT", "with -d: the most it gets, of one CPU; 0: no limit" },
    { 's', "schedparam", NULL, "the scheduler's own parameters" },
    { 'r', "ratelimit_us", "US", "with -s: how long a vCPU runs at least" },
    { 't', "tslice_ms", "MS", "with -s: the time slice" },
    { 'm', "migration_delay_us", "US", "with -s: how long a vCPU stays where it ran" },
    { 'p', "cpupool", "POOL", "this pool alone" },
    { 0 },
};

const struct cli_verb verb_sched_credit = {
    .name = "sched-credit", .arguments = "", .summary = "Show or set shares of the CPUs (scheduler credit)",
    .options = options, .run = run,
};
