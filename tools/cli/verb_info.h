/* SPDX-License-Identifier: MIT */
/* The text of ctl info, byte for byte xl's. */
#ifndef KEEL_CLI_VERB_INFO_H
#define KEEL_CLI_VERB_INFO_H

#include "cli.h"

/* Prints it, or a document with --json. */
int info_print(struct cli *cli);

#endif
