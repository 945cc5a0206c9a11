/* SPDX-License-Identifier: MIT */
/* Metrics from one table: what each is called, of what things there is one, and which member of a sample it shows. */
#include "metrics.h"
#include "text.h"

#include <inttypes.h>
#include <string.h>

/* OF_EXIT, OF_CALL: of a domain too, one value for each kind; the offset is that of the array. */
enum scope { OF_HOST, OF_CPU, OF_DOMAIN, OF_EXIT, OF_CALL, OF_VCPU, OF_NETWORK, OF_DISK };

struct metric {
    const char *name, *type, *help;
    enum scope scope;
    size_t offset; /* of a uint64_t */
    double scale;
};

#define NS 1e-9
#define KIB 1024.0
#define SECTOR 512.0
#define M(scope, structure, member, scale, type, name, help)                                                           \
    { "keel_" name, type, help, scope, offsetof(struct structure, member), scale }

static const struct metric metrics[] = {
    M(OF_HOST, sample_host, cpus, 1, "gauge", "host_cpus", "Physical CPUs that are online."),
    M(OF_HOST, sample_host, cpu_khz, 1000, "gauge", "host_cpu_frequency_hertz", "Frequency of the physical CPUs."),
    M(OF_HOST, sample_host, memory_kib, KIB, "gauge", "host_memory_bytes", "Memory of the machine."),
    M(OF_HOST, sample_host, free_kib, KIB, "gauge", "host_memory_free_bytes", "Memory that no domain has."),
    M(OF_CPU, sample_cpu, idle_time_ns, NS, "counter", "host_cpu_idle_seconds_total",
      "Time that a physical CPU had nothing to run."),
    M(OF_DOMAIN, sample_domain, cpu_time_ns, NS, "counter", "domain_cpu_seconds_total",
      "Time that the domain's vCPUs ran."),
    M(OF_DOMAIN, sample_domain, wait_time_ns, NS, "counter", "domain_wait_seconds_total",
      "Time that the domain's vCPUs were runnable while others ran."),
    M(OF_DOMAIN, sample_domain, wakeups, 1, "counter", "domain_wakeups_total", "Times that a vCPU was woken."),
    M(OF_EXIT, sample_domain, exits_by, 1, "counter", "domain_exits_total", "Exits to the hypervisor, by kind."),
    M(OF_CALL, sample_domain, hypercalls_by, 1, "counter", "domain_hypercalls_total", "Hypercalls, by kind."),
    M(OF_DOMAIN, sample_domain, store_requests, 1, "counter", "domain_store_requests_total", "Requests to the store."),
    M(OF_DOMAIN, sample_domain, memory_kib, KIB, "gauge", "domain_memory_bytes", "Memory that the domain has."),
    M(OF_DOMAIN, sample_domain, max_memory_kib, KIB, "gauge", "domain_memory_max_bytes",
      "Memory that the domain may have; none where there is no limit."),
    M(OF_DOMAIN, sample_domain, vcpus_online, 1, "gauge", "domain_vcpus_online", "vCPUs that are online."),
    M(OF_DOMAIN, sample_domain, vcpus_max, 1, "gauge", "domain_vcpus_max", "vCPUs that the domain can have."),
    M(OF_VCPU, sample_vcpu, cpu_time_ns, NS, "counter", "vcpu_cpu_seconds_total", "Time that the vCPU ran."),
    M(OF_VCPU, sample_vcpu, wait_time_ns, NS, "counter", "vcpu_wait_seconds_total",
      "Time that the vCPU was runnable while others ran."),
    M(OF_VCPU, sample_vcpu, wakeups, 1, "counter", "vcpu_wakeups_total", "Times that the vCPU was woken."),
    M(OF_VCPU, sample_vcpu, exits, 1, "counter", "vcpu_exits_total", "Exits of the vCPU to the hypervisor."),
    M(OF_NETWORK, sample_network, rx_bytes, 1, "counter", "network_receive_bytes_total", "Bytes the domain received."),
    M(OF_NETWORK, sample_network, rx_packets, 1, "counter", "network_receive_packets_total",
      "Packets the domain received."),
    M(OF_NETWORK, sample_network, rx_errors, 1, "counter", "network_receive_errors_total",
      "Errors on the way to the domain."),
    M(OF_NETWORK, sample_network, rx_drops, 1, "counter", "network_receive_drops_total",
      "Packets dropped on the way to the domain."),
    M(OF_NETWORK, sample_network, tx_bytes, 1, "counter", "network_transmit_bytes_total", "Bytes the domain sent."),
    M(OF_NETWORK, sample_network, tx_packets, 1, "counter", "network_transmit_packets_total",
      "Packets the domain sent."),
    M(OF_NETWORK, sample_network, tx_errors, 1, "counter", "network_transmit_errors_total",
      "Errors on the way from the domain."),
    M(OF_NETWORK, sample_network, tx_drops, 1, "counter", "network_transmit_drops_total",
      "Packets dropped on the way from the domain."),
    M(OF_DISK, sample_disk, reads, 1, "counter", "disk_reads_total", "Reads from the disk."),
    M(OF_DISK, sample_disk, writes, 1, "counter", "disk_writes_total", "Writes to the disk."),
    M(OF_DISK, sample_disk, read_sectors, SECTOR, "counter", "disk_read_bytes_total", "Bytes read from the disk."),
    M(OF_DISK, sample_disk, write_sectors, SECTOR, "counter", "disk_written_bytes_total",
      "Bytes written to the disk."),
    M(OF_DISK, sample_disk, out_of_requests, 1, "counter", "disk_out_of_requests_total",
      "Times that the disk's backend had no free request."),
};

