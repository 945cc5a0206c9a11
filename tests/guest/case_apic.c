/* SPDX-License-Identifier: MIT */
/* The local APIC of one vCPU, in xAPIC and in x2APIC mode. */
#include "apic.h"
#include "cpu.h"
#include "test.h"

#define TIMER_VECTOR 0x61
#define IPI_VECTOR   0x62
#define TO_SELF      (1u << 18)

static const char *check_registers(void)
{
    EXPECT((apic_read(APIC_VERSION) & 0xff) >= 0x10);
    EXPECT((apic_read(APIC_VERSION) >> 16 & 0xff) >= 3);
    apic_write(APIC_TPR, 0x20);
    EXPECT_EQUAL(apic_read(APIC_TPR), 0x20);
    apic_write(APIC_TPR, 0);
    EXPECT_EQUAL(apic_read(APIC_TPR), 0);
    return NULL;
}

static const char *check_timer(void)
{
    unsigned long before = interrupt_count[TIMER_VECTOR];

    interrupt_needs_eoi[TIMER_VECTOR] = true;
    apic_write(APIC_TIMER_DIVIDE, 0xb);
    apic_write(APIC_TIMER, TIMER_VECTOR);
    apic_write(APIC_TIMER_INITIAL, 1000000);
    EXPECT(apic_read(APIC_TIMER_CURRENT) <= 1000000);
    interrupts_on();
    bool came = wait_for(interrupt_count[TIMER_VECTOR] > before, 5000);
    interrupts_off();
    EXPECT(came);
    EXPECT_EQUAL(interrupt_count[TIMER_VECTOR], before + 1);
    apic_write(APIC_TIMER, TIMER_VECTOR | 1u << 17); /* periodic */
    apic_write(APIC_TIMER_INITIAL, 1000000);
    before = interrupt_count[TIMER_VECTOR];
    interrupts_on();
    came = wait_for(interrupt_count[TIMER_VECTOR] >= before + 3, 5000);
    interrupts_off();
    apic_write(APIC_TIMER_INITIAL, 0);
    apic_write(APIC_TIMER, 1u << 16);
    EXPECT(came);
    return NULL;
}

static const char *check_self_ipi(void)
{
    unsigned long before = interrupt_count[IPI_VECTOR];

    interrupt_needs_eoi[IPI_VECTOR] = true;
    apic_write(APIC_TPR, 0xf0);
    interrupts_on();
    apic_send(TO_SELF | IPI_VECTOR, 0);
    bool too_early = wait_for(interrupt_count[IPI_VECTOR] > before, 5);
    apic_write(APIC_TPR, 0);
    bool came = wait_for(interrupt_count[IPI_VECTOR] > before, 2000);
    interrupts_off();
    EXPECT(!too_early);
    EXPECT(came);
    return NULL;
}

/* In xAPIC mode, by MMIO: version and task priority. */
TEST_CASE(xapic_registers, ANYWHERE)
{
    EXPECT(apic_set_mode(false));
    return check_registers();
}

/* In xAPIC mode: the timer fires once, and periodically. */
TEST_CASE(xapic_timer, ANYWHERE)
{
    EXPECT(apic_set_mode(false));
    return check_timer();
}

/* In xAPIC mode: an IPI to itself waits while the task priority forbids it, then comes. */
TEST_CASE(xapic_self_ipi, ANYWHERE)
{
    EXPECT(apic_set_mode(false));
    return check_self_ipi();
}

/* In x2APIC mode, by MSR: version and task priority. */
TEST_CASE(x2apic_registers, ANYWHERE)
{
    EXPECT(apic_set_mode(true));
    return check_registers();
}

/* In x2APIC mode: the timer fires once, and periodically. */
TEST_CASE(x2apic_timer, ANYWHERE)
{
    EXPECT(apic_set_mode(true));
    return check_timer();
}

/* In x2APIC mode: an IPI to itself waits while the task priority forbids it, then comes; also by the self-IPI register. */
TEST_CASE(x2apic_self_ipi, ANYWHERE)
{
    EXPECT(apic_set_mode(true));
    const char *why = check_self_ipi();
    if (why)
        return why;
    unsigned long before = interrupt_count[IPI_VECTOR];
    interrupts_on();
    EXPECT_EQUAL(write_msr(0x83f, IPI_VECTOR), 0);
    EXPECT(wait_for(interrupt_count[IPI_VECTOR] > before, 2000));
    return NULL;
}

/* A register that does not exist in x2APIC mode is #GP. */
TEST_CASE(x2apic_bad_register, ANYWHERE)
{
    uint64_t value;

    EXPECT(apic_set_mode(true));
    EXPECT_EQUAL(read_msr(0x801, &value), 13);
    EXPECT_EQUAL(write_msr(0x803, 0), 13);
    return NULL;
}
