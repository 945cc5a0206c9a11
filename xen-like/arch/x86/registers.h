/* SPDX-License-Identifier: MIT */
/* The x86 instructions that C has no words for: control registers, MSRs, CPUID, I/O ports, and their bits used here. */
#ifndef KEEL_X86_REGISTERS_H
#define KEEL_X86_REGISTERS_H

#include "types.h"

#define CR0_PE (1ull << 0)
#define CR0_MP (1ull << 1)
#define CR0_EM (1ull << 2)
#define CR0_TS (1ull << 3)
#define CR0_ET (1ull << 4)
#define CR0_NE (1ull << 5)
#define CR0_WP (1ull << 16)
#define CR0_NW (1ull << 29)
#define CR0_CD (1ull << 30)
#define CR0_PG (1ull << 31)

#define CR4_PAE (1ull << 5)
#define CR4_MCE (1ull << 6)
#define CR4_PGE (1ull << 7)
#define CR4_OSFXSR (1ull << 9)
#define CR4_OSXMMEXCPT (1ull << 10)
#define CR4_OSXSAVE (1ull << 18)
#define CR4_SMEP (1ull << 20)
#define CR4_SMAP (1ull << 21)

#define RFLAGS_RESERVED (1ull << 1) /* reads as one */
#define RFLAGS_TF (1ull << 8)
#define RFLAGS_IF (1ull << 9)

#define DR6_BREAKPOINTS 0xfull
#define DR6_SINGLE_STEP (1ull << 14)

#define MSR_APIC_BASE 0x1bu
#define APIC_BASE_BSP (1ull << 8)
#define APIC_BASE_X2APIC (1ull << 10)
#define APIC_BASE_ENABLED (1ull << 11)
#define MSR_X2APIC_FIRST 0x800u
#define MSR_EFER 0xc0000080u
#define EFER_SCE (1ull << 0)
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)
#define EFER_NXE (1ull << 11)
#define EFER_SVME (1ull << 12)
#define EFER_FFXSR (1ull << 14)
#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define MSR_TSC_AUX 0xc0000103u
#define MSR_PAT 0x277u

#define DEFINE_CONTROL_REGISTER(name)                                                                 \
    static inline uint64_t read_##name(void)                                                          \
    {                                                                                                 \
        uint64_t value;                                                                               \
        __asm__ volatile("mov %%" #name ", %0" : "=r"(value) : : "memory");                           \
        return value;                                                                                 \
    }                                                                                                 \
    static inline void write_##name(uint64_t value)                                                   \
    {                                                                                                 \
        __asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory");                               \
    }
DEFINE_CONTROL_REGISTER(cr0)
DEFINE_CONTROL_REGISTER(cr2)
DEFINE_CONTROL_REGISTER(cr3)
DEFINE_CONTROL_REGISTER(cr4)
#undef DEFINE_CONTROL_REGISTER

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

/*
 * As rdmsr and wrmsr where the CPU may not have the MSR (or may refuse the value): false, and nothing else, if it
 * faults.
 */
bool rdmsr_safe(uint32_t msr, uint64_t *value);
bool wrmsr_safe(uint32_t msr, uint64_t value);

struct cpuid_result { uint32_t eax, ebx, ecx, edx; };

static inline struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_result r;
    __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

/* Not before what precedes it in the program, so that two reads bracket the code between them. */
static inline uint64_t read_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static inline uint64_t read_xcr0(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static inline void write_xcr0(uint64_t value)
{
    __asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

/* a * b / c in 128 bits; the result must fit 64. */
static inline uint64_t multiply_divide(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t low = a, high;
    __asm__("mulq %2; divq %3" : "+a"(low), "=&d"(high) : "rm"(b), "rm"(c) : "cc");
    return low;
}


#define DEFINE_PORT_ACCESS(suffix, type)                                                    \
    static inline type in##suffix(uint16_t port)                                            \
    {                                                                                       \
        type value;                                                                         \
        __asm__ volatile("in" #suffix " %1, %0" : "=a"(value) : "Nd"(port) : "memory");     \
        return value;                                                                       \
    }                                                                                       \
    static inline void out##suffix(uint16_t port, type value)                               \
    {                                                                                       \
        __asm__ volatile("out" #suffix " %0, %1" : : "a"(value), "Nd"(port) : "memory");    \
    }
DEFINE_PORT_ACCESS(b, uint8_t)
DEFINE_PORT_ACCESS(w, uint16_t)
DEFINE_PORT_ACCESS(l, uint32_t)
#undef DEFINE_PORT_ACCESS

static inline void interrupts_off(void) { __asm__ volatile("cli" : : : "memory"); }
static inline void interrupts_on(void) { __asm__ volatile("sti" : : : "memory"); }
/* Takes the interrupts that wait, then goes on with interrupts off. */
static inline void interrupts_window(void) { __asm__ volatile("sti; nop; cli" : : : "memory"); }
/* Halts until an interrupt has been taken; none can slip in between. Returns with interrupts off. */
static inline void interrupts_wait(void) { __asm__ volatile("sti; hlt; cli" : : : "memory"); }

#endif
