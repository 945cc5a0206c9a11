/* SPDX-License-Identifier: MIT */
/*
 * Memory instructions are decoded and carried out as the processor does it: each one below is executed natively on a
 * memory cell, and through the decoder on a device that holds the same value; registers, flags and memory must agree.
 */
#include <stdlib.h>
#include <string.h>

#include "../run_tests.h"
#include "mmio.h"

struct state { uint64_t rax, rcx, rdx, rbx, rflags, cell; };

/*
 * A function that loads the state, runs one instruction with %r12 at the cell, and stores the state; NAME_code is the
 * instruction.
 */
#define DEFINE(name, text)                                                                                        \
    void native_##name(struct state *s);                                                                          \
    extern const uint8_t name##_code[], name##_end[];                                                             \
    __asm__(".pushsection .text\n.globl native_" #name "\nnative_" #name ":\n"                                    \
            "push %rbx\npush %r12\npush %r13\nmov %rdi, %r13\nlea 40(%r13), %r12\n"                               \
            "mov (%r13), %rax\nmov 8(%r13), %rcx\nmov 16(%r13), %rdx\nmov 24(%r13), %rbx\n"                       \
            "pushq 32(%r13)\npopfq\n"                                                                             \
            #name "_code: " text "\n" #name "_end:\n"                                                             \
            "pushfq\npopq 32(%r13)\n"                                                                             \
            "mov %rax, (%r13)\nmov %rcx, 8(%r13)\nmov %rdx, 16(%r13)\nmov %rbx, 24(%r13)\n"                       \
            "pop %r13\npop %r12\npop %rbx\nret\n.popsection\n");

/* The last ones are encodings that the assembler would not choose: a zero 32-bit displacement, needless prefixes. */
#define INSTRUCTIONS(X)                                                                                           \
    X(load_32, "movl (%r12), %ecx") X(load_64, "movq (%r12), %rdx") X(load_16, "movw (%r12), %bx")                \
    X(load_8, "movb (%r12), %cl") X(store_32, "movl %ecx, (%r12)") X(store_64, "movq %rdx, (%r12)")               \
    X(store_16, "movw %bx, (%r12)") X(store_8, "movb %dl, (%r12)")                                                \
    X(store_constant, "movl $0x89abcdef, (%r12)") X(store_constant_64, "movq $-5, (%r12)")                        \
    X(store_constant_8, "movb $0x7f, (%r12)") X(store_constant_16, "movw $0x8001, (%r12)")                        \
    X(zero_8, "movzbl (%r12), %eax") X(zero_16, "movzwl (%r12), %ecx") X(zero_8_64, "movzbq (%r12), %rdx")        \
    X(sign_8, "movsbl (%r12), %eax") X(sign_16, "movswl (%r12), %ecx") X(sign_8_64, "movsbq (%r12), %rdx")        \
    X(sign_32, "movslq (%r12), %rbx") X(sign_8_16, "movsbw (%r12), %ax") X(exchange_32, "xchgl %ecx, (%r12)")     \
    X(exchange_8, "xchgb %bl, (%r12)") X(exchange_64, "xchgq %rax, (%r12)") X(and_m, "andl %ecx, (%r12)")         \
    X(or_m, "orl %edx, (%r12)") X(xor_m, "xorq %rbx, (%r12)") X(add_m, "addl %ecx, (%r12)")                       \
    X(sub_m, "subl %edx, (%r12)") X(lock_or, "lock orl %eax, (%r12)") X(and_r, "andl (%r12), %ecx")               \
    X(or_r, "orb (%r12), %dl") X(xor_r, "xorw (%r12), %ax") X(add_r, "addq (%r12), %rcx")                         \
    X(sub_r, "subl (%r12), %ebx") X(and_i, "andl $0xfffeffff, (%r12)") X(or_i8, "orl $-16, (%r12)")               \
    X(add_i8, "addb $100, (%r12)") X(sub_i, "subw $0x1234, (%r12)") X(xor_i, "xorq $-2, (%r12)")                  \
    X(test_m, "testl %ecx, (%r12)") X(test_i, "testl $0x10000, (%r12)") X(test_i8, "testb $0x80, (%r12)")         \
    X(cmp_m, "cmpl %ecx, (%r12)") X(cmp_r, "cmpl (%r12), %edx") X(cmp_i8, "cmpl $-1, (%r12)")                     \
    X(cmp_i, "cmpq $0x12345678, (%r12)") X(displaced, ".byte 0x41, 0x8b, 0x84, 0x24, 0, 0, 0, 0")                 \
    X(displaced_8, ".byte 0x41, 0x89, 0x4c, 0x24, 0") X(prefixed, ".byte 0x3e, 0x41, 0x8b, 0x0c, 0x24")           \
    X(size_twice, ".byte 0x66, 0x66, 0x41, 0x8b, 0x0c, 0x24")

