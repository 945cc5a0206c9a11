/* SPDX-License-Identifier: MIT */
/* A vCPU on x86: its making, the loop that runs it, moving it between CPUs, INIT and startup. */
#include "cpu.h"
#include "extended_state.h"
#include "msr.h"
#include "printk.h"
#include "registers.h"
#include "smp.h"
#include "string.h"
#include "virtualization.h"

#include <xen/hvm/hvm_vcpu.h>

#define PAT_RESET 0x0007040600070406ull
#define CR0_RESET (CR0_ET | CR0_NW | CR0_CD)
#define CR4_ALLOWED_AT_SET 0x00750ffful /* through PCIDE, OSXSAVE, SMEP, SMAP; not LA57, VMXE, PKE */

const struct virtualization_vendor *virtualization;

void virtualization_start(void)
{
    virtualization = &svm_vendor;
    virtualization->enable_cpu();
}

/* --- making ------------------------------------------------------------------------------------------------------ */

int arch_vcpu_create(struct vcpu *v)
{
    v->arch.pat = PAT_RESET;
    msr_reset(v);
    int error = extended_state_create(v);
    if (error)
        return error;
    error = virtualization->vcpu_create(v);
    if (error)
        goto free_extended_state;
    error = virtual_lapic_create(v);
    if (error)
        goto free_vendor;
    return 0;

free_vendor:
    virtualization->vcpu_free(v);
free_extended_state:
    extended_state_free(v);
    return error;
}

void arch_vcpu_free(struct vcpu *v)
{
    virtual_lapic_free(v);
    virtualization->vcpu_free(v);
    extended_state_free(v);
}

/* --- running ----------------------------------------------------------------------------------------------------- */

void arch_vcpu_switch_in(struct vcpu *v)
{
    this_cpu()->current = v;
    extended_state_load(v);
    __asm__ volatile("mov %0, %%dr0; mov %1, %%dr1; mov %2, %%dr2; mov %3, %%dr3"
                     : : "r"(v->arch.debug[0]), "r"(v->arch.debug[1]), "r"(v->arch.debug[2]), "r"(v->arch.debug[3]));
    virtualization->switch_in(v);
}

void arch_vcpu_switch_out(struct vcpu *v)
{
    virtualization->switch_out(v);
    __asm__ volatile("mov %%dr0, %0; mov %%dr1, %1; mov %%dr2, %2; mov %%dr3, %3"
                     : "=r"(v->arch.debug[0]), "=r"(v->arch.debug[1]), "=r"(v->arch.debug[2]), "=r"(v->arch.debug[3]));
    extended_state_save(v);
    this_cpu()->current = NULL;
}

void arch_vcpu_run(struct vcpu *v)
{
    struct cpu *cpu = this_cpu();

    for (;;) {
        /*
         * First in_guest, then the looks at what may keep it out: whoever makes such a thing true afterwards sees
         * in_guest and sends an interrupt, which stays pending (they are off) and ends the guest at once.
         */
        atomic_store(&v->arch.in_guest, true);
        if (unlikely(cpu->pending || !vcpu_is_runnable(v))) {
            v->arch.in_guest = false;
            cpu->pending = 0; /* the caller looks at everything that may have been asked for */
            return;
        }
        virtualization->inject(v);
        virtualization->enter(v);
        atomic_store_explicit(&v->arch.in_guest, false, memory_order_release);
        cpu->exit_start_ns = 0;
        virtualization->handle_exit(v);
    }
}

void arch_vcpu_kick(struct vcpu *v)
{
    if (!atomic_load(&v->arch.in_guest))
        return;
    uint32_t cpu = v->scheduler.cpu;
    if (cpu != arch_cpu_id())
        smp_send_kick(cpu);
}

void arch_vcpu_event_raised(struct vcpu *v)
{
    if (v->arch.upcall_vector)
        virtual_lapic_inject(v, v->arch.upcall_vector, false);
}

void arch_vcpu_raise_nmi(struct vcpu *v) { virtual_lapic_raise_nmi(v); }

bool arch_vcpu_interrupt_pending(const struct vcpu *v)
{
    /* Asking reads the local APIC's registers and may update its cached priority. */
    return virtual_lapic_pending_vector((struct vcpu *)(uintptr_t)v) >= 0 || v->arch.pending_exception ||
           (virtual_lapic_nmi_is_pending(v) && v->arch.nmi != NMI_HANDLED);
}

const char *arch_vcpu_exit_count(const struct vcpu *v, uint32_t kind, uint64_t *count)
{
    static const char *const names[EXIT_KINDS] = {
        [EXIT_KIND_OTHER] = "exit_other",         [EXIT_KIND_HYPERCALL] = "exit_hypercall",
        [EXIT_KIND_CPUID] = "exit_cpuid",         [EXIT_KIND_MSR] = "exit_msr",
        [EXIT_KIND_IO] = "exit_io",               [EXIT_KIND_HLT] = "exit_hlt",
        [EXIT_KIND_FAULT] = "exit_fault",         [EXIT_KIND_INTERRUPT] = "exit_interrupt",
        [EXIT_KIND_WINDOW] = "exit_window",
    };
    if (kind >= EXIT_KINDS)
        return NULL;
    *count = v->arch.exits[kind];
    return names[kind];
}

