/* SPDX-License-Identifier: MIT */
/*
 * The decoder of memory instructions: prefixes, one table lookup for the opcode, then ModRM, displacement, immediate.
 */
#include "instruction.h"

struct cursor { const uint8_t *bytes; size_t count, at; };

static bool next_byte(struct cursor *c, uint8_t *byte)
{
    if (c->at >= c->count || c->at >= INSTRUCTION_LENGTH_MAX)
        return false;
    *byte = c->bytes[c->at++];
    return true;
}

static bool skip(struct cursor *c, size_t n)
{
    c->at += n;
    return c->at <= c->count && c->at <= INSTRUCTION_LENGTH_MAX;
}

struct prefixes { bool operand_size, address_size, repeat, lock; uint8_t rex; };

#define REX_W 8u
#define REX_R 4u

/* Consumes prefixes; *opcode is the byte after them. A REX prefix counts only right before the opcode. */
static bool read_prefixes(struct cursor *c, enum code_width width, struct prefixes *p, uint8_t *opcode)
{
    for (;;) {
        if (!next_byte(c, opcode))
            return false;
        switch (*opcode) {
        case 0x66: p->operand_size = true; break;
        case 0x67: p->address_size = true; break;
        case 0xf2:
        case 0xf3: p->repeat = true; break;
        case 0xf0: p->lock = true; break;
        case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65: break;
        default:
            if (width != CODE_64 || (*opcode & 0xf0) != 0x40)
                return true;
            p->rex = *opcode;
            return next_byte(c, opcode) && (*opcode & 0xf0) != 0x40;
        }
    }
}

enum form {
    FORM_NONE,
    FORM_MODRM,      /* memory and register by ModRM */
    FORM_OFFSET,     /* accumulator and an absolute address */
    FORM_STRING,
    FORM_IMMEDIATE,  /* memory and an immediate of the operand's size, at most 4 bytes */
    FORM_IMMEDIATE8, /* memory and a sign-extended byte */
};

struct opcode {
    enum memory_operation operation;
    enum form form;
    bool is_byte;        /* the memory operand is one byte */
    bool is_to_register;
    uint8_t loaded_size; /* extending loads: bytes of the memory operand; 0: no extension */
};

/* The eight operations of opcodes 0x00 to 0x3f and of group 1, by number; ADC and SBB (2, 3) have no use on devices. */
static bool arithmetic(uint8_t number, enum memory_operation *operation)
{
    static const uint8_t operations[8] = { MEMORY_ADD, MEMORY_OR, 0, 0, MEMORY_AND, MEMORY_SUBTRACT, MEMORY_XOR,
                                           MEMORY_COMPARE };
    *operation = (enum memory_operation)operations[number];
    return number != 2 && number != 3;
}

static struct opcode find_one_byte(uint8_t byte, uint8_t extension)
{
    struct opcode o = { .is_byte = !(byte & 1) };
    switch (byte) {
    case 0x88: case 0x89: o.operation = MEMORY_STORE, o.form = FORM_MODRM; break;
    case 0x8a: case 0x8b: o.operation = MEMORY_LOAD, o.form = FORM_MODRM, o.is_to_register = true; break;
    case 0xa0: case 0xa1: o.operation = MEMORY_LOAD, o.form = FORM_OFFSET, o.is_to_register = true; break;
    case 0xa2: case 0xa3: o.operation = MEMORY_STORE, o.form = FORM_OFFSET; break;
    case 0xaa: case 0xab: o.operation = MEMORY_STORE_STRING, o.form = FORM_STRING; break;
    case 0x86: case 0x87: o.operation = MEMORY_EXCHANGE, o.form = FORM_MODRM; break;
    case 0x84: case 0x85: o.operation = MEMORY_TEST, o.form = FORM_MODRM; break;
    case 0xc6: case 0xc7:
        o.operation = MEMORY_STORE;
        o.form = extension == 0 ? FORM_IMMEDIATE : FORM_NONE;
        break;
    case 0xf6: case 0xf7:
        o.operation = MEMORY_TEST;
        o.form = extension <= 1 ? FORM_IMMEDIATE : FORM_NONE;
        break;
    case 0x80: case 0x81: case 0x83:
        o.form = !arithmetic(extension, &o.operation) ? FORM_NONE : byte == 0x83 ? FORM_IMMEDIATE8 : FORM_IMMEDIATE;
        break;
    case 0x63: /* MOVSXD; in other than 64-bit code this is ARPL, which the caller refuses */
        o = (struct opcode){ .operation = MEMORY_LOAD_SIGNED, .form = FORM_MODRM, .is_to_register = true,
                             .loaded_size = 4 };
        break;
    default:
        if (byte < 0x40 && (byte & 7) < 4 && arithmetic(byte >> 3, &o.operation)) {
            o.form = FORM_MODRM;
            o.is_to_register = byte & 2;
        }
        break;
    }
    return o;
}

