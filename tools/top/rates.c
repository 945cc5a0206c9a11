/* SPDX-License-Identifier: MIT */
/* Differences of two samples over the time between them; see rates.h. */
#include "rates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR_BYTES 512

/* The two samples and the time between them. */
struct span {
    const struct sample *before, *after;
    double seconds;
};

/*
 * Per second. A counter that went back has wrapped if it had 32 bits and was in their upper half; else what it counted
 * is something new.
 */
static double per_second(const struct span *span, uint64_t before, uint64_t after)
{
    if (before == SAMPLE_UNKNOWN || after == SAMPLE_UNKNOWN)
        return NAN;
    if (after < before) {
        if (before > UINT32_MAX || before <= INT32_MAX || after > INT32_MAX)
            return NAN;
        after += (uint64_t)UINT32_MAX + 1;
    }
    return (double)(after - before) / span->seconds;
}

static double percent(const struct span *span, uint64_t before_ns, uint64_t after_ns)
{
    return per_second(span, before_ns, after_ns) / 1e7;
}

/* What something that was not there before has counted: all of it, unless nobody looked for it before. */
static const struct sample_vcpu no_vcpu;
static const struct sample_network no_network;
static const struct sample_disk no_disk;
static const struct sample_domain no_domain;
static const struct sample_vcpu unknown_vcpu = { .cpu_time_ns = SAMPLE_UNKNOWN, .wait_time_ns = SAMPLE_UNKNOWN,
                                                 .wakeups = SAMPLE_UNKNOWN, .exits = SAMPLE_UNKNOWN };
static const struct sample_network unknown_network = { .rx_bytes = SAMPLE_UNKNOWN, .rx_packets = SAMPLE_UNKNOWN,
                                                       .tx_bytes = SAMPLE_UNKNOWN, .tx_packets = SAMPLE_UNKNOWN };
static const struct sample_disk unknown_disk = { .reads = SAMPLE_UNKNOWN, .writes = SAMPLE_UNKNOWN,
                                                 .read_sectors = SAMPLE_UNKNOWN, .write_sectors = SAMPLE_UNKNOWN };

static const struct sample_vcpu *vcpu_before(const struct span *span, const struct sample_domain *domain, uint64_t id)
{
    for (size_t i = 0; i < domain->vcpus_count; i++) {
        const struct sample_vcpu *vcpu = sample_vcpu(span->before, domain->vcpus_first + i);

        if (vcpu->id == id)
            return vcpu;
    }
    return span->before->host.parts & SAMPLE_VCPUS ? &no_vcpu : &unknown_vcpu;
}

static const struct sample_network *network_before(const struct span *span, const struct sample_domain *domain,
                                                   uint64_t id)
{
    for (size_t i = 0; i < domain->networks_count; i++) {
        const struct sample_network *network = sample_network(span->before, domain->networks_first + i);

        if (network->id == id)
            return network;
    }
    return span->before->host.parts & SAMPLE_NETWORKS ? &no_network : &unknown_network;
}

static const struct sample_disk *disk_before(const struct span *span, const struct sample_domain *domain, uint64_t id)
{
    for (size_t i = 0; i < domain->disks_count; i++) {
        const struct sample_disk *disk = sample_disk(span->before, domain->disks_first + i);

        if (disk->id == id)
            return disk;
    }
    return span->before->host.parts & SAMPLE_DISKS ? &no_disk : &unknown_disk;
}

static void vcpu_rates(struct rates *rates, const struct span *span, const struct sample_domain *before,
                       const struct sample_domain *after)
{
    for (size_t i = after->vcpus_first; i < after->vcpus_first + after->vcpus_count; i++) {
        const struct sample_vcpu *later = sample_vcpu(span->after, i), *earlier = vcpu_before(span, before, later->id);
        struct rates_vcpu *rate = (struct rates_vcpu *)rates->vcpus.items + i;

        rate->cpu_percent = percent(span, earlier->cpu_time_ns, later->cpu_time_ns);
        rate->wait_percent = percent(span, earlier->wait_time_ns, later->wait_time_ns);
        rate->wakeups = per_second(span, earlier->wakeups, later->wakeups);
        rate->exits = per_second(span, earlier->exits, later->exits);
    }
}

static void network_rates(struct rates *rates, const struct span *span, const struct sample_domain *before,
                          const struct sample_domain *after, struct rates_domain *sum)
{
    for (size_t i = after->networks_first; i < after->networks_first + after->networks_count; i++) {
        const struct sample_network *later = sample_network(span->after, i);
        const struct sample_network *earlier = network_before(span, before, later->id);
        struct rates_network *rate = (struct rates_network *)rates->networks.items + i;

        rate->rx_bytes = per_second(span, earlier->rx_bytes, later->rx_bytes);
        rate->rx_packets = per_second(span, earlier->rx_packets, later->rx_packets);
        rate->tx_bytes = per_second(span, earlier->tx_bytes, later->tx_bytes);
        rate->tx_packets = per_second(span, earlier->tx_packets, later->tx_packets);
        sum->rx_bytes += rate->rx_bytes;
        sum->tx_bytes += rate->tx_bytes;
    }
}

