/* SPDX-License-Identifier: MIT */
/*
 * The virtual local APIC: priorities, end of interrupt, both modes, messages between vCPUs, INIT and startup, its
 * timer.
 */

#include "../run_tests.h"
#include "fake_machine.h"
#include "registers.h"
#include "virtual_lapic.h"

#include <xen/hvm/save.h>

static void start(void) { fake_domain_create(4); }
static struct virtual_lapic *lapic(uint32_t id) { return fake_domain.vcpus[id]->arch.lapic; }
static struct vcpu *vcpu(uint32_t id) { return fake_domain.vcpus[id]; }

static void enable(uint32_t id, bool x2apic)
{
    if (x2apic)
        CU_ASSERT_TRUE(virtual_lapic_set_base(lapic(id), LAPIC_ADDRESS | APIC_BASE_ENABLED | APIC_BASE_X2APIC));
    CU_ASSERT_TRUE(virtual_lapic_write_register(lapic(id), LAPIC_SPURIOUS, 0x1ff));
}

static uint64_t get(uint32_t id, uint32_t number)
{
    uint64_t value = 0;
    CU_ASSERT_TRUE(virtual_lapic_read_register(lapic(id), number, &value));
    return value;
}

static void put(uint32_t id, uint32_t number, uint64_t value)
{
    CU_ASSERT_TRUE(virtual_lapic_write_register(lapic(id), number, value));
}

static void a_disabled_apic_takes_nothing(void)
{
    start();
    virtual_lapic_inject(vcpu(0), 0x40, false);
    CU_ASSERT_EQUAL(virtual_lapic_pending_vector(vcpu(0)), -1);
    enable(0, false);
    CU_ASSERT_EQUAL(virtual_lapic_pending_vector(vcpu(0)), -1);
    virtual_lapic_inject(vcpu(0), 15, false); /* reserved for exceptions */
    CU_ASSERT_EQUAL(virtual_lapic_pending_vector(vcpu(0)), -1);
    virtual_lapic_inject(vcpu(0), 0x40, false);
    CU_ASSERT_EQUAL(virtual_lapic_pending_vector(vcpu(0)), 0x40);
    CU_ASSERT_EQUAL(fake_notified, 1);
    virtual_lapic_inject(vcpu(0), 0x40, false); /* pending already */
    CU_ASSERT_EQUAL(fake_notified, 1);
}

static void priorities_nest(void)
{
    start();
    enable(0, false);
    virtual_lapic_inject(vcpu(0), 0x41, false);
    virtual_lapic_inject(vcpu(0), 0xef, false);
    CU_ASSERT_EQUAL(virtual_lapic_pending_vector(vcpu(0)), 0xef);
    virtual_lapic_accept(vcpu(0), 0xef);
    CU_ASSERT_EQUAL(virtual_lapic_pending_vector(vcpu(0)), -1);
    CU_ASSERT_EQUAL(get(0, LAPIC_PROCESSOR_PRIORITY), 0xe0);
    CU_ASSERT_EQUAL(get(0, LAPIC_IN_SERVICE + 7), 1u << 15);
    put(0, LAPIC_EOI, 0);
    CU_ASSERT_EQUAL(virtual_lapic_pending_vector(vcpu(0)), 0x41);
    virtual_lapic_accept(vcpu(0), 0x41);
    virtual_lapic_inject(vcpu(0), 0x4f, false); /* of the same class: waits */
    CU_ASSERT_EQUAL(virtual_lapic_pending_vector(vcpu(0)), -1);
    virtual_lapic_inject(vcpu(0), 0x50, false);
    CU_ASSERT_EQUAL(virtual_lapic_pending_vector(vcpu(0)), 0x50);
    virtual_lapic_set_cr8(vcpu(0), 5);
    CU_ASSERT_EQUAL(virtual_lapic_pending_vector(vcpu(0)), -1);
    CU_ASSERT_EQUAL(get(0, LAPIC_TASK_PRIORITY), 0x50);
    virtual_lapic_set_cr8(vcpu(0), 4);
    CU_ASSERT_EQUAL(virtual_lapic_pending_vector(vcpu(0)), 0x50);
    put(0, LAPIC_EOI, 0);
    put(0, LAPIC_EOI, 0); /* nothing in service: no harm */
}

