/* SPDX-License-Identifier: MIT */
/* Puts the 8259s to rest. */
#include "pic.h"

#include "registers.h"
#include "vectors.h"

#define PIC_MASTER 0x20
#define PIC_SLAVE 0xa0

void pic_silence(void)
{
    /* Initialised, so that a spurious interrupt of theirs has a vector of its own, then masked. */
    outb(PIC_MASTER, 0x11);
    outb(PIC_SLAVE, 0x11);
    outb(PIC_MASTER + 1, VECTOR_LEGACY_FIRST);
    outb(PIC_SLAVE + 1, VECTOR_LEGACY_FIRST + 8);
    outb(PIC_MASTER + 1, 4);
    outb(PIC_SLAVE + 1, 2);
    outb(PIC_MASTER + 1, 1);
    outb(PIC_SLAVE + 1, 1);
    outb(PIC_MASTER + 1, 0xff);
    outb(PIC_SLAVE + 1, 0xff);
}
