/* SPDX-License-Identifier: MIT */
/* The text of ctl cpupool-list, byte for byte xl's. */
#ifndef KEEL_CLI_VERB_CPUPOOL_LIST_H
#define KEEL_CLI_VERB_CPUPOOL_LIST_H

#include "cli.h"

/* cpus: which CPUs a pool has, instead of how many. */
void cpupool_print_header(FILE *out, bool cpus);
void cpupool_print(FILE *out, const struct ctl_pool *pool, bool cpus);

#endif
