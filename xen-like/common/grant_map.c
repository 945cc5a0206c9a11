/* SPDX-License-Identifier: MIT */
/*
 * Mapping pages by grant. A domain's mappings stand in its maptrack table, found by handle. A handle is free, or busy
 * (a mapping is being made or ended by some CPU), or valid; only who makes it busy may change it, so that two CPUs
 * never end one mapping twice, and no lock is held while maps are changed.
 */
#include "grant_map.h"

#include "grant_entry.h"
#include "panic.h"
#include "physmap.h"

#define BATCH 32u /* elements between two flushes */

enum mapping_state { MAPPING_FREE, MAPPING_BUSY, MAPPING_VALID };

struct grant_mapping {
    struct domain *granter; /* referenced while not free */
    struct page *page;      /* the map's reference on it is this mapping's */
    gfn_t gfn;              /* of the host mapping */
    grant_ref_t ref;
    uint32_t next_free;     /* handle */
    uint8_t state;          /* enum mapping_state */
    bool is_read_only, has_host, has_device;
};

/* What an operation leaves to be given back when the changes of the map have been flushed. */
struct leftover {
    struct physmap_old old;        /* of a map */
    struct grant_mapping *mapping; /* of an unmap: claimed, and unmapped; NULL: nothing to finish */
    uint32_t handle;
};

#define MAPPINGS_PER_PAGE ((uint32_t)(PAGE_SIZE / sizeof(struct grant_mapping)))

/* --- handles: the mapping domain's table lock is held where nothing else is said --------------------------------- */

static struct grant_mapping *mapping_at(const struct grant_table *table, uint32_t handle)
{
    if (handle / MAPPINGS_PER_PAGE >= table->maptrack_frames)
        return NULL;
    return &table->maptrack[handle / MAPPINGS_PER_PAGE][handle % MAPPINGS_PER_PAGE];
}

static bool grow_maptrack(struct grant_table *table)
{
    if (table->maptrack_frames >= table->max_maptrack_frames)
        return false;
    struct grant_mapping *mappings = page_allocate_mapped(0);
    if (!mappings)
        return false;
    uint32_t first = table->maptrack_frames * MAPPINGS_PER_PAGE;
    for (uint32_t i = 0; i < MAPPINGS_PER_PAGE; i++)
        mappings[i].next_free = i + 1 < MAPPINGS_PER_PAGE ? first + i + 1 : table->maptrack_free;
    table->maptrack[table->maptrack_frames++] = mappings;
    table->maptrack_free = first;
    return true;
}

/* A busy handle, or GRANT_HANDLE_NONE. Takes the lock. */
static uint32_t reserve_handle(struct grant_table *table)
{
    uint32_t handle = GRANT_HANDLE_NONE;
    spin_lock(&table->lock);
    if (table->maptrack_free != GRANT_HANDLE_NONE || grow_maptrack(table)) {
        handle = table->maptrack_free;
        struct grant_mapping *mapping = mapping_at(table, handle);
        table->maptrack_free = mapping->next_free;
        mapping->state = MAPPING_BUSY;
        table->mappings++;
    }
    spin_unlock(&table->lock);
    return handle;
}

/* Takes the lock. */
static void release_handle(struct grant_table *table, uint32_t handle)
{
    spin_lock(&table->lock);
    struct grant_mapping *mapping = mapping_at(table, handle);
    *mapping = (struct grant_mapping){ .next_free = table->maptrack_free };
    table->maptrack_free = handle;
    table->mappings--;
    spin_unlock(&table->lock);
}

/* Takes the lock. */
static void publish(struct grant_table *table, uint32_t handle)
{
    spin_lock(&table->lock);
    mapping_at(table, handle)->state = MAPPING_VALID;
    spin_unlock(&table->lock);
}

