/* SPDX-License-Identifier: MIT */
/* What a memory instruction does to a device register, the general registers and the flags. */
#include "mmio.h"

#define FLAG_CARRY (1ull << 0)
#define FLAG_PARITY (1ull << 2)
#define FLAG_ADJUST (1ull << 4)
#define FLAG_ZERO (1ull << 6)
#define FLAG_SIGN (1ull << 7)
#define FLAG_DIRECTION (1ull << 10)
#define FLAG_OVERFLOW (1ull << 11)
#define FLAGS_ARITHMETIC (FLAG_CARRY | FLAG_PARITY | FLAG_ADJUST | FLAG_ZERO | FLAG_SIGN | FLAG_OVERFLOW)

/* The registers stand in the order in which instructions number them. */
_Static_assert(offsetof(struct guest_registers, rcx) == 8 && offsetof(struct guest_registers, rdi) == 56 &&
               offsetof(struct guest_registers, r15) == 120, "numbered as in instructions");

static uint64_t *register_of(struct guest_registers *registers, uint8_t number) { return &registers->rax + number; }

static uint64_t truncate(uint64_t value, unsigned int size)
{
    return size == 8 ? value : value & ((1ull << (8 * size)) - 1);
}

static uint64_t sign_extend(uint64_t value, unsigned int size)
{
    unsigned int unused = 64 - 8 * size;
    return (uint64_t)((int64_t)(value << unused) >> unused);
}

static uint64_t read_register(const struct instruction *i, struct guest_registers *registers, unsigned int size)
{
    uint64_t value = *register_of(registers, i->register_number);
    return truncate(i->is_high_byte ? value >> 8 : value, size);
}

/* As the CPU does: 32-bit results clear the upper half, smaller ones leave the rest. */
static void write_register(const struct instruction *i, struct guest_registers *registers, uint64_t value)
{
    uint64_t *target = register_of(registers, i->register_number);
    switch (i->register_size) {
    case 1:
        if (i->is_high_byte)
            *target = (*target & ~0xff00ull) | (value & 0xff) << 8;
        else
            *target = (*target & ~0xffull) | (value & 0xff);
        break;
    case 2: *target = (*target & ~0xffffull) | (value & 0xffff); break;
    case 4: *target = (uint32_t)value; break;
    default: *target = value; break;
    }
}

/* The result of a and b in size bytes, and the flags of it. */
static uint64_t compute(enum memory_operation operation, uint64_t a, uint64_t b, unsigned int size, uint64_t *rflags)
{
    uint64_t sign = 1ull << (8 * size - 1), result, flags = 0;
    switch (operation) {
    case MEMORY_AND:
    case MEMORY_TEST: result = a & b; break;
    case MEMORY_OR: result = a | b; break;
    case MEMORY_XOR: result = a ^ b; break;
    case MEMORY_ADD:
        result = truncate(a + b, size);
        flags |= result < a ? FLAG_CARRY : 0;
        flags |= (a ^ result) & (b ^ result) & sign ? FLAG_OVERFLOW : 0;
        flags |= (a ^ b ^ result) & 0x10 ? FLAG_ADJUST : 0;
        break;
    default: /* subtract, compare */
        result = truncate(a - b, size);
        flags |= a < b ? FLAG_CARRY : 0;
        flags |= (a ^ b) & (a ^ result) & sign ? FLAG_OVERFLOW : 0;
        flags |= (a ^ b ^ result) & 0x10 ? FLAG_ADJUST : 0;
        break;
    }
    flags |= result ? 0 : FLAG_ZERO;
    flags |= result & sign ? FLAG_SIGN : 0;
    flags |= __builtin_parity((unsigned int)(result & 0xff)) ? 0 : FLAG_PARITY;
    *rflags = (*rflags & ~FLAGS_ARITHMETIC) | flags;
    return result;
}

/* Adds to the low address_size bytes of a counter or pointer; a 32-bit result clears the upper half. */
static void advance(uint64_t *pointer, int64_t by, unsigned int address_size)
{
    uint64_t result = truncate(*pointer + (uint64_t)by, address_size);
    *pointer = address_size == 2 ? (*pointer & ~0xffffull) | result : result;
}

static bool store_string(const struct instruction *i, const struct mmio_device *device, uint64_t address,
                         struct guest_registers *registers)
{
    if (i->is_repeated && !truncate(registers->rcx, i->address_size))
        return true;
    device->write(device->data, address, i->access_size, truncate(registers->rax, i->access_size));
    int64_t step = registers->rflags & FLAG_DIRECTION ? -(int64_t)i->access_size : (int64_t)i->access_size;
    advance(&registers->rdi, step, i->address_size);
    if (!i->is_repeated)
        return true;
    advance(&registers->rcx, -1, i->address_size);
    return !truncate(registers->rcx, i->address_size);
}

bool mmio_execute(const struct instruction *i, const struct mmio_device *device, uint64_t address,
                  struct guest_registers *registers)
{
    unsigned int size = i->access_size;
    if (i->operation == MEMORY_STORE_STRING)
        return store_string(i, device, address, registers);

    uint64_t operand = i->is_immediate ? truncate(i->immediate, size) : read_register(i, registers, size);
    if (i->operation == MEMORY_STORE) {
        device->write(device->data, address, size, operand);
        return true;
    }
    uint64_t memory = device->read(device->data, address, size);
    switch (i->operation) {
    case MEMORY_LOAD:
        write_register(i, registers, memory);
        return true;
    case MEMORY_LOAD_SIGNED:
        write_register(i, registers, sign_extend(memory, size));
        return true;
    case MEMORY_EXCHANGE:
        device->write(device->data, address, size, operand);
        write_register(i, registers, memory);
        return true;
    default:
        break;
    }
    uint64_t left = i->is_to_register ? operand : memory, right = i->is_to_register ? memory : operand;
    uint64_t result = compute(i->operation, left, right, size, &registers->rflags);
    if (i->operation == MEMORY_TEST || i->operation == MEMORY_COMPARE)
        return true;
    if (i->is_to_register)
        write_register(i, registers, result);
    else
        device->write(device->data, address, size, result);
    return true;
}
