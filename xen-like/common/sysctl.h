/* SPDX-License-Identifier: MIT */
/* The parts of HYPERVISOR_sysctl, one file a subject. A handler has *op copied in and checked for its caller. */
#ifndef KEEL_SYSCTL_H
#define KEEL_SYSCTL_H

#include "domain.h"

/* 0 or -XEN_E*; after 0 *op is copied back to the caller. */
typedef int sysctl_handler(struct hypercall *call, struct xen_sysctl *op);

sysctl_handler sysctl_readconsole, sysctl_debug_keys, sysctl_getdomaininfolist;               /* sysctl.c */
sysctl_handler sysctl_physinfo, sysctl_cputopoinfo, sysctl_numainfo, sysctl_pcitopoinfo, sysctl_availheap;
sysctl_handler sysctl_getcpuinfo;                                                              /* sysctl_machine.c */
sysctl_handler sysctl_sched_id, sysctl_scheduler_op, sysctl_cpupool_op;                        /* sysctl_scheduler.c */

#endif