/* Makes a valid mapping the caller's alone to change; NULL if it is not valid. Takes the lock. */
static struct grant_mapping *claim(struct grant_table *table, uint32_t handle)
{
    spin_lock(&table->lock);
    struct grant_mapping *mapping = mapping_at(table, handle);
    if (mapping && mapping->state == MAPPING_VALID)
        mapping->state = MAPPING_BUSY;
    else
        mapping = NULL;
    spin_unlock(&table->lock);
    return mapping;
}

/* --- map ---------------------------------------------------------------------------------------------------------- */

static int check_map(const gnttab_map_grant_ref_t *op)
{
    const uint32_t known = GNTMAP_device_map | GNTMAP_host_map | GNTMAP_readonly;
    if (!(op->flags & (GNTMAP_device_map | GNTMAP_host_map)))
        return GNTST_bad_gntref;
    if (op->flags & ~known) /* page table entries and guest virtual addresses are for paravirtual memory */
        return GNTST_general_error;
    if ((op->flags & GNTMAP_host_map) && (op->host_addr & ~PAGE_MASK))
        return GNTST_bad_virt_addr;
    return GNTST_okay;
}

/* Puts a pinned page where the caller wants it; *old is to be dropped after the flush. GNTST_*. */
static int map_page(struct domain *mapper, const gnttab_map_grant_ref_t *op, struct page *page,
                    struct grant_mapping *mapping, struct physmap_old *old)
{
    mapping->page = page;
    mapping->has_device = op->flags & GNTMAP_device_map;
    mapping->has_host = op->flags & GNTMAP_host_map;
    if (!mapping->has_host)
        return GNTST_okay;
    mapping->gfn = make_gfn(op->host_addr >> PAGE_SHIFT);
    enum p2m_type type = mapping->is_read_only ? P2M_GRANT_READ_ONLY : P2M_GRANT;
    return physmap_set(mapper, mapping->gfn, page, type, old) ? GNTST_general_error : GNTST_okay;
}

union element {
    gnttab_map_grant_ref_t map;
    gnttab_unmap_grant_ref_t unmap;
};

static void map_one(struct vcpu *caller, union element *element, struct leftover *left)
{
    gnttab_map_grant_ref_t *op = &element->map;
    struct domain *mapper = caller->domain;
    struct page *page;
    int status = check_map(op);
    if (status != GNTST_okay)
        goto out;
    struct domain *granter = domain_get_target(caller, op->dom);
    if (!granter) {
        status = GNTST_bad_domain;
        goto out;
    }
    uint32_t handle = reserve_handle(&mapper->grant);
    if (handle == GRANT_HANDLE_NONE) {
        status = GNTST_no_space;
        goto put_granter;
    }
    struct grant_mapping *mapping = mapping_at(&mapper->grant, handle);
    mapping->granter = granter;
    mapping->ref = op->ref;
    mapping->is_read_only = op->flags & GNTMAP_readonly;
    status = grant_entry_pin(granter, op->ref, mapper->id, mapping->is_read_only, &page);
    if (status != GNTST_okay)
        goto release_handle;
    status = map_page(mapper, op, page, mapping, &left->old);
    if (status != GNTST_okay)
        goto unpin;
    op->handle = handle;
    op->dev_bus_addr = mapping->has_device ? page_to_mfn(page).value << PAGE_SHIFT : 0;
    publish(&mapper->grant, handle);
    goto out;

unpin:
    page_put(page);
    grant_entry_unpin(granter, op->ref, mapping->is_read_only);
release_handle:
    release_handle(&mapper->grant, handle);
put_granter:
    domain_put(granter);
out:
    op->status = (int16_t)status;
}

/* --- unmap -------------------------------------------------------------------------------------------------------- */

/* Takes the claimed mapping out of the physical map. */
static bool unmap_host(struct domain *mapper, struct grant_mapping *mapping)
{
    if (!physmap_clear_grant(mapper, mapping->gfn, mapping->page))
        return false;
    mapping->has_host = false;
    return true;
}

