/* SPDX-License-Identifier: MIT */
/* Domctls that create, stop and destroy domains, and show them. */
#include "domain.h"
#include "domctl.h"

#define CONTROLLER_PAUSES_MAX 255u

int domctl_createdomain(struct hypercall *call, struct xen_domctl *op, struct domain *none)
{
    domid_t id = op->domain;
    struct domain *d;

    if (!id || id >= DOMID_FIRST_RESERVED) {
        id = domain_list_free_id();
        if (id == DOMID_INVALID)
            return -XEN_ENOMEM;
    }
    int error = domain_create(id, &op->u.createdomain, false, &d);
    if (error)
        return error;
    op->domain = id;
    return 0;
}

int domctl_destroydomain(struct hypercall *call, struct xen_domctl *op, struct domain *d)
{
    return d == domain_zero ? -XEN_EINVAL : domain_destroy(d);
}

/*
 * Returns when no vCPU of d is on a CPU any more. The mark in an argument register that the call does not use says that
 * the pause itself has been counted; a caller that sets it itself only loses that.
 */
#define PAUSE_COUNTED 0x4b65656c20776169ull

int domctl_pausedomain(struct hypercall *call, struct xen_domctl *op, struct domain *d)
{
    if (call->argument[1] != PAUSE_COUNTED) {
        spin_lock(&d->lock);
        bool is_possible = d->controller_pause_count < CONTROLLER_PAUSES_MAX;
        if (is_possible) {
            d->controller_pause_count++;
            domain_pause(d);
        }
        spin_unlock(&d->lock);
        if (!is_possible)
            return -XEN_EOVERFLOW;
        call->argument[1] = PAUSE_COUNTED;
    }
    if (!domain_is_quiescent(d))
        return -XEN_ERESTART;
    call->argument[1] = 0;
    return 0;
}

int domctl_unpausedomain(struct hypercall *call, struct xen_domctl *op, struct domain *d)
{
    spin_lock(&d->lock);
    bool was_paused = d->controller_pause_count;
    if (was_paused) {
        d->controller_pause_count--;
        domain_unpause(d);
    }
    spin_unlock(&d->lock);
    return was_paused ? 0 : -XEN_EINVAL;
}

int domctl_resumedomain(struct hypercall *call, struct xen_domctl *op, struct domain *d)
{
    domain_resume(d);
    return 0;
}

/* The first domain from the given number on. */
int domctl_getdomaininfo(struct hypercall *call, struct xen_domctl *op, struct domain *none)
{
    struct domain *d;

    if (op->domain == DOMID_SELF)
        d = domain_get_target(call->vcpu, DOMID_SELF);
    else if (op->domain < DOMID_FIRST_RESERVED)
        d = domain_get_next(op->domain);
    else
        return -XEN_EINVAL;
    if (!d)
        return -XEN_ESRCH;
    domain_fill_info(d, &op->u.getdomaininfo);
    op->domain = d->id;
    domain_put(d);
    return 0;
}
