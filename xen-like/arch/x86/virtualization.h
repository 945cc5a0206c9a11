/* SPDX-License-Identifier: MIT */
/*
 * The interface between a vendor's virtual-machine hardware (svm/, later vmx/), the code that runs vCPUs (vcpu.c) and
 * the virtual devices. A vendor is one constant table; the boot picks it by CPUID.
 *
 * Registers: while v is out of the guest, its general registers, rip and rflags are in v->arch.registers; everything
 * else is in the vendor's structure and reached through vcpu_state_get and vcpu_state_set or the accessors here.
 */
#ifndef KEEL_X86_VIRTUALIZATION_H
#define KEEL_X86_VIRTUALIZATION_H

#include "arch.h"

struct hvm_hw_cpu;

/* What decides how the guest's linear addresses are translated. */
struct guest_paging {
    uint64_t cr0, cr3, cr4, efer;
    bool is_long_code;       /* CS.L and EFER.LMA: 64-bit code runs */
    bool is_32bit_code;      /* CS.D */
    uint64_t cs_base;
};

struct virtualization_vendor {
    /* Turns the extension on in this CPU. Panics with what to do when that cannot be. */
    void (*enable_cpu)(void);
    int (*vcpu_create)(struct vcpu *v);
    void (*vcpu_free)(struct vcpu *v);
    /* State that outlives exits, onto and off this CPU. */
    void (*switch_in)(struct vcpu *v);
    void (*switch_out)(struct vcpu *v);
    /* Decides what v takes at the next entry: exception, NMI; and event upcall or interrupt, as soon as it can. */
    void (*inject)(struct vcpu *v);
    /* Enters the guest once, until it exits. Interrupts are off; in_guest and requests were checked. */
    void (*enter)(struct vcpu *v);
    /* Handles that exit. */
    void (*handle_exit)(struct vcpu *v);
    void (*state_get)(const struct vcpu *v, struct hvm_hw_cpu *state);
    void (*state_set)(struct vcpu *v, const struct hvm_hw_cpu *state);
    void (*paging_get)(const struct vcpu *v, struct guest_paging *paging);
    void (*set_tsc_offset)(struct vcpu *v, uint64_t offset);
    void (*skip_instruction)(struct vcpu *v, unsigned int length);
    void (*dump)(const struct vcpu *v);
};

extern const struct virtualization_vendor *virtualization; /* set by virtualization_start */
extern const struct virtualization_vendor svm_vendor;

/* Chooses the vendor, and turns it on in this CPU. Each CPU calls it once before it runs a vCPU. */
void virtualization_start(void);

/* --- for the devices and calls ---------------------------------------------------------------------------------- */

#define EXCEPTION_DB 1
#define EXCEPTION_UD 6
#define EXCEPTION_GP 13
#define EXCEPTION_AC 17
#define EXCEPTION_NONE_CODE (~0u)

/* Has v take an exception at its next entry, with an error code or EXCEPTION_NONE_CODE. */
void guest_inject_exception(struct vcpu *v, uint8_t vector, uint32_t code);
/* Copies n instruction bytes at a linear address of v; returns how many could be read (up to n). */
size_t guest_fetch(struct vcpu *v, uint64_t linear, void *buffer, size_t n);
/* v->arch.registers.rip moves past an instruction of that length; also ends an interrupt shadow. */
void guest_skip_instruction(struct vcpu *v, unsigned int length);

/* v is not running, or is the caller. _set checks what would make the hardware refuse the state: -XEN_EINVAL. */
void vcpu_state_get(const struct vcpu *v, struct hvm_hw_cpu *state);
int vcpu_state_set(struct vcpu *v, const struct hvm_hw_cpu *state);
void vcpu_set_tsc_offset(struct vcpu *v, uint64_t offset);
/* INIT: the vCPU goes down and waits for a startup interrupt. Startup: it runs from vector << 12 in real mode. */
void vcpu_reset_to_init(struct vcpu *v);
void vcpu_start_at(struct vcpu *v, uint8_t vector);

/* --- what the exits call (devices) -------------------------------------------------------------------------------- */

/* cpuid.c: answers CPUID for the leaf in rax and rcx, into rax, rbx, rcx, rdx. */
void cpuid_exit(struct vcpu *v);
int cpuid_policy_create(struct domain *d);
void cpuid_policy_free(struct domain *d);
/* msr.c: 0, or -1 for a general-protection fault. */
int msr_read(struct vcpu *v, uint32_t index, uint64_t *value);
int msr_write(struct vcpu *v, uint32_t index, uint64_t value);
/* mmio.c: emulates the access at rip and moves past it. False: not a device's address, or no instruction it knows. */
bool mmio_access(struct vcpu *v, uint64_t guest_physical, bool is_write);
/* io_port.c: size 1, 2, 4; *value is what is written, or where the result goes (low size bytes). */
void io_port_access(struct vcpu *v, uint16_t port, unsigned int size, bool is_in, uint32_t *value);
/* The ports of domain 0 that are not its own: sets their bits (1: intercept) in a bitmap of 65,536 + 3 ports. */
void io_bitmap_fill(uint8_t *bitmap);

/* virtual_lapic.c */
int virtual_lapic_create(struct vcpu *v);
void virtual_lapic_free(struct vcpu *v);
/* Any CPU: an edge (or level) interrupt for v's local APIC; v is notified. */
void virtual_lapic_inject(struct vcpu *v, uint8_t vector, bool is_level);
/* The vector that v would take next, above its processor priority, or -1. Short: it is asked before every entry. */
int virtual_lapic_pending_vector(struct vcpu *v);
/* v takes that vector: requested to in service. */
void virtual_lapic_accept(struct vcpu *v, uint8_t vector);
/* v has not taken what was accepted last: in service to requested. */
void virtual_lapic_withdraw(struct vcpu *v, uint8_t vector);
/* The task priority's class as CR8 has it (0..15). */
uint8_t virtual_lapic_get_cr8(const struct vcpu *v);
void virtual_lapic_set_cr8(struct vcpu *v, uint8_t cr8);
/* Any CPU: an NMI for v, which is notified; two are one until the first is taken. None reaches a vCPU that is down. */
void virtual_lapic_raise_nmi(struct vcpu *v);
bool virtual_lapic_nmi_is_pending(const struct vcpu *v);
/* The entry code takes the NMI; false: there is none. */
bool virtual_lapic_take_nmi(struct vcpu *v);

#endif