static void level_end_reaches_the_ioapic(void)
{
    start();
    enable(0, true);
    virtual_lapic_inject(vcpu(0), 0x61, true);
    CU_ASSERT_EQUAL(get(0, LAPIC_TRIGGER_MODE + 3), 2);
    virtual_lapic_accept(vcpu(0), 0x61);
    put(0, LAPIC_EOI, 0);
    CU_ASSERT_EQUAL(fake_ended_vector, 0x61);
    fake_ended_vector = -1;
    virtual_lapic_inject(vcpu(0), 0x61, false);
    virtual_lapic_accept(vcpu(0), 0x61);
    put(0, LAPIC_EOI, 0);
    CU_ASSERT_EQUAL(fake_ended_vector, -1);
}

static void modes_have_their_registers(void)
{
    uint64_t value;
    start();
    enable(1, false);
    CU_ASSERT_EQUAL(get(1, LAPIC_ID), 2u << 24);
    put(1, LAPIC_LOGICAL_DESTINATION, 0x02ffffff);
    CU_ASSERT_EQUAL(get(1, LAPIC_LOGICAL_DESTINATION), 0x02000000);
    CU_ASSERT_EQUAL(get(1, LAPIC_DESTINATION_FORMAT), 0xffffffffu);
    enable(1, true);
    CU_ASSERT_EQUAL(get(1, LAPIC_ID), 2);
    CU_ASSERT_EQUAL(get(1, LAPIC_LOGICAL_DESTINATION), 1u << 2);
    CU_ASSERT_FALSE(virtual_lapic_read_register(lapic(1), LAPIC_DESTINATION_FORMAT, &value));
    CU_ASSERT_FALSE(virtual_lapic_write_register(lapic(1), LAPIC_LOGICAL_DESTINATION, 0));
    CU_ASSERT_FALSE(virtual_lapic_write_register(lapic(1), LAPIC_EOI, 1));
    CU_ASSERT_FALSE(virtual_lapic_write_register(lapic(1), LAPIC_SPURIOUS, 1ull << 32));
    CU_ASSERT_FALSE(virtual_lapic_read_register(lapic(1), 0x3d, &value));
    /* Back to xAPIC only by way of off; x2APIC without enable never; the address does not move. */
    CU_ASSERT_FALSE(virtual_lapic_set_base(lapic(1), LAPIC_ADDRESS | APIC_BASE_ENABLED));
    CU_ASSERT_FALSE(virtual_lapic_set_base(lapic(1), LAPIC_ADDRESS | APIC_BASE_X2APIC));
    CU_ASSERT_FALSE(virtual_lapic_set_base(lapic(1), 0x1000 | APIC_BASE_ENABLED | APIC_BASE_X2APIC));
    CU_ASSERT_TRUE(virtual_lapic_set_base(lapic(1), LAPIC_ADDRESS));
    CU_ASSERT_FALSE(virtual_lapic_set_base(lapic(1), LAPIC_ADDRESS | APIC_BASE_ENABLED | APIC_BASE_X2APIC));
    CU_ASSERT_TRUE(virtual_lapic_set_base(lapic(1), LAPIC_ADDRESS | APIC_BASE_ENABLED));
}

static int pending(uint32_t id) { return virtual_lapic_pending_vector(vcpu(id)); }

static void x2apic_messages(void)
{
    start();
    for (uint32_t i = 0; i < 4; i++)
        enable(i, true);
    put(0, LAPIC_COMMAND, 4ull << 32 | 0x70);              /* physical: APIC id 4 is vCPU 2 */
    CU_ASSERT_EQUAL(pending(2), 0x70);
    CU_ASSERT_EQUAL(pending(1), -1);
    put(0, LAPIC_COMMAND, 5ull << 32 | 0x71);              /* an id that nobody has */
    put(0, LAPIC_COMMAND, 0x44ull << 32 | 1u << 11 | 0x80); /* logical: ids 2 and 6 of cluster 0 */
    CU_ASSERT_EQUAL(pending(1), 0x80);
    CU_ASSERT_EQUAL(pending(3), 0x80);
    CU_ASSERT_EQUAL(pending(2), 0x70);
    put(0, LAPIC_COMMAND, 3u << 18 | 0x90);                /* all but self */
    CU_ASSERT_EQUAL(pending(0), -1);
    CU_ASSERT_EQUAL(pending(3), 0x90);
    put(3, LAPIC_COMMAND, 0xffffffffull << 32 | 0xa0);     /* broadcast */
    CU_ASSERT_EQUAL(pending(0), 0xa0);
    CU_ASSERT_EQUAL(pending(3), 0xa0);
    put(2, LAPIC_SELF_IPI, 0xb0);
    CU_ASSERT_EQUAL(pending(2), 0xb0);
    put(1, LAPIC_COMMAND, 4u << 8);                        /* NMI to APIC id 0 */
    CU_ASSERT_TRUE(virtual_lapic_take_nmi(vcpu(0)));
    CU_ASSERT_FALSE(virtual_lapic_take_nmi(vcpu(0)));
    put(0, LAPIC_COMMAND, 5);                              /* an illegal vector is reported */
    put(0, LAPIC_ERROR_STATUS, 0);
    CU_ASSERT_EQUAL(get(0, LAPIC_ERROR_STATUS), 1u << 5);
}

