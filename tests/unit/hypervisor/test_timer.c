/* SPDX-License-Identifier: MIT */
/* Timers fire in order of their deadlines, on their CPU, never early, and not at all when stopped or killed. */
#include "../run_tests.h"
#include "fake_arch.h"

#include <stdlib.h>

#define TIMERS 500u

static struct timer timers[TIMERS];
static uint64_t fired_at[TIMERS];
static uint32_t fired_on[TIMERS], fired_count, order[TIMERS];

static void note(void *data)
{
    uint32_t i = (uint32_t)(uintptr_t)data;
    fired_at[i] = fake_time_ns;
    fired_on[i] = fake_cpu;
    order[fired_count++ % TIMERS] = i;
}

static void start(uint32_t cpus)
{
    fake_machine_start(cpus, 64);
    fired_count = 0;
    for (uint32_t i = 0; i < TIMERS; i++) {
        timer_init(&timers[i], note, (void *)(uintptr_t)i, i % cpus);
        fired_at[i] = 0;
    }
    fake_run_for(0);
}

static uint64_t random_deadline(void) { return fake_time_ns + 1 + (uint64_t)(random() % 1000000); }

static void fire_in_order(void)
{
    srandom(1);
    for (unsigned int round = 0; round < 20; round++) {
        start(1);
        for (uint32_t i = 0; i < TIMERS; i++)
            timer_set(&timers[i], random_deadline());
        /* Some anew, some stopped: takes from the middle of the heap. */
        uint32_t stopped = 0;
        for (uint32_t i = 0; i < TIMERS; i++) {
            if (random() % 3 == 0)
                timer_set(&timers[i], random_deadline());
            if (random() % 4 == 0) {
                timer_stop(&timers[i]);
                stopped++;
            }
        }
        fake_run_for(2000000);
        CU_ASSERT_EQUAL(fired_count, TIMERS - stopped);
        for (uint32_t n = 0; n < fired_count; n++) {
            CU_ASSERT_EQUAL(fired_at[order[n]], timers[order[n]].deadline_ns);
            if (n)
                CU_ASSERT_TRUE(fired_at[order[n - 1]] <= fired_at[order[n]]);
        }
    }
}

static void fire_on_their_cpu(void)
{
    start(4);
    for (uint32_t i = 0; i < TIMERS; i++)
        timer_set(&timers[i], random_deadline());
    for (uint32_t i = 0; i < TIMERS; i += 2)
        timer_migrate(&timers[i], (i + 3) % 4);
    fake_run_for(2000000);
    CU_ASSERT_EQUAL(fired_count, TIMERS);
    for (uint32_t i = 0; i < TIMERS; i++) {
        CU_ASSERT_EQUAL(fired_on[i], i % 2 ? i % 4 : (i + 3) % 4);
        CU_ASSERT_EQUAL(fired_at[i], timers[i].deadline_ns);
    }
}

static void the_hardware_follows_the_first(void)
{
    start(2);
    uint64_t now = fake_time_ns;
    timer_set(&timers[0], now + 500);
    CU_ASSERT_EQUAL(fake_cpus[0].deadline_ns, now + 500);
    timer_set(&timers[2], now + 100);
    CU_ASSERT_EQUAL(fake_cpus[0].deadline_ns, now + 100);
    timer_set(&timers[2], now + 900); /* the same timer, later */
    CU_ASSERT_EQUAL(fake_cpus[0].deadline_ns, now + 500);
    timer_set(&timers[0], now + 300);
    CU_ASSERT_EQUAL(fake_cpus[0].deadline_ns, now + 300);
    timer_stop(&timers[0]);
    CU_ASSERT_EQUAL(fake_cpus[0].deadline_ns, now + 900);
    /* Another CPU's hardware is its own: it is asked to look. */
    CU_ASSERT_FALSE(fake_cpus[1].is_requested);
    timer_set(&timers[1], now + 50);
    CU_ASSERT_TRUE(fake_cpus[1].is_requested);
    fake_cpus[1].is_requested = false;
    timer_set(&timers[3], now + 60); /* not the first: nothing to do */
    CU_ASSERT_FALSE(fake_cpus[1].is_requested);
}

static void killed_is_for_good(void)
{
    start(1);
    timer_set(&timers[0], fake_time_ns + 10);
    timer_kill(&timers[0]);
    timer_set(&timers[0], fake_time_ns + 10);
    fake_run_for(100);
    CU_ASSERT_EQUAL(fired_count, 0);
    struct timer blank = { 0 };
    timer_kill(&blank); /* never initialised: nothing happens */
}

static void past_is_at_once(void)
{
    start(1);
    timer_set(&timers[0], 5);
    fake_run_for(0);
    CU_ASSERT_EQUAL(fired_count, 1);
    CU_ASSERT_EQUAL(fired_at[0], fake_time_ns);
}

static uint32_t repeats;
static void set_again(void *data)
{
    struct timer *timer = data;
    if (++repeats < 10)
        timer_set(timer, timer->deadline_ns + 100);
}

static void handler_may_set_again(void)
{
    start(1);
    struct timer timer;
    timer_init(&timer, set_again, &timer, 0);
    timer_set(&timer, fake_time_ns + 100);
    fake_run_for(10000);
    CU_ASSERT_EQUAL(repeats, 10);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "any set of timers fires in order and at its time", fire_in_order },
        { "timers fire on the CPU that they belong to, also after moving", fire_on_their_cpu },
        { "the hardware is set for the first deadline", the_hardware_follows_the_first },
        { "a killed timer never fires", killed_is_for_good },
        { "a deadline in the past is due at once", past_is_at_once },
        { "a handler may set its timer again", handler_may_set_again },
    };
    return RUN_TESTS("timer", tests);
}