static void print_label(FILE *file, const char *name, const char *text)
{
    char plain[SAMPLE_NAME_SIZE]; /* no text of a sample is longer */

    text_plain(text, plain, sizeof(plain));
    fprintf(file, "%s=\"", name);
    for (const char *at = plain; *at; at++)
        fprintf(file, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
    fputc('"', file);
}

static void print_domain_labels(FILE *file, const struct sample_domain *domain)
{
    fprintf(file, "{domid=\"%" PRIu64 "\",", domain->domid);
    print_label(file, "name", domain->name);
}

static void print_value(FILE *file, uint64_t number, double scale)
{
    if (scale == 1)
        fprintf(file, " %" PRIu64 "\n", number);
    else if (scale < 1)
        fprintf(file, " %" PRIu64 ".%09" PRIu64 "\n", number / 1000000000u, number % 1000000000u);
    else
        fprintf(file, " %.0f\n", (double)number * scale);
}

/* False when it is not known. */
static bool member(const struct metric *metric, const void *structure, uint64_t *number)
{
    memcpy(number, (const char *)structure + metric->offset, sizeof(*number));
    return *number != SAMPLE_UNKNOWN;
}

static void print_of_domain(FILE *file, const struct metric *metric, const struct sample *sample,
                            const struct sample_domain *domain)
{
    size_t first = 0, count = 1;
    uint64_t number;

    if (metric->scope == OF_VCPU) {
        first = domain->vcpus_first;
        count = domain->vcpus_count;
    } else if (metric->scope == OF_NETWORK) {
        first = domain->networks_first;
        count = domain->networks_count;
    } else if (metric->scope == OF_DISK) {
        first = domain->disks_first;
        count = domain->disks_count;
    }
    if (metric->scope == OF_EXIT || metric->scope == OF_CALL)
        count = metric->scope == OF_EXIT ? SAMPLE_EXITS : SAMPLE_CALLS;
    for (size_t i = first; i < first + count; i++) {
        const void *structure = metric->scope == OF_VCPU ? (const void *)sample_vcpu(sample, i)
                                : metric->scope == OF_NETWORK ? (const void *)sample_network(sample, i)
                                : metric->scope == OF_DISK ? (const void *)sample_disk(sample, i)
                                : (const uint64_t *)domain + i; /* of arrays; else i is 0 */

        if (!member(metric, structure, &number))
            continue;
        fputs(metric->name, file);
        print_domain_labels(file, domain);
        if (metric->scope == OF_VCPU)
            fprintf(file, ",vcpu=\"%" PRIu64 "\"", sample_vcpu(sample, i)->id);
        else if (metric->scope == OF_EXIT || metric->scope == OF_CALL)
            fprintf(file, ",kind=\"%s\"", metric->scope == OF_EXIT ? sample_exit_names[i] : sample_call_names[i]);
        else if (metric->scope == OF_NETWORK || metric->scope == OF_DISK)
            fprintf(file, ",device=\"%" PRIu64 "\"",
                    metric->scope == OF_DISK ? sample_disk(sample, i)->id : sample_network(sample, i)->id);
        fputc('}', file);
        print_value(file, number, metric->scale);
    }
}

static void print_heading(FILE *file, const char *name, const char *type, const char *help)
{
    fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_metric(FILE *file, const struct metric *metric, const struct sample *sample)
{
    uint64_t number;

    print_heading(file, metric->name, metric->type, metric->help);
    if (metric->scope == OF_HOST) {
        if (member(metric, &sample->host, &number)) {
            fputs(metric->name, file);
            print_value(file, number, metric->scale);
        }
        return;
    }
    for (size_t i = 0; metric->scope == OF_CPU && i < sample->cpus.count; i++) {
        if (!member(metric, sample_cpu(sample, i), &number))
            continue;
        fprintf(file, "%s{cpu=\"%" PRIu64 "\"}", metric->name, sample_cpu(sample, i)->id);
        print_value(file, number, metric->scale);
    }
    for (size_t i = 0; metric->scope != OF_CPU && i < sample->domains.count; i++)
        print_of_domain(file, metric, sample, sample_domain(sample, i));
}

static void print_states(FILE *file, const struct sample *sample)
{
    print_heading(file, "keel_domain_state", "gauge", "1 for the states that the domain is in.");
    for (size_t i = 0; i < sample->domains.count; i++) {
        const struct sample_domain *domain = sample_domain(sample, i);
        const struct {
            const char *name;
            bool is;
        } states[] = { { "running", domain->running }, { "blocked", domain->blocked }, { "paused", domain->paused },
                       { "shutdown", domain->shutdown && !domain->crashed }, { "crashed", domain->crashed },
                       { "dying", domain->dying } };

        for (size_t j = 0; j < sizeof(states) / sizeof(states[0]); j++) {
            fputs("keel_domain_state", file);
            print_domain_labels(file, domain);
            fprintf(file, ",state=\"%s\"} %d\n", states[j].name, states[j].is);
        }
    }
}

static void print_info(FILE *file, const struct sample *sample)
{
    print_heading(file, "keel_host_info", "gauge", "The machine; always 1.");
    fputs("keel_host_info{", file);
    print_label(file, "host", sample->host.name);
    fputc(',', file);
    print_label(file, "hypervisor", sample->host.hypervisor);
    fputs("} 1\n", file);
    print_heading(file, "keel_domain_info", "gauge", "What the domain is; always 1.");
    for (size_t i = 0; i < sample->domains.count; i++) {
        const struct sample_domain *domain = sample_domain(sample, i);

        fputs("keel_domain_info", file);
        print_domain_labels(file, domain);
        fputc(',', file);
        print_label(file, "uuid", domain->uuid);
        fprintf(file, ",pool=\"%" PRIu64 "\"} 1\n", domain->pool);
    }
}

void metrics_print(FILE *file, const struct sample *sample)
{
    print_info(file, sample);
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
        print_metric(file, &metrics[i], sample);
    print_states(file, sample);
}
