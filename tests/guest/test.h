/* SPDX-License-Identifier: MIT */
/*
 * The test kernel's own interface. A case is a function that TEST_CASE registers; it returns NULL when the behaviour is
 * as its comment says, else why it is not. Cases run in the order of their files on vCPU 0, interrupts off, unless said else.
 */
#ifndef KEEL_TEST_H
#define KEEL_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/arch-x86/cpuid.h>

#define PAGE_SIZE 4096ull
#define NS_PER_MS 1000000ull
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Where a case runs when the command line names none. */
#define IN_GUEST   1u
#define IN_DOM0    2u
#define ANYWHERE   (IN_GUEST | IN_DOM0)
#define ONLY_NAMED 4u /* only when tests= names it: it ends the domain, or takes long; without= leaves cases out */
#define TWO_CPUS   8u /* needs a second vCPU; left out without one */

struct test_case {
    const char *name;
    unsigned int where;
    const char *(*run)(void);
};

#define TEST_CASE(id, where_)                                                                        \
    static const char *id(void);                                                                     \
    static const struct test_case case_##id __attribute__((section(".test_cases"), used, aligned(8))) = { \
        #id, where_, id                                                                              \
    };                                                                                               \
    static const char *id(void)

/* Formats the reason of a failure; the text is valid until the next call. %s %d %u %x %c and l. */
const char *failure(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define EXPECT(condition)                                              \
    do {                                                               \
        if (!(condition))                                              \
            return failure("line %d: not so: %s", __LINE__, #condition); \
    } while (0)
#define EXPECT_EQUAL(value, wanted)                                                                            \
    do {                                                                                                       \
        long value_ = (long)(value), wanted_ = (long)(wanted);                                                 \
        if (value_ != wanted_)                                                                                 \
            return failure("line %d: %s is %ld (0x%lx), not %ld", __LINE__, #value, value_, value_, wanted_);  \
    } while (0)

/* --- what the kernel knows about itself (main.c) ------------------------------------------------------------------ */

extern bool is_dom0;
extern unsigned int own_domid;
const char *command_line_value(const char *key, char *value, size_t size); /* of key=value; NULL if not there */

/* --- console (console.c) -------------------------------------------------------------------------------------------- */

void console_init(void);
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* --- hypercalls: rax from the page, the rest as it says ------------------------------------------------------------- */

extern uint8_t hypercall_page[];
static inline long hypercall(unsigned int number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    register uint64_t r10 __asm__("r10") = a4;
    register uint64_t r8 __asm__("r8") = a5;
    long result;

    __asm__ volatile("call *%%rax"
                     : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
                     : "0"(hypercall_page + number * 32)
                     : "rcx", "r9", "r11", "memory");
    return result;
}
#define hypercall1(number, a) hypercall(number, (uint64_t)(a), 0, 0, 0, 0)
#define hypercall2(number, a, b) hypercall(number, (uint64_t)(a), (uint64_t)(b), 0, 0, 0)
#define hypercall3(number, a, b, c) hypercall(number, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), 0, 0)
#define memory_op(op, argument) hypercall2(__HYPERVISOR_memory_op, op, argument)
#define event_op(op, argument) hypercall2(__HYPERVISOR_event_channel_op, op, argument)
#define sched_op(op, argument) hypercall2(__HYPERVISOR_sched_op, op, argument)
#define vcpu_op(op, vcpu, argument) hypercall3(__HYPERVISOR_vcpu_op, op, vcpu, argument)
#define hvm_op(op, argument) hypercall2(__HYPERVISOR_hvm_op, op, argument)
#define grant_op(op, argument, count) hypercall3(__HYPERVISOR_grant_table_op, op, argument, count)
#define version_op(op, argument) hypercall2(__HYPERVISOR_xen_version, op, argument)
#define set_handle(handle, pointer) set_xen_guest_handle(handle, pointer)

/* Error numbers as the ABI has them: XEN_EPERM and so on. */
#define XEN_ERRNO(name, value) XEN_##name = value,
enum xen_errno {
#include <xen/errno.h>
};

/* An address that no page table of this kernel maps. */
#define UNMAPPED_ADDRESS 0x0000700000000000ull

/* --- the CPU (cpu.h has the instructions) ---------------------------------------------------------------------------- */

struct interrupt_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector, error_code, rip, cs, rflags, rsp, ss;
};
void interrupts_init(void);
void interrupts_init_cpu(void); /* on another vCPU */
/* How often each vector came, on any vCPU. */
extern volatile unsigned long interrupt_count[256];
/* What an exception of each vector calls, on any vCPU; without one it ends the domain, but for cpu.h's. */
typedef void exception_handler(struct interrupt_frame *frame);
extern exception_handler *volatile exception_handlers[32];
/* What event channels' upcalls come as; the handler takes the upcall by clearing evtchn_upcall_pending. */
#define UPCALL_VECTOR_OF(vcpu) (0x53u + (vcpu))
/* Ends what an interrupt of the local APIC began; set for vectors that come from it. */
extern bool interrupt_needs_eoi[256];

/* --- shared pages and time (shared.c) ---------------------------------------------------------------------------------- */

extern struct shared_info *shared;
/* Where the vcpu_info of a vCPU is: in shared_info until a case registers another place. */
struct vcpu_info *vcpu_info_of(unsigned int vcpu);
void shared_init(void);
/* ns since boot by pvclock, of vCPU 0. */
uint64_t time_ns(void);
/* Spins with interrupts as they are until condition holds; false after limit_ms. */
#define wait_for(condition, limit_ms)                                       \
    ({                                                                      \
        uint64_t end_ = time_ns() + (limit_ms)*NS_PER_MS;                   \
        while (!(condition) && time_ns() < end_)                            \
            __asm__ volatile("pause" ::: "memory");                         \
        (condition);                                                        \
    })
/* HVM parameters; UINT64_MAX if the call fails. */
uint64_t hvm_parameter(unsigned int index);
long set_hvm_parameter(unsigned int index, uint64_t value);

/* --- event channels (shared.c) ------------------------------------------------------------------------------------------- */

bool event_pending(evtchn_port_t port);
void event_clear(evtchn_port_t port);
void event_set_mask(evtchn_port_t port, bool masked);
long event_send(evtchn_port_t port);
long event_close(evtchn_port_t port);
/* A port of our own for IPIs to a vCPU; negative: the error. It starts unmasked. */
long event_bind_ipi(unsigned int vcpu);

/* --- memory ------------------------------------------------------------------------------------------------------------ */

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memset(void *to, int byte, size_t count);
int memcmp(const void *a, const void *b, size_t count);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t limit);

/* --- the second vCPU (smp.c) --------------------------------------------------------------------------------------------- */

unsigned int vcpu_count(void);

/* Ends the domain with SHUTDOWN_*. */
void shut_down(unsigned int reason) __attribute__((noreturn));

#endif
