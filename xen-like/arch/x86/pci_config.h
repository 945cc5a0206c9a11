/* SPDX-License-Identifier: MIT */
/*
 * Domain 0's way to PCI configuration space by ports 0xcf8 and 0xcfc: the machine's, without the MSI and MSI-X
 * capabilities. A message-signalled interrupt would carry domain 0's vector to the machine's CPUs; without them
 * drivers use the INTx lines, which come through the virtual I/O APIC. Domain 0 is not told of a memory-mapped
 * configuration space.
 */
#ifndef KEEL_X86_PCI_CONFIG_H
#define KEEL_X86_PCI_CONFIG_H

#include "types.h"

/* Size 1, 2 or 4, at any port of the two registers. Any CPU. */
uint32_t pci_config_read_address(uint16_t port, unsigned int size);
void pci_config_write_address(uint16_t port, unsigned int size, uint32_t value);
uint32_t pci_config_read_data(uint16_t port, unsigned int size);
void pci_config_write_data(uint16_t port, unsigned int size, uint32_t value);

#endif