static void disk_rates(struct rates *rates, const struct span *span, const struct sample_domain *before,
                       const struct sample_domain *after, struct rates_domain *sum)
{
    for (size_t i = after->disks_first; i < after->disks_first + after->disks_count; i++) {
        const struct sample_disk *later = sample_disk(span->after, i), *earlier = disk_before(span, before, later->id);
        struct rates_disk *rate = (struct rates_disk *)rates->disks.items + i;

        rate->reads = per_second(span, earlier->reads, later->reads);
        rate->writes = per_second(span, earlier->writes, later->writes);
        rate->read_bytes = per_second(span, earlier->read_sectors, later->read_sectors) * SECTOR_BYTES;
        rate->write_bytes = per_second(span, earlier->write_sectors, later->write_sectors) * SECTOR_BYTES;
        sum->reads += rate->reads;
        sum->writes += rate->writes;
        sum->read_bytes += rate->read_bytes;
        sum->write_bytes += rate->write_bytes;
    }
}

static void domain_rates(struct rates *rates, const struct span *span, const struct sample_domain *before,
                         size_t index)
{
    const struct sample_domain *after = sample_domain(span->after, index);
    struct rates_domain *rate = (struct rates_domain *)rates->domains.items + index;
    double no_networks = span->after->host.parts & SAMPLE_NETWORKS ? 0 : NAN;
    double no_disks = span->after->host.parts & SAMPLE_DISKS ? 0 : NAN;

    *rate = (struct rates_domain){
        .cpu_percent = percent(span, before->cpu_time_ns, after->cpu_time_ns),
        .wait_percent = percent(span, before->wait_time_ns, after->wait_time_ns),
        .wakeups = per_second(span, before->wakeups, after->wakeups),
        .exits = per_second(span, before->exits, after->exits),
        .hypercalls = per_second(span, before->hypercalls, after->hypercalls),
        .store_requests = per_second(span, before->store_requests, after->store_requests),
        .rx_bytes = no_networks, .tx_bytes = no_networks,
        .reads = no_disks, .writes = no_disks, .read_bytes = no_disks, .write_bytes = no_disks,
    };
    for (size_t i = 0; i < SAMPLE_EXITS; i++)
        rate->exits_by[i] = per_second(span, before->exits_by[i], after->exits_by[i]);
    for (size_t i = 0; i < SAMPLE_CALLS; i++)
        rate->hypercalls_by[i] = per_second(span, before->hypercalls_by[i], after->hypercalls_by[i]);
    vcpu_rates(rates, span, before, after);
    network_rates(rates, span, before, after, rate);
    disk_rates(rates, span, before, after, rate);
}

static void cpu_rates(struct rates *rates, const struct span *span)
{
    double sum = 0;

    for (size_t i = 0; i < span->after->cpus.count; i++) {
        const struct sample_cpu *later = sample_cpu(span->after, i);
        const struct sample_cpu *earlier = i < span->before->cpus.count ? sample_cpu(span->before, i) : NULL;
        struct rates_cpu *rate = (struct rates_cpu *)rates->cpus.items + i;
        double idle = earlier && earlier->id == later->id ? percent(span, earlier->idle_time_ns, later->idle_time_ns)
                                                         : NAN;

        /* the hypervisor reads CPU after CPU: a little more idle than the time is possible */
        rate->busy_percent = isnan(idle) ? NAN : fmax(0, 100 - idle);
        sum += rate->busy_percent;
    }
    rates->busy_percent = span->after->cpus.count ? sum / (double)span->after->cpus.count : NAN;
}

static bool array_fit(struct sample_array *array, size_t count, size_t size)
{
    array->count = 0;
    while (array->count < count) {
        if (array->capacity >= count)
            array->count = count;
        else if (!sample_array_add(array, size))
            return false;
    }
    return true;
}

bool rates_compute(struct rates *rates, const struct sample *before, const struct sample *after)
{
    struct span span = { before, after, ((double)after->host.time_ns - (double)before->host.time_ns) / 1e9 };
    size_t at = 0;

    if (!array_fit(&rates->domains, after->domains.count, sizeof(struct rates_domain)) ||
        !array_fit(&rates->vcpus, after->vcpus.count, sizeof(struct rates_vcpu)) ||
        !array_fit(&rates->networks, after->networks.count, sizeof(struct rates_network)) ||
        !array_fit(&rates->disks, after->disks.count, sizeof(struct rates_disk)) ||
        !array_fit(&rates->cpus, after->cpus.count, sizeof(struct rates_cpu)))
        return false;
    if (before->host.time_ns == 0 || span.seconds <= 0)
        span.seconds = NAN; /* and with it every rate */
    rates->seconds = span.seconds;
    for (size_t i = 0; i < after->domains.count; i++) {
        const struct sample_domain *domain = sample_domain(after, i), *earlier;

        while (at < before->domains.count && sample_domain(before, at)->domid < domain->domid)
            at++;
        earlier = at < before->domains.count ? sample_domain(before, at) : NULL;
        if (!earlier || earlier->domid != domain->domid || strcmp(earlier->uuid, domain->uuid) != 0)
            earlier = &no_domain;
        domain_rates(rates, &span, earlier, i);
    }
    cpu_rates(rates, &span);
    return true;
}

void rates_free(struct rates *rates)
{
    free(rates->domains.items);
    free(rates->vcpus.items);
    free(rates->networks.items);
    free(rates->disks.items);
    free(rates->cpus.items);
    memset(rates, 0, sizeof(*rates));
}
