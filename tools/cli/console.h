/* SPDX-License-Identifier: MIT */
/*
 * A session at a domain's console: this process's terminal (or pipes) on one side, the console daemon's terminal on
 * the other. It holds on when the daemon is restarted, and ends with the domain.
 */
#ifndef KEEL_CLI_CONSOLE_H
#define KEEL_CLI_CONSOLE_H

#include "cli.h"

/*
 * Copies until the domain ends, the user detaches (Ctrl-], from a terminal only), or a signal ends it. `attached`, if
 * not NULL, is called once the console is open, or cannot be opened; its failure ends the session. The terminal is left as it was found.
 */
int console_run(struct cli *cli, uint32_t domid, int (*attached)(struct cli *cli, uint32_t domid));

#endif
