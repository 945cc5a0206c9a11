/* SPDX-License-Identifier: MIT */
/*
 * The virtual machine control block: AMD64 Architecture Programmer's Manual, volume 2, appendix B (layout), 15.9 to
 * 15.25 (meaning). One page a vCPU.
 */
#ifndef KEEL_SVM_VMCB_H
#define KEEL_SVM_VMCB_H

#include "types.h"

struct vmcb_segment {
    uint16_t selector;
    uint16_t attributes; /* descriptor bits 40-47 and 52-55, packed into 12 */
    uint32_t limit;
    uint64_t base;
};

#define SEGMENT_LONG (1u << 9)
#define SEGMENT_32BIT (1u << 10)

struct vmcb {
    /* control area */
    uint16_t intercept_cr_read, intercept_cr_write;   /* 0x000 */
    uint16_t intercept_dr_read, intercept_dr_write;
    uint32_t intercept_exceptions;                    /* 0x008: bit per vector */
    uint32_t intercept_1;                             /* 0x00c: INTERCEPT1_* */
    uint32_t intercept_2;                             /* 0x010: INTERCEPT2_* */
    uint32_t intercept_3;
    uint8_t reserved_018[0x3c - 0x18];
    uint16_t pause_filter_threshold, pause_filter_count;
    uint64_t io_bitmap;                               /* 0x040: physical */
    uint64_t msr_bitmap;
    uint64_t tsc_offset;                              /* 0x050 */
    uint32_t asid;
    uint8_t tlb_control;                              /* 0x05c: TLB_CONTROL_* */
    uint8_t reserved_05d[3];
    uint8_t virtual_tpr;                              /* 0x060: bits 3:0 are CR8 */
    uint8_t virtual_irq;                              /* bit 0: V_IRQ */
    uint8_t virtual_irq_priority;                     /* bits 3:0 priority, bit 4 V_IGN_TPR */
    uint8_t virtual_interrupt_masking;                /* bit 0 */
    uint8_t virtual_irq_vector;
    uint8_t reserved_065[3];
    uint64_t interrupt_shadow;                        /* 0x068: bit 0 */
    uint64_t exit_code;                               /* 0x070 */
    uint64_t exit_info_1, exit_info_2;
    uint64_t exit_interrupt_info;                     /* 0x088: an event whose delivery was cut off */
    uint64_t nested_control;                          /* 0x090: bit 0 nested paging */
    uint8_t reserved_098[0xa8 - 0x98];
    uint64_t event_injection;                         /* 0x0a8 */
    uint64_t nested_cr3;                              /* 0x0b0 */
    uint64_t virtualization_extensions;
    uint32_t clean_bits;                              /* 0x0c0: 0, everything is read at entry */
    uint32_t reserved_0c4;
    uint64_t next_rip;                                /* 0x0c8: with NRIP save only */
    uint8_t fetched_bytes;
    uint8_t instruction_bytes[15];                    /* with decode assists only */
    uint8_t reserved_0e0[0x400 - 0xe0];

    /* state save area */
    struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr; /* 0x400 */
    uint8_t reserved_4a0[0x4cb - 0x4a0];
    uint8_t cpl;                                      /* 0x4cb */
    uint32_t reserved_4cc;
    uint64_t efer;                                    /* 0x4d0 */
    uint8_t reserved_4d8[0x548 - 0x4d8];
    uint64_t cr4;                                     /* 0x548 */
    uint64_t cr3, cr0, dr7, dr6, rflags, rip;
    uint8_t reserved_580[0x5d8 - 0x580];
    uint64_t rsp;                                     /* 0x5d8 */
    uint8_t reserved_5e0[0x5f8 - 0x5e0];
    uint64_t rax;                                     /* 0x5f8 */
    uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t cr2;                                     /* 0x640 */
    uint8_t reserved_648[0x668 - 0x648];
    uint64_t pat;                                     /* 0x668 */
    uint64_t debug_control;
    uint8_t reserved_678[0x1000 - 0x678];
};

