/* SPDX-License-Identifier: MIT */
/*
 * What a guest takes at its next entry (APM 2, 15.20): first what was cut off at the last exit, then an exception, an
 * NMI, an interrupt of its local APIC, the event upcall. An interrupt that it cannot take yet it takes by itself as
 * soon as it can: it is offered as the virtual interrupt (15.21.4). No exit tells of that moment; the next exit looks
 * whether it was taken.
 *
 * On QEMU all interrupts are offered, none injected: QEMU 7.2 delivers an injected one again, whatever the guest's
 * interrupt flag, if it turns to another task before the guest's next exit or exception (its helper_vmrun leaves
 * exception_index set, and cpu_handle_interrupt goes by that).
 */
#include "svm.h"

#include "cpu.h"
#include "registers.h"

#define PRIORITY_ABOVE_ALL 0x1f /* V_IGN_TPR: whatever the task priority */

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

/* QEMU calls a virtual interrupt whose delivery it had begun an exception, of a vector that no exception has. */
static uint64_t deliver_again(uint64_t event)
{
    bool is_interrupt = (event & EVENT_TYPE_MASK) == EVENT_TYPE_EXCEPTION && (uint8_t)event >= 32;
    return is_interrupt ? (event & ~EVENT_TYPE_MASK) | EVENT_TYPE_INTERRUPT : event;
}

static uint64_t take_exception(struct vcpu *v)
{
    uint64_t event = EVENT_VALID | EVENT_TYPE_EXCEPTION | (uint8_t)(v->arch.pending_exception - 1);
    if (v->arch.pending_exception_has_code)
        event |= EVENT_CODE_VALID | (uint64_t)v->arch.pending_exception_code << 32;
    v->arch.pending_exception = 0;
    return event;
}

/*
 * An NMI is pending: it is taken, unless the IRET of the one before is still to come. If that is the next instruction,
 * it is stepped over (an exit_debug follows) with interrupts held off, so that no frame gets a copy of the trap flag.
 */
static uint64_t take_nmi(struct vcpu *v)
{
    struct guest_registers *registers = &v->arch.registers;
    struct vmcb *vmcb = v->arch.vmcb;

    if (v->arch.nmi == NMI_HANDLED)
        return 0;
    if (v->arch.nmi != NMI_NONE && registers->rip == v->arch.nmi_iret_rip) {
        if (!(registers->rflags & RFLAGS_TF)) /* else the guest steps, and the trap is its own */
            v->arch.nmi = NMI_STEPPING;
        registers->rflags |= RFLAGS_TF;
        vmcb->interrupt_shadow = 1;
        return 0;
    }
    if (!virtual_lapic_take_nmi(v))
        return 0;
    v->arch.nmi = NMI_HANDLED;
    vmcb->intercept_1 |= INTERCEPT1_IRET;
    return EVENT_VALID | EVENT_TYPE_NMI | 2;
}

/* True if v takes the vector at this entry, false if it is offered until v can. */
static bool give(struct vcpu *v, uint8_t vector, uint8_t priority)
{
    struct vmcb *vmcb = v->arch.vmcb;

    if (!cpu_features.svm_repeats_interrupts && !vmcb->event_injection && !vmcb->interrupt_shadow &&
        (v->arch.registers.rflags & RFLAGS_IF)) {
        vmcb->event_injection = EVENT_VALID | EVENT_TYPE_INTERRUPT | vector;
        return true;
    }
    vmcb->virtual_irq_vector = vector;
    vmcb->virtual_irq_priority = priority;
    vmcb->virtual_irq = 1;
    return false;
}

/*
 * The local APIC's interrupt goes before the upcall: its end is an exit, after which the upcall's turn comes, while
 * nothing tells of the end of an upcall.
 */
static void give_interrupt(struct vcpu *v, struct vmcb *vmcb)
{
    int vector = virtual_lapic_pending_vector(v);

    vmcb->virtual_irq = 0;
    if (unlikely(v->arch.nmi == NMI_STEPPING || (vmcb->interrupt_shadow && v->arch.halts_in_shadow)))
        return; /* an exit is near */
    if (unlikely(vector >= 0)) {
        virtual_lapic_accept(v, (uint8_t)vector);
        if (!give(v, (uint8_t)vector, (uint8_t)vector >> 4))
            v->arch.offered_vector = (uint8_t)vector;
    } else if (event_is_pending(v->info) && v->domain->arch.callback_vector && !v->arch.upcall_vector) {
        give(v, v->domain->arch.callback_vector, PRIORITY_ABOVE_ALL);
    }
}

void svm_take_back_offer(struct vcpu *v)
{
    if (v->arch.vmcb->virtual_irq & 1)
        virtual_lapic_withdraw(v, v->arch.offered_vector);
    v->arch.offered_vector = 0;
}

void svm_inject(struct vcpu *v)
{
    struct vmcb *vmcb = v->arch.vmcb;
    uint64_t event = 0;

    if (unlikely(must_deliver_again(vmcb->exit_interrupt_info)))
        event = deliver_again(vmcb->exit_interrupt_info);
    else if (unlikely(v->arch.pending_exception))
        event = take_exception(v);
    else if (unlikely(virtual_lapic_nmi_is_pending(v)))
        event = take_nmi(v);
    vmcb->exit_interrupt_info = 0;
    vmcb->event_injection = event;
    give_interrupt(v, vmcb);
    vmcb->virtual_tpr = virtual_lapic_get_cr8(v);
}
