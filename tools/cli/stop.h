/* SPDX-License-Identifier: MIT */
/* What shutdown and reboot share: asking domains to stop, and waiting until they have. */
#ifndef KEEL_CLI_STOP_H
#define KEEL_CLI_STOP_H

#include "cli.h"

/*
 * Asks the domains of the arguments (or all guests, with option a) through the store. With option w waits until each
 * has shut down or is gone, with two of them until it is gone; option t limits the wait to that many seconds.
 */
int cli_stop(struct cli *cli, enum ctl_shutdown how);

#endif