static struct opcode find_two_byte(uint8_t byte)
{
    bool is_extending = (byte & 0xf6) == 0xb6; /* MOVZX b6 b7, MOVSX be bf */
    return (struct opcode){ .operation = byte & 8 ? MEMORY_LOAD_SIGNED : MEMORY_LOAD, .is_to_register = true,
                            .form = is_extending ? FORM_MODRM : FORM_NONE, .loaded_size = byte & 1 ? 2 : 1 };
}

/* Moves past the displacement of a ModRM byte whose operand is in memory. */
static bool skip_address(struct cursor *c, uint8_t modrm, uint8_t address_size)
{
    uint8_t mode = modrm >> 6, base = modrm & 7;
    if (mode == 3)
        return false; /* the operand is a register */
    if (address_size == 2)
        return skip(c, mode == 1 ? 1 : mode == 2 || base == 6 ? 2 : 0);
    if (base == 4) {
        uint8_t sib;
        if (!next_byte(c, &sib))
            return false;
        base = sib & 7;
    }
    return skip(c, mode == 1 ? 1 : mode == 2 || base == 5 ? 4 : 0);
}

static bool read_immediate(struct cursor *c, uint8_t size, uint64_t *value)
{
    uint64_t bits = 0;
    for (uint8_t i = 0; i < size; i++) {
        uint8_t byte;
        if (!next_byte(c, &byte))
            return false;
        bits |= (uint64_t)byte << (8 * i);
    }
    unsigned int unused = 64 - 8u * size;
    *value = (uint64_t)((int64_t)(bits << unused) >> unused);
    return true;
}

static uint8_t operand_size(const struct prefixes *p, enum code_width width)
{
    if (p->rex & REX_W)
        return 8;
    if (width == CODE_16)
        return p->operand_size ? 4 : 2;
    return p->operand_size ? 2 : 4;
}

static uint8_t address_size(const struct prefixes *p, enum code_width width)
{
    if (width == CODE_64)
        return p->address_size ? 4 : 8;
    return (width == CODE_32) == p->address_size ? 2 : 4;
}

static void set_register(struct instruction *out, uint8_t number, const struct prefixes *p, bool is_byte)
{
    out->is_high_byte = is_byte && !p->rex && number >= 4;
    out->register_number = out->is_high_byte ? number - 4 : (uint8_t)(number | (p->rex & REX_R ? 8 : 0));
}

static bool is_lockable(enum memory_operation operation, bool is_to_register)
{
    return operation == MEMORY_EXCHANGE || (operation >= MEMORY_AND && operation <= MEMORY_SUBTRACT && !is_to_register);
}

bool instruction_decode(const uint8_t *bytes, size_t count, enum code_width width, struct instruction *out)
{
    struct cursor c = { bytes, count, 0 };
    struct prefixes p = { 0 };
    uint8_t byte, modrm = 0;

    *out = (struct instruction){ 0 };
    if (!read_prefixes(&c, width, &p, &byte))
        return false;
    struct opcode opcode;
    if (byte == 0x0f) {
        if (!next_byte(&c, &byte))
            return false;
        opcode = find_two_byte(byte);
    } else {
        if (byte == 0x63 && width != CODE_64)
            return false;
        uint8_t extension = c.at < c.count ? c.bytes[c.at] >> 3 & 7 : 0;
        opcode = find_one_byte(byte, extension);
    }
    if (opcode.form == FORM_NONE || (p.lock && !is_lockable(opcode.operation, opcode.is_to_register)))
        return false;

    uint8_t size = opcode.is_byte ? 1 : operand_size(&p, width);
    out->operation = opcode.operation;
    out->is_to_register = opcode.is_to_register;
    out->address_size = address_size(&p, width);
    out->access_size = opcode.loaded_size ? opcode.loaded_size : size;
    out->register_size = opcode.loaded_size ? operand_size(&p, width) : size;

    switch (opcode.form) {
    case FORM_OFFSET:
        if (!skip(&c, out->address_size))
            return false;
        break; /* register 0 is the accumulator */
    case FORM_STRING:
        out->is_repeated = p.repeat;
        break;
    default:
        if (!next_byte(&c, &modrm) || !skip_address(&c, modrm, out->address_size))
            return false;
        set_register(out, modrm >> 3 & 7, &p, out->register_size == 1);
        break;
    }
    if (opcode.form == FORM_IMMEDIATE || opcode.form == FORM_IMMEDIATE8) {
        out->is_immediate = true;
        out->is_high_byte = false;
        if (!read_immediate(&c, opcode.form == FORM_IMMEDIATE8 || size == 1 ? 1 : MIN(size, 4), &out->immediate))
            return false;
    }
    out->length = (uint8_t)c.at;
    return true;
}