INSTRUCTIONS(DEFINE)

struct test_case { const char *name; void (*native)(struct state *s); const uint8_t *code, *end; };
#define LIST(name, text) { #name, native_##name, name##_code, name##_end },
static const struct test_case cases[] = { INSTRUCTIONS(LIST) };

static unsigned int reads, writes;

static uint64_t cell_read(void *data, uint64_t address, unsigned int size)
{
    uint64_t value = 0;
    memcpy(&value, data, size);
    reads++;
    return value;
}

static void cell_write(void *data, uint64_t address, unsigned int size, uint64_t value)
{
    memcpy(data, &value, size);
    writes++;
}

#define FLAGS_COMPARED 0x8c5u /* carry, parity, zero, sign, overflow: adjust is undefined after AND and its kind */

static uint64_t interesting(unsigned int *seed)
{
    static const uint64_t values[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fffffff, 0x80000000u, 0xffffffffu, ~0ull,
                                       1ull << 63 };
    unsigned int n = (unsigned int)rand_r(seed);
    if (n % 3 == 0)
        return values[n / 3 % ARRAY_SIZE(values)];
    return (uint64_t)rand_r(seed) << 42 ^ (uint64_t)rand_r(seed) << 21 ^ (uint64_t)rand_r(seed);
}

static void agree(const struct test_case *c, unsigned int *seed)
{
    struct state native = { interesting(seed), interesting(seed), interesting(seed), interesting(seed),
                            (unsigned int)rand_r(seed) & FLAGS_COMPARED, interesting(seed) };
    struct guest_registers registers = { .rax = native.rax, .rcx = native.rcx, .rdx = native.rdx, .rbx = native.rbx,
                                         .rflags = native.rflags };
    uint64_t cell = native.cell;
    struct instruction instruction;
    size_t length = (size_t)(c->end - c->code);

    CU_ASSERT_TRUE_FATAL(instruction_decode(c->code, length, CODE_64, &instruction));
    CU_ASSERT_EQUAL(instruction.length, length);
    CU_ASSERT_TRUE(mmio_execute(&instruction, &(struct mmio_device){ &cell, cell_read, cell_write }, 0, &registers));
    c->native(&native);
    bool is_same = registers.rax == native.rax && registers.rcx == native.rcx && registers.rdx == native.rdx &&
                   registers.rbx == native.rbx && cell == native.cell &&
                   !((registers.rflags ^ native.rflags) & FLAGS_COMPARED);
    if (!is_same)
        printf("%s differs from the processor\n", c->name);
    CU_ASSERT_TRUE(is_same);
}

static void every_instruction_agrees_with_the_processor(void)
{
    unsigned int seed = 7;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        for (unsigned int round = 0; round < 200; round++)
            agree(&cases[i], &seed);
}

/* Cut short by any number of bytes, nothing is decoded, and nothing behind the end is read (the sanitizer watches). */
static void a_cut_instruction_is_refused(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t length = (size_t)(cases[i].end - cases[i].code);
        for (size_t n = 0; n < length; n++) {
            struct instruction instruction;
            uint8_t *exact = malloc(n ? n : 1);
            memcpy(exact, cases[i].code, n);
            CU_ASSERT_FALSE(instruction_decode(exact, n, CODE_64, &instruction));
            free(exact);
        }
    }
}

struct encoding {
    enum code_width width;
    uint8_t bytes[16];
    uint8_t count;     /* 0: refused */
    enum memory_operation operation;
    uint8_t access_size;
};

