/* SPDX-License-Identifier: MIT */
/*
 * The first instructions, from the boot loader (Multiboot2, 32-bit protected mode, no paging) and, for secondary CPUs,
 * from the real-mode trampoline. Both go through the same boot page tables, which are W^X already: the image at its
 * physical and at its linked address with the permissions of each page, and the lowest 4 GiB but the image as data.
 */
#include "segments.h"

#define IMAGE_BASE 0xffffffff80000000
#define PHYSICAL(symbol) ((symbol) - IMAGE_BASE)

#define PTE_PRESENT 0x1
#define PTE_PRESENT_WRITE 0x3
#define PTE_LARGE_WRITE 0x83
#define PTE_NX_HIGH 0x80000000 /* bit 63, in the upper half */

#define CR0_VALUE 0x80010033 /* PG WP NE ET MP PE; the caches are on */
#define CR4_VALUE 0x20       /* PAE */
#define MSR_EFER 0xc0000080
#define EFER_LME_NXE 0x900

#define IMAGE_TABLES 4 /* 2 MiB each, from 2 MiB on */

    .section .multiboot2, "a"
    .balign 8
multiboot2_header:
    .long 0xe85250d6, 0
    .long multiboot2_header_end - multiboot2_header
    .long -(0xe85250d6 + (multiboot2_header_end - multiboot2_header))
    .balign 8
    .word 1, 0          /* information request: command line, modules, memory map */
    .long 20, 1, 3, 6
    .balign 8
    .word 1, 1          /* optional: ACPI root pointers, old and new */
    .long 16, 14, 15
    .balign 8
    .word 3, 0          /* entry address */
    .long 12, PHYSICAL(boot_entry)
    .balign 8
    .word 6, 0          /* modules on page boundaries */
    .long 8
    .balign 8
    .word 0, 0
    .long 8
multiboot2_header_end:

    .section .bss.page_aligned, "aw", @nobits
    .balign 4096
boot_pml4:        .skip 4096
boot_pdpt_low:    .skip 4096
boot_pdpt_direct: .skip 4096
boot_pdpt_high:   .skip 4096
boot_pd_image:    .skip 4096
boot_pd_direct:   .skip 4 * 4096
boot_pt_image:    .skip IMAGE_TABLES * 4096

    .section .rodata.boot, "a"
    .balign 8
boot_gdt: /* marked as accessed: the CPU must not want to write here */
    .quad 0
    .quad 0x00af9b000000ffff /* SELECTOR_CODE */
    .quad 0x00cf93000000ffff /* SELECTOR_DATA */
    .quad 0x00cf9b000000ffff /* SELECTOR_CODE32 */
boot_gdt_end:
boot_gdt_pointer:
    .word boot_gdt_end - boot_gdt - 1
    .long PHYSICAL(boot_gdt)
message_no_long_mode:
    .asciz "(KEEL) This CPU has no 64-bit mode or no NX bit: Keel cannot run on it.\r\n"

    .section .text.boot, "ax"
    .code32
    .globl boot_entry
boot_entry:
    cli
    cld
    mov %eax, %edi          /* the loader's magic and information: start_hypervisor's arguments */
    mov %ebx, %esi
    mov $0x80000000, %eax
    cpuid
    cmp $0x80000001, %eax
    jb no_long_mode
    mov $0x80000001, %eax
    cpuid
    and $((1 << 29) | (1 << 20)), %edx
    cmp $((1 << 29) | (1 << 20)), %edx
    jne no_long_mode

    /* The image, page by page. */
    mov $PHYSICAL(image_start), %eax
    mov $PHYSICAL(boot_pt_image), %ebx
1:  mov %eax, %ecx
    cmp $PHYSICAL(text_end), %eax
    jae 2f
    or $PTE_PRESENT, %ecx   /* text: read and execute */
    xor %edx, %edx
    jmp 4f
2:  mov $PTE_NX_HIGH, %edx
    cmp $PHYSICAL(rodata_end), %eax
    jae 3f
    or $PTE_PRESENT, %ecx   /* constants: read */
    jmp 4f
3:  or $PTE_PRESENT_WRITE, %ecx
4:  mov %ecx, (%ebx)
    mov %edx, 4(%ebx)
    add $8, %ebx
    add $4096, %eax
    cmp $PHYSICAL(image_end), %eax
    jb 1b

    /* The lowest 4 GiB as data, but for the image. */
    xor %eax, %eax
    mov $PHYSICAL(boot_pd_direct), %ebx
