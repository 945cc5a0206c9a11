/* SPDX-License-Identifier: MIT */
/* Limits by name, and counters by domain. */
#include "store/quota.h"

#include <stdlib.h>
#include <string.h>

#include "store/memory.h"

const struct quota quota_default = {
    .nodes = 1000,
    .node_size = 2048,
    .watches = 128,
    .transactions = 10,
    .transaction_nodes = 1024,
    .permissions = 5,
    .path_length = 2048,
    .outstanding = 256 * 1024,
};

#define FIELD(text, member) {text, offsetof(struct quota, member)}
const struct quota_field quota_fields[] = {
    FIELD("nodes", nodes),
    FIELD("node-size", node_size),
    FIELD("watches", watches),
    FIELD("transactions", transactions),
    FIELD("transaction-nodes", transaction_nodes),
    FIELD("permissions", permissions),
    FIELD("path-max", path_length),
    FIELD("outstanding", outstanding),
};
const size_t quota_field_count = sizeof(quota_fields) / sizeof(quota_fields[0]);

unsigned int *quota_find(struct quota *quota, const char *name)
{
    for (size_t i = 0; i < quota_field_count; i++)
        if (strcmp(name, quota_fields[i].name) == 0)
            return (unsigned int *)((char *)quota + quota_fields[i].offset);
    return NULL;
}

/* Where the domain's entry is or belongs. */
static size_t position_of(const struct usage *usage, domid_t domain)
{
    size_t low = 0, high = usage->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (usage->entries[middle].domain < domain)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void usage_add(struct usage *usage, domid_t domain, int nodes, int references)
{
    size_t at = position_of(usage, domain);
    if (at == usage->count || usage->entries[at].domain != domain) {
        if (usage->count == usage->capacity) {
            usage->capacity = usage->capacity ? 2 * usage->capacity : 4;
            usage->entries = reallocate(usage->entries, usage->capacity * sizeof(usage->entries[0]));
        }
        memmove(&usage->entries[at + 1], &usage->entries[at], (usage->count - at) * sizeof(usage->entries[0]));
        usage->entries[at] = (struct usage_entry){.domain = domain};
        usage->count++;
    }
    struct usage_entry *entry = &usage->entries[at];
    entry->nodes += nodes;
    entry->references += references;
    if (entry->nodes == 0 && entry->references == 0)
        memmove(entry, entry + 1, (--usage->count - at) * sizeof(*entry));
}

struct usage_entry usage_get(const struct usage *usage, domid_t domain)
{
    size_t at = position_of(usage, domain);
    if (at < usage->count && usage->entries[at].domain == domain)
        return usage->entries[at];
    return (struct usage_entry){.domain = domain};
}

void usage_merge(struct usage *usage, const struct usage *delta)
{
    for (size_t i = 0; i < delta->count; i++)
        usage_add(usage, delta->entries[i].domain, (int)delta->entries[i].nodes, (int)delta->entries[i].references);
}

void usage_clear(struct usage *usage)
{
    free(usage->entries);
    *usage = (struct usage){0};
}
