/* SPDX-License-Identifier: MIT */
/* Ticket spinlocks, their pairs and readers-writer locks, and the check of their order. Contract in lock.h. */
#include "lock.h"

#include "arch_host.h"
#include "panic.h"

#ifdef KEEL_DEBUG

#define HELD_MAX 16u

/* Written and read by its CPU only. */
static struct held_locks {
    const struct spinlock *lock[HELD_MAX];
    uint32_t count;
} held_locks[MAX_CPUS];

static void check_order(const struct spinlock *lock)
{
    const struct held_locks *held = &held_locks[arch_cpu_id()];

    if (lock->rank == LOCK_RANK_NONE)
        panic("lock %p is used without spin_lock_init: initialise it where its owner is created", (const void *)lock);
    for (uint32_t i = 0; i < held->count; i++) {
        const struct spinlock *other = held->lock[i];
        if (other->rank > lock->rank || (other->rank == lock->rank && other >= lock))
            panic("lock order: %s (rank %u) is taken while %s (rank %u) is held; lock_order.h has the order",
                  lock->name, lock->rank, other->name, other->rank);
    }
}

static void note_held(const struct spinlock *lock)
{
    struct held_locks *held = &held_locks[arch_cpu_id()];

    if (held->count == HELD_MAX)
        panic("lock order: more than %u locks are held when %s is taken", HELD_MAX, lock->name);
    held->lock[held->count++] = lock;
}

static void note_released(const struct spinlock *lock)
{
    struct held_locks *held = &held_locks[arch_cpu_id()];

    for (uint32_t i = held->count; i-- > 0;)
        if (held->lock[i] == lock) {
            for (held->count--; i < held->count; i++)
                held->lock[i] = held->lock[i + 1];
            return;
        }
    panic("lock order: %s is released by a CPU that does not hold it", lock->name);
}

void lock_assert_none_held(void)
{
    const struct held_locks *held = &held_locks[arch_cpu_id()];

    if (held->count)
        panic("lock order: %s is still held where no lock may be", held->lock[held->count - 1]->name);
}

void lock_forget_held(void) { held_locks[arch_cpu_id()].count = 0; }

#else

static void check_order(const struct spinlock *lock) {}
static void note_held(const struct spinlock *lock) {}
static void note_released(const struct spinlock *lock) {}
void lock_assert_none_held(void) {}
void lock_forget_held(void) {}

#endif

void spin_lock_init(struct spinlock *lock, const char *name, enum lock_rank rank)
{
    *lock = (struct spinlock)SPINLOCK_INIT(name, (uint8_t)rank);
}

static void acquire(struct spinlock *lock)
{
    /* Relaxed: the ticket orders only who is next; the loads of now_serving acquire. */
    uint16_t ticket = __atomic_fetch_add((uint16_t *)&lock->next_ticket, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n((uint16_t *)&lock->now_serving, __ATOMIC_ACQUIRE) != ticket)
        arch_relax();
}

void spin_lock(struct spinlock *lock)
{
    check_order(lock);
    acquire(lock);
    note_held(lock);
}

bool spin_trylock(struct spinlock *lock)
{
    uint16_t serving = __atomic_load_n((uint16_t *)&lock->now_serving, __ATOMIC_RELAXED), expected = serving;

    /* Acquire on success: the ticket that is drawn is the one being served. */
    if (!__atomic_compare_exchange_n((uint16_t *)&lock->next_ticket, &expected, (uint16_t)(serving + 1), false,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return false;
    note_held(lock);
    return true;
}

void spin_unlock(struct spinlock *lock)
{
    note_released(lock);
    /* Release: what was done under the lock is seen by the next holder. Only the holder writes now_serving. */
    uint16_t serving = __atomic_load_n((uint16_t *)&lock->now_serving, __ATOMIC_RELAXED);
    __atomic_store_n((uint16_t *)&lock->now_serving, (uint16_t)(serving + 1), __ATOMIC_RELEASE);
}

void spin_lock_pair(struct spinlock *a, struct spinlock *b)
{
    spin_lock(a < b ? a : b);
    if (a != b)
        spin_lock(a < b ? b : a);
}

void spin_unlock_pair(struct spinlock *a, struct spinlock *b)
{
    if (a != b)
        spin_unlock(a < b ? b : a);
    spin_unlock(a < b ? a : b);
}

unsigned long spin_lock_irqsave(struct spinlock *lock)
{
    unsigned long interrupts = arch_interrupts_save();
    spin_lock(lock);
    return interrupts;
}

void spin_unlock_irqrestore(struct spinlock *lock, unsigned long interrupts)
{
    spin_unlock(lock);
    arch_interrupts_restore(interrupts);
}
