/* SPDX-License-Identifier: MIT */
/* AMD-V: turning it on, control blocks, ASIDs, one entry into the guest. */
#include "svm.h"

#include "cpu.h"
#include "paging.h"
#include "panic.h"
#include "printk.h"
#include "registers.h"
#include "string.h"

#define MSR_VM_CR 0xc0010114u
#define VM_CR_SVM_DISABLED (1ull << 4)
#define MSR_VM_HSAVE_PA 0xc0010117u

#define IO_BITMAP_ORDER 2u  /* three pages (APM 2, 15.10.1) */
#define MSR_BITMAP_ORDER 1u /* two pages (15.11) */

/* Made once, for all vCPUs: all ports intercepted; domain 0's; the registers that guests reach directly. */
static uint8_t *io_bitmap_all, *io_bitmap_domain_zero, *msr_bitmap;

/* Two bits a register, in a 2 KiB block for each of three ranges (APM 2, 15.11). */
static void msr_bitmap_allow(uint32_t msr)
{
    uint32_t offset = msr < 0x2000 ? msr : msr - 0xc0000000u + 0x2000;
    msr_bitmap[offset / 4] &= (uint8_t)~(3u << offset % 4 * 2);
}

static void make_bitmaps(void)
{
    /* VMSAVE and VMLOAD, the VMCB, or switch_in and switch_out hold each of these for the guest. */
    static const uint32_t direct[] = {
        0x174, 0x175, 0x176, MSR_PAT, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,
        MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE,
    };
    io_bitmap_all = page_allocate_mapped(IO_BITMAP_ORDER);
    io_bitmap_domain_zero = page_allocate_mapped(IO_BITMAP_ORDER);
    msr_bitmap = page_allocate_mapped(MSR_BITMAP_ORDER);
    if (!io_bitmap_all || !io_bitmap_domain_zero || !msr_bitmap)
        panic("no memory for AMD-V's bitmaps: give the machine more, or dom0_mem less");
    memset(io_bitmap_all, 0xff, PAGE_SIZE << IO_BITMAP_ORDER);
    io_bitmap_fill(io_bitmap_domain_zero);
    memset(msr_bitmap, 0xff, PAGE_SIZE << MSR_BITMAP_ORDER);
    for (size_t i = 0; i < ARRAY_SIZE(direct); i++)
        msr_bitmap_allow(direct[i]);
    if (cpu_features.rdtscp)
        msr_bitmap_allow(MSR_TSC_AUX);
}

static void svm_enable_cpu(void)
{
    uint64_t vm_cr;
    if (!cpu_features.svm || !cpu_features.svm_nested_paging)
        panic("this CPU has no AMD-V with nested paging: Keel cannot run guests on it");
    if (rdmsr_safe(MSR_VM_CR, &vm_cr) && (vm_cr & VM_CR_SVM_DISABLED))
        panic("AMD-V is disabled by the firmware: enable SVM in its set-up");
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);

    struct svm_cpu *svm = object_allocate(sizeof(*svm));
    void *host_save = page_allocate_mapped(0), *host_vmcb = page_allocate_mapped(0);
    if (!svm || !host_save || !host_vmcb)
        panic("no memory for AMD-V's host state: give the machine more, or dom0_mem less");
    wrmsr(MSR_VM_HSAVE_PA, direct_map_to_physical(host_save));
    svm->host_vmcb = direct_map_to_physical(host_vmcb);
    __asm__ volatile("vmsave %%rax" : : "a"(svm->host_vmcb) : "memory");
    svm->asid_count = cpu_features.svm_asid_count;
    svm->asid_generation = 1;
    svm->next_asid = 1;
    this_cpu()->vendor = svm;
    if (!msr_bitmap)
        make_bitmaps();
}

void svm_choose_asid(struct vcpu *v)
{
    struct cpu *cpu = this_cpu();
    struct svm_cpu *svm = cpu->vendor;
    struct vmcb *vmcb = v->arch.vmcb;

    vmcb->tlb_control = 0;
    if (likely(v->arch.asid_cpu == cpu->id && v->arch.asid_generation == svm->asid_generation &&
               !v->arch.flush_pending))
        return;
    v->arch.flush_pending = false;
    if (svm->next_asid >= svm->asid_count) {
        svm->asid_generation++;
        svm->next_asid = 1;
        vmcb->tlb_control = TLB_CONTROL_FLUSH_ALL;
    }
    vmcb->asid = svm->next_asid++;
    v->arch.asid_cpu = cpu->id;
    v->arch.asid_generation = svm->asid_generation;
}

