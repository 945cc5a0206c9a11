/* SPDX-License-Identifier: MIT */
/*
 * Moving past an intercepted instruction: by what NRIP save has stored in the control block, and without it by the
 * bytes at rip; and NMIs, from their injection to the end of their handler. Exits go through svm_handle_exit as they do
 * on a machine; what the handlers call is recorded here.
 */
#include <string.h>

#include "../run_tests.h"
#include "cpu.h"
#include "domain_zero.h"
#include "fake_pages.h"
#include "p2m.h"
#include "registers.h"
#include "svm/svm.h"
#include "virtual_lapic.h"

#define RIP 0xffffffff81001000ull

/* --- what the handlers call --------------------------------------------------------------------------------------- */

static uint8_t code[32];                /* what is at code_address */
static uint64_t code_address;
static size_t code_readable;            /* so many bytes of it can be read */
static unsigned int fetches, actions;   /* guest_fetch; what an instruction does */
static int exception;                   /* the last one injected; -1: none */
static int msr_error;
static bool continue_hypercall;

size_t guest_fetch(struct vcpu *v, uint64_t linear, void *buffer, size_t n)
{
    fetches++;
    if (linear != code_address)
        return 0;
    n = MIN(n, MIN(code_readable, sizeof(code)));
    memcpy(buffer, code, n);
    return n;
}

void guest_inject_exception(struct vcpu *v, uint8_t vector, uint32_t error_code) { exception = vector; }
void cpuid_exit(struct vcpu *v) { actions++; }
void vcpu_block(struct vcpu *v) { actions++; }
void vcpu_retire(struct vcpu *v) { actions++; }

int msr_read(struct vcpu *v, uint32_t index, uint64_t *value)
{
    actions++;
    *value = 0x1122334455667788ull;
    return msr_error;
}

int msr_write(struct vcpu *v, uint32_t index, uint64_t value)
{
    actions++;
    return msr_error;
}

void io_port_access(struct vcpu *v, uint16_t port, unsigned int size, bool is_in, uint32_t *value) { actions++; }
bool mmio_access(struct vcpu *v, uint64_t guest_physical, bool is_write) { return true; }
bool domain_zero_map_device(struct domain *d, gfn_t gfn) { return false; }
void domain_shutdown(struct domain *d, uint32_t reason) { actions++; }
void domain_crash(struct domain *d, const char *format, ...) { actions++; }

static long a_hypercall(struct hypercall *call)
{
    actions++;
    if (continue_hypercall) {
        call->argument[0]++;
        return hypercall_continue(call);
    }
    return 7;
}

hypercall_handler *const hypercall_table[HYPERCALL_COUNT] = { a_hypercall };

/* --- one vCPU ----------------------------------------------------------------------------------------------------- */

static struct vcpu *v;
static struct vmcb *vmcb;

enum { WITHOUT_NRIP, WITH_NRIP };

/* A vCPU in the kernel's 64-bit code. */
static void start(int nrip_save)
{
    static struct vmcb block;

    fake_pages_start();
    fake_domain_create(1);
    CU_ASSERT_EQUAL_FATAL(p2m_create(&fake_domain), 0);
    cpu_features.svm_nrip_save = nrip_save == WITH_NRIP;
    memset(&block, 0, sizeof(block));
    v = fake_domain.vcpus[0];
    vmcb = v->arch.vmcb = &block;
    vmcb->efer = EFER_LME | EFER_LMA | EFER_SVME;
    vmcb->cs.attributes = SEGMENT_LONG;
    vmcb->cs.base = 0x12340000; /* without meaning in 64-bit code */
    v->arch.registers.rflags = RFLAGS_IF | RFLAGS_RESERVED;
    msr_error = 0;
    continue_hypercall = false;
}

static void put_code(uint64_t address, const uint8_t *bytes, size_t count)
{
    memset(code, 0xcc, sizeof(code));
    memcpy(code, bytes, count);
    code_address = address;
    code_readable = sizeof(code);
}

/* One exit at rip; how far rip has moved. */
static uint64_t leave(uint32_t exit_code, uint64_t rip, uint64_t next_rip)
{
    v->arch.registers.rip = rip;
    v->arch.registers.rax = 0;
    vmcb->exit_code = exit_code;
    vmcb->next_rip = next_rip;
    vmcb->virtual_tpr = virtual_lapic_get_cr8(v);
    fetches = actions = 0;
    exception = -1;
    svm_handle_exit(v);
    return v->arch.registers.rip - rip;
}

