/* SPDX-License-Identifier: MIT */
/*
 * Who runs first and for how long. The functions of a policy are called with the lock of the run queue that the vCPU
 * belongs to; they change nothing but virtual times and the domain's use of its cap.
 */
#ifndef KEEL_SCHEDULER_POLICY_H
#define KEEL_SCHEDULER_POLICY_H

#include "domain.h"

enum scheduler_placement { PLACE_WOKEN, PLACE_MOVED };

struct scheduler_policy {
    /* v has run that long. */
    void (*charge)(struct vcpu *v, uint64_t ran_ns);
    /* v comes into a queue whose lowest virtual time has been floor_ns, from sleep or from another CPU's queue. */
    void (*place)(struct vcpu *v, uint64_t floor_ns, enum scheduler_placement placement);
    /* Shall a run before b, of the same queue? */
    bool (*precedes)(const struct vcpu *a, const struct vcpu *b);
    /* Has v waited so much longer in its queue than b in another that it should go there? */
    bool (*deserves_move)(uint64_t virtual_time_ns, const struct vcpu *b);
    /* How long v may run at most when it is chosen now. */
    uint64_t (*slice_ns)(const struct vcpu *v);
    /* Must v wait for its domain's next period? */
    bool (*is_exhausted)(const struct vcpu *v);
};

extern const struct scheduler_policy scheduler_share; /* scheduler_share.c */

/* scheduler.c: the domain's next period has begun: parked vCPUs of it may run. */
void scheduler_unpark(struct vcpu *v);

#endif
