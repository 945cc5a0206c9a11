/* SPDX-License-Identifier: MIT */
/* The columns of domains; see columns.h. What xentop shows is all here, what only Keel shows too. */
#include "columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define KIB 1024.0

static const struct sample_domain *domain_of(const struct cell *cell)
{
    return sample_domain(cell->sample, cell->index);
}

static double known(uint64_t number)
{
    return number == SAMPLE_UNKNOWN ? NAN : (double)number;
}

/* value_NAME, from `domain` and `rate` of the cell */
#define VALUE(name, expression)                                                                                        \
    static double value_##name(const struct cell *cell)                                                               \
    {                                                                                                                  \
        const struct sample_domain *domain __attribute__((unused)) = domain_of(cell);                                 \
        const struct rates_domain *rate __attribute__((unused)) = rates_domain(cell->rates, cell->index);             \
        return expression;                                                                                             \
    }

#define SUM(name, count, first, at, member)                                                                           \
    static double value_##name(const struct cell *cell)                                                               \
    {                                                                                                                  \
        const struct sample_domain *domain = domain_of(cell);                                                         \
        double sum = 0;                                                                                                \
        for (size_t i = 0; i < domain->count; i++)                                                                     \
            sum += (double)at(cell->sample, domain->first + i)->member;                                                \
        return sum;                                                                                                    \
    }

static double of_host(const struct cell *cell, double kib)
{
    return cell->sample->host.memory_kib ? kib * 100 / (double)cell->sample->host.memory_kib : NAN;
}

VALUE(domid, (double)domain->domid)
VALUE(cpu, rate->cpu_percent)
VALUE(wait, rate->wait_percent)
VALUE(memory, (double)domain->memory_kib * KIB)
VALUE(memory_share, of_host(cell, (double)domain->memory_kib))
VALUE(vcpus, (double)domain->vcpus_online)
VALUE(rx, rate->rx_bytes)
VALUE(tx, rate->tx_bytes)
VALUE(reads, rate->reads)
VALUE(writes, rate->writes)
VALUE(read_bytes, rate->read_bytes)
VALUE(write_bytes, rate->write_bytes)
VALUE(wakeups, rate->wakeups)
VALUE(exits, rate->exits)
VALUE(hypercalls, rate->hypercalls)
VALUE(store, rate->store_requests)
#define EXIT_VALUE(end, name, ...) VALUE(exit_##name, rate->exits_by[SAMPLE_EXIT_##end])
SAMPLE_EXITS_LIST(EXIT_VALUE)
#define CALL_VALUE(end, name, ...) VALUE(call_##name, rate->hypercalls_by[SAMPLE_CALL_##end])
SAMPLE_CALLS_LIST(CALL_VALUE)
VALUE(seconds, (double)domain->cpu_time_ns / 1e9)
VALUE(max_memory, known(domain->max_memory_kib) * KIB)
VALUE(max_memory_share, of_host(cell, known(domain->max_memory_kib)))
VALUE(vcpus_max, (double)domain->vcpus_max)
VALUE(networks, (double)domain->networks_count)
VALUE(disks, (double)domain->disks_count)
VALUE(ssid, (double)domain->ssid)
VALUE(pool, (double)domain->pool)
SUM(rx_sum, networks_count, networks_first, sample_network, rx_bytes)
SUM(tx_sum, networks_count, networks_first, sample_network, tx_bytes)
SUM(disk_oo, disks_count, disks_first, sample_disk, out_of_requests)
SUM(disk_rd, disks_count, disks_first, sample_disk, reads)
SUM(disk_wr, disks_count, disks_first, sample_disk, writes)
SUM(disk_rsect, disks_count, disks_first, sample_disk, read_sectors)
SUM(disk_wsect, disks_count, disks_first, sample_disk, write_sectors)

static void print_number(double value, char text[TEXT_SIZE])
{
    if (isnan(value))
        strcpy(text, "-");
    else
        snprintf(text, TEXT_SIZE, "%.0f", value);
}

#define EXIT_COLUMN(end, name, heading, help) { heading, 6, text_count, value_exit_##name, help },
#define CALL_COLUMN(end, name, heading, help) { heading, 6, text_count, value_call_##name, help },

