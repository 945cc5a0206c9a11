/* SPDX-License-Identifier: MIT */
/*
 * The boot information of a PVH guest: hvm_start_info with its module list, memory map and command line, as one block
 * of memory (xen/arch-x86/hvm/start_info.h). Pure: no hypervisor.
 */
#ifndef KEEL_CTL_BOOT_INFO_H
#define KEEL_CTL_BOOT_INFO_H

#include "layout.h"

/* Bytes that the block takes; the same for every layout. */
size_t boot_info_size(const char *command_line);
/* Writes the block as it must lie at layout->boot_start; the start info is its first byte. */
void boot_info_build(uint8_t *block, const struct layout *layout, const char *command_line, uint64_t rsdp);

#endif
