/* SPDX-License-Identifier: MIT */
/*
 * Time for guests: each vCPU's time structure maps its TSC to the hypervisor's clock, and the shared page has UTC at time 0.
 * Host time is one linear function of the TSC since boot, so a structure once written stays true: it is rewritten only
 * where the vCPU's info area moves or its TSC offset changes.
 */
#ifndef KEEL_X86_PVCLOCK_H
#define KEEL_X86_PVCLOCK_H

#include "domain.h"

/* Writes UTC at time 0, plus the domain's offset, into its shared page. */
void wallclock_fill(struct domain *d);
/* XEN_DOMCTL_settimeoffset: seconds that the domain's clock is ahead of UTC. */
void wallclock_set_offset(struct domain *d, int64_t seconds);
/* XENPF_settime: UTC was that at that host time. All domains see it. */
void wallclock_set(uint64_t seconds, uint32_t nanoseconds, uint64_t at_ns);

#endif
