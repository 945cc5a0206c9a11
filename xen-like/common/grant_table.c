/* SPDX-License-Identifier: MIT */
/* A domain's grant table: its frames and their growth, its life, and what others can ask about it. */
#include "grant_table.h"

#include "grant_entry.h"
#include "grant_map.h"
#include "panic.h"
#include "printk.h"
#include "string.h"

#define FRAMES_LIMIT 1024u          /* 524,288 grants */
#define MAPTRACK_FRAMES_LIMIT 8192u
#define RESERVED_FRAMES 1u          /* the tools fill in the store's and the console's entry before the domain runs */

_Static_assert(GNTTAB_NR_RESERVED_ENTRIES <= GRANT_ENTRIES_PER_FRAME, "reserved entries are in the first frame");

int grant_table_init(struct domain *d, uint32_t max_frames, uint32_t max_maptrack_frames)
{
    struct grant_table *table = &d->grant;
    memset(table, 0, sizeof(*table));
    spin_lock_init(&table->lock, "grant", LOCK_RANK_GRANT);
    if (max_frames < RESERVED_FRAMES || max_frames > FRAMES_LIMIT || max_maptrack_frames > MAPTRACK_FRAMES_LIMIT)
        return -XEN_EINVAL;
    table->max_frames = max_frames;
    table->max_maptrack_frames = max_maptrack_frames;
    table->maptrack_free = GRANT_HANDLE_NONE;
    table->frame = object_allocate(max_frames * sizeof(*table->frame));
    table->active = object_allocate(max_frames * sizeof(*table->active));
    table->frame_gfn = object_allocate(max_frames * sizeof(*table->frame_gfn));
    table->maptrack = object_allocate(MAX(max_maptrack_frames, 1u) * sizeof(*table->maptrack));
    if (!table->frame || !table->active || !table->frame_gfn || !table->maptrack) {
        grant_table_free(d);
        return -XEN_ENOMEM;
    }
    return 0;
}

/* One more frame; the lock is held. */
static int grow(struct domain *d)
{
    struct grant_table *table = &d->grant;
    if (table->frames >= table->max_frames || d->dying != DOMAIN_ALIVE)
        return -XEN_EINVAL;
    struct active_grant *active = object_allocate(GRANT_ENTRIES_PER_FRAME * sizeof(*active));
    if (!active)
        return -XEN_ENOMEM;
    struct page *page = page_allocate_special(d);
    if (!page) {
        object_free(active);
        return -XEN_ENOMEM;
    }
    table->active[table->frames] = active;
    table->frame[table->frames] = page;
    table->frame_gfn[table->frames] = INVALID_GFN;
    table->frames++;
    return 0;
}

/* The table has at least `frames` frames afterwards. */
static int grow_to(struct domain *d, uint32_t frames)
{
    int error = 0;
    if (frames > d->grant.max_frames)
        return -XEN_EINVAL;
    while (!error && d->grant.frames < frames)
        error = grow(d);
    return error;
}

int grant_table_get_frame(struct domain *d, uint32_t index, mfn_t *mfn)
{
    if (index >= d->grant.max_frames)
        return -XEN_EINVAL;
    spin_lock(&d->grant.lock);
    int error = grow_to(d, index + 1);
    if (!error)
        *mfn = page_to_mfn(d->grant.frame[index]);
    spin_unlock(&d->grant.lock);
    return error;
}

void grant_table_note_gfn(struct domain *d, uint32_t index, gfn_t gfn)
{
    spin_lock(&d->grant.lock);
    if (index < d->grant.frames)
        d->grant.frame_gfn[index] = gfn;
    spin_unlock(&d->grant.lock);
}

/* What is still pinned keeps its active entry until it is unpinned. */
static void give_back_frames(struct domain *d)
{
    spin_lock(&d->grant.lock);
    uint32_t frames = d->grant.frames;
    d->grant.frames = 0;
    spin_unlock(&d->grant.lock);
    for (uint32_t i = 0; i < frames; i++)
        page_release_allocation(d->grant.frame[i]);
}

int grant_table_release_mappings(struct domain *d)
{
    BUG_ON(d->dying == DOMAIN_ALIVE);
    if (!d->grant.frame)
        return 0;
    int error = grant_map_release_all(d);
    if (!error)
        give_back_frames(d);
    return error;
}

void grant_table_free(struct domain *d)
{
    struct grant_table *table = &d->grant;
    BUG_ON(table->active_count || table->mappings);
    if (table->active)
        for (uint32_t i = 0; i < table->max_frames; i++)
            object_free(table->active[i]);
    if (table->maptrack)
        for (uint32_t i = 0; i < table->maptrack_frames; i++)
            page_free_mapped(table->maptrack[i], 0);
    object_free(table->frame);
    object_free(table->active);
    object_free(table->frame_gfn);
    object_free(table->maptrack);
    table->frame = NULL;
    table->active = NULL;
    table->frame_gfn = NULL;
    table->maptrack = NULL;
    table->maptrack_frames = 0;
}