/* --- cases -------------------------------------------------------------------------------------------------------- */

static const struct intercepted {
    uint32_t exit_code;
    uint64_t info_1;
    uint8_t length;
    uint8_t bytes[3];
    unsigned int actions;
} instructions[] = {
    { EXIT_VMMCALL, 0, 3, { 0x0f, 0x01, 0xd9 }, 1 }, { EXIT_CPUID, 0, 2, { 0x0f, 0xa2 }, 1 },
    { EXIT_HLT, 0, 1, { 0xf4 }, 1 },                 { EXIT_MSR, 0, 2, { 0x0f, 0x32 }, 1 },
    { EXIT_MSR, 1, 2, { 0x0f, 0x30 }, 1 },           { EXIT_INVD, 0, 2, { 0x0f, 0x08 }, 0 },
    { EXIT_WBINVD, 0, 2, { 0x0f, 0x09 }, 0 },
};

/* Every instruction that is skipped, plain and with prefixes: both ways come to the same next instruction. */
static void both_ways_agree(void)
{
    static const struct { size_t count; uint8_t bytes[4]; } prefixes[] = {
        { 0, { 0 } }, { 1, { 0x66 } }, { 1, { 0x48 } }, { 3, { 0x2e, 0xf3, 0x4f } }, { 4, { 0x66, 0x67, 0xf2, 0x65 } },
    };
    for (int nrip = WITHOUT_NRIP; nrip <= WITH_NRIP; nrip++)
        for (size_t i = 0; i < ARRAY_SIZE(instructions); i++)
            for (size_t p = 0; p < ARRAY_SIZE(prefixes); p++) {
                const struct intercepted *in = &instructions[i];
                uint8_t bytes[8];
                uint64_t length = prefixes[p].count + in->length;
                memcpy(bytes, prefixes[p].bytes, prefixes[p].count);
                memcpy(bytes + prefixes[p].count, in->bytes, in->length);
                start(nrip);
                put_code(RIP, bytes, length);
                vmcb->exit_info_1 = in->info_1;
                vmcb->interrupt_shadow = 1;
                CU_ASSERT_EQUAL(leave(in->exit_code, RIP, nrip ? RIP + length : 0), length);
                CU_ASSERT_EQUAL(actions, in->actions);
                CU_ASSERT_EQUAL(fetches, nrip ? 0 : 1);
                CU_ASSERT_EQUAL(vmcb->interrupt_shadow, 0);
                CU_ASSERT_EQUAL(exception, -1);
            }
}

/* With NRIP save the block's word counts, not what other CPUs have made of the bytes since; without it, only they. */
static void the_saved_rip_counts(void)
{
    static const uint8_t other_code[] = { 0x90, 0x90 }, cpuid_code[] = { 0x0f, 0xa2 };
    start(WITH_NRIP);
    put_code(RIP, other_code, sizeof(other_code));
    CU_ASSERT_EQUAL(leave(EXIT_CPUID, RIP, RIP + 7), 7);
    CU_ASSERT_EQUAL(actions, 1);
    CU_ASSERT_EQUAL(leave(EXIT_CPUID, RIP, RIP + 15), 15);
    CU_ASSERT_EQUAL(leave(EXIT_CPUID, RIP, RIP + 1), 1);
    CU_ASSERT_EQUAL(fetches, 0);
    start(WITHOUT_NRIP);
    put_code(RIP, cpuid_code, sizeof(cpuid_code));
    CU_ASSERT_EQUAL(leave(EXIT_CPUID, RIP, RIP + 7), 2); /* such a processor leaves anything there */
}

/*
 * A next rip that no instruction can have: 0 is what hardware stores for the exits that are not an instruction's.
 * Nothing is done and nothing skipped: the guest executes it again.
 */
