/* SPDX-License-Identifier: MIT */
/*
 * Spinlocks, fair (tickets) and ranked. The holder must not wait for anything but a lock further down lock_order.h, and
 * interrupts must be off in it if an interrupt handler takes the same lock: they are off nearly everywhere in the
 * hypervisor, so the irqsave forms are for code that also runs while they are on (boot, idle).
 * In debug builds taking locks against the order, a lock twice, or releasing one that is not held is a BUG.
 */
#ifndef KEEL_LOCK_H
#define KEEL_LOCK_H

#include "lock_order.h"
#include "types.h"

struct spinlock {
    _Atomic uint16_t next_ticket, now_serving;
    uint8_t rank;      /* enum lock_rank */
    const char *name;  /* for the checker's message */
};

#define SPINLOCK_INIT(name_, rank_) { .rank = (rank_), .name = (name_) }
#define DEFINE_SPINLOCK(variable, rank_) struct spinlock variable = SPINLOCK_INIT(#variable, rank_)

/* name must outlive the lock. */
void spin_lock_init(struct spinlock *lock, const char *name, enum lock_rank rank);
void spin_lock(struct spinlock *lock);
bool spin_trylock(struct spinlock *lock); /* never waits, so it may be tried against the order */
void spin_unlock(struct spinlock *lock);

/* Both locks, in the order of their addresses; a == b is taken once. */
void spin_lock_pair(struct spinlock *a, struct spinlock *b);
void spin_unlock_pair(struct spinlock *a, struct spinlock *b);

/* Interrupts off first; the result goes to the other one. */
unsigned long spin_lock_irqsave(struct spinlock *lock);
void spin_unlock_irqrestore(struct spinlock *lock, unsigned long interrupts);

/* A BUG in debug builds if this CPU holds any lock: before running a guest, idling, waiting for another CPU. */
void lock_assert_none_held(void);
/* Panic only: this CPU's record of held locks is void. */
void lock_forget_held(void);

#endif
