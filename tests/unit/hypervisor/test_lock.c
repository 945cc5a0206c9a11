/* SPDX-License-Identifier: MIT */
/* Locks exclude, readers share, and each breach of the lock order ends in a panic that names the locks. */
#include "../run_tests.h"
#include "fake_host.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lock.h"
#include "panic.h"

#define THREADS 4u
#define ROUNDS 20000u

static DEFINE_SPINLOCK(outer, LOCK_RANK_DOMAIN);
static DEFINE_SPINLOCK(inner, LOCK_RANK_PAGE_ALLOCATOR);
static struct spinlock pair[2] = { SPINLOCK_INIT("first", LOCK_RANK_EVENT), SPINLOCK_INIT("second", LOCK_RANK_EVENT) };

static void order_is_accepted(void)
{
    spin_lock(&outer);
    spin_lock(&inner);
    CU_ASSERT_FALSE(spin_trylock(&outer));
    CU_ASSERT_FALSE(spin_trylock(&inner));
    /* Released in any order. */
    spin_unlock(&outer);
    spin_unlock(&inner);
    lock_assert_none_held();
}

/* Each breach leaves its locks held: they are made anew. */
static void reset(void)
{
    lock_forget_held();
    spin_lock_init(&outer, "outer", LOCK_RANK_DOMAIN);
    spin_lock_init(&inner, "inner", LOCK_RANK_PAGE_ALLOCATOR);
    spin_lock_init(&pair[0], "first", LOCK_RANK_EVENT);
    spin_lock_init(&pair[1], "second", LOCK_RANK_EVENT);
    fake_console_clear();
}

static void breaches_panic(void)
{
    struct spinlock blank = { 0 };

    reset();
    spin_lock(&inner);
    CU_ASSERT_TRUE(FAKE_HALTS(spin_lock(&outer)));
    CU_ASSERT_PTR_NOT_NULL(strstr(fake_console, "lock order: outer"));
    CU_ASSERT_PTR_NOT_NULL(strstr(fake_console, "while inner"));
    reset();
    spin_lock(&outer);
    CU_ASSERT_TRUE(FAKE_HALTS(spin_lock(&outer)));
    reset();
    spin_lock(&pair[1]);
    CU_ASSERT_TRUE(FAKE_HALTS(spin_lock(&pair[0])));
    reset();
    CU_ASSERT_TRUE(FAKE_HALTS(spin_unlock(&outer)));
    reset();
    CU_ASSERT_TRUE(FAKE_HALTS(spin_lock(&blank)));
    reset();
    spin_lock(&outer);
    CU_ASSERT_TRUE(FAKE_HALTS(lock_assert_none_held()));
    reset();
}

static void held_locks_are_each_cpus_own(void)
{
    reset();
    fake_cpu = 1;
    spin_lock(&inner);
    fake_cpu = 0;
    CU_ASSERT_FALSE(FAKE_HALTS(spin_lock(&outer)));
    spin_unlock(&outer);
    fake_cpu = 1;
    spin_unlock(&inner);
    fake_cpu = 0;
}

static void pairs(void)
{
    reset();
    spin_lock_pair(&pair[1], &pair[0]);
    CU_ASSERT_FALSE(spin_trylock(&pair[0]) || spin_trylock(&pair[1]));
    spin_unlock_pair(&pair[1], &pair[0]);
    spin_lock_pair(&pair[1], &pair[1]);
    CU_ASSERT_TRUE(spin_trylock(&pair[0]));
    spin_unlock(&pair[0]);
    spin_unlock_pair(&pair[1], &pair[1]);
    CU_ASSERT_TRUE(spin_trylock(&pair[1]));
    spin_unlock(&pair[1]);
}

static void trylock(void)
{
    reset();
    CU_ASSERT_TRUE(spin_trylock(&inner));
    CU_ASSERT_FALSE(spin_trylock(&inner));
    /* Against the order, because it does not wait. */
    CU_ASSERT_TRUE(spin_trylock(&outer));
    spin_unlock(&outer);
    spin_unlock(&inner);
    CU_ASSERT_TRUE(spin_trylock(&inner));
    spin_unlock(&inner);
}

static void interrupts_are_kept(void)
{
    reset();
    fake_interrupts_on = true;
    unsigned long first = spin_lock_irqsave(&outer);
    CU_ASSERT_FALSE(fake_interrupts_on);
    unsigned long second = spin_lock_irqsave(&inner);
    spin_unlock_irqrestore(&inner, second);
    CU_ASSERT_FALSE(fake_interrupts_on);
    spin_unlock_irqrestore(&outer, first);
    CU_ASSERT_TRUE(fake_interrupts_on);
}

static uint64_t shared_count;

static void *count_up(void *cpu)
{
    fake_cpu = (uint32_t)(uintptr_t)cpu;
    for (unsigned int i = 0; i < ROUNDS; i++) {
        spin_lock(&outer);
        shared_count++;
        spin_unlock(&outer);
    }
    return NULL;
}

static void exclusion(void)
{
    reset();
    shared_count = 0;
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL(pthread_create(&threads[i], NULL, count_up, (void *)(i + 1)), 0);
    for (unsigned int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(shared_count, (uint64_t)THREADS * ROUNDS);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "locks taken in their order are fine", order_is_accepted },
        { "each breach of the order panics", breaches_panic },
        { "each CPU has its own held locks", held_locks_are_each_cpus_own },
        { "pairs are taken in one order, and once if equal", pairs },
        { "trylock fails on a held lock and never waits", trylock },
        { "irqsave forms restore what was", interrupts_are_kept },
        { "a lock excludes other CPUs", exclusion },
    };
    return RUN_TESTS("lock", tests);
}