static void a_next_rip_that_is_none(void)
{
    const uint64_t next_rips[] = { 0, RIP, RIP - 1, RIP + 16, ~0ull };
    for (size_t i = 0; i < ARRAY_SIZE(next_rips); i++)
        for (size_t n = 0; n < ARRAY_SIZE(instructions); n++) {
            start(WITH_NRIP);
            vmcb->exit_info_1 = instructions[n].info_1;
            vmcb->interrupt_shadow = 1;
            CU_ASSERT_EQUAL(leave(instructions[n].exit_code, RIP, next_rips[i]), 0);
            CU_ASSERT_EQUAL(actions, 0);
            CU_ASSERT_EQUAL(vmcb->interrupt_shadow, 1);
        }
}

/* Exits that are not an instruction's move nothing, whatever is left in the block from an earlier one. */
static void exits_of_other_kinds(void)
{
    static const uint32_t exits[] = {
        EXIT_NMI, EXIT_SMI, EXIT_IRET, EXIT_EXCEPTION_0 + EXCEPTION_DB, EXIT_EXCEPTION_0 + EXCEPTION_AC,
        EXIT_NESTED_PAGE_FAULT, EXIT_RDPMC, EXIT_VMRUN, EXIT_SHUTDOWN, EXIT_TASK_SWITCH,
    };
    for (int nrip = WITHOUT_NRIP; nrip <= WITH_NRIP; nrip++)
        for (size_t i = 0; i < ARRAY_SIZE(exits); i++) {
            start(nrip);
            CU_ASSERT_EQUAL(leave(exits[i], RIP, RIP + 3), 0);
            CU_ASSERT_EQUAL(fetches, 0);
        }
}

/* A port's exit tells the next instruction by itself, on every processor. */
static void ports_tell_it_themselves(void)
{
    for (int nrip = WITHOUT_NRIP; nrip <= WITH_NRIP; nrip++) {
        start(nrip);
        vmcb->exit_info_1 = 0x70u << 16 | 1u << 4; /* out to port 0x70, one byte */
        vmcb->exit_info_2 = RIP + 2;
        CU_ASSERT_EQUAL(leave(EXIT_IO, RIP, RIP + 9), 2);
        CU_ASSERT_EQUAL(actions, 1);
        CU_ASSERT_EQUAL(fetches, 0);
        vmcb->exit_info_1 |= 1u << 2; /* a string of bytes is refused, and stays where it is */
        CU_ASSERT_EQUAL(leave(EXIT_IO, RIP, RIP + 9), 0);
        CU_ASSERT_EQUAL(exception, EXCEPTION_GP);
        CU_ASSERT_EQUAL(actions, 0);
    }
}

/* Without NRIP save: bytes that cannot be read, or are not that instruction any more. */
static void bytes_that_do_not_tell(void)
{
    static const uint8_t cpuid_code[] = { 0x66, 0x0f, 0xa2 }, prefixes_only[15] = {
        0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
    };
    uint8_t longest[15];
    start(WITHOUT_NRIP);
    put_code(RIP, cpuid_code, sizeof(cpuid_code));
    for (code_readable = 0; code_readable < 3; code_readable++) {
        CU_ASSERT_EQUAL(leave(EXIT_CPUID, RIP, 0), 0);
        CU_ASSERT_EQUAL(actions, 0);
        CU_ASSERT_EQUAL(fetches, 1); /* and it is not kept as an answer */
    }
    CU_ASSERT_EQUAL(leave(EXIT_CPUID, RIP, 0), 3);
    CU_ASSERT_EQUAL(leave(EXIT_HLT, RIP, 0), 0);
    CU_ASSERT_EQUAL(leave(EXIT_MSR, RIP, 0), 0);
    vmcb->cpl = 3; /* read each time: what an earlier read has left behind is no byte of this one */
    put_code(RIP, (const uint8_t[]){ 0x0f, 0x32 }, 2);
    CU_ASSERT_EQUAL(leave(EXIT_MSR, RIP, 0), 2);
    code_readable = 1;
    CU_ASSERT_EQUAL(leave(EXIT_MSR, RIP, 0), 0);
    vmcb->cpl = 0;
    put_code(RIP, prefixes_only, sizeof(prefixes_only));
    CU_ASSERT_EQUAL(leave(EXIT_WBINVD, RIP, 0), 0);
    memcpy(longest, prefixes_only, 13);
    memcpy(longest + 13, (const uint8_t[]){ 0x0f, 0x09 }, 2);
    put_code(RIP, longest, sizeof(longest));
    CU_ASSERT_EQUAL(leave(EXIT_WBINVD, RIP, 0), 15);
}

