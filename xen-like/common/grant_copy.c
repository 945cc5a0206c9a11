/* SPDX-License-Identifier: MIT */
/* GNTTABOP_copy: bytes from one page to another, each the caller's own or granted to it. */
#include "grant_map.h"

#include "arch.h"
#include "grant_entry.h"
#include "string.h"

_Static_assert(sizeof(gnttab_copy_t) == 40, "ABI");

/* One side of a copy, held while it lasts. */
struct copy_side {
    struct page *page;       /* referenced */
    struct domain *granter;  /* referenced, if it is by grant */
    grant_ref_t ref;
    bool is_read_only;
};

static int acquire_granted(struct vcpu *caller, const struct gnttab_copy_ptr *where, struct copy_side *side)
{
    side->granter = domain_get_target(caller, where->domid);
    if (!side->granter)
        return GNTST_bad_domain;
    side->ref = where->u.ref;
    int status = grant_entry_pin(side->granter, side->ref, caller->domain->id, side->is_read_only, &side->page);
    if (status != GNTST_okay)
        domain_put(side->granter);
    return status;
}

static int acquire_own(struct vcpu *caller, const struct gnttab_copy_ptr *where, struct copy_side *side)
{
    enum p2m_type type;
    side->granter = NULL;
    if (where->domid != DOMID_SELF)
        return GNTST_permission_denied;
    side->page = arch_p2m_get_page(caller->domain, make_gfn(where->u.gmfn), !side->is_read_only, &type);
    return side->page ? GNTST_okay : GNTST_bad_page;
}

static void release(struct copy_side *side)
{
    page_put(side->page);
    if (side->granter) {
        grant_entry_unpin(side->granter, side->ref, side->is_read_only);
        domain_put(side->granter);
    }
}

static int copy_one(struct vcpu *caller, const gnttab_copy_t *op)
{
    struct copy_side from = { .is_read_only = true }, to = { .is_read_only = false };
    if (op->source.offset + (uint32_t)op->len > PAGE_SIZE || op->dest.offset + (uint32_t)op->len > PAGE_SIZE)
        return GNTST_bad_copy_arg;
    int status = op->flags & GNTCOPY_source_gref ? acquire_granted(caller, &op->source, &from)
                                                 : acquire_own(caller, &op->source, &from);
    if (status != GNTST_okay)
        return status;
    status = op->flags & GNTCOPY_dest_gref ? acquire_granted(caller, &op->dest, &to)
                                           : acquire_own(caller, &op->dest, &to);
    if (status == GNTST_okay) {
        memmove((uint8_t *)page_to_virtual(to.page) + op->dest.offset,
                (const uint8_t *)page_to_virtual(from.page) + op->source.offset, op->len);
        release(&to);
    }
    release(&from);
    return status;
}

long grant_copy_batch(struct hypercall *call, uint64_t address, uint64_t count)
{
    while (count) {
        gnttab_copy_t op;
        if (COPY_STRUCT_FROM_GUEST(&op, address))
            return -XEN_EFAULT;
        op.status = (int16_t)copy_one(call->vcpu, &op);
        if (copy_to_guest(address + offsetof(gnttab_copy_t, status), &op.status, sizeof(op.status)))
            return -XEN_EFAULT;
        address += sizeof(op);
        count--;
        if (count && hypercall_should_yield())
            return grant_continue(call, address, count);
    }
    return 0;
}
