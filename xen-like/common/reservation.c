/* SPDX-License-Identifier: MIT */
/*
 * A domain's reservation of memory: populating, increasing, decreasing, claiming. These calls return the number of
 * extents done, whatever stopped them, so all that goes wrong before or at an extent shows as a smaller number.
 */
#include "memory_op.h"

#include "physmap.h"

#define MAX_EXTENT_ORDER PAGE_ORDER_2M /* what can be zeroed in one slice; callers fall back from larger ones */
#define CLEAR_BATCH 64u /* pages unmapped between two flushes */

struct reservation {
    struct xen_memory_reservation arguments;
    struct domain *domain; /* referenced */
    uint64_t list;         /* address of the extents' frame numbers; 0: none */
};

/* Copies in and checks what the reservation calls have in common. False: the answer is what was done before. */
static bool reservation_begin(struct memory_op *op, struct reservation *r)
{
    if (COPY_STRUCT_FROM_GUEST(&r->arguments, op->argument))
        return false;
    r->list = HANDLE_ADDRESS(r->arguments.extent_start);
    if (r->arguments.nr_extents > MEMORY_OP_MAX_EXTENTS || op->done >= r->arguments.nr_extents
        || r->arguments.extent_order > MAX_EXTENT_ORDER)
        return false;
    return memory_op_find_domain(op->call->vcpu, r->arguments.domid, &r->domain) == 0;
}

static int read_extent(const struct reservation *r, uint64_t index, gfn_t *gfn)
{
    xen_pfn_t frame;
    int error = copy_from_guest(&frame, r->list + index * sizeof(frame), sizeof(frame));
    *gfn = make_gfn(frame);
    return error;
}

/* Pages of the kind that the flags ask for; NULL if there are none, or the flags ask for what there is not. */
static struct page *allocate_extent(const struct reservation *r)
{
    unsigned int bits = XENMEMF_get_address_bits(r->arguments.mem_flags);
    if (r->arguments.mem_flags & XENMEMF_populate_on_demand)
        return NULL;
    if (bits == 0 || bits >= 52)
        return page_allocate_domain(r->domain, r->arguments.extent_order);
    return bits >= 32 ? page_allocate_domain_low(r->domain, r->arguments.extent_order) : NULL;
}

static void free_pages(struct page *page, uint64_t first, unsigned int order)
{
    for (uint64_t i = first; i < 1ull << order; i++)
        page_release_allocation(&page[i]);
}

/* One page at a time where a block cannot be mapped as one, because something is mapped there already. */
static bool populate_over(struct domain *d, gfn_t gfn, struct page *page, unsigned int order)
{
    for (uint64_t i = 0; i < 1ull << order; i++) {
        struct physmap_old old;
        if (physmap_set(d, gfn_add(gfn, i), &page[i], P2M_RAM, &old)) {
            free_pages(page, i, order);
            return false;
        }
        physmap_drop(&old, true);
    }
    return true;
}

static uint64_t populate_extent(struct reservation *r, uint64_t index)
{
    unsigned int order = r->arguments.extent_order;
    gfn_t gfn;
    if (read_extent(r, index, &gfn) || gfn.value & ((1ull << order) - 1) || gfn.value >> (64 - PAGE_SHIFT))
        return 0;
    struct page *page = allocate_extent(r);
    if (!page)
        return 0;
    int error = physmap_set_block(r->domain, gfn, page, order);
    if (error == -XEN_EEXIST)
        return populate_over(r->domain, gfn, page, order);
    if (error)
        free_pages(page, 0, order);
    return error == 0;
}

/* Pages that no gfn maps: of use to a domain that moves them in by itself, none of which has a way to name them. */
static uint64_t increase_extent(struct reservation *r, uint64_t index) { return allocate_extent(r) != NULL; }

/* Unmaps `count` (at most CLEAR_BATCH) pages from gfn on, and frees them. False if one of them is no memory of d's. */
static bool decrease_pages(struct domain *d, gfn_t gfn, unsigned int count)
{
    struct physmap_old old[CLEAR_BATCH];
    unsigned int cleared = 0;
    arch_p2m_batch_begin(d);
    while (cleared < count && physmap_clear(d, gfn_add(gfn, cleared), &old[cleared]) == 0)
        cleared++;
    arch_p2m_batch_end(d);
    for (unsigned int i = 0; i < cleared; i++)
        physmap_drop(&old[i], true);
    return cleared == count;
}

/* The commonest call, a balloon's list of single pages, with one flush for many extents. */
static uint64_t decrease_single_pages(struct reservation *r, uint64_t first)
{
    struct physmap_old old[CLEAR_BATCH];
    uint64_t count = MIN(r->arguments.nr_extents - first, (uint64_t)CLEAR_BATCH), cleared = 0;
    arch_p2m_batch_begin(r->domain);
    for (; cleared < count; cleared++) {
        gfn_t gfn;
        if (read_extent(r, first + cleared, &gfn) || physmap_clear(r->domain, gfn, &old[cleared]))
            break;
    }
    arch_p2m_batch_end(r->domain);
    for (uint64_t i = 0; i < cleared; i++)
        physmap_drop(&old[i], true);
    return cleared;
}

static uint64_t decrease_extents(struct reservation *r, uint64_t index)
{
    uint64_t count = 1ull << r->arguments.extent_order;
    gfn_t gfn;
    if (count == 1)
        return decrease_single_pages(r, index);
    if (read_extent(r, index, &gfn))
        return 0;
    for (uint64_t i = 0; i < count; i += CLEAR_BATCH)
        if (!decrease_pages(r->domain, gfn_add(gfn, i), (unsigned int)MIN(count - i, (uint64_t)CLEAR_BATCH)))
            return 0;
    return 1;
}

/* Has `step` do the extents from the one that it is given, until it says that it did none. */
static long for_each_extent(struct memory_op *op, uint64_t (*step)(struct reservation *r, uint64_t index))
{
    struct reservation r;
    if (!reservation_begin(op, &r))
        return (long)op->done;
    uint64_t done = op->done, did = 1;
    bool is_stopped = false;
    while (did && done < r.arguments.nr_extents && !is_stopped) {
        did = step(&r, done);
        done += did;
        is_stopped = did && done < r.arguments.nr_extents && hypercall_should_yield();
    }
    domain_put(r.domain);
    return is_stopped ? memory_op_continue(op, done) : (long)done;
}

long memory_populate_physmap(struct memory_op *op) { return for_each_extent(op, populate_extent); }
long memory_increase_reservation(struct memory_op *op) { return for_each_extent(op, increase_extent); }
long memory_decrease_reservation(struct memory_op *op) { return for_each_extent(op, decrease_extents); }

/* Exchanging machine frames has a meaning only for domains that see them; all of ours are translated. */
long memory_exchange(struct memory_op *op) { return -XEN_EOPNOTSUPP; }

long memory_claim_pages(struct memory_op *op)
{
    struct xen_memory_reservation claim;
    struct domain *d;
    if (!op->call->vcpu->domain->is_privileged)
        return -XEN_EPERM;
    if (COPY_STRUCT_FROM_GUEST(&claim, op->argument))
        return -XEN_EFAULT;
    if (HANDLE_ADDRESS(claim.extent_start) || claim.extent_order || claim.mem_flags)
        return -XEN_EINVAL;
    int error = memory_op_find_domain(op->call->vcpu, claim.domid, &d);
    if (error)
        return error;
    error = page_claim(d, claim.nr_extents);
    domain_put(d);
    return error;
}
