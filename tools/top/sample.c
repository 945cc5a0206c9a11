/* SPDX-License-Identifier: MIT */
/* Samples: their arrays and their order. */
#include "sample.h"

#include <stdlib.h>
#include <string.h>

#define NAME(end, name, ...) [SAMPLE_EXIT_##end] = #name,
const char *const sample_exit_names[SAMPLE_EXITS] = { SAMPLE_EXITS_LIST(NAME) };
#undef NAME
#define NAME(end, name, ...) [SAMPLE_CALL_##end] = #name,
const char *const sample_call_names[SAMPLE_CALLS] = { SAMPLE_CALLS_LIST(NAME) };
#undef NAME

void sample_domain_unknown(struct sample_domain *domain)
{
    domain->max_memory_kib = domain->wait_time_ns = domain->wakeups = domain->exits = SAMPLE_UNKNOWN;
    domain->hypercalls = domain->store_requests = SAMPLE_UNKNOWN;
    for (size_t i = 0; i < SAMPLE_EXITS; i++)
        domain->exits_by[i] = SAMPLE_UNKNOWN;
    for (size_t i = 0; i < SAMPLE_CALLS; i++)
        domain->hypercalls_by[i] = SAMPLE_UNKNOWN;
}

void sample_vcpu_unknown(struct sample_vcpu *vcpu)
{
    vcpu->wait_time_ns = vcpu->wakeups = vcpu->exits = SAMPLE_UNKNOWN;
}

void sample_clear(struct sample *sample)
{
    memset(&sample->host, 0, sizeof(sample->host));
    sample->cpus.count = sample->pools.count = sample->domains.count = 0;
    sample->vcpus.count = sample->networks.count = sample->disks.count = 0;
}

void sample_free(struct sample *sample)
{
    free(sample->cpus.items);
    free(sample->pools.items);
    free(sample->domains.items);
    free(sample->vcpus.items);
    free(sample->networks.items);
    free(sample->disks.items);
    memset(sample, 0, sizeof(*sample));
}

void *sample_array_add(struct sample_array *array, size_t size)
{
    if (array->count == array->capacity) {
        size_t capacity = array->capacity ? array->capacity * 2 : 16;
        void *items = reallocarray(array->items, capacity, size);

        if (!items)
            return NULL;
        array->items = items;
        array->capacity = capacity;
    }
    return memset((char *)array->items + array->count++ * size, 0, size);
}

static int by_domid(const void *left, const void *right)
{
    const struct sample_domain *a = left, *b = right;

    return (a->domid > b->domid) - (a->domid < b->domid);
}

void sample_sort(struct sample *sample)
{
    if (sample->domains.count > 1)
        qsort(sample->domains.items, sample->domains.count, sizeof(struct sample_domain), by_domid);
}
