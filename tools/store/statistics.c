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

void statistics_start(struct statistics *statistics)
{
    *statistics = (struct statistics){.started_ns = statistics_now_ns()};
}

void statistics_count(struct statistics *statistics, uint32_t operation, bool failed, uint64_t ns)
{
    uint32_t index = operation < STATISTICS_OPERATIONS ? operation : STATISTICS_OPERATIONS - 1;
    latency_add(&statistics->operations[index].latency, ns);
    latency_add(&statistics->latency, ns);
    statistics->operations[index].errors += failed;
    statistics->errors += failed;
}
