/* SPDX-License-Identifier: MIT */
/* What paging.c and boot_memory.c tell each other. */
#ifndef KEEL_X86_BOOT_MEMORY_PRIVATE_H
#define KEEL_X86_BOOT_MEMORY_PRIVATE_H

#include "boot_memory.h"

/* Is memory of that kind in the direct map? */
bool boot_memory_kind_is_mapped(enum memory_kind kind);
/* The final page tables are loaded: memory above 4 GiB may be handed out too. */
void boot_memory_all_mapped(void);

#endif
