/* SPDX-License-Identifier: MIT */
/*
 * What the daemon counts about itself: requests by operation, with the distribution of the time they took inside it. Of
 * those, one in STATISTICS_SAMPLING is timed: reading the clock may cost as much as a request, as where a hypervisor
 * emulates the TSC.
 */
#ifndef STORE_STATISTICS_H
#define STORE_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATISTICS_OPERATIONS 28 /* one more than the last operation's number: the others */
#define LATENCY_BUCKETS 40
#define STATISTICS_SAMPLING 16

/* Bucket N counts times of less than 2^N nanoseconds that bucket N - 1 does not count. */
struct latency {
    uint64_t count, total_ns, max_ns;
    uint64_t buckets[LATENCY_BUCKETS];
};

void latency_add(struct latency *latency, uint64_t ns);

/* An upper bound of the time that `percent` of the requests did not exceed; 0 when there are none. */
uint64_t latency_percentile(const struct latency *latency, unsigned int percent);

struct operation_statistics {
    uint64_t requests, errors;
    struct latency latency;
};

struct statistics {
    uint64_t started_ns; /* of the monotonic clock */
    struct operation_statistics operations[STATISTICS_OPERATIONS];
    struct latency latency; /* of all */
    uint64_t requests, errors, commits, conflicts, events, events_merged;
};

uint64_t statistics_now_ns(void);
/* The same clock as of its last tick, some milliseconds ago at most: costs next to nothing. */
uint64_t statistics_tick_ns(void);
void statistics_start(struct statistics *statistics);

/* Begins a request of the operation with this number on the wire, whatever number that is: when, or 0 if it is not one
 * of those that are timed. */
uint64_t statistics_begin(const struct statistics *statistics, uint32_t operation);
/* Counts it; `began_ns` is what statistics_begin gave. */
void statistics_count(struct statistics *statistics, uint32_t operation, bool failed, uint64_t began_ns);

#endif