/* Two NMIs are one until it is taken; each wakes; a vCPU that is down gets none, nor later. INIT forgets them. */
static void nmis(void)
{
    start();
    enable(0, true);
    CU_ASSERT_FALSE(virtual_lapic_nmi_is_pending(vcpu(0)));
    CU_ASSERT_FALSE(virtual_lapic_take_nmi(vcpu(0)));
    virtual_lapic_raise_nmi(vcpu(0));
    virtual_lapic_raise_nmi(vcpu(0));
    CU_ASSERT_EQUAL(fake_notified, 2);
    CU_ASSERT_TRUE(virtual_lapic_nmi_is_pending(vcpu(0)));
    CU_ASSERT_TRUE(virtual_lapic_take_nmi(vcpu(0)));
    CU_ASSERT_FALSE(virtual_lapic_nmi_is_pending(vcpu(0)));
    CU_ASSERT_EQUAL(virtual_lapic_pending_vector(vcpu(0)), -1);

    virtual_lapic_raise_nmi(vcpu(1));
    put(0, LAPIC_COMMAND, 3u << 18 | 4u << 8);             /* to all but self, and they are down */
    CU_ASSERT_EQUAL(fake_notified, 2);
    vcpu(1)->is_up = true;
    CU_ASSERT_FALSE(virtual_lapic_nmi_is_pending(vcpu(1)));
    put(0, LAPIC_COMMAND, 3u << 18 | 4u << 8);
    CU_ASSERT_EQUAL(fake_notified, 3);
    CU_ASSERT_TRUE(virtual_lapic_nmi_is_pending(vcpu(1)));
    virtual_lapic_reset(vcpu(1), false);
    CU_ASSERT_FALSE(virtual_lapic_nmi_is_pending(vcpu(1)));
}

static void xapic_messages(void)
{
    start();
    for (uint32_t i = 0; i < 4; i++) {
        enable(i, false);
        put(i, LAPIC_LOGICAL_DESTINATION, 1u << (24 + i));
    }
    put(0, LAPIC_COMMAND_HIGH, 6u << 24);
    put(0, LAPIC_COMMAND, 0x70);
    CU_ASSERT_EQUAL(pending(3), 0x70);
    put(0, LAPIC_COMMAND_HIGH, 0x5u << 24);
    put(0, LAPIC_COMMAND, 1u << 11 | 0x71);                /* logical, flat: vCPUs 0 and 2 */
    CU_ASSERT_EQUAL(pending(0), 0x71);
    CU_ASSERT_EQUAL(pending(2), 0x71);
    CU_ASSERT_EQUAL(pending(1), -1);
    put(1, LAPIC_TASK_PRIORITY, 0x20);
    put(0, LAPIC_COMMAND_HIGH, 0x6u << 24);
    put(0, LAPIC_COMMAND, 1u << 11 | 1u << 8 | 0x91);      /* lowest priority of 1 and 2: 2 */
    CU_ASSERT_EQUAL(pending(2), 0x91);
    CU_ASSERT_EQUAL(pending(1), -1);
    /* The other model: clusters of four. */
    for (uint32_t i = 0; i < 4; i++) {
        put(i, LAPIC_DESTINATION_FORMAT, 0x0fffffff);
        put(i, LAPIC_LOGICAL_DESTINATION, (i / 2 << 4 | 1u << i % 2) << 24);
    }
    virtual_lapic_deliver(&fake_domain, 0x12, true, DELIVER_FIXED, 0xa1, false);
    CU_ASSERT_EQUAL(pending(3), 0xa1);
    CU_ASSERT_EQUAL(pending(1), -1);
}