static void init_controls(struct vmcb *vmcb, const struct vcpu *v)
{
    const uint8_t *io = v->domain->is_privileged ? io_bitmap_domain_zero : io_bitmap_all;

    /* Taken in a microcode loop otherwise, which no interrupt ends: a guest could hold the CPU for ever. */
    vmcb->intercept_exceptions = 1u << EXCEPTION_DB | 1u << EXCEPTION_AC;
    vmcb->intercept_1 = INTERCEPT1_INTR | INTERCEPT1_NMI | INTERCEPT1_SMI | INTERCEPT1_INIT | INTERCEPT1_RDPMC |
                        INTERCEPT1_CPUID | INTERCEPT1_INVD | INTERCEPT1_HLT | INTERCEPT1_INVLPGA | INTERCEPT1_IO |
                        INTERCEPT1_MSR | INTERCEPT1_TASK_SWITCH | INTERCEPT1_SHUTDOWN;
    vmcb->intercept_2 = INTERCEPT2_VMRUN | INTERCEPT2_VMMCALL | INTERCEPT2_VMLOAD | INTERCEPT2_VMSAVE |
                        INTERCEPT2_STGI | INTERCEPT2_CLGI | INTERCEPT2_SKINIT | INTERCEPT2_WBINVD |
                        INTERCEPT2_MONITOR | INTERCEPT2_MWAIT;
    vmcb->io_bitmap = direct_map_to_physical(io);
    vmcb->msr_bitmap = direct_map_to_physical(msr_bitmap);
    vmcb->virtual_interrupt_masking = 1;
    vmcb->nested_control = 1;
    vmcb->nested_cr3 = page_to_mfn(v->domain->arch.p2m_root).value << PAGE_SHIFT;
    vmcb->pat = v->arch.pat;
    vmcb->efer = EFER_SVME;
}

static int svm_vcpu_create(struct vcpu *v)
{
    struct vmcb *vmcb = page_allocate_mapped(0);
    if (!vmcb)
        return -XEN_ENOMEM;
    v->arch.vmcb = vmcb;
    v->arch.vmcb_mfn = arch_virtual_to_mfn(vmcb);
    v->arch.asid_cpu = ~0u;
    init_controls(vmcb, v);
    return 0;
}

static void svm_vcpu_free(struct vcpu *v)
{
    page_free_mapped(v->arch.vmcb, 0);
    v->arch.vmcb = NULL;
}

static void svm_switch_in(struct vcpu *v)
{
    if (cpu_features.rdtscp)
        wrmsr(MSR_TSC_AUX, v->arch.tsc_aux);
}

static void svm_switch_out(struct vcpu *v)
{
    if (cpu_features.rdtscp)
        v->arch.tsc_aux = rdmsr(MSR_TSC_AUX);
}

static void svm_enter(struct vcpu *v)
{
    struct vmcb *vmcb = v->arch.vmcb;
    struct guest_registers *registers = &v->arch.registers;
    const struct svm_cpu *svm = this_cpu()->vendor;

    svm_choose_asid(v);
    vmcb->rax = registers->rax;
    vmcb->rsp = registers->rsp;
    vmcb->rip = registers->rip;
    vmcb->rflags = registers->rflags;
    svm_run(registers, v->arch.vmcb_mfn.value << PAGE_SHIFT, svm->host_vmcb);
    registers->rax = vmcb->rax;
    registers->rsp = vmcb->rsp;
    registers->rip = vmcb->rip;
    registers->rflags = vmcb->rflags;
}

static void svm_set_tsc_offset(struct vcpu *v, uint64_t offset) { v->arch.vmcb->tsc_offset = offset; }

static void svm_dump(const struct vcpu *v)
{
    const struct vmcb *vmcb = v->arch.vmcb;
    const struct guest_registers *r = &v->arch.registers;
    printk(LOG_ALWAYS, "  rip %04x:%016lx rsp %04x:%016lx rflags %lx cpl %u\n", vmcb->cs.selector, r->rip,
           vmcb->ss.selector, r->rsp, r->rflags, vmcb->cpl);
    printk(LOG_ALWAYS, "  rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", r->rax, r->rbx, r->rcx, r->rdx);
    printk(LOG_ALWAYS, "  rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", r->rsi, r->rdi, r->rbp, r->r8);
    printk(LOG_ALWAYS, "  r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", r->r9, r->r10, r->r11, r->r12);
    printk(LOG_ALWAYS, "  r13 %016lx r14 %016lx r15 %016lx\n", r->r13, r->r14, r->r15);
    printk(LOG_ALWAYS, "  cr0 %lx cr2 %lx cr3 %lx cr4 %lx efer %lx\n", vmcb->cr0, vmcb->cr2, vmcb->cr3, vmcb->cr4,
           vmcb->efer);
    printk(LOG_ALWAYS, "  exit %lx info %lx %lx, interrupted %lx, injected %lx, asid %u\n", vmcb->exit_code,
           vmcb->exit_info_1, vmcb->exit_info_2, vmcb->exit_interrupt_info, vmcb->event_injection, vmcb->asid);
}

const struct virtualization_vendor svm_vendor = {
    .enable_cpu = svm_enable_cpu,
    .vcpu_create = svm_vcpu_create,
    .vcpu_free = svm_vcpu_free,
    .switch_in = svm_switch_in,
    .switch_out = svm_switch_out,
    .inject = svm_inject,
    .enter = svm_enter,
    .handle_exit = svm_handle_exit,
    .state_get = svm_state_get,
    .state_set = svm_state_set,
    .paging_get = svm_paging_get,
    .set_tsc_offset = svm_set_tsc_offset,
    .skip_instruction = svm_skip_instruction,
    .dump = svm_dump,
};
