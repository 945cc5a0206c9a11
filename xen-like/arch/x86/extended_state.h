/* SPDX-License-Identifier: MIT */
/*
 * FPU, SSE, AVX and further state of a vCPU, kept by XSAVE in the standard format. The hypervisor's own code uses none
 * of these registers, so they stay the guest's from switch_in to switch_out, and so does XCR0: a guest sets it
 * natively.
 */
#ifndef KEEL_X86_EXTENDED_STATE_H
#define KEEL_X86_EXTENDED_STATE_H

struct vcpu;

int extended_state_create(struct vcpu *v);
void extended_state_free(struct vcpu *v);
/* As after a processor reset. The vCPU is not running. */
void extended_state_reset(struct vcpu *v);
void extended_state_load(struct vcpu *v);
void extended_state_save(struct vcpu *v);

#endif