static void init_and_startup(void)
{
    start();
    enable(0, true);
    put(0, LAPIC_COMMAND, 2ull << 32 | 6u << 8 | 0x9a);    /* a startup for one that waits from the beginning */
    CU_ASSERT_EQUAL(fake_started_vector[1], 0x9a);
    CU_ASSERT_TRUE(vcpu(1)->is_up);
    put(0, LAPIC_COMMAND, 2ull << 32 | 6u << 8 | 0x9b);    /* the second one that Linux sends finds it running */
    CU_ASSERT_EQUAL(fake_started_vector[1], 0x9a);
    enable(1, false);
    virtual_lapic_inject(vcpu(1), 0x33, false);
    put(0, LAPIC_COMMAND, 2ull << 32 | 1u << 15 | 1u << 14 | 5u << 8);
    CU_ASSERT_FALSE(vcpu(1)->is_up);
    put(0, LAPIC_COMMAND, 2ull << 32 | 1u << 15 | 5u << 8); /* level de-assert: nothing */
    put(0, LAPIC_COMMAND, 2ull << 32 | 6u << 8 | 0x10);
    CU_ASSERT_EQUAL(fake_started_vector[1], 0x10);
    CU_ASSERT_EQUAL(pending(1), -1);
    CU_ASSERT_EQUAL(get(1, LAPIC_SPURIOUS), 0xff);
}

static void timer_counts_and_ticks(void)
{
    start();
    enable(0, true);
    fake_time_ns = 1000;
    put(0, LAPIC_DIVIDE, 0xb);                             /* by 1: a tick is 10 ns */
    put(0, LAPIC_LVT_FIRST, 0x50);
    put(0, LAPIC_INITIAL_COUNT, 100);
    CU_ASSERT_EQUAL(lapic(0)->timer.deadline_ns, 2000);
    fake_time_ns = 1500;
    CU_ASSERT_EQUAL(get(0, LAPIC_CURRENT_COUNT), 50);
    fake_time_pass(2000);
    CU_ASSERT_EQUAL(pending(0), 0x50);
    CU_ASSERT_EQUAL(get(0, LAPIC_CURRENT_COUNT), 0);
    CU_ASSERT_FALSE(fake_timer_is_set(&lapic(0)->timer));
    /* Periodic, divided by 16; masked ticks raise nothing but the count goes on. */
    put(0, LAPIC_DIVIDE, 0x3);
    put(0, LAPIC_LVT_FIRST, LVT_TIMER_PERIODIC | LVT_MASKED | 0x51);
    put(0, LAPIC_INITIAL_COUNT, 1000000);
    fake_time_pass(2000 + 160000000);
    CU_ASSERT_EQUAL(pending(0), 0x50);
    CU_ASSERT_TRUE(fake_timer_is_set(&lapic(0)->timer));
    CU_ASSERT_EQUAL(lapic(0)->timer.deadline_ns, 2000 + 320000000);
    put(0, LAPIC_LVT_FIRST, LVT_TIMER_PERIODIC | 0x51);
    fake_time_pass(2000 + 5 * 160000000ull + 7);           /* behind by four: one tick, and on from now */
    CU_ASSERT_EQUAL(pending(0), 0x51);
    CU_ASSERT_TRUE(lapic(0)->timer.deadline_ns > fake_time_ns);
    put(0, LAPIC_INITIAL_COUNT, 0);
    CU_ASSERT_FALSE(fake_timer_is_set(&lapic(0)->timer));
    /* A period of 10 ns does not keep the hypervisor busy. */
    put(0, LAPIC_DIVIDE, 0xb);
    put(0, LAPIC_INITIAL_COUNT, 1);
    fake_time_pass(fake_time_ns + 10);
    CU_ASSERT_TRUE(lapic(0)->timer.deadline_ns >= fake_time_ns + 10000);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(a_disabled_apic_takes_nothing),
        TEST_CASE(priorities_nest),
        TEST_CASE(level_end_reaches_the_ioapic),
        TEST_CASE(modes_have_their_registers),
        TEST_CASE(x2apic_messages),
        TEST_CASE(nmis),
        TEST_CASE(xapic_messages),
        TEST_CASE(init_and_startup),
        TEST_CASE(timer_counts_and_ticks),
    };
    int status = RUN_TESTS("virtual local APIC", tests);
    fake_domain_destroy();
    return status;
}
