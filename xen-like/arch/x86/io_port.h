/* SPDX-License-Identifier: MIT */
/*
 * I/O ports. A guest has none: reads give ones, writes are dropped. Domain 0 reaches the machine's ports directly,
 * but for those of devices that the hypervisor drives or that would hide from it what happens to the machine.
 * io_port_access and io_bitmap_fill are declared in virtualization.h.
 */
#ifndef KEEL_X86_IO_PORT_H
#define KEEL_X86_IO_PORT_H

#include "types.h"

/* Is the port one of those that domain 0 does not reach directly? */
bool io_port_is_intercepted(uint16_t port);

#endif
