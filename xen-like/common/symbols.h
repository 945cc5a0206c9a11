/* SPDX-License-Identifier: MIT */
/* Names of the hypervisor's own functions, from a table that the build makes of the linked image. */
#ifndef KEEL_SYMBOLS_H
#define KEEL_SYMBOLS_H

#include "types.h"

/* The function that contains address, and address's offset in it; NULL if address is in none. Any context. */
const char *symbol_lookup(uintptr_t address, size_t *offset);

#endif
