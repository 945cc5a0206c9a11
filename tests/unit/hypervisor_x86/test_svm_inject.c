/* SPDX-License-Identifier: MIT */
/*
 * What a guest gets at its next entry: exceptions, NMIs and what was cut off as injected events; upcalls and interrupts
 * of its local APIC likewise, or, on QEMU and until it can take them, as the virtual interrupt.
 */
#include <string.h>

#include "../run_tests.h"
#include "cpu.h"
#include "fake_machine.h"
#include "registers.h"
#include "svm/svm.h"
#include "virtual_lapic.h"

#define CALLBACK 0xf3

static struct vcpu *v;
static struct vmcb *vmcb;

enum { ON_A_MACHINE, ON_QEMU };

static void start(int on)
{
    static struct vmcb block;
    static vcpu_info_t info;

    fake_domain_create(1);
    cpu_features.svm_repeats_interrupts = on == ON_QEMU;
    memset(&block, 0, sizeof(block));
    memset(&info, 0, sizeof(info));
    v = fake_domain.vcpus[0];
    v->info = &info;
    vmcb = v->arch.vmcb = &block;
    v->domain->arch.callback_vector = CALLBACK;
    v->arch.registers.rflags = RFLAGS_IF | RFLAGS_RESERVED;
    CU_ASSERT_TRUE(virtual_lapic_write_register(v->arch.lapic, LAPIC_SPURIOUS, 0x1ff)); /* turned on */
}

/* The guest was in, and has taken the virtual interrupt or not. */
static void leave(bool has_taken)
{
    if (has_taken)
        vmcb->virtual_irq = 0;
    if (v->arch.offered_vector)
        svm_take_back_offer(v);
}

static bool is_offered(uint8_t vector) { return (vmcb->virtual_irq & 1) && vmcb->virtual_irq_vector == vector; }

/* The end of the interrupt that is in service, as the guest's local APIC is told. */
static void end_interrupt(void) { CU_ASSERT_TRUE(virtual_lapic_write_register(v->arch.lapic, LAPIC_EOI, 0)); }

/* --- cases -------------------------------------------------------------------------------------------------------- */

/*
 * On QEMU an upcall is no injected event, even if the guest could take it at once: QEMU may deliver that twice, the
 * second time with interrupts off, and a kernel that holds a lock is dead then. Elsewhere it is, if the guest can take
 * it. No exit is asked for in any case.
 */
static void an_upcall(void)
{
    static const uint64_t flags[] = { RFLAGS_RESERVED, RFLAGS_IF | RFLAGS_RESERVED };
    for (int on = ON_A_MACHINE; on <= ON_QEMU; on++)
        for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
            for (unsigned int shadow = 0; shadow < 2; shadow++) {
                start(on);
                v->info->evtchn_upcall_pending = 1;
                v->arch.registers.rflags = flags[i];
                vmcb->interrupt_shadow = shadow;
                svm_inject(v);
                if (on == ON_A_MACHINE && (flags[i] & RFLAGS_IF) && !shadow) {
                    CU_ASSERT_EQUAL(vmcb->event_injection, EVENT_VALID | EVENT_TYPE_INTERRUPT | CALLBACK);
                    CU_ASSERT_EQUAL(vmcb->virtual_irq, 0);
                } else {
                    CU_ASSERT_EQUAL(vmcb->event_injection, 0);
                    CU_ASSERT(is_offered(CALLBACK));
                    CU_ASSERT_EQUAL(vmcb->virtual_irq_priority, 0x1f);
                }
                CU_ASSERT_EQUAL(vmcb->intercept_1 & INTERCEPT1_VINTR, 0);
                leave(true);
                v->info->evtchn_upcall_pending = 0;
                svm_inject(v);
                CU_ASSERT_EQUAL(vmcb->virtual_irq, 0);
                CU_ASSERT_EQUAL(vmcb->event_injection, 0);
            }
}

/* An upcall that the guest has seen without taking it is offered no more; without a vector nothing ever is. */
static void no_upcall(void)
{
    start(ON_QEMU);
    v->info->evtchn_upcall_pending = 1;
    svm_inject(v);
    v->info->evtchn_upcall_pending = 0;
    leave(false);
    svm_inject(v);
    CU_ASSERT_EQUAL(vmcb->virtual_irq, 0);
    v->info->evtchn_upcall_pending = 1;
    v->domain->arch.callback_vector = 0;
    svm_inject(v);
    CU_ASSERT_EQUAL(vmcb->virtual_irq, 0);
    v->domain->arch.callback_vector = CALLBACK;
    v->arch.upcall_vector = 0x40; /* told by its local APIC */
    svm_inject(v);
    CU_ASSERT_EQUAL(vmcb->virtual_irq, 0);
}