/* Lengths in the kernel's code are read once; those of programs each time, for another one may be at that address. */
static void lengths_are_kept_for_the_kernel(void)
{
    static const uint8_t cpuid_code[] = { 0x0f, 0xa2 }, long_cpuid[] = { 0x66, 0x0f, 0xa2 }, hlt_code[] = { 0xf4 };
    start(WITHOUT_NRIP);
    put_code(RIP, cpuid_code, sizeof(cpuid_code));
    CU_ASSERT_EQUAL(leave(EXIT_CPUID, RIP, 0), 2);
    CU_ASSERT_EQUAL(fetches, 1);
    CU_ASSERT_EQUAL(leave(EXIT_CPUID, RIP, 0), 2);
    CU_ASSERT_EQUAL(fetches, 0);
    put_code(RIP, hlt_code, sizeof(hlt_code)); /* another instruction at the same place */
    CU_ASSERT_EQUAL(leave(EXIT_HLT, RIP, 0), 1);
    CU_ASSERT_EQUAL(fetches, 1);

    put_code(0x400000, cpuid_code, sizeof(cpuid_code));
    CU_ASSERT_EQUAL(leave(EXIT_CPUID, 0x400000, 0), 2);
    vmcb->cpl = 3;
    put_code(0x400000, long_cpuid, sizeof(long_cpuid));
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(leave(EXIT_CPUID, 0x400000, 0), 3);
        CU_ASSERT_EQUAL(fetches, 1);
    }
}

/* In 32-bit code rip is an offset in the segment, and has 32 bits. */
static void code_of_32_bits(void)
{
    static const uint8_t cpuid_code[] = { 0x0f, 0xa2 }, inc_cpuid[] = { 0x48, 0x0f, 0xa2 };
    for (int nrip = WITHOUT_NRIP; nrip <= WITH_NRIP; nrip++) {
        start(nrip);
        vmcb->cs.attributes = SEGMENT_32BIT;
        put_code(0x12340000ull + 0x1000, cpuid_code, sizeof(cpuid_code));
        CU_ASSERT_EQUAL(leave(EXIT_CPUID, 0x1000, 0x1002), 2);
        put_code(0x12340000ull + 0xfffffffe, cpuid_code, sizeof(cpuid_code));
        leave(EXIT_CPUID, 0xfffffffe, 0x100000000ull);
        CU_ASSERT_EQUAL(v->arch.registers.rip, 0);
    }
    start(WITHOUT_NRIP);
    vmcb->cs.attributes = SEGMENT_32BIT;
    put_code(0x12340000ull + 0x1000, inc_cpuid, sizeof(inc_cpuid)); /* there 0x48 is an instruction, no prefix */
    CU_ASSERT_EQUAL(leave(EXIT_CPUID, 0x1000, 0), 0);
}

/* What a skipped instruction leaves behind: a trap if it is single-stepped; a refused one stays and faults. */
static void after_the_instruction(void)
{
    for (int nrip = WITHOUT_NRIP; nrip <= WITH_NRIP; nrip++) {
        start(nrip);
        put_code(RIP, (const uint8_t[]){ 0x0f, 0x32 }, 2);
        CU_ASSERT_EQUAL(leave(EXIT_MSR, RIP, RIP + 2), 2);
        CU_ASSERT_EQUAL(v->arch.registers.rax, 0x55667788);
        CU_ASSERT_EQUAL(v->arch.registers.rdx, 0x11223344);
        v->arch.registers.rflags |= RFLAGS_TF;
        CU_ASSERT_EQUAL(leave(EXIT_MSR, RIP, RIP + 2), 2);
        CU_ASSERT_EQUAL(exception, EXCEPTION_DB);
        msr_error = -1;
        CU_ASSERT_EQUAL(leave(EXIT_MSR, RIP, RIP + 2), 0);
        CU_ASSERT_EQUAL(exception, EXCEPTION_GP);
        CU_ASSERT_EQUAL(v->arch.registers.rax, 0);
    }
}