void arch_vcpu_dump(const struct vcpu *v)
{
    uint64_t exits = 0;
    for (uint32_t kind = 0; kind < EXIT_KINDS; kind++)
        exits += v->arch.exits[kind];
    printk(LOG_ALWAYS, "d%uv%u: exits %lu, hypercalls %lu", v->domain->id, v->id, exits,
           v->arch.exits[EXIT_KIND_HYPERCALL]);
    virtualization->dump(v);
}

void guest_inject_exception(struct vcpu *v, uint8_t vector, uint32_t code)
{
    v->arch.pending_exception = (uint8_t)(vector + 1);
    v->arch.pending_exception_has_code = code != EXCEPTION_NONE_CODE;
    v->arch.pending_exception_code = v->arch.pending_exception_has_code ? code : 0;
}

void guest_skip_instruction(struct vcpu *v, unsigned int length) { virtualization->skip_instruction(v, length); }
void vcpu_set_tsc_offset(struct vcpu *v, uint64_t offset)
{
    v->arch.tsc_offset = offset;
    virtualization->set_tsc_offset(v, offset);
}

/* --- register state ---------------------------------------------------------------------------------------------- */

/* The general registers of the record, in both directions. */
#define FOR_EACH_REGISTER(DO) \
    DO(rax) DO(rbx) DO(rcx) DO(rdx) DO(rbp) DO(rsi) DO(rdi) DO(rsp) DO(r8) DO(r9) DO(r10) DO(r11) DO(r12) DO(r13) \
    DO(r14) DO(r15) DO(rip) DO(rflags)

void vcpu_state_get(const struct vcpu *v, struct hvm_hw_cpu *state)
{
    memset(state, 0, sizeof(*state));
#define GET(name) state->name = v->arch.registers.name;
    FOR_EACH_REGISTER(GET)
#undef GET
    virtualization->state_get(v, state);
    state->dr0 = v->arch.debug[0];
    state->dr1 = v->arch.debug[1];
    state->dr2 = v->arch.debug[2];
    state->dr3 = v->arch.debug[3];
    state->msr_tsc_aux = v->arch.tsc_aux;
    state->tsc = read_tsc() + v->arch.tsc_offset;
    memcpy(state->fpu_regs, v->arch.xsave_area, sizeof(state->fpu_regs));
    state->flags = XEN_X86_FPU_INITIALISED;
}

/* What VMRUN refuses (APM 2, 15.5.1): a domain must not get its vCPU into a state that only the host can fault on. */
static bool state_is_valid(const struct hvm_hw_cpu *state)
{
    uint64_t efer_known = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR;
    bool is_paging = state->cr0 & CR0_PG, is_long = state->msr_efer & EFER_LME;

    if ((state->cr0 >> 32) || ((state->cr0 & CR0_NW) && !(state->cr0 & CR0_CD)))
        return false;
    if (is_paging && !(state->cr0 & CR0_PE))
        return false;
    if ((state->cr4 & ~CR4_ALLOWED_AT_SET) || (state->msr_efer & ~efer_known) || state->dr6 >> 32 || state->dr7 >> 32)
        return false;
    if (is_paging && is_long && (!(state->cr4 & CR4_PAE) || !(state->msr_efer & EFER_LMA)))
        return false;
    if (!(is_paging && is_long) && (state->msr_efer & EFER_LMA))
        return false;
    if (is_paging && is_long && (state->cs_arbytes & (1u << 9)) && (state->cs_arbytes & (1u << 10)))
        return false;
    return !(state->cr3 >> cpu_features.physical_bits);
}

int vcpu_state_set(struct vcpu *v, const struct hvm_hw_cpu *state)
{
    if (!state_is_valid(state))
        return -XEN_EINVAL;
#define SET(name) v->arch.registers.name = state->name;
    FOR_EACH_REGISTER(SET)
#undef SET
    v->arch.registers.rflags |= RFLAGS_RESERVED;
    v->arch.debug[0] = state->dr0;
    v->arch.debug[1] = state->dr1;
    v->arch.debug[2] = state->dr2;
    v->arch.debug[3] = state->dr3;
    v->arch.tsc_aux = state->msr_tsc_aux;
    v->arch.pending_exception = 0;
    v->arch.nmi = NMI_NONE;
    v->arch.halts_in_shadow = false;
    virtualization->state_set(v, state);
    v->is_initialised = true;
    return 0;
}