_Static_assert(sizeof(struct vmcb) == 4096, "one page");
_Static_assert(offsetof(struct vmcb, io_bitmap) == 0x40 && offsetof(struct vmcb, tlb_control) == 0x5c, "control area");
_Static_assert(offsetof(struct vmcb, exit_code) == 0x70 && offsetof(struct vmcb, event_injection) == 0xa8, "control");
_Static_assert(offsetof(struct vmcb, next_rip) == 0xc8 && offsetof(struct vmcb, es) == 0x400, "control area");
_Static_assert(offsetof(struct vmcb, cpl) == 0x4cb && offsetof(struct vmcb, efer) == 0x4d0, "state area");
_Static_assert(offsetof(struct vmcb, cr4) == 0x548 && offsetof(struct vmcb, rip) == 0x578, "state area");
_Static_assert(offsetof(struct vmcb, rsp) == 0x5d8 && offsetof(struct vmcb, rax) == 0x5f8, "state area");
_Static_assert(offsetof(struct vmcb, cr2) == 0x640 && offsetof(struct vmcb, pat) == 0x668, "state area");

#define INTERCEPT1_INTR (1u << 0)
#define INTERCEPT1_NMI (1u << 1)
#define INTERCEPT1_SMI (1u << 2)
#define INTERCEPT1_INIT (1u << 3)
#define INTERCEPT1_VINTR (1u << 4)
#define INTERCEPT1_RDPMC (1u << 15)
#define INTERCEPT1_CPUID (1u << 18)
#define INTERCEPT1_IRET (1u << 20)
#define INTERCEPT1_INVD (1u << 22)
#define INTERCEPT1_HLT (1u << 24)
#define INTERCEPT1_INVLPGA (1u << 26)
#define INTERCEPT1_IO (1u << 27)
#define INTERCEPT1_MSR (1u << 28)
#define INTERCEPT1_TASK_SWITCH (1u << 29)
#define INTERCEPT1_SHUTDOWN (1u << 31)

#define INTERCEPT2_VMRUN (1u << 0)
#define INTERCEPT2_VMMCALL (1u << 1)
#define INTERCEPT2_VMLOAD (1u << 2)
#define INTERCEPT2_VMSAVE (1u << 3)
#define INTERCEPT2_STGI (1u << 4)
#define INTERCEPT2_CLGI (1u << 5)
#define INTERCEPT2_SKINIT (1u << 6)
#define INTERCEPT2_WBINVD (1u << 9)
#define INTERCEPT2_MONITOR (1u << 10)
#define INTERCEPT2_MWAIT (1u << 11)

#define TLB_CONTROL_FLUSH_ALL 1u

#define EVENT_VALID (1ull << 31)
#define EVENT_CODE_VALID (1ull << 11)
#define EVENT_TYPE_INTERRUPT (0ull << 8)
#define EVENT_TYPE_NMI (2ull << 8)
#define EVENT_TYPE_EXCEPTION (3ull << 8)
#define EVENT_TYPE_SOFTWARE (4ull << 8)
#define EVENT_TYPE_MASK (7ull << 8)

#define EXIT_EXCEPTION_0 0x40u
#define EXIT_INTR 0x60u
#define EXIT_NMI 0x61u
#define EXIT_SMI 0x62u
#define EXIT_INIT 0x63u
#define EXIT_VINTR 0x64u
#define EXIT_RDPMC 0x6fu
#define EXIT_CPUID 0x72u
#define EXIT_IRET 0x74u
#define EXIT_INVD 0x76u
#define EXIT_HLT 0x78u
#define EXIT_INVLPGA 0x7au
#define EXIT_IO 0x7bu
#define EXIT_MSR 0x7cu
#define EXIT_TASK_SWITCH 0x7du
#define EXIT_SHUTDOWN 0x7fu
#define EXIT_VMRUN 0x80u
#define EXIT_VMMCALL 0x81u
#define EXIT_VMLOAD 0x82u
#define EXIT_VMSAVE 0x83u
#define EXIT_STGI 0x84u
#define EXIT_CLGI 0x85u
#define EXIT_SKINIT 0x86u
#define EXIT_WBINVD 0x89u
#define EXIT_MONITOR 0x8au
#define EXIT_MWAIT 0x8bu
#define EXIT_NESTED_PAGE_FAULT 0x400u

#endif
