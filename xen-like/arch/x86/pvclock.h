/* SPDX-License-Identifier: MIT */
/*
 * Time for guests. A vCPU's time structure maps its TSC to the hypervisor's clock: host time is one linear function
 * of the TSC since boot, so a structure once written stays true, and is rewritten only where the vCPU's info area
 * moves or its TSC offset changes. UTC at time 0 is the CMOS clock's until domain 0 sets it.
 */
#ifndef KEEL_X86_PVCLOCK_H
#define KEEL_X86_PVCLOCK_H

#include "types.h"

/* XENPF_settime: UTC was that at that host time. All domains see it. */
void wallclock_set(uint64_t seconds, uint32_t nanoseconds, uint64_t at_ns);

#endif