/* One line a grantee, found by going through the entries again for each: this is rare, and tables are small. */
void grant_table_report_foreign(struct domain *d)
{
    struct grant_table *table = &d->grant;
    int32_t reported = -1; /* grantees up to this id have had their line */
    for (;;) {
        uint32_t grantee = UINT32_MAX, first = 0;
        uint64_t count = 0;
        spin_lock(&table->lock);
        for (uint32_t ref = 0; table->active_count && ref < table->max_frames * GRANT_ENTRIES_PER_FRAME; ref++) {
            const struct active_grant *active = table->active[ref / GRANT_ENTRIES_PER_FRAME];
            if (!active)
                break;
            active += ref % GRANT_ENTRIES_PER_FRAME;
            if (!active->page || active->grantee <= reported || active->grantee > grantee)
                continue;
            if (active->grantee < grantee) {
                grantee = active->grantee;
                first = ref;
                count = 0;
            }
            count++;
        }
        spin_unlock(&table->lock);
        if (grantee == UINT32_MAX)
            return;
        log_warning("domain %u still maps %lu pages granted by domain %u, which is being destroyed (first "
                    "reference: %u)", grantee, count, d->id, first);
        reported = (int32_t)grantee;
    }
}

/* --- operations on whole tables -------------------------------------------------------------------------------- */

/* GNTST_* for a domain that only itself and the privileged one may ask about. */
static int find_owner(const struct vcpu *caller, domid_t id, struct domain **d)
{
    *d = domain_get_target(caller, id);
    if (!*d)
        return caller->domain->is_privileged ? GNTST_bad_domain : GNTST_permission_denied;
    if (*d == caller->domain || caller->domain->is_privileged)
        return GNTST_okay;
    domain_put(*d);
    return GNTST_permission_denied;
}

static int write_frame_list(struct domain *d, const gnttab_setup_table_t *op)
{
    for (uint32_t i = 0; i < op->nr_frames; i++) {
        spin_lock(&d->grant.lock);
        xen_pfn_t gfn = i < d->grant.frames ? d->grant.frame_gfn[i].value : INVALID_GFN.value;
        spin_unlock(&d->grant.lock);
        if (copy_to_guest(HANDLE_ADDRESS(op->frame_list) + i * sizeof(gfn), &gfn, sizeof(gfn)))
            return -XEN_EFAULT;
    }
    return 0;
}

long grant_setup_table(struct hypercall *call, uint64_t address, uint64_t count)
{
    gnttab_setup_table_t op;
    struct domain *d;
    if (count != 1)
        return -XEN_EINVAL;
    if (COPY_STRUCT_FROM_GUEST(&op, address))
        return -XEN_EFAULT;
    int status = find_owner(call->vcpu, op.dom, &d);
    if (status == GNTST_okay) {
        int fault = 0;
        spin_lock(&d->grant.lock);
        int error = grow_to(d, op.nr_frames);
        spin_unlock(&d->grant.lock);
        if (error)
            status = GNTST_general_error;
        else
            fault = write_frame_list(d, &op);
        domain_put(d);
        if (fault)
            return fault;
    }
    op.status = (int16_t)status;
    return COPY_STRUCT_TO_GUEST(address, &op);
}

long grant_query_size(struct hypercall *call, uint64_t address, uint64_t count)
{
    gnttab_query_size_t op;
    struct domain *d;
    if (count != 1)
        return -XEN_EINVAL;
    if (COPY_STRUCT_FROM_GUEST(&op, address))
        return -XEN_EFAULT;
    int status = find_owner(call->vcpu, op.dom, &d);
    if (status == GNTST_okay) {
        op.nr_frames = d->grant.frames;
        op.max_nr_frames = d->grant.max_frames;
        domain_put(d);
    }
    op.status = (int16_t)status;
    return COPY_STRUCT_TO_GUEST(address, &op);
}

long grant_get_version(struct hypercall *call, uint64_t address, uint64_t count)
{
    gnttab_get_version_t op;
    struct domain *d;
    if (COPY_STRUCT_FROM_GUEST(&op, address))
        return -XEN_EFAULT;
    int status = find_owner(call->vcpu, op.dom, &d);
    if (status != GNTST_okay)
        return status == GNTST_bad_domain ? -XEN_ESRCH : -XEN_EPERM;
    domain_put(d);
    op.version = 1;
    return COPY_STRUCT_TO_GUEST(address, &op);
}
