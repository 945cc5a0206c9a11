/* SPDX-License-Identifier: MIT */
/* XENMEM_acquire_resource: another domain's grant table in the physical map of the privileged domain. */
#include "memory_op.h"

#include "physmap.h"

static int check_resource(const struct xen_mem_acquire_resource *resource)
{
    if (resource->pad)
        return -XEN_EINVAL;
    if (resource->type != XENMEM_resource_grant_table)
        return -XEN_EOPNOTSUPP;
    /* Version 1 has no status frames. */
    return resource->id == XENMEM_resource_grant_table_id_shared ? 0 : -XEN_EINVAL;
}

static int map_frame(struct domain *mapper, struct domain *d, uint64_t index, gfn_t gfn)
{
    struct physmap_old old;
    mfn_t mfn;
    if (index > UINT32_MAX || gfn.value >> (64 - PAGE_SHIFT))
        return -XEN_EINVAL;
    int error = grant_table_get_frame(d, (uint32_t)index, &mfn);
    if (error)
        return error;
    struct page *page = mfn_to_page(mfn);
    if (!page_get(page, d)) /* d is being destroyed */
        return -XEN_EINVAL;
    error = physmap_set(mapper, gfn, page, P2M_FOREIGN, &old);
    if (error)
        page_put(page);
    else
        physmap_drop(&old, true);
    return error;
}

/* Maps from op->done on; the result of the call. */
static long map_frames(struct memory_op *op, const struct xen_mem_acquire_resource *resource, struct domain *d)
{
    uint64_t done = op->done;
    int error = 0;
    while (done < resource->nr_frames) {
        xen_pfn_t gfn;
        if (done != op->done && hypercall_should_yield())
            return memory_op_continue(op, done);
        error = copy_from_guest(&gfn, HANDLE_ADDRESS(resource->frame_list) + done * sizeof(gfn), sizeof(gfn));
        if (!error && resource->frame > UINT32_MAX)
            error = -XEN_EINVAL;
        if (!error)
            error = map_frame(op->call->vcpu->domain, d, resource->frame + done, make_gfn(gfn));
        if (error)
            return done ? -XEN_EIO : error; /* EIO: the caller unmaps what was mapped */
        done++;
    }
    return 0;
}

long memory_acquire_resource(struct memory_op *op)
{
    struct xen_mem_acquire_resource resource;
    struct domain *d;
    struct domain *caller = op->call->vcpu->domain;
    if (!caller->is_privileged)
        return -XEN_EPERM;
    if (COPY_STRUCT_FROM_GUEST(&resource, op->argument))
        return -XEN_EFAULT;
    int error = check_resource(&resource);
    if (!error)
        error = memory_op_find_domain(op->call->vcpu, resource.domid, &d);
    if (error)
        return error;

    long result;
    if (d == caller) {
        result = -XEN_EPERM;
    } else if (!HANDLE_ADDRESS(resource.frame_list)) {
        uint64_t count_address = op->argument + offsetof(struct xen_mem_acquire_resource, nr_frames);
        uint32_t size = d->grant.max_frames;
        result = resource.nr_frames ? -XEN_EINVAL : copy_to_guest(count_address, &size, sizeof(size));
    } else {
        result = map_frames(op, &resource, d);
    }
    domain_put(d);
    return result;
}
