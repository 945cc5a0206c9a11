/* SPDX-License-Identifier: MIT */
/*
 * What a guest takes at its next entry (APM 2, 15.20): first what was cut off at the last exit, then an exception, an
 * NMI, the event upcall, an interrupt of its local APIC. What cannot be taken yet is waited for by a virtual interrupt
 * that exits as soon as the guest could take one.
 */
#include "svm.h"

#include "registers.h"

/*
 * A vector whose delivery, begun before the exit, must be begun again; a software interrupt's instruction runs again.
 */
static bool must_deliver_again(uint64_t event)
{
    uint64_t type = event & EVENT_TYPE_MASK;
    uint8_t vector = (uint8_t)event;
    if (!(event & EVENT_VALID) || type == EVENT_TYPE_SOFTWARE)
        return false;
    return type != EVENT_TYPE_EXCEPTION || (vector != 3 && vector != 4); /* INT3 and INTO are instructions too */
}

static uint64_t take_exception(struct vcpu *v)
{
    uint64_t event = EVENT_VALID | EVENT_TYPE_EXCEPTION | (uint8_t)(v->arch.pending_exception - 1);
    if (v->arch.pending_exception_has_code)
        event |= EVENT_CODE_VALID | (uint64_t)v->arch.pending_exception_code << 32;
    v->arch.pending_exception = 0;
    return event;
}

/* The next NMI waits for this one's IRET. */
static uint64_t take_nmi(struct vcpu *v)
{
    v->arch.nmi_blocked = true;
    v->arch.vmcb->intercept_1 |= INTERCEPT1_IRET;
    return EVENT_VALID | EVENT_TYPE_NMI | 2;
}

static void set_interrupt_window(struct vmcb *vmcb, bool wanted)
{
    if (wanted) {
        vmcb->virtual_irq = 1;
        vmcb->virtual_irq_priority = 0x1f; /* highest, whatever the task priority */
        vmcb->intercept_1 |= INTERCEPT1_VINTR;
    } else if (vmcb->virtual_irq) {
        vmcb->virtual_irq = 0;
        vmcb->intercept_1 &= ~INTERCEPT1_VINTR;
    }
}

void svm_inject(struct vcpu *v)
{
    struct vmcb *vmcb = v->arch.vmcb;
    uint64_t event = 0;

    if (unlikely(must_deliver_again(vmcb->exit_interrupt_info)))
        event = vmcb->exit_interrupt_info;
    else if (unlikely(v->arch.pending_exception))
        event = take_exception(v);
    else if (unlikely(!v->arch.nmi_blocked && virtual_lapic_take_nmi(v)))
        event = take_nmi(v);
    vmcb->exit_interrupt_info = 0;

    bool upcall = event_is_pending(v->info) && v->domain->arch.callback_vector && !v->arch.upcall_vector;
    int vector = virtual_lapic_pending_vector(v);
    bool can_take = !event && (v->arch.registers.rflags & RFLAGS_IF) && !vmcb->interrupt_shadow;
    if (can_take && upcall) {
        event = EVENT_VALID | EVENT_TYPE_INTERRUPT | v->domain->arch.callback_vector;
        upcall = false;
    } else if (can_take && vector >= 0) {
        virtual_lapic_accept(v, (uint8_t)vector);
        event = EVENT_VALID | EVENT_TYPE_INTERRUPT | (uint8_t)vector;
        vector = virtual_lapic_pending_vector(v);
    }
    vmcb->event_injection = event;
    set_interrupt_window(vmcb, upcall || vector >= 0);
    vmcb->virtual_tpr = virtual_lapic_get_cr8(v);
}
