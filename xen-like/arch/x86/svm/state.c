/* SPDX-License-Identifier: MIT */
/* A vCPU's registers between the control block and the ABI's record (struct hvm_hw_cpu of hvm/save.h). */
#include "svm.h"

#include "registers.h"

/* The record's segment attributes are packed as the control block has them. */
#define SEGMENT_GET(state, name, segment)                                         \
    do {                                                                          \
        (state)->name##_sel = (segment).selector;                                 \
        (state)->name##_limit = (segment).limit;                                  \
        (state)->name##_base = (segment).base;                                    \
        (state)->name##_arbytes = (segment).attributes;                           \
    } while (0)

#define SEGMENT_SET(state, name, segment)                                         \
    do {                                                                          \
        (segment).selector = (uint16_t)(state)->name##_sel;                       \
        (segment).limit = (state)->name##_limit;                                  \
        (segment).base = (state)->name##_base;                                    \
        (segment).attributes = (uint16_t)((state)->name##_arbytes & 0xfff);       \
    } while (0)

void svm_state_get(const struct vcpu *v, struct hvm_hw_cpu *state)
{
    const struct vmcb *vmcb = v->arch.vmcb;

    SEGMENT_GET(state, cs, vmcb->cs);
    SEGMENT_GET(state, ds, vmcb->ds);
    SEGMENT_GET(state, es, vmcb->es);
    SEGMENT_GET(state, fs, vmcb->fs);
    SEGMENT_GET(state, gs, vmcb->gs);
    SEGMENT_GET(state, ss, vmcb->ss);
    SEGMENT_GET(state, tr, vmcb->tr);
    SEGMENT_GET(state, ldtr, vmcb->ldtr);
    state->gdtr_base = vmcb->gdtr.base;
    state->gdtr_limit = vmcb->gdtr.limit;
    state->idtr_base = vmcb->idtr.base;
    state->idtr_limit = vmcb->idtr.limit;
    state->cr0 = vmcb->cr0;
    state->cr2 = vmcb->cr2;
    state->cr3 = vmcb->cr3;
    state->cr4 = vmcb->cr4;
    state->dr6 = vmcb->dr6;
    state->dr7 = vmcb->dr7;
    state->msr_efer = vmcb->efer & ~EFER_SVME;
    state->sysenter_cs = vmcb->sysenter_cs;
    state->sysenter_esp = vmcb->sysenter_esp;
    state->sysenter_eip = vmcb->sysenter_eip;
    state->shadow_gs = vmcb->kernel_gs_base;
    state->msr_star = vmcb->star;
    state->msr_lstar = vmcb->lstar;
    state->msr_cstar = vmcb->cstar;
    state->msr_syscall_mask = vmcb->sfmask;
}

void svm_state_set(struct vcpu *v, const struct hvm_hw_cpu *state)
{
    struct vmcb *vmcb = v->arch.vmcb;

    SEGMENT_SET(state, cs, vmcb->cs);
    SEGMENT_SET(state, ds, vmcb->ds);
    SEGMENT_SET(state, es, vmcb->es);
    SEGMENT_SET(state, fs, vmcb->fs);
    SEGMENT_SET(state, gs, vmcb->gs);
    SEGMENT_SET(state, ss, vmcb->ss);
    SEGMENT_SET(state, tr, vmcb->tr);
    SEGMENT_SET(state, ldtr, vmcb->ldtr);
    vmcb->gdtr.base = state->gdtr_base;
    vmcb->gdtr.limit = state->gdtr_limit;
    vmcb->idtr.base = state->idtr_base;
    vmcb->idtr.limit = state->idtr_limit;
    vmcb->cr0 = state->cr0;
    vmcb->cr2 = state->cr2;
    vmcb->cr3 = state->cr3;
    vmcb->cr4 = state->cr4;
    vmcb->dr6 = state->dr6 | 0xffff0ff0u;
    vmcb->dr7 = (uint32_t)state->dr7 | 0x400u;
    vmcb->efer = (state->msr_efer & (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR)) | EFER_SVME;
    vmcb->cpl = (uint8_t)(state->ss_arbytes >> 5 & 3);
    vmcb->sysenter_cs = state->sysenter_cs;
    vmcb->sysenter_esp = state->sysenter_esp;
    vmcb->sysenter_eip = state->sysenter_eip;
    vmcb->kernel_gs_base = state->shadow_gs;
    vmcb->star = state->msr_star;
    vmcb->lstar = state->msr_lstar;
    vmcb->cstar = state->msr_cstar;
    vmcb->sfmask = state->msr_syscall_mask;
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
    paging->privilege_level = vmcb->cpl;
    paging->is_long_code = (vmcb->efer & EFER_LMA) && (vmcb->cs.attributes & SEGMENT_LONG);
    paging->is_32bit_code = vmcb->cs.attributes & SEGMENT_32BIT;
    paging->cs_base = vmcb->cs.base;
}