/* Offered at the priority of its class; taken, it is in service until its end; not taken, it is offered again. */
static void an_interrupt_is_offered(void)
{
    start(ON_QEMU);
    virtual_lapic_inject(v, 0x51, false);
    for (int i = 0; i < 3; i++) {
        svm_inject(v);
        CU_ASSERT(is_offered(0x51));
        CU_ASSERT_EQUAL(vmcb->virtual_irq_priority, 5);
        CU_ASSERT_EQUAL(vmcb->event_injection, 0);
        leave(i == 2);
    }
    virtual_lapic_inject(v, 0x41, false);
    svm_inject(v);
    CU_ASSERT_EQUAL(vmcb->virtual_irq, 0); /* a lower one waits for the end */
    leave(false);
    virtual_lapic_inject(v, 0x61, false);
    svm_inject(v);
    CU_ASSERT(is_offered(0x61));
    leave(true);
    end_interrupt();
    svm_inject(v);
    CU_ASSERT_EQUAL(vmcb->virtual_irq, 0);
    leave(false);
    end_interrupt();
    svm_inject(v);
    CU_ASSERT(is_offered(0x41));
}

/* Injected, it is in service at once; the upcall that waits with it has its turn at the next entry. */
static void an_interrupt_is_injected(void)
{
    start(ON_A_MACHINE);
    virtual_lapic_inject(v, 0x51, false);
    v->info->evtchn_upcall_pending = 1;
    svm_inject(v);
    CU_ASSERT_EQUAL(vmcb->event_injection, EVENT_VALID | EVENT_TYPE_INTERRUPT | 0x51);
    CU_ASSERT_EQUAL(vmcb->virtual_irq, 0);
    leave(false);
    CU_ASSERT_EQUAL(virtual_lapic_pending_vector(v), -1);
    v->arch.registers.rflags = RFLAGS_RESERVED; /* in its handler */
    svm_inject(v);
    CU_ASSERT_EQUAL(vmcb->event_injection, 0);
    CU_ASSERT(is_offered(CALLBACK));
    leave(false);
    v->arch.registers.rflags |= RFLAGS_IF;
    svm_inject(v);
    CU_ASSERT_EQUAL(vmcb->event_injection, EVENT_VALID | EVENT_TYPE_INTERRUPT | CALLBACK);
    CU_ASSERT_EQUAL(vmcb->virtual_irq, 0);
}

/* One that comes again while it is offered, before or after the guest has taken it, comes twice. */
static void an_edge_meets_an_offer(void)
{
    start(ON_QEMU);
    virtual_lapic_inject(v, 0x51, false);
    svm_inject(v);
    virtual_lapic_inject(v, 0x51, false);
    leave(true);
    svm_inject(v);
    CU_ASSERT_EQUAL(vmcb->virtual_irq, 0);
    leave(false);
    end_interrupt();
    svm_inject(v);
    CU_ASSERT(is_offered(0x51));
    leave(true);
    end_interrupt();
    svm_inject(v);
    CU_ASSERT_EQUAL(vmcb->virtual_irq, 0);
}

/* Both wait: the interrupt first, and the upcall as soon as that was taken. A higher one takes the offer's place. */
static void their_order(void)
{
    start(ON_QEMU);
    v->info->evtchn_upcall_pending = 1;
    virtual_lapic_inject(v, 0x51, false);
    svm_inject(v);
    CU_ASSERT(is_offered(0x51));
    leave(false);
    virtual_lapic_inject(v, 0x71, false);
    svm_inject(v);
    CU_ASSERT(is_offered(0x71));
    leave(true);
    svm_inject(v);
    CU_ASSERT(is_offered(CALLBACK));
    leave(true);
    v->info->evtchn_upcall_pending = 0;
    end_interrupt();
    svm_inject(v);
    CU_ASSERT(is_offered(0x51));
}

/* The task priority keeps interrupts back, not upcalls. */
static void the_task_priority(void)
{
    start(ON_QEMU);
    virtual_lapic_inject(v, 0x51, false);
    virtual_lapic_set_cr8(v, 5);
    svm_inject(v);
    CU_ASSERT_EQUAL(vmcb->virtual_irq, 0);
    CU_ASSERT_EQUAL(vmcb->virtual_tpr, 5);
    v->info->evtchn_upcall_pending = 1;
    svm_inject(v);
    CU_ASSERT(is_offered(CALLBACK));
    leave(false);
    virtual_lapic_set_cr8(v, 4);
    svm_inject(v);
    CU_ASSERT(is_offered(0x51));
}

