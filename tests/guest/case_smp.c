/* SPDX-License-Identifier: MIT */
/* The second vCPU: started by INIT and start-up IPIs, it answers IPIs and events. */
#include "apic.h"
#include "cpu.h"
#include "test.h"

#include <xen/hvm/hvm_op.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#define TRAMPOLINE_ADDRESS 0x8000ull
#define IPI_VECTOR 0x63
#define UPCALL_VECTOR UPCALL_VECTOR_OF(1)
#define TO_OTHERS (3u << 18)
#define COMMAND_INIT 0x500u
#define COMMAND_STARTUP 0x600u
#define COMMAND_NMI 0x4400u
#define LEVEL_ASSERT 0x4000u
#define NMI_VECTOR 2

extern uint8_t trampoline[], trampoline_end[];
static volatile unsigned long second_alive;
static volatile uint32_t second_apic_id;

/* Each vCPU's vector registers: what was put into them, and what was found there later. */
static uint8_t vectors_put[2][16][32], vectors_found[2][16][32];
static volatile bool vectors_wanted;
static volatile unsigned long vector_rounds[2], vector_losses[2];

#define VECTOR_ROUNDS 1000u
#define EACH_REGISTER(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) \
    DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)
#define LOAD_YMM(n) "vmovdqu 32*" #n "(%0), %%ymm" #n "\n"
#define STORE_YMM(n) "vmovdqu %%ymm" #n ", 32*" #n "(%0)\n"
#define LOAD_XMM(n) "movdqu 32*" #n "(%0), %%xmm" #n "\n"
#define STORE_XMM(n) "movdqu %%xmm" #n ", 32*" #n "(%0)\n"

/* Turns SSE on, and AVX where there is one: true. */
static bool enable_vectors(void)
{
    const uint32_t avx = 1u << 28 | 1u << 26; /* with XSAVE */
    bool has_avx = (cpuid(1, 0).ecx & avx) == avx;
    uint64_t cr4;

    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    cr4 |= 1u << 9 | (has_avx ? 1u << 18 : 0); /* OSFXSR, OSXSAVE */
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
    if (has_avx)
        __asm__ volatile("xsetbv" : : "a"(7), "d"(0), "c"(0));
    return has_avx;
}

/* Fills this vCPU's vector registers with what only it and this round have, yields, and looks at them again. */
static void keep_vectors(unsigned int vcpu)
{
    bool has_avx = enable_vectors();
    uint64_t end_ns = time_ns() + 5000 * NS_PER_MS;

    while (vectors_wanted) {
        for (unsigned int i = 0; i < sizeof(vectors_put[vcpu]); i++)
            vectors_put[vcpu][i / 32][i % 32] = (uint8_t)(i * 3 + vcpu * 101 + vector_rounds[vcpu] * 7);
        if (has_avx)
            __asm__ volatile(EACH_REGISTER(LOAD_YMM) : : "r"(vectors_put[vcpu]) : "memory");
        else
            __asm__ volatile(EACH_REGISTER(LOAD_XMM) : : "r"(vectors_put[vcpu]) : "memory");
        sched_op(SCHEDOP_yield, 0);
        if (has_avx)
            __asm__ volatile(EACH_REGISTER(STORE_YMM) : : "r"(vectors_found[vcpu]) : "memory");
        else
            __asm__ volatile(EACH_REGISTER(STORE_XMM) : : "r"(vectors_found[vcpu]) : "memory");
        for (unsigned int i = 0; i < 16; i++)
            for (unsigned int j = 0; j < (has_avx ? 32u : 16u); j++)
                if (vectors_found[vcpu][i][j] != vectors_put[vcpu][i][j])
                    vector_losses[vcpu]++;
        vector_rounds[vcpu]++;
        bool is_done = vector_rounds[0] >= VECTOR_ROUNDS && vector_rounds[1] >= VECTOR_ROUNDS;
        if (vcpu == 0 && (is_done || time_ns() > end_ns))
            vectors_wanted = false;
    }
}

void second_main(void) __attribute__((noreturn));
void second_main(void)
{
    interrupts_init_cpu();
    apic_set_mode(true);
    second_apic_id = apic_read(APIC_ID);
    second_alive++;
    for (;;) {
        halt_once();
        keep_vectors(1);
    }
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

static volatile unsigned long second_nmis;

static void count_nmi(struct interrupt_frame *frame)
{
    second_nmis += apic_read(APIC_ID) == second_apic_id;
}

/* A halted second vCPU is woken by each of a hundred NMIs, in both addressing forms. */
TEST_CASE(smp_nmi, ANYWHERE | TWO_CPUS)
{
    EXPECT(second_alive);
    exception_handlers[NMI_VECTOR] = count_nmi;
    for (unsigned long i = 0; i < 100; i++) {
        if (i % 2)
            apic_send(TO_OTHERS | COMMAND_NMI, 0);
        else
            apic_send(COMMAND_NMI, second_apic_id);
        if (!wait_for(second_nmis > i, 5000))
            return failure("NMI %lu did not arrive", i);
        EXPECT_EQUAL(second_nmis, i + 1);
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

/* Two vCPUs that yield to each other, on one CPU where they are pinned so, keep their own SSE and AVX registers. */
TEST_CASE(smp_vector_registers, ANYWHERE | TWO_CPUS)
{
    EXPECT(second_alive);
    vectors_wanted = true;
    apic_send(IPI_VECTOR, second_apic_id);
    keep_vectors(0);
    EXPECT(vector_rounds[0] >= VECTOR_ROUNDS && vector_rounds[1] >= VECTOR_ROUNDS);
    EXPECT_EQUAL(vector_losses[0], 0);
    EXPECT_EQUAL(vector_losses[1], 0);
    return NULL;
}

/* VCPUOP_down takes the second vCPU away, and VCPUOP_up brings it back where it was. No NMI runs on it meanwhile. */
TEST_CASE(smp_down_up, ANYWHERE | TWO_CPUS)
{
    EXPECT(second_alive);
    EXPECT_EQUAL(vcpu_op(VCPUOP_down, 1, 0), 0);
    EXPECT_EQUAL(vcpu_op(VCPUOP_is_up, 1, 0), 0);
    unsigned long before = interrupt_count[IPI_VECTOR];
    apic_send(IPI_VECTOR, second_apic_id);
    unsigned long nmis = second_nmis;
    apic_send(COMMAND_NMI, second_apic_id);
    EXPECT(!wait_for(interrupt_count[IPI_VECTOR] > before || second_nmis > nmis, 20));
    EXPECT_EQUAL(vcpu_op(VCPUOP_up, 1, 0), 0);
    EXPECT(wait_for(interrupt_count[IPI_VECTOR] > before, 5000));
    return NULL;
}
