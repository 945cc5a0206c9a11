/* SPDX-License-Identifier: MIT */
/* Counters of requests, and the distribution of times by powers of two. */
#include "store/statistics.h"

#include <time.h>

void latency_add(struct latency *latency, uint64_t ns)
{
    unsigned int bucket = ns ? 64 - (unsigned int)__builtin_clzll(ns) : 0;
    latency->buckets[bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1]++;
    latency->count++;
    latency->total_ns += ns;
    if (ns > latency->max_ns)
        latency->max_ns = ns;
}

uint64_t latency_percentile(const struct latency *latency, unsigned int percent)
{
    uint64_t wanted = (latency->count * percent + 99) / 100, counted = 0;
    for (unsigned int i = 0; i < LATENCY_BUCKETS && wanted > 0; i++) {
        counted += latency->buckets[i];
        if (counted >= wanted)
            return (1ull << i) < latency->max_ns ? 1ull << i : latency->max_ns;
    }
    return 0;
}

uint64_t statistics_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t statistics_tick_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void statistics_start(struct statistics *statistics)
{
    *statistics = (struct statistics){.started_ns = statistics_now_ns()};
}

static uint32_t index_of(uint32_t operation)
{
    return operation < STATISTICS_OPERATIONS ? operation : STATISTICS_OPERATIONS - 1;
}

uint64_t statistics_begin(const struct statistics *statistics, uint32_t operation)
{
    /* the first of each operation too, so that none is without a time */
    bool timed = statistics->requests % STATISTICS_SAMPLING == 0 ||
                 statistics->operations[index_of(operation)].requests == 0;
    return timed ? statistics_now_ns() : 0;
}

void statistics_count(struct statistics *statistics, uint32_t operation, bool failed, uint64_t began_ns)
{
    struct operation_statistics *counted = &statistics->operations[index_of(operation)];
    if (began_ns) {
        uint64_t ns = statistics_now_ns() - began_ns;
        latency_add(&counted->latency, ns);
        latency_add(&statistics->latency, ns);
    }
    counted->requests++;
    counted->errors += failed;
    statistics->requests++;
    statistics->errors += failed;
}
