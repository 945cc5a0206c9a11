/* SPDX-License-Identifier: MIT */
/* The E820 memory map of a domain: what XENMEM_memory_map answers. Set by the domain's builder. */
#ifndef KEEL_X86_MEMORY_MAP_H
#define KEEL_X86_MEMORY_MAP_H

#include "boot_memory.h"

struct domain;

#define MEMORY_MAP_ENTRIES_MAX 192u

/* Replaces d's map by a copy of those regions. -XEN_ENOMEM, -XEN_EINVAL when there are too many. */
int memory_map_set(struct domain *d, const struct memory_region *regions, uint32_t count);
void memory_map_free(struct domain *d);

#endif
