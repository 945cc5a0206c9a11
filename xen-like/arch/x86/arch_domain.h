/* SPDX-License-Identifier: MIT */
/* The x86 parts of a domain and a vCPU. Large or private parts are pointers to structures of their own files. */
#ifndef KEEL_X86_ARCH_DOMAIN_H
#define KEEL_X86_ARCH_DOMAIN_H

#include "lock.h"
#include "types.h"
#include "xen_abi.h"

struct page;
struct vcpu;
struct virtual_lapic;   /* virtual_lapic.c */
struct virtual_ioapic;  /* virtual_ioapic.c; domain 0 only */
struct cpuid_policy;    /* cpuid.c */
struct e820_map;        /* memory_map.c */
struct vmcb;            /* svm/vmcb.h */

#define P2M_RECENT 128u
#define P2M_GENERATION_STEP (1ull << 52) /* every number that an address can have is below it */
#define NR_HVM_PARAMS HVM_NR_PARAMS

/* Why the guest was left, for who watches (arch_vcpu_exit_count names them); counted by the vendor code. */
enum exit_kind {
    EXIT_KIND_OTHER,
    EXIT_KIND_HYPERCALL,
    EXIT_KIND_CPUID,
    EXIT_KIND_MSR,
    EXIT_KIND_IO,        /* a port */
    EXIT_KIND_HLT,
    EXIT_KIND_FAULT,     /* of nested paging: devices in memory, for the most part */
    EXIT_KIND_INTERRUPT, /* the host's */
    EXIT_KIND_WINDOW,    /* the guest can take an interrupt that waited */
    EXIT_KINDS
};

/* How far v is with an NMI that it took. The next one waits until its IRET has been executed. */
enum nmi_progress {
    NMI_NONE,
    NMI_HANDLED,  /* IRET has not been met: it is intercepted */
    NMI_AT_IRET,  /* it has been met, and not executed while rip is still there */
    NMI_STEPPING, /* the hypervisor steps over it, since an NMI waits */
};

/* General registers as exits save them; rax, rsp, rip and rflags are kept in sync with the VMCB by the vendor code. */
struct guest_registers {
    uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rip, rflags;
};

struct arch_vcpu {
    struct guest_registers registers; /* of a vCPU that is not in the guest */
    struct vmcb *vmcb;
    mfn_t vmcb_mfn;
    struct virtual_lapic *lapic;
    void *xsave_area;           /* page(s), xsave format */
    uint64_t xcr0;              /* the guest's XCR0 */
    uint64_t tsc_aux;
    uint64_t debug[4];          /* DR0 to DR3 of a vCPU that is not on a CPU */
    bool halts_in_shadow;       /* the last exit was behind STI and before HLT, on QEMU (svm/exit.c) */
    uint8_t offered_vector;     /* of the local APIC, accepted for the guest to take it by itself; 0: none */
    uint8_t upcall_vector;      /* HVMOP_set_evtchn_upcall_vector; 0: the domain's callback is used */
    uint64_t asid_generation;
    uint32_t asid_cpu;
    _Atomic bool in_guest;      /* entering or in the guest: arch_vcpu_kick sends an interrupt only then */
    _Atomic bool flush_pending; /* translations must be dropped before the next entry */
    uint64_t tsc_offset;
    uint8_t pending_exception;  /* vector + 1 to inject at the next entry; 0: none */
    uint8_t nmi;                /* enum nmi_progress */
    bool pending_exception_has_code;
    uint32_t pending_exception_code;
    uint64_t nmi_iret_rip;      /* where that IRET is */
    uint64_t pat, mtrr_def_type; /* what MSR reads give back */
    uint64_t exits[EXIT_KINDS];
    struct {                    /* lengths of intercepted instructions seen in kernel code; svm/instruction_length.c */
        uint64_t rip;
        uint32_t exit_code;
        uint32_t length;
    } instruction_lengths[16];
};

struct arch_domain {
    struct spinlock p2m_lock;
    struct page *p2m_root;      /* nested page table, 4 levels */
    uint64_t max_gfn, p2m_pages;
    uint32_t p2m_batch_cpu;     /* number + 1 of the CPU in a batch; 0: none */
    bool p2m_flush_needed;      /* at the end of the batch */
    struct {                    /* pages of RAM found lately, for copies; guarded by p2m_lock */
        uint64_t key;           /* gfn | p2m_generation: every change outdates them all */
        void *mapped;           /* the page in the direct map */
    } p2m_recent[P2M_RECENT];
    uint64_t p2m_generation;    /* a multiple of P2M_GENERATION_STEP, never 0 */
    uint64_t release_gfn;       /* progress of arch_domain_release_memory */
    struct cpuid_policy *cpuid; /* cpuid.c: policy of the domain, set before it runs */
    struct virtual_ioapic *ioapic;
    uint64_t hvm_params[NR_HVM_PARAMS];
    uint8_t callback_vector;    /* HVM_PARAM_CALLBACK_IRQ, vector type; 0: none */
    struct e820_map *memory_map; /* XENMEM_set_memory_map; domain 0: as built */
    uint64_t tsc_khz;
    uint64_t paging_pool_bytes; /* what tools have set; domctl_x86.c */
    uint32_t emulation_flags;   /* XEN_X86_EMU_* */
};

#endif
