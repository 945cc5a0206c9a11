/* SPDX-License-Identifier: MIT */
/*
 * Timers: a heap of deadlines for each CPU, on the CPU's own hardware timer. A handler runs on the timer's CPU, from
 * cpu_loop, with interrupts off and no lock held. Set, stop and kill from any CPU; after timer_kill the handler is not
 * running.
 */
#ifndef KEEL_TIMER_H
#define KEEL_TIMER_H

#include "types.h"

struct timer {
    void (*handler)(void *data);
    void *data;
    uint64_t deadline_ns;  /* host time; valid while queued */
    _Atomic uint32_t cpu;  /* whose queue; changes under that queue's lock */
    bool is_queued, is_killed;
    struct timer *child, *sibling; /* pairing heap: first child, next sibling */
    struct timer *previous;        /* previous sibling, or the parent of a first child */
};

void timers_init_cpu(uint32_t cpu);
void timer_init(struct timer *timer, void (*handler)(void *data), void *data, uint32_t cpu);
/* A deadline that has passed is due at once. Does nothing to a killed timer. */
void timer_set(struct timer *timer, uint64_t deadline_ns);
void timer_stop(struct timer *timer);
/*
 * Stops the timer for good and waits until its handler has returned, if it runs on another CPU: the caller holds no
 * lock that the handler takes. On a zeroed timer it does nothing.
 */
void timer_kill(struct timer *timer);
/* Moves a timer to another CPU's queue, queued or not. */
void timer_migrate(struct timer *timer, uint32_t cpu);
/* Runs what is due on this CPU and programs the hardware for what is next. */
void timers_run(void);

#endif
