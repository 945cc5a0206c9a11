/* SPDX-License-Identifier: MIT */
/*
 * Model-specific registers of guests, as a table: what a read gives and what a write does. A register that is not in
 * it is a general-protection fault, as on a processor that does not have it. EFER and those kept in the hardware's
 * state are the vendor's. msr_read and msr_write are declared in virtualization.h.
 */
#ifndef KEEL_X86_MSR_H
#define KEEL_X86_MSR_H

#include "types.h"

struct vcpu;

#define MTRR_DEFAULT_ENABLED (1ull << 11)
#define MTRR_FIXED_ENABLED (1ull << 10)
#define MTRR_WRITE_BACK 6u
#define MTRR_CAPABILITIES 0x508ull /* 8 variable ranges, fixed ranges, write-combining */

/* Is value one that MTRRdefType takes? */
bool mtrr_default_type_is_valid(uint64_t value);
/* What a vCPU has at its creation. */
void msr_reset(struct vcpu *v);

#endif
