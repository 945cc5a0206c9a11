/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_console_io: domain 0's share of the machine's console, and guests' lines in the log. */
#ifndef KEEL_CONSOLE_IO_H
#define KEEL_CONSOLE_IO_H

/* Lets typed bytes come to domain 0. Once, at boot, before domain 0 runs. */
void console_io_init(void);

#endif
