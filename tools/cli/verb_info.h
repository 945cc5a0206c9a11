/* SPDX-License-Identifier: MIT */
/* The text of ctl info, byte for byte xl's. */
#ifndef KEEL_CLI_VERB_INFO_H
#define KEEL_CLI_VERB_INFO_H

#include "cli.h"

/*
 * Prints it, or a document with --json; with `places` also where CPUs, memory and PCI devices are. With `only`, which does
 * not go with these two, the values of the lines whose names begin so: CLI_USAGE, with nothing said, if there is none.
 */
int info_print(struct cli *cli, bool places, const char *only);

#endif
