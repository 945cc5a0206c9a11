/* SPDX-License-Identifier: MIT */
/*
 * A domain's state as the tools that build it read and write it: records of <xen/hvm/save.h>, from HEADER to END.
 * Kinds: CPU and MTRR of each vCPU, and LAPIC_REGS, which are only read. The target is another domain than the
 * caller's, paused, and off all CPUs.
 */
#ifndef KEEL_X86_HVM_CONTEXT_H
#define KEEL_X86_HVM_CONTEXT_H

#include "domain.h"

/* buffer 0: *size becomes the bytes needed. -XEN_ENOSPC if *size is too small. */
int hvm_context_get(struct domain *d, uint64_t buffer, uint32_t *size);
/* The whole stream is checked for form first. A vCPU with a CPU record becomes initialised and goes up. */
int hvm_context_set(struct domain *d, uint64_t buffer, uint32_t size);

#endif
