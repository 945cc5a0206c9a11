/* SPDX-License-Identifier: MIT */
/*
 * How long an intercepted instruction is, for want of NRIP save. The exit code says which instruction it is; so its
 * bytes are searched only for prefixes and checked to be that opcode. Reading them walks the guest's page tables, so
 * lengths seen in kernel code are kept by address; a kernel that puts another form of the same instruction at the same
 * address misleads only itself. User code shares addresses between processes and is always read.
 */
#include "svm.h"

#include "cpu.h"

struct opcode {
    uint32_t exit_code;
    uint8_t length;
    uint8_t bytes[3];
};

static const struct opcode opcodes[] = {
    { EXIT_VMMCALL, 3, { 0x0f, 0x01, 0xd9 } }, { EXIT_CPUID, 2, { 0x0f, 0xa2 } }, { EXIT_HLT, 1, { 0xf4 } },
    { EXIT_WBINVD, 2, { 0x0f, 0x09 } },        { EXIT_INVD, 2, { 0x0f, 0x08 } },
};

static bool is_prefix(uint8_t byte, bool is_long_code)
{
    switch (byte) {
    case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65: /* segments */
    case 0x66: case 0x67: case 0xf0: case 0xf2: case 0xf3:
        return true;
    default:
        return is_long_code && (byte & 0xf0) == 0x40; /* REX */
    }
}

static unsigned int read_length(struct vcpu *v, uint32_t exit_code)
{
    struct guest_paging paging;
    uint8_t bytes[15];

    svm_paging_get(v, &paging);
    uint64_t linear = v->arch.registers.rip + (paging.is_long_code ? 0 : paging.cs_base);
    size_t count = guest_fetch(v, linear, bytes, sizeof(bytes));
    size_t prefixes = 0;
    while (prefixes < count && is_prefix(bytes[prefixes], paging.is_long_code))
        prefixes++;
    const uint8_t *at = bytes + prefixes;
    size_t left = count - prefixes;
    if (exit_code == EXIT_MSR) /* RDMSR or WRMSR */
        return left >= 2 && at[0] == 0x0f && (at[1] == 0x32 || at[1] == 0x30) ? (unsigned int)prefixes + 2 : 0;
    for (size_t i = 0; i < ARRAY_SIZE(opcodes); i++) {
        const struct opcode *o = &opcodes[i];
        if (o->exit_code != exit_code || left < o->length)
            continue;
        for (size_t n = 0; n < o->length; n++)
            if (at[n] != o->bytes[n])
                return 0;
        return (unsigned int)prefixes + o->length;
    }
    return 0;
}

unsigned int svm_instruction_length(struct vcpu *v)
{
    const struct vmcb *vmcb = v->arch.vmcb;
    uint64_t rip = v->arch.registers.rip;

    if (cpu_features.svm_nrip_save) {
        uint64_t length = vmcb->next_rip - rip;
        return length >= 1 && length <= 15 ? (unsigned int)length : 0;
    }
    if (vmcb->cpl != 0)
        return read_length(v, (uint32_t)vmcb->exit_code);

    __typeof__(v->arch.instruction_lengths[0]) *kept =
        &v->arch.instruction_lengths[(rip ^ rip >> 4) % ARRAY_SIZE(v->arch.instruction_lengths)];
    if (likely(kept->rip == rip && kept->exit_code == (uint32_t)vmcb->exit_code))
        return kept->length;
    kept->length = read_length(v, (uint32_t)vmcb->exit_code);
    kept->rip = kept->length ? rip : 0;
    kept->exit_code = (uint32_t)vmcb->exit_code;
    return kept->length;
}