/* A hypercall that goes on later is executed again, with its arguments as they are then; a program's is refused. */
static void hypercalls(void)
{
    for (int nrip = WITHOUT_NRIP; nrip <= WITH_NRIP; nrip++) {
        start(nrip);
        put_code(RIP, (const uint8_t[]){ 0x0f, 0x01, 0xd9 }, 3);
        v->arch.registers.rdi = 40;
        continue_hypercall = true;
        CU_ASSERT_EQUAL(leave(EXIT_VMMCALL, RIP, RIP + 3), 0);
        CU_ASSERT_EQUAL(v->arch.registers.rdi, 41);
        continue_hypercall = false;
        CU_ASSERT_EQUAL(leave(EXIT_VMMCALL, RIP, RIP + 3), 3);
        CU_ASSERT_EQUAL(v->arch.registers.rax, 7);
        CU_ASSERT_EQUAL(v->arch.exits[EXIT_KIND_HYPERCALL], 2);
        vmcb->cpl = 3;
        CU_ASSERT_EQUAL(leave(EXIT_VMMCALL, RIP, RIP + 3), 3);
        CU_ASSERT_EQUAL(v->arch.registers.rax, (uint64_t)-XEN_EPERM);
        CU_ASSERT_EQUAL(actions, 0);
        vmcb->cpl = 0;
        vmcb->cs.attributes = SEGMENT_32BIT;
        vmcb->cs.base = 0;
        put_code(0x1000, (const uint8_t[]){ 0x0f, 0x01, 0xd9 }, 3);
        CU_ASSERT_EQUAL(leave(EXIT_VMMCALL, 0x1000, 0x1003), 3);
        CU_ASSERT_EQUAL(v->arch.registers.rax, (uint64_t)-XEN_ENOSYS);
        CU_ASSERT_EQUAL(actions, 0);
    }
}

/*
 * Each exit is counted once, as what it is; also one for a reason that nobody knows. Not the host's interrupt: its
 * handler turns interrupts on, which no program may.
 */
static void each_kind_is_counted(void)
{
    static const struct {
        uint32_t exit_code;
        enum exit_kind kind;
    } exits[] = {
        { EXIT_VINTR, EXIT_KIND_OTHER }, { EXIT_CPUID, EXIT_KIND_CPUID },
        { EXIT_HLT, EXIT_KIND_HLT }, { EXIT_IO, EXIT_KIND_IO }, { EXIT_MSR, EXIT_KIND_MSR },
        { EXIT_VMMCALL, EXIT_KIND_HYPERCALL }, { EXIT_NESTED_PAGE_FAULT, EXIT_KIND_FAULT },
        { EXIT_NMI, EXIT_KIND_OTHER }, { EXIT_WBINVD, EXIT_KIND_OTHER }, { EXIT_MWAIT, EXIT_KIND_OTHER },
        { EXIT_MWAIT + 1, EXIT_KIND_OTHER }, { 0, EXIT_KIND_OTHER }, { ~0u, EXIT_KIND_OTHER },
    };
    for (size_t i = 0; i < ARRAY_SIZE(exits); i++) {
        start(WITH_NRIP);
        uint64_t before[EXIT_KINDS];
        memcpy(before, v->arch.exits, sizeof(before));
        leave(exits[i].exit_code, RIP, RIP + 2);
        for (uint32_t kind = 0; kind < EXIT_KINDS; kind++)
            CU_ASSERT_EQUAL(v->arch.exits[kind] - before[kind], kind == exits[i].kind);
    }
}

/* The exit finds out whether the guest has taken the interrupt that it was offered, before anything asks for it. */
static void an_offer_ends_with_the_exit(void)
{
    for (int was_taken = 0; was_taken < 2; was_taken++) {
        start(WITH_NRIP);
        v->arch.registers.rflags = RFLAGS_RESERVED;
        CU_ASSERT_TRUE(virtual_lapic_write_register(v->arch.lapic, LAPIC_SPURIOUS, 0x1ff)); /* turned on */
        virtual_lapic_inject(v, 0x51, false);
        svm_inject(v);
        CU_ASSERT_EQUAL(virtual_lapic_pending_vector(v), -1);
        vmcb->virtual_irq = (uint8_t)!was_taken;
        leave(EXIT_CPUID, RIP, RIP + 2);
        CU_ASSERT_EQUAL(v->arch.offered_vector, 0);
        CU_ASSERT_EQUAL(virtual_lapic_pending_vector(v), was_taken ? -1 : 0x51);
    }
}

