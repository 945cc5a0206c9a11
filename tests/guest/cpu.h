/* SPDX-License-Identifier: MIT */
/* Instructions that C does not have, and a way to survive those that fault. */
#ifndef KEEL_TEST_CPU_H
#define KEEL_TEST_CPU_H

#include <stdint.h>

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};
static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;
    __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "0"(leaf), "2"(subleaf));
    return r;
}
static inline uint64_t read_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}
static inline void interrupts_on(void) { __asm__ volatile("sti" ::: "memory"); }
static inline void interrupts_off(void) { __asm__ volatile("cli" ::: "memory"); }
/* Opens interrupts and halts in one, then closes them. */
static inline void halt_once(void) { __asm__ volatile("sti; hlt; cli" ::: "memory"); }

/*
 * While fault_resume is set, an exception continues there and leaves its vector in fault_vector; the two functions
 * below return that vector, or 0 if the instruction went through.
 */
extern volatile uint64_t fault_resume, fault_vector;
static inline unsigned int read_msr(uint32_t msr, uint64_t *value)
{
    uint32_t low = 0, high = 0;
    fault_vector = 0;
    __asm__ volatile("movq $1f, fault_resume; rdmsr; 1: movq $0, fault_resume"
                     : "+a"(low), "+d"(high) : "c"(msr) : "memory");
    *value = (uint64_t)high << 32 | low;
    return (unsigned int)fault_vector;
}
static inline unsigned int write_msr(uint32_t msr, uint64_t value)
{
    fault_vector = 0;
    __asm__ volatile("movq $1f, fault_resume; wrmsr; 1: movq $0, fault_resume"
                     : : "a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(msr) : "memory");
    return (unsigned int)fault_vector;
}

#endif