5:  cmp $PHYSICAL(image_start), %eax
    jb 6f
    cmp $PHYSICAL(image_end), %eax
    jb 7f
6:  mov %eax, %ecx
    or $PTE_LARGE_WRITE, %ecx
    mov %ecx, (%ebx)
    movl $PTE_NX_HIGH, 4(%ebx)
7:  add $8, %ebx
    add $0x200000, %eax
    jnc 5b

    .set table, 0
    .rept IMAGE_TABLES
    movl $(PHYSICAL(boot_pt_image) + table * 4096 + PTE_PRESENT_WRITE), PHYSICAL(boot_pd_image) + 8 + table * 8
    .set table, table + 1
    .endr
    .set table, 0
    .rept 4
    movl $(PHYSICAL(boot_pd_direct) + table * 4096 + PTE_PRESENT_WRITE), PHYSICAL(boot_pdpt_direct) + table * 8
    .set table, table + 1
    .endr
    movl $(PHYSICAL(boot_pd_image) + PTE_PRESENT_WRITE), PHYSICAL(boot_pdpt_low)
    movl $(PHYSICAL(boot_pd_image) + PTE_PRESENT_WRITE), PHYSICAL(boot_pdpt_high) + 510 * 8
    movl $(PHYSICAL(boot_pdpt_low) + PTE_PRESENT_WRITE), PHYSICAL(boot_pml4)
    movl $(PHYSICAL(boot_pdpt_direct) + PTE_PRESENT_WRITE), PHYSICAL(boot_pml4) + 256 * 8
    movl $(PHYSICAL(boot_pdpt_high) + PTE_PRESENT_WRITE), PHYSICAL(boot_pml4) + 511 * 8

    lgdt PHYSICAL(boot_gdt_pointer)
    mov $PHYSICAL(boot_entry64), %ebp

/* Protected mode without paging, boot_gdt loaded: into 64-bit mode, on to the physical address in ebp. */
enter_long_mode:
    mov $SELECTOR_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $CR4_VALUE, %eax
    mov %eax, %cr4
    mov $PHYSICAL(boot_pml4), %eax
    mov %eax, %cr3
    mov $MSR_EFER, %ecx
    rdmsr
    or $EFER_LME_NXE, %eax
    wrmsr
    mov $CR0_VALUE, %eax
    mov %eax, %cr0
    ljmp $SELECTOR_CODE, $PHYSICAL(in_long_mode)

no_long_mode:
    mov $PHYSICAL(message_no_long_mode), %esi
    mov $0x3f8, %edx
8:  lodsb
    test %al, %al
    jz 9f
    outb %al, %dx
    jmp 8b
9:  hlt
    jmp 9b

/* A secondary CPU comes from the trampoline. */
secondary_entry32:
    mov $PHYSICAL(secondary_entry64), %ebp
    jmp enter_long_mode

    .code64
in_long_mode:
    movslq %ebp, %rax
    add $IMAGE_BASE, %rax   /* from the physical to the linked address */
    jmp *%rax

boot_entry64:
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
    mov $boot_stack_top, %rsp
    xor %ebp, %ebp
    call start_hypervisor
    ud2

secondary_entry64:
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
    mov secondary_page_root(%rip), %rax
    mov %rax, %cr3          /* maps the stack and the structure of this CPU */
    mov secondary_cpu(%rip), %rdi
    mov secondary_stack_top(%rip), %rsp
    xor %ebp, %ebp
    call start_secondary
    ud2

/* Copied to a page below 1 MiB, where a secondary CPU starts in real mode with cs:ip = page:0. */
    .section .rodata.trampoline, "a"
    .code16
    .globl trampoline_start, trampoline_end
trampoline_start:
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    lgdtl (trampoline_gdt_pointer - trampoline_start)
    mov %cr0, %eax
    or $1, %al
    mov %eax, %cr0
    ljmpl $SELECTOR_CODE32, $PHYSICAL(secondary_entry32)
    .balign 8
trampoline_gdt_pointer:
    .word boot_gdt_end - boot_gdt - 1
    .long PHYSICAL(boot_gdt)
trampoline_end:
