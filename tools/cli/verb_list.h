/* SPDX-License-Identifier: MIT */
/* The text of ctl list, byte for byte xl's. */
#ifndef KEEL_CLI_VERB_LIST_H
#define KEEL_CLI_VERB_LIST_H

#include "cli.h"

/* Both without the end of the line. */
void list_print_header(FILE *out, bool verbose);
void list_print(FILE *out, const struct ctl_domain *domain, bool verbose);

#endif
