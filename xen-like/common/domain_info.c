/* SPDX-License-Identifier: MIT */
/* What the tools see of a domain. */
#include "domain.h"

#include "string.h"

#define GUEST_ADDRESS_BITS 48 /* what four levels of nested page tables reach */

_Static_assert(sizeof(struct xen_domctl_getdomaininfo) == 112, "ABI");

static uint32_t state_flags(const struct domain *d, uint32_t online, uint32_t blocked, uint32_t running)
{
    uint32_t flags = XEN_DOMINF_hvm_guest;
    if (d->is_hap)
        flags |= XEN_DOMINF_hap;
    if (d->create_flags & XEN_DOMCTL_CDF_xs_domain)
        flags |= XEN_DOMINF_xs_domain;
    if (d->dying == DOMAIN_DEAD)
        flags |= XEN_DOMINF_dying;
    if (d->is_shut_down)
        flags |= XEN_DOMINF_shutdown | (d->shutdown_code & XEN_DOMINF_shutdownmask) << XEN_DOMINF_shutdownshift;
    if (d->controller_pause_count)
        flags |= XEN_DOMINF_paused;
    if (running)
        flags |= XEN_DOMINF_running;
    else if (blocked == online)
        flags |= XEN_DOMINF_blocked;
    return flags;
}

void domain_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    uint32_t online = 0, blocked = 0, running = 0;
    memset(info, 0, sizeof(*info));
    info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    DOMAIN_FOR_EACH_VCPU(d, v) {
        info->max_vcpu_id = v->id;
        info->cpu_time += scheduler_vcpu_time_ns(v);
        if (!v->is_up)
            continue;
        online++;
        if (v->scheduler.is_on_cpu && vcpu_is_runnable(v))
            running++;
        else if (v->is_blocked)
            blocked++;
    }
    info->domain = d->id;
    info->flags = state_flags(d, online, blocked, running);
    info->nr_online_vcpus = online;
    info->tot_pages = d->total_pages;
    info->max_pages = d->max_pages;
    info->outstanding_pages = d->outstanding_pages;
    info->shared_info_frame = INVALID_GFN.value; /* where it is mapped is the domain's own affair */
    info->ssidref = d->ssidref;
    memcpy(info->handle, d->handle, sizeof(info->handle));
    info->gpaddr_bits = GUEST_ADDRESS_BITS;
}