/* --- NMIs ----------------------------------------------------------------------------------------------------------- */

#define IRET_RIP (RIP + 0x500)
#define NMI_EVENT (EVENT_VALID | EVENT_TYPE_NMI | 2)
#define INTERRUPT_EVENT (EVENT_VALID | EVENT_TYPE_INTERRUPT | 0x40)

/* What the vCPU takes at an entry at rip. */
static uint64_t enter_at(uint64_t rip)
{
    v->arch.registers.rip = rip;
    svm_inject(v);
    return vmcb->event_injection;
}

/* A vCPU that takes interrupts, in the handler of an NMI, with another NMI raised. */
static void start_in_nmi(void)
{
    static vcpu_info_t info;

    memset(&info, 0, sizeof(info));
    start(WITH_NRIP);
    v->info = &info;
    CU_ASSERT_TRUE(virtual_lapic_write_register(v->arch.lapic, LAPIC_SPURIOUS, 0x1ff));
    CU_ASSERT_EQUAL(enter_at(RIP), 0);
    virtual_lapic_raise_nmi(v);
    v->arch.registers.rflags = RFLAGS_RESERVED; /* they need no interrupt flag */
    CU_ASSERT_EQUAL(enter_at(RIP), NMI_EVENT);
    CU_ASSERT_TRUE(vmcb->intercept_1 & INTERCEPT1_IRET);
    CU_ASSERT_FALSE(virtual_lapic_nmi_is_pending(v));
    CU_ASSERT_EQUAL(enter_at(RIP + 1), 0);
    virtual_lapic_raise_nmi(v);
    CU_ASSERT_EQUAL(enter_at(RIP + 2), 0);
}

/* With one waiting, the IRET is stepped over, and the trap after it is not the guest's. */
static void the_next_nmi_waits_for_iret(void)
{
    start_in_nmi();
    vmcb->dr6 = 0xffff0ff0;
    CU_ASSERT_EQUAL(leave(EXIT_IRET, IRET_RIP, 0), 0);
    CU_ASSERT_FALSE(vmcb->intercept_1 & INTERCEPT1_IRET);
    virtual_lapic_inject(v, 0x40, false);
    for (int i = 0; i < 2; i++) { /* the second time after an exit for the host before the instruction */
        v->arch.registers.rflags |= RFLAGS_IF;
        CU_ASSERT_EQUAL(enter_at(IRET_RIP), 0); /* nor an interrupt, whose frame would have the trap flag */
        CU_ASSERT_TRUE(v->arch.registers.rflags & RFLAGS_TF);
        CU_ASSERT_EQUAL(vmcb->interrupt_shadow, 1);
        leave(EXIT_NMI, IRET_RIP, 0);
    }
    CU_ASSERT_EQUAL(enter_at(IRET_RIP), 0);
    vmcb->dr6 |= DR6_SINGLE_STEP;
    vmcb->interrupt_shadow = 0;
    v->arch.registers.rflags = RFLAGS_IF | RFLAGS_RESERVED; /* off the stack */
    leave(EXIT_EXCEPTION_0 + EXCEPTION_DB, RIP, 0);
    CU_ASSERT_EQUAL(exception, -1);
    CU_ASSERT_EQUAL(vmcb->dr6, 0xffff0ff0);
    CU_ASSERT_EQUAL(enter_at(RIP), NMI_EVENT);
    CU_ASSERT_TRUE(vmcb->intercept_1 & INTERCEPT1_IRET);
    leave(EXIT_IRET, IRET_RIP, 0);
    v->arch.registers.rflags = RFLAGS_RESERVED;
    CU_ASSERT_EQUAL(enter_at(IRET_RIP), 0);
    CU_ASSERT_FALSE(v->arch.registers.rflags & RFLAGS_TF); /* none waits: nothing is stepped over */
    leave(EXIT_NMI, RIP, 0);
    v->arch.registers.rflags |= RFLAGS_IF;
    CU_ASSERT_EQUAL(enter_at(RIP), INTERRUPT_EVENT);
}

