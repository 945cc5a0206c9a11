/* SPDX-License-Identifier: MIT */
/* What the files of the AMD-V folder share. APM 2: AMD64 Architecture Programmer's Manual, volume 2, chapter 15. */
#ifndef KEEL_SVM_H
#define KEEL_SVM_H

#include "arch.h"
#include "virtualization.h"
#include "vmcb.h"

/* AMD-V's data of one CPU (struct cpu, vendor). */
struct svm_cpu {
    paddr_t host_vmcb;        /* what VMSAVE stored of the host */
    uint32_t next_asid, asid_count;
    uint64_t asid_generation; /* a vCPU's ASID of an older generation is not its own any more */
};

/* svm.c: an ASID of this CPU for v, a fresh one if v's translations must be dropped. */
void svm_choose_asid(struct vcpu *v);
/* state.c */
void svm_state_get(const struct vcpu *v, struct hvm_hw_cpu *state);
void svm_state_set(struct vcpu *v, const struct hvm_hw_cpu *state);
void svm_paging_get(const struct vcpu *v, struct guest_paging *paging);
/* inject.c: what v takes at this entry, an exception or an NMI; and the interrupt or event upcall that it may take. */
void svm_inject(struct vcpu *v);
/* After an exit with v->arch.offered_vector set: an interrupt that was offered and not taken is requested again. */
void svm_take_back_offer(struct vcpu *v);
/* exit.c: handles the exit that v's VMCB describes. */
void svm_handle_exit(struct vcpu *v);
void svm_skip_instruction(struct vcpu *v, unsigned int length);
/*
 * instruction_length.c: of the intercepted instruction at rip: NRIP save where it exists, else its bytes. 0:
 * unreadable.
 */
unsigned int svm_instruction_length(struct vcpu *v);
/* entry.S */
void svm_run(struct guest_registers *registers, paddr_t guest_vmcb, paddr_t host_vmcb);

#endif
