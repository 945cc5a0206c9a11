/* SPDX-License-Identifier: MIT */
/* What is done for each exit: a table by exit code (APM 2, appendix C). */
#include "svm.h"

#include "cpu.h"
#include "domain_zero.h"
#include "registers.h"

#define OPCODE_HLT 0xf4

typedef void exit_handler(struct vcpu *v, struct vmcb *vmcb);

void svm_skip_instruction(struct vcpu *v, unsigned int length)
{
    struct guest_registers *registers = &v->arch.registers;
    const struct vmcb *vmcb = v->arch.vmcb;
    bool is_long_code = (vmcb->efer & EFER_LMA) && (vmcb->cs.attributes & SEGMENT_LONG);

    registers->rip += length;
    if (!is_long_code)
        registers->rip = (uint32_t)registers->rip;
    v->arch.vmcb->interrupt_shadow = 0;
    if (unlikely(registers->rflags & RFLAGS_TF))
        guest_inject_exception(v, EXCEPTION_DB, EXCEPTION_NONE_CODE);
}

/*
 * Moves past the intercepted instruction. False: it could not be read (the domain raced with itself): execute it again.
 */
static bool skip(struct vcpu *v)
{
    unsigned int length = svm_instruction_length(v);
    if (unlikely(!length))
        return false;
    svm_skip_instruction(v, length);
    return true;
}

static void exit_vmmcall(struct vcpu *v, struct vmcb *vmcb)
{
    struct guest_registers *registers = &v->arch.registers;
    unsigned int length = svm_instruction_length(v);

    if (unlikely(!length))
        return;
    if (unlikely(vmcb->cpl != 0)) {
        registers->rax = (uint64_t)-XEN_EPERM;
    } else if (unlikely(!(vmcb->efer & EFER_LMA) || !(vmcb->cs.attributes & SEGMENT_LONG))) {
        registers->rax = (uint64_t)-XEN_ENOSYS; /* 32-bit layouts are not spoken */
    } else {
        struct hypercall call = {
            .vcpu = v,
            .argument = { registers->rdi, registers->rsi, registers->rdx, registers->r10, registers->r8 },
        };
        long result = hypercall_dispatch((uint32_t)registers->rax, &call);
        if (unlikely(call.continued)) {
            registers->rdi = call.argument[0];
            registers->rsi = call.argument[1];
            registers->rdx = call.argument[2];
            registers->r10 = call.argument[3];
            registers->r8 = call.argument[4];
            return;
        }
        registers->rax = (uint64_t)result;
    }
    svm_skip_instruction(v, length);
}

static void exit_cpuid(struct vcpu *v, struct vmcb *vmcb)
{
    if (skip(v))
        cpuid_exit(v);
}

static void exit_hlt(struct vcpu *v, struct vmcb *vmcb)
{
    if (!skip(v))
        return;
    if (v->arch.registers.rflags & RFLAGS_IF)
        vcpu_block(v);
    else
        vcpu_retire(v); /* no interrupt can wake it: so Linux halts a machine, and parks a CPU until INIT */
}

static bool efer_is_valid(uint64_t old, uint64_t value, uint64_t cr0)
{
    uint64_t allowed = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR;
    if ((value & ~allowed) != 0)
        return false;
    return !((old ^ value) & EFER_LME) || !(cr0 & CR0_PG); /* long mode cannot change while paging is on */
}

static int read_register(struct vcpu *v, const struct vmcb *vmcb, uint32_t index, uint64_t *value)
{
    if (index == MSR_EFER) {
        *value = vmcb->efer & ~EFER_SVME;
        return 0;
    }
    return msr_read(v, index, value);
}

static int write_register(struct vcpu *v, struct vmcb *vmcb, uint32_t index, uint64_t value)
{
    if (index == MSR_EFER) {
        if (!efer_is_valid(vmcb->efer, value, vmcb->cr0))
            return -1;
        /* LMA follows CR0.PG in hardware; SVME must stay set for VMRUN. */
        vmcb->efer = (value & ~EFER_LMA) | (vmcb->efer & EFER_LMA) | EFER_SVME;
        return 0;
    }
    return msr_write(v, index, value);
}

static void exit_msr(struct vcpu *v, struct vmcb *vmcb)
{
    struct guest_registers *registers = &v->arch.registers;
    uint32_t index = (uint32_t)registers->rcx;
    unsigned int length = svm_instruction_length(v);
    uint64_t value;
    int error;

    if (unlikely(!length))
        return;
    if (vmcb->exit_info_1 & 1) {
        value = (uint32_t)registers->rax | registers->rdx << 32;
        error = write_register(v, vmcb, index, value);
    } else {
        error = read_register(v, vmcb, index, &value);
        if (!error) {
            registers->rax = (uint32_t)value;
            registers->rdx = value >> 32;
        }
    }
    if (unlikely(error))
        guest_inject_exception(v, EXCEPTION_GP, 0);
    else
        svm_skip_instruction(v, length);
}

