/* SPDX-License-Identifier: MIT */
/*
 * One iteration in xentop's columns, to the letter: scripts read them by position. Networks are seen from domain 0
 * there: what it calls TX, domain 0 has sent and the guest received.
 */
#include "batch.h"
#include "columns.h"
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_WIDTH 10
#define SECONDS(time_ns) ((time_ns) / 1000000000u)

static void print_header(FILE *file, int name_width)
{
    fprintf(file, "%*s  STATE   CPU(sec) CPU(%%)     MEM(k) MEM(%%)  MAXMEM(k) MAXMEM(%%) VCPUS NETS NETTX(k) NETRX(k) "
            "VBDS   VBD_OO   VBD_RD   VBD_WR  VBD_RSECT  VBD_WSECT SSID\n", name_width, "NAME");
}

/* Ends a text after so many bytes, or before the character in UTF-8 that would be cut there. */
static void cut(char *text, size_t length)
{
    if (strlen(text) <= length)
        return;
    while (length && (text[length] & 0xc0) == 0x80)
        length--;
    text[length] = '\0';
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part * 100 / (double)whole : 0;
}

static void print_memory(FILE *file, const struct sample_domain *domain, uint64_t host_kib)
{
    fprintf(file, " %10" PRIu64 " %6.1f", domain->memory_kib, share(domain->memory_kib, host_kib));
    if (domain->max_memory_kib == SAMPLE_UNKNOWN)
        fprintf(file, " %10s %9s", "no limit", "n/a");
    else
        fprintf(file, " %10" PRIu64 " %9.1f", domain->max_memory_kib, share(domain->max_memory_kib, host_kib));
}

static void print_devices(FILE *file, const struct sample *sample, const struct sample_domain *domain)
{
    uint64_t rx = 0, tx = 0;
    struct sample_disk sum = { 0 };

    for (size_t i = domain->networks_first; i < domain->networks_first + domain->networks_count; i++) {
        rx += sample_network(sample, i)->rx_bytes;
        tx += sample_network(sample, i)->tx_bytes;
    }
    for (size_t i = domain->disks_first; i < domain->disks_first + domain->disks_count; i++) {
        const struct sample_disk *disk = sample_disk(sample, i);

        sum.out_of_requests += disk->out_of_requests;
        sum.reads += disk->reads;
        sum.writes += disk->writes;
        sum.read_sectors += disk->read_sectors;
        sum.write_sectors += disk->write_sectors;
    }
    fprintf(file, " %4zu %8" PRIu64 " %8" PRIu64 " %4zu %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %10" PRIu64
            " %10" PRIu64, domain->networks_count, rx / 1024, tx / 1024, domain->disks_count, sum.out_of_requests,
            sum.reads, sum.writes, sum.read_sectors, sum.write_sectors);
}

static void print_domain(FILE *file, const struct sample *sample, const struct rates *rates, size_t index,
                         const struct batch_options *options, int name_width)
{
    const struct sample_domain *domain = sample_domain(sample, index);
    double cpu_percent = rates_domain(rates, index)->cpu_percent;
    char state[7], name[SAMPLE_NAME_SIZE];

    text_plain(domain->name, name, sizeof(name));
    if (!options->full_name)
        cut(name, (size_t)name_width);
    fprintf(file, "%*s", name_width, name);
    columns_state(domain, state);
    fprintf(file, " %s %10" PRIu64 " %6.1f", state, SECONDS(domain->cpu_time_ns),
            isnan(cpu_percent) ? 0 : cpu_percent);
    print_memory(file, domain, sample->host.memory_kib);
    fprintf(file, " %5" PRIu64, domain->vcpus_max);
    print_devices(file, sample, domain);
    fprintf(file, " %4" PRIu64 "\n", domain->ssid);
}

static void print_vcpus(FILE *file, const struct sample *sample, const struct sample_domain *domain)
{
    fprintf(file, "VCPUs(sec): ");
    for (size_t i = domain->vcpus_first; i < domain->vcpus_first + domain->vcpus_count; i++) {
        const struct sample_vcpu *vcpu = sample_vcpu(sample, i);

        if (vcpu->online)
            fprintf(file, " %2" PRIu64 ": %10" PRIu64 "s", vcpu->id, SECONDS(vcpu->cpu_time_ns));
    }
    fputc('\n', file);
}

static void print_networks(FILE *file, const struct sample *sample, const struct sample_domain *domain)
{
    for (size_t i = 0; i < domain->networks_count; i++) {
        const struct sample_network *network = sample_network(sample, domain->networks_first + i);

        fprintf(file, "Net%zu RX: %8" PRIu64 "bytes %8" PRIu64 "pkts %8" PRIu64 "err %8" PRIu64 "drop  TX: %8" PRIu64
                "bytes %8" PRIu64 "pkts %8" PRIu64 "err %8" PRIu64 "drop\n", i, network->tx_bytes, network->tx_packets,
                network->tx_errors, network->tx_drops, network->rx_bytes, network->rx_packets, network->rx_errors,
                network->rx_drops);
    }
}

static const char *backend_word(const char *backend)
{
    if (strcmp(backend, "vbd") == 0)
        return "BlkBack";
    return strcmp(backend, "tap") == 0 ? "BlkTap" : backend;
}

static void print_disks(FILE *file, const struct sample *sample, const struct sample_domain *domain)
{
    for (size_t i = domain->disks_first; i < domain->disks_first + domain->disks_count; i++) {
        const struct sample_disk *disk = sample_disk(sample, i);

        fprintf(file, "VBD %s %4" PRIu64 " [%2" PRIx64 ":%2" PRIx64 "]  OO: %8" PRIu64 "   RD: %8" PRIu64
                "   WR: %8" PRIu64 "   RSECT: %10" PRIu64 "   WSECT: %10" PRIu64 "\n", backend_word(disk->backend),
                disk->id, disk->id >> 8 & 0xff, disk->id & 0xff, disk->out_of_requests, disk->reads, disk->writes,
                disk->read_sectors, disk->write_sectors);
    }
}

static int by_name(const void *left, const void *right, void *context)
{
    const struct sample *sample = context;
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    int order = strcasecmp(sample_domain(sample, a)->name, sample_domain(sample, b)->name);

    return order ? order : (a > b) - (a < b);
}

void batch_print(FILE *file, const struct sample *sample, const struct rates *rates,
                 const struct batch_options *options)
{
    size_t count = sample->domains.count, *order = calloc(count + 1, sizeof(*order));
    int name_width = NAME_WIDTH;

    for (size_t i = 0; i < count; i++) {
        int length = (int)strlen(sample_domain(sample, i)->name);

        if (options->full_name && length > name_width)
            name_width = length;
        if (order)
            order[i] = i;
    }
    if (order)
        qsort_r(order, count, sizeof(*order), by_name, (void *)(uintptr_t)sample);
    if (!options->repeat_header)
        print_header(file, name_width);
    for (size_t i = 0; i < count; i++) {
        size_t index = order ? order[i] : i;
        const struct sample_domain *domain = sample_domain(sample, index);

        if (options->repeat_header)
            print_header(file, name_width);
        print_domain(file, sample, rates, index, options, name_width);
        if (options->vcpus)
            print_vcpus(file, sample, domain);
        if (options->networks)
            print_networks(file, sample, domain);
        if (options->disks)
            print_disks(file, sample, domain);
    }
    free(order);
}
