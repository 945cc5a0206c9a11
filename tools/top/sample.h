/* SPDX-License-Identifier: MIT */
/*
 * One look at the machine: counters as they stand at one moment, of its CPUs, pools, domains and their parts.
 *
 * A sample is a handful of flat arrays that are reused from one look to the next. The parts of a domain lie side by
 * side: its vCPUs are vcpus.items[domain->vcpus_first] and the vcpus_count - 1 behind it; networks and disks likewise.
 * Domains are in order of their ids. A counter that nobody keeps is SAMPLE_UNKNOWN.
 */
#ifndef KEEL_TOP_SAMPLE_H
#define KEEL_TOP_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAMPLE_UNKNOWN UINT64_MAX
#define SAMPLE_NAME_SIZE 128

/* What a source may leave out when nobody asks for it. */
enum sample_part { SAMPLE_VCPUS = 1, SAMPLE_NETWORKS = 2, SAMPLE_DISKS = 4, SAMPLE_ALL = 7 };

/*
 * Why a domain's vCPUs left for the hypervisor, and what they asked it for: X(the enumerator's end, the name in
 * outputs, the heading of the column, what it is).
 */
#define SAMPLE_EXITS_LIST(X)                                                              \
    X(HYPERCALL, hypercall, "XHYP/s", "exits a second for a hypercall")                   \
    X(MSR, msr, "XMSR/s", "exits a second for a model-specific register")                 \
    X(HLT, hlt, "XHLT/s", "exits a second for a halt")                                    \
    X(INTERRUPT, interrupt, "XINT/s", "exits a second for an interrupt of the host")      \
    X(FAULT, fault, "XFLT/s", "exits a second for memory that is not mapped, as devices") \
    X(CPUID, cpuid, "XCPU/s", "exits a second for CPUID")                                 \
    X(IO, io, "XIO/s", "exits a second for a port")                                       \
    X(WINDOW, window, "XWIN/s", "exits a second since an interrupt could be taken")       \
    X(OTHER, other, "XOTH/s", "exits a second for anything else")
#define SAMPLE_CALLS_LIST(X)                                                              \
    X(EVENT, event, "HEVT/s", "hypercalls a second on event channels")                    \
    X(SCHED, sched, "HSCH/s", "hypercalls a second to block, yield, poll")                \
    X(TIMER, timer, "HTIM/s", "hypercalls a second that set a timer")                     \
    X(VCPU, vcpu, "HVCP/s", "hypercalls a second on vCPUs, their timers too")             \
    X(GRANT, grant, "HGNT/s", "hypercalls a second on grants")                            \
    X(MEMORY, memory, "HMEM/s", "hypercalls a second on memory")                          \
    X(CONTROL, control, "HCTL/s", "hypercalls a second of the tools: domctl, sysctl, ...") \
    X(OTHER, other, "HOTH/s", "all other hypercalls a second")
#define SAMPLE_EXIT(end, ...) SAMPLE_EXIT_##end,
#define SAMPLE_CALL(end, ...) SAMPLE_CALL_##end,
enum sample_exit { SAMPLE_EXITS_LIST(SAMPLE_EXIT) SAMPLE_EXITS };
enum sample_call { SAMPLE_CALLS_LIST(SAMPLE_CALL) SAMPLE_CALLS };

/* Hosts and guests see a packet from opposite ends: received and sent are always the guest's. */
struct sample_network {
    uint64_t id, rx_bytes, rx_packets, rx_errors, rx_drops, tx_bytes, tx_packets, tx_errors, tx_drops;
};

struct sample_disk {
    uint64_t id;      /* the virtual device's number: major << 8 | minor */
    char backend[16]; /* the kind of backend as the kernel's device is called: vbd, tap, ... */
    uint64_t out_of_requests, reads, writes, read_sectors, write_sectors; /* sectors of 512 bytes */
};

struct sample_vcpu {
    uint64_t id, cpu; /* cpu: where it runs or ran last */
    bool online, running, blocked;
    uint64_t cpu_time_ns;
    uint64_t wait_time_ns; /* runnable while another ran */
    uint64_t wakeups, exits;
};

struct sample_domain {
    uint64_t domid;
    char name[SAMPLE_NAME_SIZE], uuid[40];
    bool running, blocked, paused, shutdown, dying, crashed;
    uint64_t pool, ssid, vcpus_online, vcpus_max, memory_kib;
    uint64_t max_memory_kib; /* SAMPLE_UNKNOWN: no limit */
    uint64_t cpu_time_ns, wait_time_ns, wakeups, exits, hypercalls, store_requests;
    uint64_t exits_by[SAMPLE_EXITS], hypercalls_by[SAMPLE_CALLS];
    size_t vcpus_first, vcpus_count, networks_first, networks_count, disks_first, disks_count;
};

struct sample_cpu {
    uint64_t id, idle_time_ns;
};

struct sample_pool {
    uint64_t id;
    char name[64], scheduler[16];
};

struct sample_host {
    uint64_t time_ns;      /* of the look; from a clock that only goes forward */
    uint64_t wall_time_ms; /* since 1970 */
    uint64_t parts;        /* SAMPLE_VCPUS | ...: what was looked at */
    uint64_t cpus, cpu_khz, memory_kib, free_kib;
    char name[64], hypervisor[64];
};

/* An array that grows; items are zero when they are added. */
struct sample_array {
    void *items;
    size_t count, capacity;
};

struct sample {
    struct sample_host host;
    struct sample_array cpus, pools, domains, vcpus, networks, disks;
};

/* Empties the sample; its memory stays for the next look. A zeroed sample is an empty one. */
void sample_clear(struct sample *sample);
void sample_free(struct sample *sample);
/* A new zeroed item of `size` bytes at the end; NULL when there is no memory. Pointers to other items end here. */
void *sample_array_add(struct sample_array *array, size_t size);
/* All that not every source knows of a domain, or of a vCPU, is not known. */
void sample_domain_unknown(struct sample_domain *domain);
void sample_vcpu_unknown(struct sample_vcpu *vcpu);
/* Puts domains in order of their ids. */
void sample_sort(struct sample *sample);

extern const char *const sample_exit_names[SAMPLE_EXITS], *const sample_call_names[SAMPLE_CALLS];

static inline struct sample_domain *sample_domain(const struct sample *sample, size_t index)
{
    return (struct sample_domain *)sample->domains.items + index;
}
static inline struct sample_vcpu *sample_vcpu(const struct sample *sample, size_t index)
{
    return (struct sample_vcpu *)sample->vcpus.items + index;
}
static inline struct sample_network *sample_network(const struct sample *sample, size_t index)
{
    return (struct sample_network *)sample->networks.items + index;
}
static inline struct sample_disk *sample_disk(const struct sample *sample, size_t index)
{
    return (struct sample_disk *)sample->disks.items + index;
}
static inline struct sample_cpu *sample_cpu(const struct sample *sample, size_t index)
{
    return (struct sample_cpu *)sample->cpus.items + index;
}
static inline struct sample_pool *sample_pool(const struct sample *sample, size_t index)
{
    return (struct sample_pool *)sample->pools.items + index;
}

#endif
