/* SPDX-License-Identifier: MIT */
/* A guest is created whole or, when it fails or is interrupted, not at all (verb_create.c). */
#ifndef KEEL_CLI_CREATE_WHOLE_H
#define KEEL_CLI_CREATE_WHOLE_H

#include "cli.h"
#include "interruption.h"

/*
 * Creates the domain, paused if option p or c is given, with signals held back, so that an interrupted creation is undone
 * whole. They stay held back: one that comes when the guest is whole must not make the status say that there is none.
 * Returns a status, with the error printed.
 */
int create_whole(struct cli *cli, const struct ctl_config *config, uint32_t *domid, struct interruption *interruption);

#endif