/* After the flush: drops page, pin and granter, and frees the handle. */
static void finish_unmap(struct domain *mapper, const struct leftover *left)
{
    if (!left->mapping)
        return;
    struct grant_mapping copy = *left->mapping;
    release_handle(&mapper->grant, left->handle);
    page_put(copy.page);
    grant_entry_unpin(copy.granter, copy.ref, copy.is_read_only);
    domain_put(copy.granter);
}

static int unmap_parts(struct domain *mapper, const gnttab_unmap_grant_ref_t *op, struct grant_mapping *mapping)
{
    if (op->dev_bus_addr) {
        if (!mapping->has_device || op->dev_bus_addr >> PAGE_SHIFT != page_to_mfn(mapping->page).value)
            return GNTST_bad_dev_addr;
        mapping->has_device = false;
    }
    if (op->host_addr) {
        if (!mapping->has_host || op->host_addr != mapping->gfn.value << PAGE_SHIFT)
            return GNTST_general_error;
        if (!unmap_host(mapper, mapping))
            return GNTST_general_error;
    }
    return GNTST_okay;
}

static void unmap_one(struct vcpu *caller, union element *element, struct leftover *left)
{
    gnttab_unmap_grant_ref_t *op = &element->unmap;
    struct domain *mapper = caller->domain;
    struct grant_mapping *mapping = claim(&mapper->grant, op->handle);
    if (!mapping) {
        op->status = GNTST_bad_handle;
        return;
    }
    op->status = (int16_t)unmap_parts(mapper, op, mapping);
    if (mapping->has_host || mapping->has_device) {
        publish(&mapper->grant, op->handle);
    } else {
        left->mapping = mapping;
        left->handle = op->handle;
    }
}

/* --- an array of either, with one flush for many elements --------------------------------------------------------- */

static long run_batches(void (*act)(struct vcpu *caller, union element *element, struct leftover *left), size_t size,
                        struct hypercall *call, uint64_t address, uint64_t count)
{
    struct domain *mapper = call->vcpu->domain;
    while (count) {
        struct leftover left[BATCH] = { 0 };
        uint64_t n = MIN(count, (uint64_t)BATCH);
        int fault = 0;
        arch_p2m_batch_begin(mapper);
        for (uint64_t i = 0; i < n && !fault; i++, address += size) {
            union element element;
            fault = copy_from_guest(&element, address, size);
            if (fault)
                break;
            act(call->vcpu, &element, &left[i]);
            fault = copy_to_guest(address, &element, size);
        }
        arch_p2m_batch_end(mapper);
        for (uint64_t i = 0; i < n; i++) {
            physmap_drop(&left[i].old, true);
            finish_unmap(mapper, &left[i]);
        }
        if (fault)
            return fault;
        count -= n;
        if (count && hypercall_should_yield())
            return grant_continue(call, address, count);
    }
    return 0;
}

long grant_map_batch(struct hypercall *call, uint64_t address, uint64_t count)
{
    return run_batches(map_one, sizeof(gnttab_map_grant_ref_t), call, address, count);
}

long grant_unmap_batch(struct hypercall *call, uint64_t address, uint64_t count)
{
    return run_batches(unmap_one, sizeof(gnttab_unmap_grant_ref_t), call, address, count);
}

/* --- the end of the mapping domain -------------------------------------------------------------------------------- */

int grant_map_release_all(struct domain *d)
{
    struct grant_table *table = &d->grant;
    while (table->release_next / MAPPINGS_PER_PAGE < table->maptrack_frames) {
        struct leftover left = { .handle = table->release_next++ };
        left.mapping = claim(table, left.handle);
        if (!left.mapping)
            continue;
        if (left.mapping->has_host)
            unmap_host(d, left.mapping);
        finish_unmap(d, &left);
        if (table->release_next % BATCH == 0 && hypercall_should_yield())
            return -XEN_ERESTART;
    }
    BUG_ON(table->mappings);
    return 0;
}
