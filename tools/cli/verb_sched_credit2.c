/* SPDX-License-Identifier: MIT */
/* ctl sched-credit2: shares of the CPUs under the scheduler credit2, in xl's columns. */
#include "sched.h"
#include "verbs.h"

static int run(struct cli *cli)
{
    return sched_run(cli, CTL_SCHEDULER_CREDIT2);
}

static const struct cli_option options[] = {
    { 'd', "domain", "DOMAIN", "this one alone" },
    { 'w', "weight", "WEIGHT", "with -d: its share relative to others, 1 to 65535" },
    { 'c', "cap", "PERCENT", "with -d: the most it gets, of one CPU; 0: no limit" },
    { 's', "schedparam", NULL, "the scheduler's own parameters" },
    { 'r', "ratelimit_us", "US", "with -s: how long a vCPU runs at least" },
    { 'p', "cpupool", "POOL", "this pool alone" },
    { 0 },
};

const struct cli_verb verb_sched_credit2 = {
    .name = "sched-credit2", .arguments = "", .summary = "Show or set shares of the CPUs (scheduler credit2)",
    .options = options, .run = run,
};
