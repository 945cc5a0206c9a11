/* SPDX-License-Identifier: MIT */
/* Samples made by hand, for tests. */
#ifndef KEEL_TEST_SAMPLE_CASE_H
#define KEEL_TEST_SAMPLE_CASE_H

#include "../run_tests.h"
#include "top/rates.h"

#include <stdio.h>
#include <string.h>

#define SECOND_NS 1000000000ull

/* An empty sample of the given second, at which everything was looked at. */
static inline void sample_at(struct sample *sample, uint64_t second)
{
    sample_clear(sample);
    sample->host.time_ns = second * SECOND_NS;
    sample->host.wall_time_ms = second * 1000;
    sample->host.parts = SAMPLE_ALL;
    sample->host.cpus = 4;
    sample->host.memory_kib = 4193788;
}

static inline struct sample_domain *add_domain(struct sample *sample, uint64_t domid, const char *uuid)
{
    struct sample_domain *domain = sample_array_add(&sample->domains, sizeof(*domain));

    domain->domid = domid;
    snprintf(domain->uuid, sizeof(domain->uuid), "%s", uuid);
    snprintf(domain->name, sizeof(domain->name), "guest%d", (int)domid);
    sample_domain_unknown(domain);
    return domain;
}

static inline struct sample_vcpu *add_vcpu(struct sample *sample, uint64_t id, uint64_t cpu_time_ns)
{
    struct sample_domain *domain = sample_domain(sample, sample->domains.count - 1);
    struct sample_vcpu *vcpu = sample_array_add(&sample->vcpus, sizeof(*vcpu));

    if (domain->vcpus_count++ == 0)
        domain->vcpus_first = sample->vcpus.count - 1;
    *vcpu = (struct sample_vcpu){ .id = id, .online = true, .cpu_time_ns = cpu_time_ns };
    sample_vcpu_unknown(vcpu);
    return vcpu;
}

static inline struct sample_network *add_network(struct sample *sample, uint64_t id, uint64_t rx_bytes)
{
    struct sample_domain *domain = sample_domain(sample, sample->domains.count - 1);
    struct sample_network *network = sample_array_add(&sample->networks, sizeof(*network));

    if (domain->networks_count++ == 0)
        domain->networks_first = sample->networks.count - 1;
    *network = (struct sample_network){ .id = id, .rx_bytes = rx_bytes };
    return network;
}

static inline struct sample_disk *add_disk(struct sample *sample, uint64_t id, uint64_t reads)
{
    struct sample_domain *domain = sample_domain(sample, sample->domains.count - 1);
    struct sample_disk *disk = sample_array_add(&sample->disks, sizeof(*disk));

    if (domain->disks_count++ == 0)
        domain->disks_first = sample->disks.count - 1;
    *disk = (struct sample_disk){ .id = id, .backend = "vbd", .reads = reads };
    return disk;
}

static inline void add_cpu(struct sample *sample, uint64_t id, uint64_t idle_time_ns)
{
    struct sample_cpu *cpu = sample_array_add(&sample->cpus, sizeof(*cpu));

    *cpu = (struct sample_cpu){ .id = id, .idle_time_ns = idle_time_ns };
}

/* The whole of a test program. */
#define TEST_MAIN(name, ...)                                                                                           \
    int main(void)                                                                                                     \
    {                                                                                                                  \
        static const CU_TestInfo tests[] = { __VA_ARGS__ };                                                            \
        return RUN_TESTS(name, tests);                                                                                 \
    }

#endif
