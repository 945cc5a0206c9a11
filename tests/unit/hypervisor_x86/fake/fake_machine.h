/* SPDX-License-Identifier: MIT */
/* What the virtual devices need around them: one domain with vCPUs that have local APICs, a clock, one CPU's timers. */
#ifndef KEEL_FAKE_MACHINE_H
#define KEEL_FAKE_MACHINE_H

#include "domain.h"

extern struct domain fake_domain;
extern unsigned int fake_notified;      /* calls of vcpu_notify since the domain was made */
extern int fake_ended_vector;           /* the last level-triggered end of interrupt; -1: none */
extern int fake_started_vector[8];      /* by vCPU; -1: not started */
extern uint64_t fake_time_ns;
extern uint32_t fake_cpu;               /* what arch_cpu_id answers */

/* A new domain, vCPU 0 up and the others down; what was before is forgotten. At most 8 vCPUs. */
void fake_domain_create(uint32_t vcpu_count);
void fake_domain_destroy(void);
/* Sets the clock and runs the timers that are due. */
void fake_time_pass(uint64_t until_ns);
bool fake_timer_is_set(const struct timer *timer);

#endif
