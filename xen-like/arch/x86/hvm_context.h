/* SPDX-License-Identifier: MIT */
/*
 * A domain's saved state as Xen's tools read and write it: records of <xen/hvm/save.h>, from HEADER to END. Kinds:
 * CPU, LAPIC, LAPIC_REGS and MTRR of each vCPU. The target is another domain than the caller's, paused, and off all
 * CPUs.
 */
#ifndef KEEL_X86_HVM_CONTEXT_H
#define KEEL_X86_HVM_CONTEXT_H

#include "domain.h"

struct hvm_hw_cpu;

/* buffer 0: *size becomes the bytes needed. -XEN_ENOSPC if *size is too small. */
int hvm_context_get(struct domain *d, uint64_t buffer, uint32_t *size);
/* One record without its descriptor. -XEN_ENOENT for a kind or vCPU that is not there. */
int hvm_context_get_partial(struct domain *d, uint32_t type, uint32_t instance, uint64_t buffer, uint64_t *size);
/* The whole stream is checked for form first. A vCPU with a CPU record becomes initialised and goes up. */
int hvm_context_set(struct domain *d, uint64_t buffer, uint32_t size);

#endif
