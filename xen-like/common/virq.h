/* SPDX-License-Identifier: MIT */
/* Which virtual interrupts there is one of for the whole machine, and which each vCPU has. */
#ifndef KEEL_VIRQ_H
#define KEEL_VIRQ_H

#include "types.h"

/* virq < NR_VIRQS */
bool virq_is_global(uint32_t virq);

#endif
