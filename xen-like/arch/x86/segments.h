/* SPDX-License-Identifier: MIT */
/* Selectors of the hypervisor's descriptor table, the same on every CPU; usable from assembler. */
#ifndef KEEL_X86_SEGMENTS_H
#define KEEL_X86_SEGMENTS_H

#define SELECTOR_CODE 0x08
#define SELECTOR_DATA 0x10
#define SELECTOR_CODE32 0x18 /* the way through protected mode of a CPU that starts */
#define SELECTOR_TSS 0x20    /* takes two entries */
#define GDT_ENTRIES 6

/* Stacks that the CPU switches to by itself, for what may come while the current stack cannot be trusted. */
#define IST_DOUBLE_FAULT 1
#define IST_NMI 2
#define IST_MACHINE_CHECK 3
#define IST_COUNT 3

#endif
