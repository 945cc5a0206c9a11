/* SPDX-License-Identifier: MIT */
/*
 * Decodes the instructions with which kernels reach device registers in memory: MOV and its extending forms, XCHG,
 * STOS, and AND, OR, XOR, TEST, CMP, ADD, SUB with a memory operand. Where the operand is comes from the hardware's
 * fault, so addressing forms are only measured. A pure function of its arguments: no state, reads no byte beyond
 * count.
 */
#ifndef KEEL_X86_INSTRUCTION_H
#define KEEL_X86_INSTRUCTION_H

#include "types.h"

#define INSTRUCTION_LENGTH_MAX 15u

enum code_width { CODE_16 = 2, CODE_32 = 4, CODE_64 = 8 }; /* bytes of the code segment's default */

enum memory_operation {
    MEMORY_LOAD,             /* register = memory */
    MEMORY_LOAD_SIGNED,      /* the same, sign-extended to register_size */
    MEMORY_STORE,            /* memory = operand */
    MEMORY_EXCHANGE,
    MEMORY_STORE_STRING,     /* memory = rax, rdi moves by access_size */
    /* The result goes to memory, or to the register if is_to_register. */
    MEMORY_AND, MEMORY_OR, MEMORY_XOR, MEMORY_ADD, MEMORY_SUBTRACT,
    MEMORY_TEST, MEMORY_COMPARE, /* flags only; COMPARE is memory - operand, or register - memory if is_to_register */
};

struct instruction {
    enum memory_operation operation;
    uint8_t length;
    uint8_t access_size;     /* bytes of the memory operand: 1, 2, 4, 8 */
    uint8_t register_size;   /* bytes written to the register by a load */
    uint8_t register_number; /* of the register operand, as instructions number them */
    bool is_high_byte;       /* the register operand is AH, CH, DH or BH of register_number */
    bool is_immediate;       /* the other operand is `immediate`, sign-extended, not a register */
    bool is_to_register;
    bool is_repeated;        /* REP before STOS: one step at a time, count in rcx */
    uint8_t address_size;    /* bytes: which part of rcx and rdi a string operation uses */
    uint64_t immediate;
};

/* False if the bytes are no such instruction, have no memory operand, or there are too few of them. */
bool instruction_decode(const uint8_t *bytes, size_t count, enum code_width width, struct instruction *out);

#endif
