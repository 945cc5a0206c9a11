/* SPDX-License-Identifier: MIT */
/*
 * Entry of the test kernel: from PVH's 32-bit protected mode (EBX: hvm_start_info) or a start-up IPI's real mode into
 * 64-bit mode with the first 4 GiB mapped one to one; and the entry of every interrupt and exception.
 */
#include <xen/elfnote.h>

#define CODE64 0x08
#define DATA   0x10
#define CODE32 0x18
#define TRAMPOLINE_ADDRESS 0x8000

    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 4, XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long start

    .text
    .code32
    .globl start
start:
    cld
    movl %ebx, %edi
    movl $boot_stack_end, %esp
    movl $main, %esi
    /* EDI: the first argument, ESI: where to go, ESP: the stack. */
enter_long_mode:
    movl $page_map, %eax
    movl %eax, %cr3
    movl %cr4, %eax
    orl $0x20, %eax             /* PAE */
    movl %eax, %cr4
    movl $0xc0000080, %ecx      /* EFER: LME */
    rdmsr
    orl $0x100, %eax
    wrmsr
    movl %cr0, %eax
    andl $~0x60000000, %eax     /* caches on: CD and NW off */
    orl $0x80000001, %eax       /* PG, PE */
    movl %eax, %cr0
    lgdt gdt_pointer
    ljmp $CODE64, $1f
    .code64
1:
    movl $DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movl %edi, %edi
    movl %esi, %esi
    movl %esp, %esp
    call *%rsi
2:  hlt
    jmp 2b

    /* 64-bit entry of a vCPU whose context VCPUOP_initialise gave in 32-bit flat mode. */
    .code32
    .globl vcpu_start32
vcpu_start32:
    movl $second_stack_end, %esp
    movl $second_main, %esi
    xorl %edi, %edi
    jmp enter_long_mode

    /* What a start-up IPI runs, copied to TRAMPOLINE_ADDRESS. */
    .code16
    .globl trampoline
    .globl trampoline_end
trampoline:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    lgdtl TRAMPOLINE_ADDRESS + trampoline_gdt_pointer - trampoline
    movl %cr0, %eax
    orl $1, %eax
    movl %eax, %cr0
    ljmpl $CODE32, $trampoline32
    .balign 8
trampoline_gdt_pointer:
    .word gdt_end - gdt - 1
    .long gdt
trampoline_end:

    .code32
trampoline32:
    movl $DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    jmp vcpu_start32

    .code64
    /* 256 entries of 16 bytes each: pushes a zero where the CPU pushes no error code, then the vector. */
    .balign 16
    .globl interrupt_entries
interrupt_entries:
    .set vector, 0
    .rept 256
    .balign 16
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
    pushq $0
    .endif
    pushq $vector
    jmp interrupt_common
    .set vector, vector + 1
    .endr
interrupt_common:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rbx
    pushq %rbp
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, %rdi
    cld
    call interrupt
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rbp
    popq %rbx
    popq %rdx
    popq %rcx
    popq %rax
    addq $16, %rsp
    .globl interrupt_return
interrupt_return:
    iretq

    .data
    .balign 8
gdt:
    .quad 0
    .quad 0x00af9b000000ffff    /* 64-bit code */
    .quad 0x00cf93000000ffff    /* data */
    .quad 0x00cf9b000000ffff    /* 32-bit code */
gdt_end:
gdt_pointer:
    .word gdt_end - gdt - 1
    .quad gdt

    .balign 4096
    .globl page_map
page_map:
    .quad page_directories_pointer + 7
    .fill 511, 8, 0
page_directories_pointer:
    .set i, 0
    .rept 4
    .quad page_directories + i * 4096 + 7
    .set i, i + 1
    .endr
    .fill 508, 8, 0
page_directories:
    .set i, 0
    .rept 2048
    .quad (i << 21) + 0x87
    .set i, i + 1
    .endr

    .bss
    .balign 4096
    .globl hypercall_page
hypercall_page:
    .skip 4096
    .skip 16384
boot_stack_end:
    .skip 16384
second_stack_end:
