/* SPDX-License-Identifier: MIT */
/* A multiboot2 image that triple-faults at once: what the tests of the machine say of such an end is tested with it. */
#define MULTIBOOT2_MAGIC 0xe85250d6
#define STOP_HERE 0x7e57fa17 /* shows in EAX of the reported state */

        .section .multiboot2, "a"
        .balign 8
header:
        .long MULTIBOOT2_MAGIC, 0, header_end - header, -(MULTIBOOT2_MAGIC + header_end - header)
        .word 0, 0
        .long 8
header_end:

        .text
        .code32
        .globl start
start:
        movl $STOP_HERE, %eax
        lidt no_handlers
        ud2
        .balign 8
no_handlers:
        .word 0
        .long 0
