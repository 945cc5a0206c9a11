/* SPDX-License-Identifier: MIT */
/*
 * A CPU of the machine: what is its own (reached by GS base from the CPU itself), and what all of them can do.
 * CPU numbers are dense from 0, the boot CPU, in the MADT's order; they are what arch_cpu_id() answers.
 */
#ifndef KEEL_X86_CPU_H
#define KEEL_X86_CPU_H

#include "arch_host.h"
#include "segments.h"
#include "types.h"

struct vcpu;
struct trap_frame;

#define CPU_STACK_SIZE 32768u

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, io_bitmap_offset;
} __attribute__((packed));
_Static_assert(sizeof(struct tss) == 104, "a 64-bit TSS");

struct cpu {
    struct cpu *self;          /* at GS:0 */
    uint32_t id;
    uint32_t apic_id;
    uint32_t acpi_id;          /* the processor's id in the MADT */
    struct vcpu *current;      /* the vCPU whose state is loaded on this CPU; NULL: none. Written by this CPU. */
    _Atomic bool is_online;
    _Atomic uint32_t pending;  /* a request to pass through cpu_loop; set by any CPU before its kick */
    uint64_t exit_start_ns;    /* host time at which the current exit began */
    uint64_t timer_deadline_ns;/* what the timer is programmed for; ~0: off */
    const struct trap_frame *interrupted; /* innermost interrupt being handled; NULL: none */
    void *stack_top;           /* the CPU's stack; grows down from here, an unmapped page is below it */
    void *vendor;              /* AMD-V's or VT-x's data of this CPU */
    uint64_t gdt[GDT_ENTRIES];
    struct tss tss;
    uint8_t ist_stacks[IST_COUNT][4096] __attribute__((aligned(16)));
};

static inline struct cpu *this_cpu(void)
{
    struct cpu *cpu;
    __asm__("mov %%gs:0, %0" : "=r"(cpu)); /* not volatile: a CPU's own code never moves to another CPU */
    return cpu;
}

/* All CPUs that were started, the boot CPU included. Fixed before keel_main. */
uint32_t cpu_count(void);
/* NULL for a number that no CPU has. */
struct cpu *cpu_of(uint32_t id);
/* A new struct cpu with the next number, for smp.c. NULL: no memory or MAX_CPUS reached. Boot CPU only. */
struct cpu *cpu_add(uint32_t apic_id, uint32_t acpi_id);
/* Takes back the last cpu_add, of a CPU that did not start. */
void cpu_remove_last(void);

/* What all CPUs of the machine have (boot CPU's CPUID; a secondary CPU that lacks any of it is not started). */
struct cpu_features {
    char vendor[13], brand[49];
    uint8_t family, model, stepping;
    bool svm, svm_nested_paging, svm_nrip_save, svm_decode_assists, svm_flush_by_asid, svm_vmcb_clean, svm_pause_filter;
    bool svm_repeats_interrupts; /* QEMU's emulation: an injected interrupt may be delivered twice (svm/inject.c) */
    uint32_t svm_asid_count;   /* ASIDs 1 .. count-1 are for guests */
    bool pages_1g, nx, x2apic, xsave, smep, smap, rdtscp, invariant_tsc;
    uint64_t xcr0_supported;   /* what XCR0 may hold */
    uint32_t xsave_size;       /* bytes of the standard format with all of that enabled */
    uint8_t physical_bits;
    uint32_t max_leaf, max_extended_leaf;
};
extern struct cpu_features cpu_features;

/* First thing on the boot CPU: GS base and descriptor tables. Then this_cpu() works. */
void cpu_start_boot(void);
/* The same on a secondary CPU with its structure from cpu_add. */
void cpu_start_secondary(struct cpu *cpu);
/* Reads CPUID into cpu_features; panics if the machine lacks what the hypervisor needs. */
void cpu_detect_features(void);
/* Turns on in this CPU what cpu_features has for the hypervisor's own use (NX, WP, SMEP, SMAP, XSAVE). */
void cpu_enable_features(void);
/* On a secondary CPU: false if it lacks what the boot CPU has. */
bool cpu_has_same_features(void);

#endif
