/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls through /dev/xen/privcmd.
 *
 * All calls return the hypervisor's result: 0 or a count, or a negative errno; none sets the handle's sentence.
 * Memory that a hypercall reads or writes must stay resident: take it from hypercall_alloc. The wrappers below copy
 * their argument in and out of such memory themselves, but what the argument points at is the caller's.
 */
#ifndef KEEL_CTL_HYPERCALL_H
#define KEEL_CTL_HYPERCALL_H

#include "internal.h"
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>

int hypercall_init(struct ctl *ctl);
void hypercall_fini(struct ctl *ctl);
/* 0 when the hypervisor answers this domain's control calls in the version that libctl speaks. */
int hypercall_probe(struct ctl *ctl);

/* Zeroed, resident memory; NULL when there is none. Freed in the reverse order of allocation, with the same size. */
void *hypercall_alloc(struct ctl *ctl, size_t size);
void hypercall_free(struct ctl *ctl, void *data, size_t size);

int hypercall(struct ctl *ctl, unsigned number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);
/* The same for a call whose second argument is a structure of `size` bytes that the hypervisor may change. */
int hypercall_struct(struct ctl *ctl, unsigned number, uint64_t command, void *argument, size_t size);
/* The caller fills cmd, domain (domctl) and u; the interface version is filled in here. */
int hypercall_domctl(struct ctl *ctl, struct xen_domctl *domctl);
int hypercall_sysctl(struct ctl *ctl, struct xen_sysctl *sysctl);
/* A domctl without arguments. */
int hypercall_domctl_plain(struct ctl *ctl, uint32_t domid, uint32_t command);
int hypercall_memory(struct ctl *ctl, unsigned command, void *argument, size_t size);
int hypercall_event_channel(struct ctl *ctl, unsigned command, void *argument, size_t size);
int hypercall_hvm_param_set(struct ctl *ctl, uint32_t domid, uint32_t index, uint64_t value);
int hypercall_hvm_param_get(struct ctl *ctl, uint32_t domid, uint32_t index, uint64_t *value);

#endif
