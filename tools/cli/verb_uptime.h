/* SPDX-License-Identifier: MIT */
/* The text of ctl uptime, byte for byte xl's. */
#ifndef KEEL_CLI_VERB_UPTIME_H
#define KEEL_CLI_VERB_UPTIME_H

#include "cli.h"

#include <time.h>

void uptime_print_header(FILE *out);
void uptime_print(FILE *out, const struct ctl_domain *domain, uint64_t uptime_ns);
void uptime_print_short(FILE *out, const struct ctl_domain *domain, uint64_t uptime_ns, time_t now);
/* The domains of the arguments, or all. */
int uptime_run(struct cli *cli, bool brief);

#endif
