/* SPDX-License-Identifier: MIT */
/* What all hypercalls share. The table is in hypercall_table.c. */
#include "hypercall.h"

#include "arch.h"

bool hypercall_should_yield(void) { return arch_should_yield(); }
