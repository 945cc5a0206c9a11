/* SPDX-License-Identifier: MIT */
/* Who uses which of a CPU's 256 interrupt vectors. A higher number has priority over a lower one. */
#ifndef KEEL_X86_VECTORS_H
#define KEEL_X86_VECTORS_H

#define VECTOR_NMI 2
#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_MACHINE_CHECK 18

#define VECTOR_LEGACY_FIRST 0x20  /* the 8259s are moved here and masked: what comes is spurious */
#define VECTOR_LEGACY_LAST 0x2f
#define VECTOR_DYNAMIC_FIRST 0x30 /* devices: allocate_interrupt_vector */
#define VECTOR_DYNAMIC_LAST 0xdf
#define VECTOR_KICK 0xf0          /* leave the guest or idling; no work of its own */
#define VECTOR_CALL 0xf1          /* smp_call */
#define VECTOR_TIMER 0xf2         /* the local APIC's timer */
#define VECTOR_ERROR 0xfe
#define VECTOR_SPURIOUS 0xff

#endif
