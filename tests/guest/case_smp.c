/* SPDX-License-Identifier: MIT */
/* The second vCPU: started by INIT and start-up IPIs, it answers IPIs and events. */
#include "apic.h"
#include "cpu.h"
#include "test.h"

#include <xen/hvm/hvm_op.h>
#include <xen/vcpu.h>

#define TRAMPOLINE_ADDRESS 0x8000ull
#define IPI_VECTOR 0x63
#define UPCALL_VECTOR UPCALL_VECTOR_OF(1)
#define TO_OTHERS (3u << 18)
#define COMMAND_INIT 0x500u
#define COMMAND_STARTUP 0x600u
#define LEVEL_ASSERT 0x4000u

extern uint8_t trampoline[], trampoline_end[];
static volatile unsigned long second_alive;
static volatile uint32_t second_apic_id;

void second_main(void) __attribute__((noreturn));
void second_main(void)
{
    interrupts_init_cpu();
    apic_set_mode(true);
    second_apic_id = apic_read(APIC_ID);
    second_alive++;
    for (;;)
        halt_once();
}

/* INIT and two start-up IPIs bring the second vCPU into our real-mode code, and it says so. */
TEST_CASE(smp_startup, ANYWHERE | TWO_CPUS)
{
    memcpy((void *)TRAMPOLINE_ADDRESS, trampoline, (size_t)(trampoline_end - trampoline));
    EXPECT(apic_set_mode(true));
    EXPECT_EQUAL(vcpu_op(VCPUOP_is_up, 1, 0), 0);
    apic_send(TO_OTHERS | LEVEL_ASSERT | COMMAND_INIT, 0);
    wait_for(false, 10);
    for (unsigned int i = 0; i < 2 && !second_alive; i++) {
        apic_send(TO_OTHERS | COMMAND_STARTUP | TRAMPOLINE_ADDRESS / PAGE_SIZE, 0);
        wait_for(second_alive, 200);
    }
    EXPECT(wait_for(second_alive, 5000));
    EXPECT_EQUAL(vcpu_op(VCPUOP_is_up, 1, 0), 1);
    EXPECT(second_apic_id != apic_read(APIC_ID));
    return NULL;
}

/* A halted second vCPU is woken by each of a hundred IPIs, in both addressing forms. */
TEST_CASE(smp_ipi, ANYWHERE | TWO_CPUS)
{
    EXPECT(second_alive);
    interrupt_needs_eoi[IPI_VECTOR] = true;
    for (unsigned int i = 0; i < 100; i++) {
        unsigned long before = interrupt_count[IPI_VECTOR];

        if (i % 2)
            apic_send(TO_OTHERS | IPI_VECTOR, 0);
        else
            apic_send(IPI_VECTOR, second_apic_id);
        if (!wait_for(interrupt_count[IPI_VECTOR] > before, 5000))
            return failure("IPI %u did not arrive", i);
    }
    return NULL;
}

/* An event bound to the second vCPU comes there as its upcall. */
TEST_CASE(smp_event, ANYWHERE | TWO_CPUS)
{
    struct xen_hvm_evtchn_upcall_vector upcall = { .vcpu = 1, .vector = UPCALL_VECTOR };

    EXPECT(second_alive);
    interrupt_needs_eoi[UPCALL_VECTOR] = true;
    vcpu_info_of(1)->evtchn_upcall_pending = 0;
    EXPECT_EQUAL(hvm_op(HVMOP_set_evtchn_upcall_vector, &upcall), 0);
    long port = event_bind_ipi(1);
    EXPECT(port > 0);
    /* It may come by the domain-wide vector too, where that has been set. */
    unsigned long before = interrupt_count[UPCALL_VECTOR] + interrupt_count[UPCALL_VECTOR_OF(0)];
    EXPECT_EQUAL(event_send((evtchn_port_t)port), 0);
    EXPECT(wait_for(interrupt_count[UPCALL_VECTOR] + interrupt_count[UPCALL_VECTOR_OF(0)] > before, 5000));
    event_clear((evtchn_port_t)port);
    EXPECT_EQUAL(event_close((evtchn_port_t)port), 0);
    return NULL;
}

/* The second vCPU counts as blocked while it halts. */
TEST_CASE(smp_runstate, ANYWHERE | TWO_CPUS)
{
    struct vcpu_runstate_info info;

    EXPECT(second_alive);
    EXPECT(wait_for(vcpu_op(VCPUOP_get_runstate_info, 1, &info) == 0 && info.state == RUNSTATE_blocked, 5000));
    EXPECT(info.time[RUNSTATE_running] > 0);
    return NULL;
}

/* VCPUOP_down takes the second vCPU away, and VCPUOP_up brings it back where it was. */
TEST_CASE(smp_down_up, ANYWHERE | TWO_CPUS)
{
    EXPECT(second_alive);
    EXPECT_EQUAL(vcpu_op(VCPUOP_down, 1, 0), 0);
    EXPECT_EQUAL(vcpu_op(VCPUOP_is_up, 1, 0), 0);
    unsigned long before = interrupt_count[IPI_VECTOR];
    apic_send(IPI_VECTOR, second_apic_id);
    EXPECT(!wait_for(interrupt_count[IPI_VECTOR] > before, 20));
    EXPECT_EQUAL(vcpu_op(VCPUOP_up, 1, 0), 0);
    EXPECT(wait_for(interrupt_count[IPI_VECTOR] > before, 5000));
    return NULL;
}
