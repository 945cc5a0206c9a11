/* SPDX-License-Identifier: MIT */
/*
 * The parts of HYPERVISOR_domctl, one file a noun. A handler has *op copied in and the caller's privilege checked; d is
 * the domain it names, referenced, or NULL for calls that need none.
 */
#ifndef KEEL_DOMCTL_H
#define KEEL_DOMCTL_H

#include "domain.h"

/* 0 (then *op is copied back if the table says so) or -XEN_E*; -XEN_ERESTART: execute the call again as it is now. */
typedef int domctl_handler(struct hypercall *call, struct xen_domctl *op, struct domain *d);

/* domctl_life.c */
domctl_handler domctl_createdomain, domctl_destroydomain, domctl_pausedomain, domctl_unpausedomain, domctl_resumedomain,
    domctl_getdomaininfo;
/* domctl_settings.c */
domctl_handler domctl_max_mem, domctl_setdomainhandle, domctl_settimeoffset, domctl_setnodeaffinity,
    domctl_getnodeaffinity;
/* domctl_vcpu.c */
domctl_handler domctl_max_vcpus, domctl_setvcpuaffinity, domctl_getvcpuaffinity, domctl_getvcpuinfo,
    domctl_scheduler_op;

#endif
