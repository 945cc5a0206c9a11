/* SPDX-License-Identifier: MIT */
/* The text of ctl info, byte for byte xl's. */
#ifndef KEEL_CLI_VERB_INFO_H
#define KEEL_CLI_VERB_INFO_H

#include "cli.h"

/* Prints it, or a document with --json; with `places` also where CPUs and memory are. */
int info_print(struct cli *cli, bool places);

#endif
