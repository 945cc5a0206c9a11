/* SPDX-License-Identifier: MIT */
/* Domctls that set what a domain is called, how much memory it may have, and what it may touch. */
#include "domctl.h"
#include "string.h"

int domctl_max_mem(struct hypercall *call, struct xen_domctl *op, struct domain *d)
{
    uint64_t pages = op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10);

    spin_lock(&d->page_lock);
    d->max_pages = MIN(pages, (uint64_t)UINT32_MAX);
    spin_unlock(&d->page_lock);
    return 0;
}

int domctl_setdomainhandle(struct hypercall *call, struct xen_domctl *op, struct domain *d)
{
    memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
    return 0;
}

int domctl_settimeoffset(struct hypercall *call, struct xen_domctl *op, struct domain *d)
{
    int error = -XEN_ESRCH;

    spin_lock(&d->lock); /* a domain that is alive has its shared_info while the lock is held */
    if (d->dying == DOMAIN_ALIVE) {
        d->time_offset_s = op->u.settimeoffset.time_offset_seconds;
        domain_update_wallclock(d);
        error = 0;
    }
    spin_unlock(&d->lock);
    return error;
}

/* --- NUMA: the machine is one node, number 0 ---------------------------------------------------------------------- */

int domctl_setnodeaffinity(struct hypercall *call, struct xen_domctl *op, struct domain *d)
{
    cpu_mask_t nodes;
    int error = cpu_mask_from_guest(&nodes, &op->u.nodeaffinity.nodemap);
    return error ? error : cpu_mask_has(nodes, 0) ? 0 : -XEN_EINVAL;
}

int domctl_getnodeaffinity(struct hypercall *call, struct xen_domctl *op, struct domain *d)
{
    return cpu_mask_to_guest(&op->u.nodeaffinity.nodemap, (cpu_mask_t){ 1 });
}

/* --- devices: all are domain 0's, which needs no permission; others can be denied them, and not be given any ------ */
