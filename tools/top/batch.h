/* SPDX-License-Identifier: MIT */
/* Samples as text for programs: xentop's columns, or comma-separated values. */
#ifndef KEEL_TOP_BATCH_H
#define KEEL_TOP_BATCH_H

#include "rates.h"

#include <stdio.h>

struct batch_options {
    bool full_name, networks, disks, vcpus, repeat_header;
};

/* As `xentop -b` prints one iteration: domains by name whatever its case. A rate that is not known is 0.0. */
void batch_print(FILE *file, const struct sample *sample, const struct rates *rates,
                 const struct batch_options *options);

/* One line a domain, its members and rates by name (csv_print_header); what is not known is empty. */
void csv_print_header(FILE *file);
void csv_print(FILE *file, const struct sample *sample, const struct rates *rates);

#endif
