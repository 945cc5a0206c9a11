/* SPDX-License-Identifier: MIT */
/* Many guests from one configuration, several at a time: all of them, or none. */
#ifndef KEEL_CLI_CREATE_MANY_H
#define KEEL_CLI_CREATE_MANY_H

#include "cli.h"

#define CREATE_MANY_MAX 4000

/*
 * Creates NAME-1 to NAME-count. On the first failure, or a signal that ends the program, no further one is begun and
 * those that there are get destroyed. cli's handle is open.
 */
int create_many(struct cli *cli, const struct ctl_config *config, uint32_t count);

#endif