/* The state after INIT, but running at CS:IP = vector << 8 : 0 (APM 2, 14.1.3 and 16.5). */
static void set_real_mode(struct vcpu *v, uint8_t vector)
{
    struct hvm_hw_cpu state;
    memset(&state, 0, sizeof(state));
    state.rdx = cpuid(1, 0).eax;
    state.rflags = RFLAGS_RESERVED;
    state.cr0 = CR0_RESET;
    state.dr6 = 0xffff0ff0u;
    state.dr7 = 0x400;
    state.cs_sel = (uint32_t)vector << 8;
    state.cs_base = (uint64_t)vector << 12;
    state.cs_limit = state.ds_limit = state.es_limit = state.fs_limit = state.gs_limit = state.ss_limit = 0xffff;
    state.ldtr_limit = state.tr_limit = state.gdtr_limit = state.idtr_limit = 0xffff;
    state.cs_arbytes = 0x9b;
    state.ds_arbytes = state.es_arbytes = state.fs_arbytes = state.gs_arbytes = state.ss_arbytes = 0x93;
    state.ldtr_arbytes = 0x82;
    state.tr_arbytes = 0x8b;
    state.msr_tsc_aux = v->arch.tsc_aux;
    vcpu_state_set(v, &state);
}

void vcpu_reset_to_init(struct vcpu *v)
{
    v->is_up = false;
    v->is_initialised = false;
    arch_vcpu_kick(v);
    scheduler_sleep(v);
}

void vcpu_start_at(struct vcpu *v, uint8_t vector)
{
    if (v->is_up || v->scheduler.is_on_cpu) /* a startup interrupt is taken only while waiting for one */
        return;
    extended_state_reset(v);
    set_real_mode(v, vector);
    v->is_blocked = false;
    v->is_up = true;
    scheduler_wake(v);
}

/* --- VCPUOP_initialise (struct vcpu_hvm_context, hvm/hvm_vcpu.h) -------------------------------------------------- */

/* The record's segment attributes have the limit's bits 19:16 between the packed halves, as a descriptor has. */
static uint32_t pack_attributes(uint32_t ar) { return (ar & 0xff) | (ar >> 4 & 0xf00); }

static void state_from_32bit(struct hvm_hw_cpu *state, const struct vcpu_hvm_x86_32 *c)
{
    state->rax = c->eax;
    state->rcx = c->ecx;
    state->rdx = c->edx;
    state->rbx = c->ebx;
    state->rsp = c->esp;
    state->rbp = c->ebp;
    state->rsi = c->esi;
    state->rdi = c->edi;
    state->rip = c->eip;
    state->rflags = c->eflags;
    state->cr0 = c->cr0;
    state->cr3 = c->cr3;
    state->cr4 = c->cr4;
    state->msr_efer = c->efer;
#define SEGMENT(name)                                     \
    state->name##_base = c->name##_base;                  \
    state->name##_limit = c->name##_limit;                \
    state->name##_arbytes = pack_attributes(c->name##_ar);
    SEGMENT(cs)
    SEGMENT(ds)
    SEGMENT(ss)
    SEGMENT(es)
    SEGMENT(tr)
#undef SEGMENT
}

static void state_from_64bit(struct hvm_hw_cpu *state, const struct vcpu_hvm_x86_64 *c)
{
    state->rax = c->rax;
    state->rcx = c->rcx;
    state->rdx = c->rdx;
    state->rbx = c->rbx;
    state->rsp = c->rsp;
    state->rbp = c->rbp;
    state->rsi = c->rsi;
    state->rdi = c->rdi;
    state->rip = c->rip;
    state->rflags = c->rflags;
    state->cr0 = c->cr0;
    state->cr3 = c->cr3;
    state->cr4 = c->cr4;
    state->msr_efer = c->efer;
    state->cs_limit = state->ds_limit = state->es_limit = state->ss_limit = ~0u;
    state->cs_arbytes = 0xa9b; /* 64-bit code, ring 0 */
    state->ds_arbytes = state->es_arbytes = state->ss_arbytes = 0xc93;
    state->tr_limit = 0x67;
    state->tr_arbytes = 0x8b;
}

int arch_vcpu_initialise(struct vcpu *v, uint64_t guest_address)
{
    struct vcpu_hvm_context context;
    struct hvm_hw_cpu state;

    if (COPY_STRUCT_FROM_GUEST(&context, guest_address))
        return -XEN_EFAULT;
    memset(&state, 0, sizeof(state));
    if (context.mode == VCPU_HVM_MODE_32B)
        state_from_32bit(&state, &context.cpu_regs.x86_32);
    else if (context.mode == VCPU_HVM_MODE_64B)
        state_from_64bit(&state, &context.cpu_regs.x86_64);
    else
        return -XEN_EINVAL;
    if ((state.msr_efer & EFER_LME) && (state.cr0 & CR0_PG))
        state.msr_efer |= EFER_LMA;
    state.dr6 = 0xffff0ff0u;
    state.dr7 = 0x400;
    extended_state_reset(v);
    return vcpu_state_set(v, &state);
}
