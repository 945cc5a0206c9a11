/* SPDX-License-Identifier: MIT */
/*
 * Placing pages that exist already in a domain's physical map: its shared info, its grant table, its own memory moved,
 * and, for the privileged domain, memory of others.
 */
#include "memory_op.h"

#include "physmap.h"

/* Where pages come from, for all pages of one call. */
struct physmap_source {
    struct domain *target;  /* whose map is changed; referenced */
    struct domain *foreign; /* XENMAPSPACE_gmfn_foreign: whose memory; referenced. Else NULL */
    uint32_t space;
};

static int add_shared_info(struct domain *d, uint64_t index, gfn_t gfn, struct physmap_old *old)
{
    struct shared_info *shared_info = d->shared_info; /* NULL from some step of destruction on */
    if (index != 0 || !shared_info)
        return -XEN_EINVAL;
    return physmap_set(d, gfn, virtual_to_page(shared_info), P2M_RAM, old);
}

static int add_grant_frame(struct domain *d, uint64_t index, gfn_t gfn, struct physmap_old *old)
{
    mfn_t mfn;
    if (index > UINT32_MAX)
        return -XEN_EINVAL;
    int error = grant_table_get_frame(d, (uint32_t)index, &mfn);
    if (!error)
        error = physmap_set(d, gfn, mfn_to_page(mfn), P2M_RAM, old);
    if (!error)
        grant_table_note_gfn(d, (uint32_t)index, gfn);
    return error;
}

static int add_foreign(struct physmap_source *source, uint64_t index, gfn_t gfn, struct physmap_old *old)
{
    enum p2m_type type;
    struct page *page = arch_p2m_get_page(source->foreign, make_gfn(index), true, &type);
    if (!page)
        return -XEN_EINVAL;
    int error = type == P2M_RAM ? physmap_set(source->target, gfn, page, P2M_FOREIGN, old) : -XEN_EINVAL;
    if (error)
        page_put(page);
    return error;
}

static int add_page(struct physmap_source *source, uint64_t index, gfn_t gfn)
{
    struct physmap_old old = { .page = NULL };
    int error;
    if (gfn.value >> (64 - PAGE_SHIFT) || source->target->dying != DOMAIN_ALIVE)
        return -XEN_EINVAL;
    switch (source->space) {
    case XENMAPSPACE_shared_info:
        error = add_shared_info(source->target, index, gfn, &old);
        break;
    case XENMAPSPACE_grant_table:
        error = add_grant_frame(source->target, index, gfn, &old);
        break;
    case XENMAPSPACE_gmfn:
    case XENMAPSPACE_gmfn_range:
        error = physmap_move(source->target, make_gfn(index), gfn, &old);
        break;
    case XENMAPSPACE_gmfn_foreign:
        error = add_foreign(source, index, gfn, &old);
        break;
    case XENMAPSPACE_dev_mmio:
        error = -XEN_EOPNOTSUPP;
        break;
    default:
        error = -XEN_ENOSYS;
    }
    if (!error)
        physmap_drop(&old, true);
    return error;
}

long memory_add_to_physmap(struct memory_op *op)
{
    struct xen_add_to_physmap add;
    if (COPY_STRUCT_FROM_GUEST(&add, op->argument))
        return -XEN_EFAULT;
    if (add.space == XENMAPSPACE_gmfn_foreign)
        return -XEN_ENOSYS; /* names no domain: it is the batch's */
    uint64_t count = add.space == XENMAPSPACE_gmfn_range ? add.size : 1;
    struct physmap_source source = { .space = add.space };
    int error = memory_op_find_domain(op->call->vcpu, add.domid, &source.target);
    if (error)
        return error;
    uint64_t done = op->done;
    while (done < count && !error) {
        error = add_page(&source, add.idx + done, make_gfn(add.gpfn + done));
        done++;
        if (!error && done < count && hypercall_should_yield()) {
            domain_put(source.target);
            return memory_op_continue(op, done);
        }
    }
    domain_put(source.target);
    return error;
}

static int batch_find_domains(struct memory_op *op, const struct xen_add_to_physmap_batch *batch,
                              struct physmap_source *source)
{
    struct vcpu *caller = op->call->vcpu;
    *source = (struct physmap_source){ .space = batch->space };
    if (batch->space != XENMAPSPACE_gmfn_foreign && batch->u.res0)
        return -XEN_EINVAL;
    if (batch->space == XENMAPSPACE_gmfn_range)
        return -XEN_EINVAL;
    int error = memory_op_find_domain(caller, batch->domid, &source->target);
    if (error || batch->space != XENMAPSPACE_gmfn_foreign)
        return error;
    error = -XEN_EPERM;
    if (caller->domain->is_privileged && source->target->is_privileged)
        error = memory_op_find_domain(caller, batch->u.foreign_domid, &source->foreign);
    if (!error && source->foreign == source->target) {
        domain_put(source->foreign);
        error = -XEN_EINVAL;
    }
    if (error)
        domain_put(source->target);
    return error;
}

/* One element: its own error goes to the list of errors; what is returned ends the call. */
static int batch_element(const struct xen_add_to_physmap_batch *batch, struct physmap_source *source, uint64_t i)
{
    xen_ulong_t index;
    xen_pfn_t gfn;
    if (copy_from_guest(&index, HANDLE_ADDRESS(batch->idxs) + i * sizeof(index), sizeof(index))
        || copy_from_guest(&gfn, HANDLE_ADDRESS(batch->gpfns) + i * sizeof(gfn), sizeof(gfn)))
        return -XEN_EFAULT;
    int error = add_page(source, index, make_gfn(gfn));
    return copy_to_guest(HANDLE_ADDRESS(batch->errs) + i * sizeof(error), &error, sizeof(error));
}

long memory_add_to_physmap_batch(struct memory_op *op)
{
    struct xen_add_to_physmap_batch batch;
    struct physmap_source source;
    if (COPY_STRUCT_FROM_GUEST(&batch, op->argument))
        return -XEN_EFAULT;
    int error = batch_find_domains(op, &batch, &source);
    if (error)
        return error;
    uint64_t done = op->done;
    bool is_stopped = false;
    while (done < batch.size && !error && !is_stopped) {
        error = batch_element(&batch, &source, done);
        done++;
        is_stopped = !error && done < batch.size && hypercall_should_yield();
    }
    if (source.foreign)
        domain_put(source.foreign);
    domain_put(source.target);
    return is_stopped ? memory_op_continue(op, done) : error;
}

/* The page itself stays what it was: the domain's memory is unmapped, not freed. */
long memory_remove_from_physmap(struct memory_op *op)
{
    struct xen_remove_from_physmap remove;
    struct physmap_old old;
    struct domain *d;
    if (COPY_STRUCT_FROM_GUEST(&remove, op->argument))
        return -XEN_EFAULT;
    int error = memory_op_find_domain(op->call->vcpu, remove.domid, &d);
    if (error)
        return error;
    error = physmap_clear(d, make_gfn(remove.gpfn), &old);
    if (!error)
        physmap_drop(&old, false);
    domain_put(d);
    return error;
}
