/* SPDX-License-Identifier: MIT */
/* NMIs: one that comes while another is handled waits until that one's IRET has been executed. */
#include "apic.h"
#include "cpu.h"
#include "test.h"

#include <xen/vcpu.h>

#define DEBUG_VECTOR 1
#define NMI_VECTOR 2
#define COMMAND_NMI 0x4400u
#define RFLAGS_TRAP (1ull << 8)
#define RFLAGS_INTERRUPTS (1ull << 9)
#define DR6_SINGLE_STEP (1ull << 14)
#define ROUNDS 50u
#define STEPS_MAX 50000u

extern uint8_t interrupt_return[]; /* the IRET of every handler */

static volatile unsigned int depth, deepest, again;
static struct interrupt_frame frames[2]; /* of the first NMI, and of the one sent while that was handled */
static volatile unsigned int frame_count;

static void send_to_self(void)
{
    uint32_t id = apic_read(APIC_ID);

    apic_send(COMMAND_NMI, id > 0xff ? id >> 24 : id); /* in xAPIC mode the id is in the highest byte */
}

/* Sends itself as many NMIs as asked for. A CPUID in between is an exit, at which one could be let in. */
static void handler(struct interrupt_frame *frame)
{
    if (++depth > deepest)
        deepest = depth;
    if (frame_count < ARRAY_SIZE(frames))
        frames[frame_count] = *frame;
    frame_count++;
    for (; again; again--) {
        send_to_self();
        cpuid(0, 0);
    }
    depth--;
}

static void start(unsigned int sent_by_handler)
{
    depth = deepest = frame_count = 0;
    again = sent_by_handler;
    exception_handlers[NMI_VECTOR] = handler;
}

/* An NMI to itself comes once, with interrupts off too: from the local APIC in each mode, and by VCPUOP_send_nmi. */
TEST_CASE(nmi_to_self, ANYWHERE)
{
    for (int x2apic = 0; x2apic < 2; x2apic++) {
        EXPECT(apic_set_mode(x2apic));
        unsigned long before = interrupt_count[NMI_VECTOR];
        start(0);
        send_to_self();
        EXPECT(wait_for(frame_count, 1000));
        EXPECT(!wait_for(frame_count > 1, 2));
        EXPECT_EQUAL(interrupt_count[NMI_VECTOR], before + 1);
    }
    start(0);
    EXPECT_EQUAL(vcpu_op(VCPUOP_send_nmi, 0, 0), 0);
    EXPECT(wait_for(frame_count, 1000));
    EXPECT_EQUAL(vcpu_op(VCPUOP_send_nmi, 0, 8), -XEN_EINVAL);
    EXPECT_EQUAL(vcpu_op(VCPUOP_send_nmi, 4000, 0), -XEN_ENOENT);
    EXPECT(!wait_for(frame_count > 1, 2));
    return NULL;
}

static const char *check_nested(unsigned int sent_by_handler)
{
    uint64_t dr6;

    start(sent_by_handler);
    send_to_self();
    EXPECT(wait_for(frame_count >= 2, 1000));
    EXPECT(!wait_for(frame_count > 2, 2));
    EXPECT_EQUAL(deepest, 1);
    EXPECT(frames[1].rip != (uint64_t)interrupt_return); /* on whose frame its own would lie */
    EXPECT_EQUAL(frames[1].cs, frames[0].cs);
    EXPECT_EQUAL(frames[1].rflags & RFLAGS_INTERRUPTS, frames[0].rflags & RFLAGS_INTERRUPTS);
    EXPECT(!((frames[0].rflags | frames[1].rflags) & RFLAGS_TRAP));
    __asm__ volatile("movq %%dr6, %0" : "=r"(dr6));
    EXPECT(!(dr6 & DR6_SINGLE_STEP));
    return NULL;
}

/* One sent while another is handled comes after that one's IRET, with interrupts off and on; and again and again. */
TEST_CASE(nmi_waits_for_iret, ANYWHERE)
{
    EXPECT(apic_set_mode(true));
    for (unsigned int i = 0; i < ROUNDS; i++) {
        if (i % 2)
            interrupts_on();
        const char *why = check_nested(1);
        interrupts_off();
        if (why)
            return why;
    }
    return NULL;
}

/* Those sent while one is handled are one. */
TEST_CASE(nmi_several_are_one, ANYWHERE)
{
    EXPECT(apic_set_mode(true));
    return check_nested(3);
}

static volatile unsigned int steps;

static void count_step(struct interrupt_frame *frame)
{
    steps++;
}

/* A guest that steps through its own code goes on stepping after an NMI's IRET, over which the hypervisor stepped. */
TEST_CASE(nmi_leaves_stepping_alone, ANYWHERE)
{
    EXPECT(apic_set_mode(true));
    start(1);
    steps = 0;
    exception_handlers[DEBUG_VECTOR] = count_step;
    __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
    send_to_self();
    while (frame_count < 2 && steps < STEPS_MAX)
        __asm__ volatile("pause");
    __asm__ volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc");
    unsigned int before = steps;
    __asm__ volatile("nop; nop; nop");
    exception_handlers[DEBUG_VECTOR] = NULL;
    EXPECT_EQUAL(frame_count, 2);
    EXPECT_EQUAL(deepest, 1);
    EXPECT(before > 3 && before < STEPS_MAX);
    EXPECT_EQUAL(steps, before);
    return NULL;
}