/* One that comes when the IRET is already met is held back too, until rip has moved. */
static void an_nmi_at_the_iret(void)
{
    start_in_nmi();
    CU_ASSERT_TRUE(virtual_lapic_take_nmi(v));
    leave(EXIT_IRET, IRET_RIP, 0);
    CU_ASSERT_EQUAL(enter_at(IRET_RIP), 0);
    virtual_lapic_raise_nmi(v);
    CU_ASSERT_EQUAL(enter_at(IRET_RIP), 0);
    CU_ASSERT_TRUE(v->arch.registers.rflags & RFLAGS_TF);
    CU_ASSERT_EQUAL(enter_at(RIP + 7), NMI_EVENT); /* it faulted: its handler can be interrupted */
}

/* A guest that single-steps, or has a breakpoint on the IRET, gets its own trap. */
static void traps_of_the_guest(void)
{
    start_in_nmi();
    leave(EXIT_IRET, IRET_RIP, 0);
    v->arch.registers.rflags |= RFLAGS_TF;
    CU_ASSERT_EQUAL(enter_at(IRET_RIP), 0);
    vmcb->dr6 = DR6_SINGLE_STEP;
    leave(EXIT_EXCEPTION_0 + EXCEPTION_DB, RIP, 0);
    CU_ASSERT_EQUAL(exception, EXCEPTION_DB);
    CU_ASSERT_EQUAL(vmcb->dr6, DR6_SINGLE_STEP);

    start_in_nmi();
    leave(EXIT_IRET, IRET_RIP, 0);
    CU_ASSERT_EQUAL(enter_at(IRET_RIP), 0);
    vmcb->dr6 = DR6_SINGLE_STEP | 4;
    leave(EXIT_EXCEPTION_0 + EXCEPTION_DB, RIP, 0);
    CU_ASSERT_EQUAL(exception, EXCEPTION_DB);
    CU_ASSERT_EQUAL(vmcb->dr6, 4);
}

/* One whose delivery a nested page fault cut off is delivered again before anything else, and none is lost by it. */
static void an_nmi_cut_off(void)
{
    start_in_nmi();
    vmcb->exit_interrupt_info = NMI_EVENT;
    leave(EXIT_NESTED_PAGE_FAULT, RIP, 0);
    CU_ASSERT_EQUAL(enter_at(RIP), NMI_EVENT);
    CU_ASSERT_TRUE(virtual_lapic_nmi_is_pending(v));
    CU_ASSERT_EQUAL(enter_at(RIP), 0);
}

/* Whether HLT follows STI is looked at by the exit, and on QEMU alone; an entry must not wait for the memory map. */
static void a_halt_behind_sti(void)
{
    for (int shadow = 0; shadow < 2; shadow++)
        for (int is_qemu = 0; is_qemu < 2; is_qemu++)
            for (int halts = 0; halts < 2; halts++) {
                start(WITH_NRIP);
                cpu_features.svm_repeats_interrupts = is_qemu;
                code_address = RIP;
                code_readable = 1;
                code[0] = halts ? 0xf4 : 0x90;
                v->arch.halts_in_shadow = false;
                vmcb->interrupt_shadow = (uint64_t)shadow;
                leave(EXIT_NMI, RIP, 0);
                CU_ASSERT_EQUAL(v->arch.halts_in_shadow, shadow && is_qemu && halts);
                CU_ASSERT_EQUAL(fetches, (unsigned int)(shadow && is_qemu));
            }
    cpu_features.svm_repeats_interrupts = false;
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(each_kind_is_counted),
        TEST_CASE(both_ways_agree),
        TEST_CASE(the_saved_rip_counts),
        TEST_CASE(a_next_rip_that_is_none),
        TEST_CASE(exits_of_other_kinds),
        TEST_CASE(ports_tell_it_themselves),
        TEST_CASE(bytes_that_do_not_tell),
        TEST_CASE(lengths_are_kept_for_the_kernel),
        TEST_CASE(code_of_32_bits),
        TEST_CASE(after_the_instruction),
        TEST_CASE(hypercalls),
        TEST_CASE(an_offer_ends_with_the_exit),
        TEST_CASE(a_halt_behind_sti),
        TEST_CASE(the_next_nmi_waits_for_iret),
        TEST_CASE(an_nmi_at_the_iret),
        TEST_CASE(traps_of_the_guest),
        TEST_CASE(an_nmi_cut_off),
    };
    int status = RUN_TESTS("svm exit", tests);
    fake_domain_destroy();
    return status;
}
