/* SPDX-License-Identifier: MIT */
/* The 16550 serial port that is the console (console=com1, com1=115200,8n1). Output by polling, input by interrupt. */
#ifndef KEEL_X86_SERIAL_H
#define KEEL_X86_SERIAL_H

#include "types.h"

/* Output works after this; input after serial_start_input. Without a port, output is dropped. */
void serial_initialise(void);
/* Routes the port's interrupt to the boot CPU. After ioapic_initialise. */
void serial_start_input(void);
/* The caller holds the console lock. */
void serial_write(const char *bytes, size_t count);
/* The port's interrupt line and I/O range are the hypervisor's: domain 0 must not touch them. 0: no port. */
uint16_t serial_port_base(void);
uint32_t serial_gsi(void);

#endif
