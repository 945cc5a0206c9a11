/* SPDX-License-Identifier: MIT */
/* A vCPU's registers between the control block and the ABI's record (struct hvm_hw_cpu of hvm/save.h). */
#include "svm.h"

#include "registers.h"

/*
 * What both hold alike, by its name in the record and in the control block; the segments' attributes are packed alike.
 */
#define FOR_EACH_SEGMENT(DO) DO(cs) DO(ds) DO(es) DO(fs) DO(gs) DO(ss) DO(tr) DO(ldtr)
#define FOR_EACH_REGISTER(DO)                                                                                   \
    DO(gdtr_base, gdtr.base) DO(gdtr_limit, gdtr.limit) DO(idtr_base, idtr.base) DO(idtr_limit, idtr.limit)     \
    DO(cr0, cr0) DO(cr2, cr2) DO(cr3, cr3) DO(cr4, cr4)                                                         \
    DO(sysenter_cs, sysenter_cs) DO(sysenter_esp, sysenter_esp) DO(sysenter_eip, sysenter_eip)                  \
    DO(shadow_gs, kernel_gs_base) DO(msr_star, star) DO(msr_lstar, lstar) DO(msr_cstar, cstar)                  \
    DO(msr_syscall_mask, sfmask)

void svm_state_get(const struct vcpu *v, struct hvm_hw_cpu *state)
{
    const struct vmcb *vmcb = v->arch.vmcb;

#define GET_SEGMENT(name)                            \
    state->name##_sel = vmcb->name.selector;         \
    state->name##_limit = vmcb->name.limit;          \
    state->name##_base = vmcb->name.base;            \
    state->name##_arbytes = vmcb->name.attributes;
    FOR_EACH_SEGMENT(GET_SEGMENT)
#define GET_REGISTER(in_record, in_block) state->in_record = vmcb->in_block;
    FOR_EACH_REGISTER(GET_REGISTER)
    state->dr6 = vmcb->dr6;
    state->dr7 = vmcb->dr7;
    state->msr_efer = vmcb->efer & ~EFER_SVME;
}

void svm_state_set(struct vcpu *v, const struct hvm_hw_cpu *state)
{
    struct vmcb *vmcb = v->arch.vmcb;

#define SET_SEGMENT(name)                                                    \
    vmcb->name.selector = (uint16_t)state->name##_sel;                       \
    vmcb->name.limit = state->name##_limit;                                  \
    vmcb->name.base = state->name##_base;                                    \
    vmcb->name.attributes = (uint16_t)(state->name##_arbytes & 0xfff);
    FOR_EACH_SEGMENT(SET_SEGMENT)
#define SET_REGISTER(in_record, in_block) vmcb->in_block = state->in_record;
    FOR_EACH_REGISTER(SET_REGISTER)
    vmcb->dr6 = state->dr6 | 0xffff0ff0u;
    vmcb->dr7 = (uint32_t)state->dr7 | 0x400u;
    vmcb->efer = (state->msr_efer & (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR)) | EFER_SVME;
    vmcb->cpl = (uint8_t)(state->ss_arbytes >> 5 & 3);
    vmcb->interrupt_shadow = 0;
    vmcb->exit_interrupt_info = 0;
    v->arch.flush_pending = true;
}

void svm_paging_get(const struct vcpu *v, struct guest_paging *paging)
{
    const struct vmcb *vmcb = v->arch.vmcb;

    paging->cr0 = vmcb->cr0;
    paging->cr3 = vmcb->cr3;
    paging->cr4 = vmcb->cr4;
    paging->efer = vmcb->efer;
    paging->is_long_code = (vmcb->efer & EFER_LMA) && (vmcb->cs.attributes & SEGMENT_LONG);
    paging->is_32bit_code = vmcb->cs.attributes & SEGMENT_32BIT;
    paging->cs_base = vmcb->cs.base;
}
