/* SPDX-License-Identifier: MIT */
/*
 * What happened between two samples, per second. A rate that cannot be known is NAN: its counter is not kept, went
 * back (something else has its name), or was not looked at before. A domain, vCPU or device that came in between
 * has counted from zero, so its rates are known at once.
 */
#ifndef KEEL_TOP_RATES_H
#define KEEL_TOP_RATES_H

#include "sample.h"

struct rates_domain {
    double cpu_percent, wait_percent; /* of one CPU */
    double wakeups, exits, hypercalls, store_requests;
    double exits_by[SAMPLE_EXITS], hypercalls_by[SAMPLE_CALLS];
    double rx_bytes, tx_bytes, reads, writes, read_bytes, write_bytes; /* sums over the domain's devices */
};
struct rates_vcpu {
    double cpu_percent, wait_percent, wakeups, exits;
};
struct rates_network {
    double rx_bytes, rx_packets, tx_bytes, tx_packets;
};
struct rates_disk {
    double reads, writes, read_bytes, write_bytes;
};
struct rates_cpu {
    double busy_percent;
};

/* Arrays run parallel to those of the later sample. */
struct rates {
    double seconds; /* between the samples; NAN when there was no earlier one */
    double busy_percent; /* of all physical CPUs together; NAN unless they are told */
    struct sample_array domains, vcpus, networks, disks, cpus;
};

/* False: no memory. `before` may be an empty sample. A zeroed *rates is valid; its memory is reused. */
bool rates_compute(struct rates *rates, const struct sample *before, const struct sample *after);
void rates_free(struct rates *rates);

static inline const struct rates_domain *rates_domain(const struct rates *rates, size_t index)
{
    return (const struct rates_domain *)rates->domains.items + index;
}
static inline const struct rates_vcpu *rates_vcpu(const struct rates *rates, size_t index)
{
    return (const struct rates_vcpu *)rates->vcpus.items + index;
}
static inline const struct rates_network *rates_network(const struct rates *rates, size_t index)
{
    return (const struct rates_network *)rates->networks.items + index;
}
static inline const struct rates_disk *rates_disk(const struct rates *rates, size_t index)
{
    return (const struct rates_disk *)rates->disks.items + index;
}
static inline const struct rates_cpu *rates_cpu(const struct rates *rates, size_t index)
{
    return (const struct rates_cpu *)rates->cpus.items + index;
}

#endif
