/* SPDX-License-Identifier: MIT */
/*
 * void svm_run(struct guest_registers *registers, paddr_t guest_vmcb, paddr_t host_vmcb)
 *
 * One world switch: loads the guest's general registers, runs it until #VMEXIT, stores them back. rax, rsp, rip and
 * rflags travel in the VMCB. Called and returns with interrupts off. Interrupts are open in the sense of VMRUN's
 * intercepts only: the global interrupt flag is clear around it, so that nothing is taken in between (APM 2, 15.17).
 * VMLOAD and VMSAVE move FS, GS, TR, LDTR and the system-call registers, of which the host needs its GS base and TR.
 */
#define RCX 8
#define RDX 16
#define RBX 24
#define RBP 40
#define RSI 48
#define RDI 56
#define R8 64
#define R9 72
#define R10 80
#define R11 88
#define R12 96
#define R13 104
#define R14 112
#define R15 120

    .text
    .globl svm_run
    .type svm_run, @function
svm_run:
    push %rbp
    mov %rsp, %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    push %rdx               /* host VMCB */
    push %rsi               /* guest VMCB */
    push %rdi               /* registers */
    mov %rsi, %rax
    mov RCX(%rdi), %rcx
    mov RDX(%rdi), %rdx
    mov RBX(%rdi), %rbx
    mov RBP(%rdi), %rbp
    mov RSI(%rdi), %rsi
    mov R8(%rdi), %r8
    mov R9(%rdi), %r9
    mov R10(%rdi), %r10
    mov R11(%rdi), %r11
    mov R12(%rdi), %r12
    mov R13(%rdi), %r13
    mov R14(%rdi), %r14
    mov R15(%rdi), %r15
    mov RDI(%rdi), %rdi
    clgi
    sti
    vmload %rax
    vmrun %rax
    vmsave %rax
    mov 16(%rsp), %rax
    vmload %rax
    cli
    stgi
    mov (%rsp), %rax
    mov %rcx, RCX(%rax)
    mov %rdx, RDX(%rax)
    mov %rbx, RBX(%rax)
    mov %rbp, RBP(%rax)
    mov %rsi, RSI(%rax)
    mov %rdi, RDI(%rax)
    mov %r8, R8(%rax)
    mov %r9, R9(%rax)
    mov %r10, R10(%rax)
    mov %r11, R11(%rax)
    mov %r12, R12(%rax)
    mov %r13, R13(%rax)
    mov %r14, R14(%rax)
    mov %r15, R15(%rax)
    add $24, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret
    .size svm_run, . - svm_run

    .section .note.GNU-stack, "", @progbits