#define IO_INFO_IN (1u << 0)
#define IO_INFO_STRING (1u << 2)

static void exit_io(struct vcpu *v, struct vmcb *vmcb)
{
    struct guest_registers *registers = &v->arch.registers;
    uint32_t info = (uint32_t)vmcb->exit_info_1;
    unsigned int size = info >> 4 & 7;
    uint32_t mask = size == 4 ? ~0u : (1u << size * 8) - 1;
    uint32_t value = (uint32_t)registers->rax & mask;
    unsigned int length = (unsigned int)(vmcb->exit_info_2 - registers->rip); /* the exit tells the next rip */

    if (info & IO_INFO_STRING) { /* no such port has a use for it */
        guest_inject_exception(v, EXCEPTION_GP, 0);
        return;
    }
    io_port_access(v, (uint16_t)(info >> 16), size, info & IO_INFO_IN, &value);
    if (info & IO_INFO_IN)
        registers->rax = size == 4 ? value : (registers->rax & ~(uint64_t)mask) | (value & mask);
    svm_skip_instruction(v, length);
}

/* A mapping that allows the access: another CPU has just made it, or the exit came from a stale translation. */
static bool mapping_allows(enum p2m_type type, bool is_write, bool is_fetch)
{
    switch (type) {
    case P2M_RAM: return true;
    case P2M_RAM_READ_ONLY: return !is_write;
    case P2M_GRANT:
    case P2M_FOREIGN:
    case P2M_MMIO: return !is_fetch;
    case P2M_GRANT_READ_ONLY: return !is_write && !is_fetch;
    default: return false;
    }
}

#define FAULT_WRITE (1u << 1)
#define FAULT_FETCH (1u << 4)

static void exit_nested_page_fault(struct vcpu *v, struct vmcb *vmcb)
{
    uint64_t address = vmcb->exit_info_2;
    bool is_write = vmcb->exit_info_1 & FAULT_WRITE, is_fetch = vmcb->exit_info_1 & FAULT_FETCH;
    enum p2m_type type;

    arch_p2m_get(v->domain, make_gfn(address >> PAGE_SHIFT), &type, NULL);
    if (mapping_allows(type, is_write, is_fetch))
        return;
    if (type != P2M_NONE) {
        guest_inject_exception(v, EXCEPTION_GP, 0);
        return;
    }
    if (!is_fetch && mmio_access(v, address, is_write))
        return;
    if (v->domain->is_privileged && domain_zero_map_device(v->domain, make_gfn(address >> PAGE_SHIFT)))
        return;
    domain_crash(v->domain, "vcpu %u %s guest-physical address %#lx, where nothing is (rip %#lx)", v->id,
                 is_fetch ? "executed at" : is_write ? "wrote to" : "read from", address, v->arch.registers.rip);
}

static void exit_interrupt(struct vcpu *v, struct vmcb *vmcb) { interrupts_window(); }

/* The host takes it as soon as the global interrupt flag is set, before this is reached. */
static void exit_nothing(struct vcpu *v, struct vmcb *vmcb) {}

/* The instruction comes after this exit: svm_inject lets no NMI in before it. */
static void exit_iret(struct vcpu *v, struct vmcb *vmcb)
{
    v->arch.nmi = NMI_AT_IRET;
    v->arch.nmi_iret_rip = v->arch.registers.rip;
    vmcb->intercept_1 &= ~INTERCEPT1_IRET;
}

static void exit_debug(struct vcpu *v, struct vmcb *vmcb)
{
    if (v->arch.nmi == NMI_STEPPING) {
        v->arch.nmi = NMI_NONE;
        vmcb->dr6 &= ~DR6_SINGLE_STEP;
        if (!(vmcb->dr6 & DR6_BREAKPOINTS))
            return;
    }
    guest_inject_exception(v, EXCEPTION_DB, EXCEPTION_NONE_CODE);
}

static void exit_alignment_check(struct vcpu *v, struct vmcb *vmcb) { guest_inject_exception(v, EXCEPTION_AC, 0); }

static void exit_undefined(struct vcpu *v, struct vmcb *vmcb)
{
    guest_inject_exception(v, EXCEPTION_UD, EXCEPTION_NONE_CODE);
}

static void exit_general_protection(struct vcpu *v, struct vmcb *vmcb) { guest_inject_exception(v, EXCEPTION_GP, 0); }

/* Only a domain with devices can have written what caches must give back. */
static void exit_cache(struct vcpu *v, struct vmcb *vmcb)
{
    if (!skip(v))
        return;
    if (v->domain->is_privileged)
        __asm__ volatile("wbinvd" : : : "memory");
}

