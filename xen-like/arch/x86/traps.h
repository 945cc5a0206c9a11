/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and interrupts of the host. An exception in the hypervisor is a BUG, printed with registers and backtrace,
 * unless the instruction has an entry in the table of recoverable ones. Interrupts are taken only while the host's IF
 * is set: idling, and in the window opened after an exit that an interrupt caused.
 */
#ifndef KEEL_X86_TRAPS_H
#define KEEL_X86_TRAPS_H

#include "types.h"

struct trap_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t vector, error_code;
    uint64_t rip, cs, rflags, rsp, ss;
};

/*
 * Runs on the CPU that took the interrupt, interrupts off, no lock held; the local APIC has its EOI after it returns.
 */
typedef void interrupt_handler(uint8_t vector);

/* Loads the interrupt table on this CPU; the boot CPU builds it first. */
void traps_initialise(void);
void traps_load(void);

/* A fixed vector (vectors.h) for all CPUs. BUG if it is taken. Boot CPU or under the caller's own lock. */
void register_interrupt_vector(uint8_t vector, interrupt_handler *handler);
/* A free dynamic vector with that handler, or 0 if all are in use. Any CPU. */
uint8_t allocate_interrupt_vector(interrupt_handler *handler);

/* Registers and backtrace of a trap. */
void print_trap_frame(const struct trap_frame *frame);
/* Who called whom from a frame pointer and instruction on. */
void print_backtrace_from(uint64_t rip, uint64_t rbp);

/*
 * If the instruction at `from` faults, execution goes on at `to`, registers unchanged. In assembler text:
 *   "1: rdmsr\n 2:\n" ... EXCEPTION_TABLE("1b", "3b")
 */
#define EXCEPTION_TABLE(from, to)                                                              \
    ".pushsection exception_table, \"a\"\n .balign 8\n .quad " from ", " to "\n .popsection\n"

#endif
