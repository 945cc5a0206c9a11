/* SPDX-License-Identifier: MIT */
/*
 * Proportional-share scheduling over per-CPU run queues, with weight, cap and hard and soft affinity. A vCPU that wakes
 * runs at once if it has used less than its share. The policy is behind struct scheduler_policy; to the tools it is credit2.
 */
#ifndef KEEL_SCHEDULER_H
#define KEEL_SCHEDULER_H

#include "list.h"
#include "types.h"

struct vcpu;
struct domain;

#define SCHEDULER_MAX_CPUS 64u
#define SCHEDULER_DEFAULT_WEIGHT 256u

typedef struct { uint64_t bits; } cpu_mask_t; /* bit n: CPU n */

struct scheduler_vcpu {
    struct list link;           /* in the run queue of cpu; guarded by that queue's lock */
    uint32_t cpu;               /* whose queue it is on or was last */
    bool is_queued;
    _Atomic bool is_on_cpu;     /* its register state is loaded on `cpu` */
    uint64_t virtual_time_ns;   /* run time scaled by weight: the lowest runs next */
    uint64_t run_start_ns;
    uint64_t cap_used_ns, cap_period_start_ns; /* when a cap is set */
    bool is_capped;             /* parked until the next period */
    cpu_mask_t hard_affinity, soft_affinity;
};

struct scheduler_parameters { uint16_t weight, cap; }; /* cap in percent of one CPU; 0: none */

void scheduler_init_cpu(uint32_t cpu);
void scheduler_vcpu_init(struct vcpu *v);
void scheduler_vcpu_remove(struct vcpu *v);
/* The vCPU may have become runnable or not runnable. */
void scheduler_wake(struct vcpu *v);
void scheduler_sleep(struct vcpu *v);
/* The vCPU that this CPU shall run now (NULL: none, idle), and until when at most. The outgoing one is accounted. */
struct vcpu *scheduler_pick(uint64_t now_ns, uint64_t *slice_end_ns);
/* The running vCPU gives way to others of its kind (SCHEDOP_yield): false when nobody else waits here, and nothing is to be done. */
bool scheduler_yield(struct vcpu *v);
int scheduler_set_parameters(struct domain *d, struct scheduler_parameters parameters);
struct scheduler_parameters scheduler_get_parameters(const struct domain *d);
int scheduler_set_affinity(struct vcpu *v, const cpu_mask_t *hard, const cpu_mask_t *soft);
uint64_t scheduler_vcpu_time_ns(const struct vcpu *v); /* time it has run */
uint64_t scheduler_idle_time_ns(uint32_t cpu);

#endif
