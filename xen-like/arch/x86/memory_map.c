/* SPDX-License-Identifier: MIT */
/*
 * XENMEM_memory_map, set_memory_map, machine_memory_map. Entries are the BIOS's: base, size, kind (memory.h of the
 * ABI).
 */
#include "memory_map.h"

#include "arch.h"
#include "string.h"

struct e820_entry {
    uint64_t start, size;
    uint32_t kind;
} __attribute__((packed));
_Static_assert(sizeof(struct e820_entry) == 20, "INT 15h, AX=E820h");

struct e820_map {
    uint32_t count;
    struct e820_entry entries[];
};

static int replace(struct domain *d, struct e820_map *map)
{
    spin_lock(&d->lock);
    struct e820_map *old = d->arch.memory_map;
    d->arch.memory_map = map;
    spin_unlock(&d->lock);
    object_free(old);
    return 0;
}

static struct e820_map *allocate(uint32_t count)
{
    struct e820_map *map = object_allocate(sizeof(*map) + count * sizeof(map->entries[0]));
    if (map)
        map->count = count;
    return map;
}

int memory_map_set(struct domain *d, const struct memory_region *regions, uint32_t count)
{
    if (count > MEMORY_MAP_ENTRIES_MAX)
        return -XEN_EINVAL;
    struct e820_map *map = allocate(count);
    if (!map)
        return -XEN_ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        map->entries[i] = (struct e820_entry){ regions[i].start, regions[i].size, regions[i].kind };
    return replace(d, map);
}

void memory_map_free(struct domain *d)
{
    object_free(d->arch.memory_map);
    d->arch.memory_map = NULL;
}

/* Answers up to the caller's number of entries, or with no buffer how many there are. */
static long answer(uint64_t guest_address, const struct e820_entry *entries, uint32_t count)
{
    struct xen_memory_map request;

    if (COPY_STRUCT_FROM_GUEST(&request, guest_address))
        return -XEN_EFAULT;
    uint64_t buffer = HANDLE_ADDRESS(request.buffer);
    if (buffer && request.nr_entries < count)
        count = request.nr_entries;
    if (buffer && copy_to_guest(buffer, entries, count * sizeof(entries[0])))
        return -XEN_EFAULT;
    request.nr_entries = count;
    return COPY_STRUCT_TO_GUEST(guest_address, &request);
}

static long memory_map_get(struct domain *d, uint64_t guest_address)
{
    /* A copy, for the map may be replaced while guest memory is written. */
    struct e820_entry entries[MEMORY_MAP_ENTRIES_MAX];
    uint32_t count = 0;

    spin_lock(&d->lock);
    if (d->arch.memory_map) {
        count = d->arch.memory_map->count;
        memcpy(entries, d->arch.memory_map->entries, count * sizeof(entries[0]));
    }
    spin_unlock(&d->lock);
    return count ? answer(guest_address, entries, count) : -XEN_ENOSYS;
}

static long machine_memory_map_get(const struct domain *d, uint64_t guest_address)
{
    struct e820_entry entries[MEMORY_REGIONS_MAX];

    if (!d->is_privileged)
        return -XEN_EPERM;
    for (uint32_t i = 0; i < boot_memory_region_count; i++)
        entries[i] = (struct e820_entry){ boot_memory_regions[i].start, boot_memory_regions[i].size,
                                          boot_memory_regions[i].kind };
    return answer(guest_address, entries, boot_memory_region_count);
}

static long set_foreign(struct hypercall *call, uint64_t guest_address)
{
    struct xen_foreign_memory_map request;

    if (!call->vcpu->domain->is_privileged)
        return -XEN_EPERM;
    if (COPY_STRUCT_FROM_GUEST(&request, guest_address))
        return -XEN_EFAULT;
    if (request.map.nr_entries > MEMORY_MAP_ENTRIES_MAX)
        return -XEN_E2BIG;
    struct domain *d = domain_get_target(call->vcpu, request.domid);
    if (!d)
        return -XEN_ESRCH;
    long result = -XEN_ENOMEM;
    struct e820_map *map = allocate(request.map.nr_entries);
    if (!map)
        goto put_domain;
    result = copy_from_guest(map->entries, HANDLE_ADDRESS(request.map.buffer), map->count * sizeof(map->entries[0]));
    if (result)
        object_free(map);
    else
        result = replace(d, map);
put_domain:
    domain_put(d);
    return result;
}

long arch_memory_op(struct hypercall *call, uint32_t command, uint64_t guest_address)
{
    switch (command) {
    case XENMEM_memory_map: return memory_map_get(call->vcpu->domain, guest_address);
    case XENMEM_machine_memory_map: return machine_memory_map_get(call->vcpu->domain, guest_address);
    case XENMEM_set_memory_map: return set_foreign(call, guest_address);
    default: return -XEN_ENOSYS;
    }
}
