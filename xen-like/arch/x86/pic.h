/* SPDX-License-Identifier: MIT */
/* The pair of 8259 interrupt controllers, which Keel does not use. */
#ifndef KEEL_X86_PIC_H
#define KEEL_X86_PIC_H

/*
 * Masks them for good. Before the local APIC's LINT0 is masked: an interrupt of theirs that waits there would stay
 * pending in the CPU with nobody to name its vector.
 */
void pic_silence(void);

#endif
