/* SPDX-License-Identifier: MIT */
/*
 * Proportional-share scheduling over per-CPU run queues, with weight, cap and hard and soft affinity. A vCPU that wakes
 * runs at once if it has used less than its share. scheduler.c moves vCPUs between states and CPUs; who runs first and
 * for how long is the policy's (scheduler_policy.h). To the tools it is credit2.
 *
 * A vCPU is in one of these states, guarded by the lock of the queue of its `cpu`: running (the queue's `running`),
 * queued, parked by its domain's cap, or neither. `cpu` changes only while the vCPU is not on a CPU, with that lock
 * held.
 */
#ifndef KEEL_SCHEDULER_H
#define KEEL_SCHEDULER_H

#include "list.h"
#include "timer.h"
#include "types.h"

struct vcpu;
struct domain;
struct xenctl_bitmap;

#define SCHEDULER_MAX_CPUS 64u
#define SCHEDULER_DEFAULT_WEIGHT 256u
#define SCHEDULER_SLICE_NS (10 * NS_PER_MS)
#define SCHEDULER_CAP_PERIOD_NS (30 * NS_PER_MS) /* a domain with a cap gets cap percent of this in each period */

typedef struct { uint64_t bits; } cpu_mask_t; /* bit n: CPU n */

#define CPU_MASK_ALL ((cpu_mask_t){ ~0ull })
static inline bool cpu_mask_has(cpu_mask_t mask, uint32_t cpu) { return mask.bits >> cpu & 1; }
static inline cpu_mask_t cpu_mask_and(cpu_mask_t a, cpu_mask_t b) { return (cpu_mask_t){ a.bits & b.bits }; }
static inline bool cpu_mask_is_empty(cpu_mask_t mask) { return mask.bits == 0; }
/* The CPUs that run vCPUs (pool 0): all of the machine but the first housekeeping_cpus=N. */
cpu_mask_t cpu_mask_pool(void);
/* From and to a bitmap in the caller's memory: bits beyond either size are ignored, or 0. -XEN_EFAULT. */
int cpu_mask_from_guest(cpu_mask_t *mask, const struct xenctl_bitmap *bitmap);
int cpu_mask_to_guest(const struct xenctl_bitmap *bitmap, cpu_mask_t mask);

struct scheduler_vcpu {
    struct list link;           /* in the run queue of cpu while is_queued */
    _Atomic uint32_t cpu;       /* whose queue it is on or was last */
    bool is_queued;
    bool is_capped;             /* parked until its domain's next period */
    _Atomic bool is_on_cpu;     /* its register state is loaded, or about to be, on `cpu` */
    uint64_t virtual_time_ns;   /* run time scaled by weight: the lowest runs next */
    uint64_t charged_until_ns;  /* of a running one */
    cpu_mask_t hard_affinity, soft_affinity;
};

struct scheduler_domain {
    _Atomic uint32_t weight, cap;
    _Atomic int64_t cap_used_ns; /* in this period, and what was used too much before */
    struct timer cap_timer;      /* set while there is a cap */
};

struct scheduler_parameters { uint16_t weight, cap; }; /* cap in percent of one CPU, for the whole domain; 0: none */

/* Once for each CPU, before it runs or is given a vCPU. */
void scheduler_init_cpu(uint32_t cpu);
void scheduler_domain_init(struct domain *d);
/* No vCPU of d runs any more. */
void scheduler_domain_remove(struct domain *d);
void scheduler_vcpu_init(struct vcpu *v);
/* The vCPU may have become runnable or not runnable. No lock of rank LOCK_RANK_RUN_QUEUE or below is held. */
void scheduler_wake(struct vcpu *v);
void scheduler_sleep(struct vcpu *v);
/* The vCPU that this CPU shall run now (NULL: none, idle), and until when at most. The outgoing one is accounted. */
struct vcpu *scheduler_pick(uint64_t now_ns, uint64_t *slice_end_ns);
/* v, which scheduler_pick has not given again, is off this CPU: others may run it. */
void scheduler_switched_out(struct vcpu *v);
/*
 * The running vCPU gives way to others of its kind (SCHEDOP_yield): false when nobody else waits here, and nothing is
 * to be done.
 */
bool scheduler_yield(struct vcpu *v);
/* -XEN_EINVAL for a weight of 0, and for a cap of more percent of a CPU than the vCPUs could use. */
int scheduler_set_parameters(struct domain *d, struct scheduler_parameters parameters);
struct scheduler_parameters scheduler_get_parameters(const struct domain *d);
/* NULL: unchanged. -XEN_EINVAL if no CPU of the machine is left. Takes effect at once. */
int scheduler_set_affinity(struct vcpu *v, const cpu_mask_t *hard, const cpu_mask_t *soft);
uint64_t scheduler_vcpu_time_ns(const struct vcpu *v); /* time it has run */
uint64_t scheduler_idle_time_ns(uint32_t cpu);

#endif