const struct column columns[] = {
    { "NAME", 13, NULL, NULL, "name of the domain" },
    { "ID", 5, print_number, value_domid, "its number" },
    { "STATE", 6, NULL, NULL, "d dying, s shut down, b blocked, c crashed, p paused, r running" },
    { "CPU%", 6, text_percent, value_cpu, "time on CPUs, in percent of one CPU" },
    { "WAIT%", 5, text_percent, value_wait, "time runnable while others ran; Xen tells it of domain 0 alone" },
    { "MEM", 5, text_bytes, value_memory, "memory it has" },
    { "MEM%", 5, text_percent, value_memory_share, "the same, of the machine's memory" },
    { "VCPU", 4, print_number, value_vcpus, "vCPUs that are online" },
    { "RX/s", 5, text_bytes, value_rx, "bytes a second that it receives" },
    { "TX/s", 5, text_bytes, value_tx, "bytes a second that it sends" },
    { "RD/s", 5, text_count, value_reads, "reads from disks a second" },
    { "WR/s", 5, text_count, value_writes, "writes to disks a second" },
    { "CPU(s)", 9, text_seconds, value_seconds, "time on CPUs since its creation" },
    { "RDB/s", 5, text_bytes, value_read_bytes, "bytes a second read from disks" },
    { "WRB/s", 5, text_bytes, value_write_bytes, "bytes a second written to disks" },
    { "WAKE/s", 6, text_count, value_wakeups, "times a second that it is woken, where the hypervisor counts them" },
    { "EXIT/s", 6, text_count, value_exits, "exits to the hypervisor a second, where it counts them" },
    { "CALL/s", 6, text_count, value_hypercalls, "hypercalls a second, where it counts them" },
    { "STORE/s", 7, text_count, value_store, "requests to the store a second, where its daemon counts them" },
    { "MAXMEM", 6, text_bytes, value_max_memory, "the most memory it may have; - is no limit" },
    { "MAX%", 5, text_percent, value_max_memory_share, "the same, of the machine's memory" },
    { "VMAX", 4, print_number, value_vcpus_max, "vCPUs that it can have" },
    { "NETS", 4, print_number, value_networks, "its networks" },
    { "RX", 5, text_bytes, value_rx_sum, "bytes received since the networks are there" },
    { "TX", 5, text_bytes, value_tx_sum, "bytes sent since the networks are there" },
    { "VBDS", 4, print_number, value_disks, "its disks" },
    { "VBD_OO", 7, text_count, value_disk_oo, "times that a disk's backend had no free request" },
    { "VBD_RD", 7, text_count, value_disk_rd, "reads since the disks are there" },
    { "VBD_WR", 7, text_count, value_disk_wr, "writes since the disks are there" },
    { "RSECT", 7, text_count, value_disk_rsect, "sectors of 512 bytes read" },
    { "WSECT", 7, text_count, value_disk_wsect, "sectors of 512 bytes written" },
    { "SSID", 4, print_number, value_ssid, "number of its security label" },
    { "POOL", 4, print_number, value_pool, "number of its CPU pool" },
    SAMPLE_EXITS_LIST(EXIT_COLUMN)
    SAMPLE_CALLS_LIST(CALL_COLUMN)
};
const size_t columns_count = sizeof(columns) / sizeof(columns[0]);

void columns_state(const struct sample_domain *domain, char text[7])
{
    snprintf(text, 7, "%c%c%c%c%c%c", domain->dying ? 'd' : '-', domain->shutdown && !domain->crashed ? 's' : '-',
             domain->blocked ? 'b' : '-', domain->crashed ? 'c' : '-', domain->paused ? 'p' : '-',
             domain->running ? 'r' : '-');
}

int columns_text(const struct column *column, const struct cell *cell, int width, char *text, size_t size)
{
    char number[TEXT_SIZE];

    if (column->value) {
        column->print(column->value(cell), number);
    } else if (column == &columns[0]) {
        const char *name = domain_of(cell)->name;

        return text_fit(*name ? name : "(no name)", width, text, size);
    } else {
        columns_state(domain_of(cell), number);
    }
    snprintf(text, size, "%.*s", width, number);
    return (int)strlen(text);
}

static int compare_text(const struct column *column, const struct cell *left, const struct cell *right)
{
    char a[7], b[7];

    if (column == &columns[0])
        return strcasecmp(domain_of(left)->name, domain_of(right)->name);
    columns_state(domain_of(left), a);
    columns_state(domain_of(right), b);
    return strcmp(b, a); /* the running ones, then the blocked ones */
}

int columns_compare(const struct column *column, const struct cell *left, const struct cell *right)
{
    int order = 0;

    if (column->value) {
        double a = column->value(left), b = column->value(right);

        a = isnan(a) ? -1 : a; /* what is not known comes last */
        b = isnan(b) ? -1 : b;
        order = (a < b) - (a > b);
    } else {
        order = compare_text(column, left, right);
    }
    if (order == 0)
        order = (left->index > right->index) - (left->index < right->index);
    return order;
}

size_t columns_find(const char *heading)
{
    size_t at = 0;

    while (at < columns_count && strcasecmp(columns[at].heading, heading) != 0)
        at++;
    return at;
}
