/* SPDX-License-Identifier: MIT */
/* The time, in one number. */
#ifndef KEEL_TOP_CLOCK_H
#define KEEL_TOP_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Of the clock that only goes forward. */
static inline int64_t clock_ms(void)
{
    return (int64_t)(clock_ns(CLOCK_MONOTONIC) / 1000000);
}

#endif