/* What was cut off goes before a new exception; what an instruction has caused is not injected, that runs again. */
static void what_was_cut_off(void)
{
    static const struct { uint64_t info, injected; } events[] = {
        { EVENT_VALID | EVENT_TYPE_INTERRUPT | 0x51, EVENT_VALID | EVENT_TYPE_INTERRUPT | 0x51 },
        { EVENT_VALID | EVENT_TYPE_EXCEPTION | CALLBACK, EVENT_VALID | EVENT_TYPE_INTERRUPT | CALLBACK }, /* QEMU's */
        { EVENT_VALID | EVENT_TYPE_EXCEPTION | EVENT_CODE_VALID | 14 | 2ull << 32,
          EVENT_VALID | EVENT_TYPE_EXCEPTION | EVENT_CODE_VALID | 14 | 2ull << 32 },
        { EVENT_VALID | EVENT_TYPE_NMI | 2, EVENT_VALID | EVENT_TYPE_NMI | 2 },
        { EVENT_VALID | EVENT_TYPE_SOFTWARE | 0x80, 0 },
        { EVENT_VALID | EVENT_TYPE_EXCEPTION | 3, 0 },
        { EVENT_TYPE_INTERRUPT | 0x51, 0 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
        start(ON_QEMU);
        vmcb->exit_interrupt_info = events[i].info;
        svm_inject(v);
        CU_ASSERT_EQUAL(vmcb->event_injection, events[i].injected);
        CU_ASSERT_EQUAL(vmcb->exit_interrupt_info, 0);
    }
}

/* An exception goes beside an offered upcall: the guest takes it first. */
static void an_exception_and_an_upcall(void)
{
    start(ON_QEMU);
    v->arch.pending_exception = EXCEPTION_GP + 1;
    v->arch.pending_exception_has_code = true;
    v->arch.pending_exception_code = 8;
    v->info->evtchn_upcall_pending = 1;
    svm_inject(v);
    CU_ASSERT_EQUAL(vmcb->event_injection,
                    EVENT_VALID | EVENT_TYPE_EXCEPTION | EVENT_CODE_VALID | EXCEPTION_GP | 8ull << 32);
    CU_ASSERT(is_offered(CALLBACK));
    leave(true);
    svm_inject(v);
    CU_ASSERT_EQUAL(vmcb->event_injection, 0);
}

/* Between STI and HLT nothing is offered on QEMU, which would let it in: the guest halts, and then it is. */
static void nothing_before_a_halt(void)
{
    for (int halts = 0; halts < 2; halts++)
        for (int is_upcall = 0; is_upcall < 2; is_upcall++) {
            start(ON_QEMU);
            v->arch.halts_in_shadow = halts;
            vmcb->interrupt_shadow = 1;
            v->info->evtchn_upcall_pending = (uint8_t)is_upcall;
            if (!is_upcall)
                virtual_lapic_inject(v, 0x51, false);
            svm_inject(v);
            CU_ASSERT_EQUAL(vmcb->virtual_irq, !halts);
            leave(false);
            CU_ASSERT_EQUAL(virtual_lapic_pending_vector(v), is_upcall ? -1 : 0x51); /* it does not sleep */
            vmcb->interrupt_shadow = 0;
            svm_inject(v);
            CU_ASSERT(is_offered(is_upcall ? CALLBACK : 0x51));
        }
}

/* While an IRET is stepped over no interrupt is let in, also by QEMU: its frame would hold the trap flag. */
static void nothing_in_a_step(void)
{
    for (int on = ON_A_MACHINE; on <= ON_QEMU; on++) {
        start(on);
        v->arch.nmi = NMI_AT_IRET;
        v->arch.nmi_iret_rip = v->arch.registers.rip;
        v->arch.lapic->nmi_pending = true;
        v->info->evtchn_upcall_pending = 1;
        svm_inject(v);
        CU_ASSERT_EQUAL(v->arch.nmi, NMI_STEPPING);
        CU_ASSERT_EQUAL(vmcb->virtual_irq, 0);
        CU_ASSERT_EQUAL(vmcb->event_injection, 0);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(an_upcall),
        TEST_CASE(no_upcall),
        TEST_CASE(an_interrupt_is_offered),
        TEST_CASE(an_interrupt_is_injected),
        TEST_CASE(an_edge_meets_an_offer),
        TEST_CASE(their_order),
        TEST_CASE(the_task_priority),
        TEST_CASE(what_was_cut_off),
        TEST_CASE(an_exception_and_an_upcall),
        TEST_CASE(nothing_before_a_halt),
        TEST_CASE(nothing_in_a_step),
    };
    int status = RUN_TESTS("svm injection", tests);
    fake_domain_destroy();
    return status;
}
