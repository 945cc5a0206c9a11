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
    .transaction_seconds = 60,
    .permissions = 5,
    .path_length = 2048,
    .outstanding = 20,
    .event_bytes = 256 * 1024,
    .event_seconds = 20,
    .memory = 2560 * 1024,
    .soft_memory = 2048 * 1024,
};

#define FIELD(text, member) {.name = text, .offset = offsetof(struct quota, member)}
const struct quota_field quota_fields[] = {
    FIELD("nodes", nodes),
    FIELD("node-size", node_size),
    FIELD("watches", watches),
    FIELD("transactions", transactions),
    FIELD("transaction-nodes", transaction_nodes),
    FIELD("transaction-seconds", transaction_seconds),
    FIELD("permissions", permissions),
    FIELD("path-max", path_length),
    FIELD("outstanding", outstanding),
    FIELD("event-bytes", event_bytes),
    FIELD("event-seconds", event_seconds),
    FIELD("memory", memory),
    {.name = "memory", .soft = true, .offset = offsetof(struct quota, soft_memory)},
};
const size_t quota_field_count = sizeof(quota_fields) / sizeof(quota_fields[0]);

/* Names on the left are those of options of Xen's daemon. */
static const char *const other_names[][2] = {
    {"node-permissions", "permissions"},
    {"path-length", "path-max"},
    {"watch-event", "event-seconds"},
};

const struct quota_field *quota_find(const char *name, bool soft)
{
    for (size_t i = 0; i < sizeof(other_names) / sizeof(other_names[0]); i++)
        if (strcmp(name, other_names[i][0]) == 0)
            name = other_names[i][1];
    for (size_t i = 0; i < quota_field_count; i++)
        if (quota_fields[i].soft == soft && strcmp(name, quota_fields[i].name) == 0)
            return &quota_fields[i];
    return NULL;
}

const struct quota_field *quota_find_any(const char *name)
{
    bool soft = strncmp(name, "soft-", 5) == 0;
    return quota_find(soft ? name + 5 : name, soft);
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

void usage_add(struct usage *usage, struct usage_entry delta)
{
    size_t at = position_of(usage, delta.domain);
    if (at == usage->count || usage->entries[at].domain != delta.domain) {
        if (usage->count == usage->capacity) {
            usage->capacity = usage->capacity ? 2 * usage->capacity : 4;
            usage->entries = reallocate(usage->entries, usage->capacity * sizeof(usage->entries[0]));
        }
        memmove(&usage->entries[at + 1], &usage->entries[at], (usage->count - at) * sizeof(usage->entries[0]));
        usage->entries[at] = (struct usage_entry){.domain = delta.domain};
        usage->count++;
    }
    struct usage_entry *entry = &usage->entries[at];
    entry->nodes += delta.nodes;
    entry->references += delta.references;
    entry->bytes += delta.bytes;
    if (entry->nodes == 0 && entry->references == 0 && entry->bytes == 0)
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
        usage_add(usage, delta->entries[i]);
}

void usage_clear(struct usage *usage)
{
    free(usage->entries);
    *usage = (struct usage){0};
}
