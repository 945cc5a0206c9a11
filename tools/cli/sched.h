/* SPDX-License-Identifier: MIT */
/* What sched-credit and sched-credit2 share: the domains' weights and caps, and the scheduler's own parameters. */
#ifndef KEEL_CLI_SCHED_H
#define KEEL_CLI_SCHED_H

#include "cli.h"

/* The verb's options d, w, c, s, r, p, and for credit t and m. */
int sched_run(struct cli *cli, enum ctl_scheduler scheduler);

/* The text, byte for byte xl's. */
void sched_print_pool(FILE *out, const struct ctl_pool *pool, const struct ctl_pool_times *times);
void sched_print_header(FILE *out);
void sched_print(FILE *out, const struct ctl_domain *domain, const struct ctl_share *share);

#endif
