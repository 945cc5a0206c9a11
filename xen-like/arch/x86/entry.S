/* SPDX-License-Identifier: MIT */
/*
 * The 256 trap entries, 16 bytes apart; each makes a struct trap_frame (traps.h) of what the CPU pushed and calls
 * handle_trap.
 */
    .section .text.entry, "ax"
    .code64
    .balign 16
    .globl trap_entries
trap_entries:
    .set vector, 0
    .rept 256
    .balign 16
    .if (vector != 8) && (vector != 10) && (vector != 11) && (vector != 12) && (vector != 13) && (vector != 14) && \
        (vector != 17) && (vector != 21) && (vector != 29) && (vector != 30)
    push $0 /* where the CPU pushes no error code */
    .endif
    push $vector
    jmp trap_common
    .set vector, vector + 1
    .endr

    .globl trap_common
    .type trap_common, @function
trap_common:
    cld
    push %rdi
    push %rsi
    push %rdx
    push %rcx
    push %rax
    push %r8
    push %r9
    push %r10
    push %r11
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, %rdi
    call handle_trap
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
    add $16, %rsp
    iretq
    .size trap_common, . - trap_common
