/* SPDX-License-Identifier: MIT */
/* The tables of members; see fields.h. Their names are those of the JSON lines (docs/man/ctl-top.1). */
#include "fields.h"

#include "rates.h"

#define NUMBER(type, member) { #member, FIELD_NUMBER, offsetof(struct type, member), sizeof(uint64_t) }
#define BOOL(type, member) { #member, FIELD_BOOL, offsetof(struct type, member), sizeof(bool) }
#define RATE(type, member, name) { name, FIELD_RATE, offsetof(struct type, member), sizeof(double) }
#define TEXT(type, member) { #member, FIELD_TEXT, offsetof(struct type, member), sizeof(((struct type *)0)->member) }

/* Elements of arrays by kind: exits_cpuid, hypercalls_event, and their rates. */
#define ELEMENT(kind, type, array, index, size, name) \
    { name, kind, offsetof(struct type, array) + (index) * (size), size }
#define EXIT_COUNT(end, name, ...) \
    ELEMENT(FIELD_NUMBER, sample_domain, exits_by, SAMPLE_EXIT_##end, sizeof(uint64_t), "exits_" #name),
#define CALL_COUNT(end, name, ...) \
    ELEMENT(FIELD_NUMBER, sample_domain, hypercalls_by, SAMPLE_CALL_##end, sizeof(uint64_t), "hypercalls_" #name),
#define EXIT_RATE(end, name, ...) \
    ELEMENT(FIELD_RATE, rates_domain, exits_by, SAMPLE_EXIT_##end, sizeof(double), "exits_" #name "_per_second"),
#define CALL_RATE(end, name, ...) \
    ELEMENT(FIELD_RATE, rates_domain, hypercalls_by, SAMPLE_CALL_##end, sizeof(double), \
            "hypercalls_" #name "_per_second"),

const struct field fields_host[] = {
    NUMBER(sample_host, time_ns), NUMBER(sample_host, wall_time_ms), NUMBER(sample_host, parts),
    TEXT(sample_host, name), TEXT(sample_host, hypervisor), NUMBER(sample_host, cpus), NUMBER(sample_host, cpu_khz),
    NUMBER(sample_host, memory_kib), NUMBER(sample_host, free_kib), { 0 },
};

const struct field fields_cpu[] = {
    NUMBER(sample_cpu, id), NUMBER(sample_cpu, idle_time_ns), { 0 },
};

const struct field fields_pool[] = {
    NUMBER(sample_pool, id), TEXT(sample_pool, name), TEXT(sample_pool, scheduler), { 0 },
};

const struct field fields_domain[] = {
    NUMBER(sample_domain, domid), TEXT(sample_domain, name), TEXT(sample_domain, uuid), BOOL(sample_domain, running),
    BOOL(sample_domain, blocked), BOOL(sample_domain, paused), BOOL(sample_domain, shutdown),
    BOOL(sample_domain, dying), BOOL(sample_domain, crashed), NUMBER(sample_domain, pool),
    NUMBER(sample_domain, ssid), NUMBER(sample_domain, vcpus_online), NUMBER(sample_domain, vcpus_max),
    NUMBER(sample_domain, memory_kib), NUMBER(sample_domain, max_memory_kib), NUMBER(sample_domain, cpu_time_ns),
    NUMBER(sample_domain, wait_time_ns), NUMBER(sample_domain, wakeups), NUMBER(sample_domain, exits),
    NUMBER(sample_domain, hypercalls), NUMBER(sample_domain, store_requests),
    SAMPLE_EXITS_LIST(EXIT_COUNT) SAMPLE_CALLS_LIST(CALL_COUNT) { 0 },
};

const struct field fields_vcpu[] = {
    NUMBER(sample_vcpu, id), NUMBER(sample_vcpu, cpu), BOOL(sample_vcpu, online), BOOL(sample_vcpu, running),
    BOOL(sample_vcpu, blocked), NUMBER(sample_vcpu, cpu_time_ns), NUMBER(sample_vcpu, wait_time_ns),
    NUMBER(sample_vcpu, wakeups), NUMBER(sample_vcpu, exits), { 0 },
};

const struct field fields_network[] = {
    NUMBER(sample_network, id), NUMBER(sample_network, rx_bytes), NUMBER(sample_network, rx_packets),
    NUMBER(sample_network, rx_errors), NUMBER(sample_network, rx_drops), NUMBER(sample_network, tx_bytes),
    NUMBER(sample_network, tx_packets), NUMBER(sample_network, tx_errors), NUMBER(sample_network, tx_drops), { 0 },
};

const struct field fields_disk[] = {
    NUMBER(sample_disk, id), TEXT(sample_disk, backend), NUMBER(sample_disk, out_of_requests),
    NUMBER(sample_disk, reads), NUMBER(sample_disk, writes), NUMBER(sample_disk, read_sectors),
    NUMBER(sample_disk, write_sectors), { 0 },
};

const struct field fields_rates_domain[] = {
    RATE(rates_domain, cpu_percent, "cpu_percent"), RATE(rates_domain, wait_percent, "wait_percent"),
    RATE(rates_domain, wakeups, "wakeups_per_second"), RATE(rates_domain, exits, "exits_per_second"),
    RATE(rates_domain, hypercalls, "hypercalls_per_second"),
    RATE(rates_domain, store_requests, "store_requests_per_second"),
    RATE(rates_domain, rx_bytes, "rx_bytes_per_second"), RATE(rates_domain, tx_bytes, "tx_bytes_per_second"),
    RATE(rates_domain, reads, "reads_per_second"), RATE(rates_domain, writes, "writes_per_second"),
    RATE(rates_domain, read_bytes, "read_bytes_per_second"),
    RATE(rates_domain, write_bytes, "write_bytes_per_second"),
    SAMPLE_EXITS_LIST(EXIT_RATE) SAMPLE_CALLS_LIST(CALL_RATE) { 0 },
};

const struct field fields_rates_vcpu[] = {
    RATE(rates_vcpu, cpu_percent, "cpu_percent"), RATE(rates_vcpu, wait_percent, "wait_percent"),
    RATE(rates_vcpu, wakeups, "wakeups_per_second"), RATE(rates_vcpu, exits, "exits_per_second"), { 0 },
};

const struct field fields_rates_network[] = {
    RATE(rates_network, rx_bytes, "rx_bytes_per_second"), RATE(rates_network, rx_packets, "rx_packets_per_second"),
    RATE(rates_network, tx_bytes, "tx_bytes_per_second"), RATE(rates_network, tx_packets, "tx_packets_per_second"),
    { 0 },
};

const struct field fields_rates_disk[] = {
    RATE(rates_disk, reads, "reads_per_second"), RATE(rates_disk, writes, "writes_per_second"),
    RATE(rates_disk, read_bytes, "read_bytes_per_second"), RATE(rates_disk, write_bytes, "write_bytes_per_second"),
    { 0 },
};

const struct field fields_rates_cpu[] = {
    RATE(rates_cpu, busy_percent, "busy_percent"), { 0 },
};
