/* SPDX-License-Identifier: MIT */
/*
 * Xen's public headers as the hypervisor sees them (libxen-dev, 4.17), with the sizes that both sides rely on asserted.
 * Guests are 64-bit PVH: a guest handle is a guest-virtual address of the calling vCPU.
 */
#ifndef KEEL_XEN_ABI_H
#define KEEL_XEN_ABI_H

#include "types.h"

#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include <xen/version.h>

/* Error numbers as the ABI has them: XEN_EPERM and so on. */
#define XEN_ERRNO(name, value) XEN_##name = value,
enum xen_errno {
#include <xen/errno.h>
    XEN_ERESTART = 85, /* internal: "call me again"; never reaches a guest */
};

_Static_assert(sizeof(struct shared_info) <= PAGE_SIZE, "shared_info fits one page");
_Static_assert(sizeof(struct vcpu_info) == 64, "vcpu_info is 64 bytes");
_Static_assert(sizeof(struct vcpu_time_info) == 32, "vcpu_time_info is 32 bytes");
_Static_assert(sizeof(struct vcpu_runstate_info) == 48, "vcpu_runstate_info is 48 bytes");
_Static_assert(sizeof(grant_entry_v1_t) == 8, "a version 1 grant entry is 8 bytes");
_Static_assert(sizeof(struct xen_domctl) == 16 + 128, "a domctl is 144 bytes");
_Static_assert(sizeof(struct xen_sysctl) == 8 + 128, "a sysctl is 136 bytes");

#endif