static void other_widths_and_refusals(void)
{
    static const struct encoding encodings[] = {
        { CODE_32, { 0x8b, 0x0d, 0, 0, 0xe0, 0xfe }, 6, MEMORY_LOAD, 4 },          /* mov ecx, [disp32] */
        { CODE_32, { 0xa1, 0x20, 0, 0xe0, 0xfe }, 5, MEMORY_LOAD, 4 },             /* mov eax, moffs */
        { CODE_32, { 0x67, 0xa1, 0x20, 0 }, 4, MEMORY_LOAD, 4 },                   /* with a 16-bit address */
        { CODE_32, { 0x40, 0x8b, 0x00 }, 0, MEMORY_LOAD, 4 },                      /* 0x40 is inc eax, not a prefix */
        { CODE_16, { 0x8b, 0x16, 0x20, 0 }, 4, MEMORY_LOAD, 2 },                   /* mov dx, [disp16] */
        { CODE_16, { 0x66, 0x67, 0x8b, 0x05, 1, 2, 3, 4 }, 8, MEMORY_LOAD, 4 },
        { CODE_16, { 0x8a, 0x47, 0x10 }, 3, MEMORY_LOAD, 1 },                      /* mov al, [bx+16] */
        { CODE_64, { 0xa3, 0, 0, 0xe0, 0xfe, 0, 0, 0, 0 }, 9, MEMORY_STORE, 4 },   /* mov moffs64, eax */
        { CODE_64, { 0xf3, 0xab }, 2, MEMORY_STORE_STRING, 4 },                    /* rep stosl */
        { CODE_64, { 0x48, 0x66, 0x8b, 0x00 }, 0, MEMORY_LOAD, 8 },                /* REX must be the last prefix */
        { CODE_64, { 0x8b, 0xc1 }, 0, MEMORY_LOAD, 4 },                            /* register operand */
        { CODE_64, { 0x0f, 0x10, 0x00 }, 0, MEMORY_LOAD, 4 },                      /* movups */
        { CODE_64, { 0xf0, 0x8b, 0x00 }, 0, MEMORY_LOAD, 4 },                      /* lock before a load */
        { CODE_64, { 0x11, 0x08 }, 0, MEMORY_ADD, 4 },                             /* adc */
        { CODE_64, { 0xf7, 0x10 }, 0, MEMORY_TEST, 4 },                            /* not */
        { CODE_64, { 0xff, 0x30 }, 0, MEMORY_LOAD, 8 },                            /* push */
        { CODE_64, { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x8b, 0x00 },
          0, MEMORY_LOAD, 2 },                                                     /* longer than 15 bytes */
    };
    for (size_t i = 0; i < ARRAY_SIZE(encodings); i++) {
        struct instruction instruction;
        bool is_known = instruction_decode(encodings[i].bytes, sizeof(encodings[i].bytes), encodings[i].width,
                                           &instruction);
        CU_ASSERT_EQUAL(is_known, encodings[i].count != 0);
        if (!is_known || !encodings[i].count)
            continue;
        CU_ASSERT_EQUAL(instruction.length, encodings[i].count);
        CU_ASSERT_EQUAL(instruction.operation, encodings[i].operation);
        CU_ASSERT_EQUAL(instruction.access_size, encodings[i].access_size);
    }
}

static void high_byte_registers(void)
{
    struct instruction instruction;
    struct guest_registers registers = { .rcx = 0x1122334455667788ull };
    uint64_t cell = 0xab;
    /* mov ch, [rsi] */
    CU_ASSERT_TRUE_FATAL(instruction_decode((const uint8_t[]){ 0x8a, 0x2e }, 2, CODE_64, &instruction));
    mmio_execute(&instruction, &(struct mmio_device){ &cell, cell_read, cell_write }, 0, &registers);
    CU_ASSERT_EQUAL(registers.rcx, 0x112233445566ab88ull);
    /* With REX the same number is BPL. */
    CU_ASSERT_TRUE_FATAL(instruction_decode((const uint8_t[]){ 0x40, 0x8a, 0x2e }, 3, CODE_64, &instruction));
    mmio_execute(&instruction, &(struct mmio_device){ &cell, cell_read, cell_write }, 0, &registers);
    CU_ASSERT_EQUAL(registers.rbp, 0xab);
}

static void a_repeated_store_goes_step_by_step(void)
{
    struct instruction instruction;
    struct guest_registers registers = { .rax = 0x1234567890, .rcx = 2, .rdi = 0xffff8000fee00000ull };
    uint64_t cell = 0;
    const struct mmio_device device = { &cell, cell_read, cell_write };
    writes = 0;
    CU_ASSERT_TRUE_FATAL(instruction_decode((const uint8_t[]){ 0xf3, 0xab }, 2, CODE_64, &instruction));
    CU_ASSERT_FALSE(mmio_execute(&instruction, &device, 0, &registers));
    CU_ASSERT_TRUE(mmio_execute(&instruction, &device, 0, &registers));
    CU_ASSERT_EQUAL(writes, 2);
    CU_ASSERT_EQUAL(cell, 0x34567890);
    CU_ASSERT_EQUAL(registers.rcx, 0);
    CU_ASSERT_EQUAL(registers.rdi, 0xffff8000fee00008ull);
    CU_ASSERT_TRUE(mmio_execute(&instruction, &device, 0, &registers)); /* count 0: nothing is written */
    CU_ASSERT_EQUAL(writes, 2);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(every_instruction_agrees_with_the_processor),
        TEST_CASE(a_cut_instruction_is_refused),
        TEST_CASE(other_widths_and_refusals),
        TEST_CASE(high_byte_registers),
        TEST_CASE(a_repeated_store_goes_step_by_step),
    };
    return RUN_TESTS("instruction", tests);
}