static void exit_shutdown(struct vcpu *v, struct vmcb *vmcb)
{
    uint64_t reason = v->domain->arch.hvm_params[HVM_PARAM_TRIPLE_FAULT_REASON];
    if (reason && reason != SHUTDOWN_crash && reason <= SHUTDOWN_MAX)
        domain_shutdown(v->domain, (uint32_t)reason);
    else
        domain_crash(v->domain, "vcpu %u had a triple fault (rip %#lx)", v->id, v->arch.registers.rip);
}

static void exit_task_switch(struct vcpu *v, struct vmcb *vmcb)
{
    domain_crash(v->domain, "vcpu %u used a hardware task switch (rip %#lx)", v->id, v->arch.registers.rip);
}

static exit_handler *const exit_table[EXIT_MWAIT + 1] = {
    [EXIT_EXCEPTION_0 + EXCEPTION_DB] = exit_debug,
    [EXIT_EXCEPTION_0 + EXCEPTION_AC] = exit_alignment_check,
    [EXIT_INTR] = exit_interrupt,
    [EXIT_NMI] = exit_nothing,
    [EXIT_SMI] = exit_nothing,
    [EXIT_INIT] = exit_nothing,
    [EXIT_RDPMC] = exit_general_protection,
    [EXIT_CPUID] = exit_cpuid,
    [EXIT_IRET] = exit_iret,
    [EXIT_INVD] = exit_cache,
    [EXIT_HLT] = exit_hlt,
    [EXIT_INVLPGA] = exit_undefined,
    [EXIT_IO] = exit_io,
    [EXIT_MSR] = exit_msr,
    [EXIT_TASK_SWITCH] = exit_task_switch,
    [EXIT_SHUTDOWN] = exit_shutdown,
    [EXIT_VMRUN] = exit_undefined,
    [EXIT_VMMCALL] = exit_vmmcall,
    [EXIT_VMLOAD] = exit_undefined,
    [EXIT_VMSAVE] = exit_undefined,
    [EXIT_STGI] = exit_undefined,
    [EXIT_CLGI] = exit_undefined,
    [EXIT_SKINIT] = exit_undefined,
    [EXIT_WBINVD] = exit_cache,
    [EXIT_MONITOR] = exit_undefined,
    [EXIT_MWAIT] = exit_undefined,
};

/* What each is counted as; EXIT_KIND_OTHER is 0. */
static const uint8_t exit_kinds[ARRAY_SIZE(exit_table)] = {
    [EXIT_INTR] = EXIT_KIND_INTERRUPT, [EXIT_CPUID] = EXIT_KIND_CPUID, [EXIT_HLT] = EXIT_KIND_HLT,
    [EXIT_IO] = EXIT_KIND_IO,          [EXIT_MSR] = EXIT_KIND_MSR,     [EXIT_VMMCALL] = EXIT_KIND_HYPERCALL,
};

/*
 * QEMU does not restore the shadow of STI at VMRUN. If what it covers is HLT, the guest relies on nothing coming in
 * between: a kernel that found nothing to do would halt with what the interrupt brought still to be done. Without an
 * offer it leaves at once, by that HLT, and is offered the interrupt then. Looked at here, not before the entry: a CPU
 * that changes the guest's memory map waits for a vCPU that is entering, while it holds what guest_fetch needs.
 */
static bool halts_in_shadow(struct vcpu *v)
{
    uint8_t byte;
    return cpu_features.svm_repeats_interrupts && guest_fetch(v, v->arch.registers.rip, &byte, 1) == 1 &&
           byte == OPCODE_HLT;
}

void svm_handle_exit(struct vcpu *v)
{
    struct vmcb *vmcb = v->arch.vmcb;
    uint64_t code = vmcb->exit_code;

    if (likely(code < ARRAY_SIZE(exit_kinds)))
        v->arch.exits[exit_kinds[code]]++;
    else
        v->arch.exits[code == EXIT_NESTED_PAGE_FAULT ? EXIT_KIND_FAULT : EXIT_KIND_OTHER]++;
    if (unlikely(v->arch.offered_vector))
        svm_take_back_offer(v);
    if (unlikely(vmcb->interrupt_shadow))
        v->arch.halts_in_shadow = halts_in_shadow(v);
    if (unlikely(vmcb->virtual_tpr != virtual_lapic_get_cr8(v)))
        virtual_lapic_set_cr8(v, vmcb->virtual_tpr & 0xf);
    if (likely(code < ARRAY_SIZE(exit_table) && exit_table[code]))
        exit_table[code](v, vmcb);
    else if (code == EXIT_NESTED_PAGE_FAULT)
        exit_nested_page_fault(v, vmcb);
    else
        domain_crash(v->domain, "vcpu %u left the guest for reason %#lx (%#lx, %#lx), which Keel does not know", v->id,
                     code, vmcb->exit_info_1, vmcb->exit_info_2);
}
