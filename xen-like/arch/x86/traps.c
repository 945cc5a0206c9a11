/* SPDX-License-Identifier: MIT */
/* The interrupt descriptor table, exceptions of the hypervisor itself, and the dispatch of interrupts. */
#include "traps.h"

#include "console.h"
#include "cpu.h"
#include "lapic.h"
#include "lock.h"
#include "panic.h"
#include "printk.h"
#include "registers.h"
#include "symbols.h"
#include "vectors.h"

struct gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};
_Static_assert(sizeof(struct gate) == 16, "a 64-bit gate");

#define GATE_INTERRUPT 0x8e /* present, ring 0, interrupts off */
#define TRAP_ENTRY_SIZE 16u
#define BACKTRACE_MAX 24u

struct exception_table_entry { uint64_t from, to; };

extern const char trap_entries[];
extern const struct exception_table_entry exception_table_start[], exception_table_end[];

void handle_trap(struct trap_frame *frame);

static struct gate idt[256] __attribute__((aligned(4096)));
static interrupt_handler *handlers[256];
static DEFINE_SPINLOCK(vector_lock, LOCK_RANK_HARDWARE);
static _Atomic bool stopping; /* another CPU panics: an NMI means halt */

static const char *const exception_names[32] = {
    "divide error", "debug", "NMI", "breakpoint", "overflow", "bound range", "invalid opcode", "device not available",
    "double fault", "coprocessor overrun", "invalid TSS", "segment not present", "stack fault", "general protection",
    "page fault", "reserved", "x87 error", "alignment check", "machine check", "SIMD error", "virtualisation",
    "control protection", [28] = "hypervisor injection", [29] = "VMM communication", [30] = "security",
};

static void set_gate(unsigned int vector, unsigned int ist)
{
    uintptr_t entry = (uintptr_t)trap_entries + vector * TRAP_ENTRY_SIZE;
    idt[vector] = (struct gate){
        .offset_low = (uint16_t)entry,
        .selector = SELECTOR_CODE,
        .ist = (uint8_t)ist,
        .type = GATE_INTERRUPT,
        .offset_middle = (uint16_t)(entry >> 16),
        .offset_high = (uint32_t)(entry >> 32),
    };
}

static void print_cpu_state(char key)
{
    const struct trap_frame *frame = this_cpu()->interrupted;
    printk(LOG_ALWAYS, "CPU %u was here when the key came:", arch_cpu_id());
    if (frame)
        print_trap_frame(frame);
}

void traps_initialise(void)
{
    for (unsigned int vector = 0; vector < ARRAY_SIZE(idt); vector++)
        set_gate(vector, 0);
    set_gate(VECTOR_DOUBLE_FAULT, IST_DOUBLE_FAULT);
    set_gate(VECTOR_NMI, IST_NMI);
    set_gate(VECTOR_MACHINE_CHECK, IST_MACHINE_CHECK);
    register_debug_key('d', "registers and backtrace of this CPU", print_cpu_state);
    traps_load();
}

void traps_load(void)
{
    struct { uint16_t limit; uint64_t base; } __attribute__((packed)) pointer = { sizeof(idt) - 1, (uintptr_t)idt };
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

void register_interrupt_vector(uint8_t vector, interrupt_handler *handler)
{
    BUG_ON(vector < 32 || handlers[vector]);
    handlers[vector] = handler;
}

uint8_t allocate_interrupt_vector(interrupt_handler *handler)
{
    uint8_t found = 0;
    unsigned long interrupts = spin_lock_irqsave(&vector_lock);
    for (unsigned int vector = VECTOR_DYNAMIC_FIRST; vector <= VECTOR_DYNAMIC_LAST && !found; vector++)
        if (!handlers[vector]) {
            handlers[vector] = handler;
            found = (uint8_t)vector;
        }
    spin_unlock_irqrestore(&vector_lock, interrupts);
    return found;
}

/* Reads a word that may not be mapped. */
static bool read_word(uint64_t address, uint64_t *value)
{
    uint64_t result;
    bool failed = false;
    __asm__ volatile("1: mov (%2), %0\n"
                     "   jmp 3f\n"
                     "2: mov $1, %1\n"
                     "3:\n" EXCEPTION_TABLE("1b", "2b")
                     : "=&r"(result), "+r"(failed)
                     : "r"(address)
                     : "memory");
    if (failed)
        return false;
    *value = result;
    return true;
}

void print_backtrace_from(uint64_t rip, uint64_t rbp)
{
    printk(LOG_ALWAYS, "Backtrace:");
    printk(LOG_ALWAYS, "  %016lx %pS", rip, (void *)rip);
    for (unsigned int i = 0; i < BACKTRACE_MAX; i++) {
        uint64_t next;
        if (!rbp || rbp % 8 || !read_word(rbp, &next) || !read_word(rbp + 8, &rip) || !rip)
            break;
        /* A call's return address may be the next function's first byte: its name is that of the byte before. */
        size_t offset;
        const char *name = symbol_lookup(rip - 1, &offset);
        printk(LOG_ALWAYS, "  %016lx %s+0x%lx", rip, name ? name : "?", name ? offset + 1 : 0);
        if (next <= rbp)
            break;
        rbp = next;
    }
}

void arch_print_backtrace(void)
{
    uint64_t *frame = __builtin_frame_address(0);
    print_backtrace_from(frame[1], frame[0]);
}

void print_trap_frame(const struct trap_frame *f)
{
    printk(LOG_ALWAYS, "rip %04lx:%016lx %pS  rflags %08lx", f->cs, f->rip, (void *)f->rip, f->rflags);
    printk(LOG_ALWAYS, "rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx", f->rax, f->rbx, f->rcx, f->rdx);
    printk(LOG_ALWAYS, "rsi %016lx  rdi %016lx  rbp %016lx  rsp %016lx", f->rsi, f->rdi, f->rbp, f->rsp);
    printk(LOG_ALWAYS, "r8  %016lx  r9  %016lx  r10 %016lx  r11 %016lx", f->r8, f->r9, f->r10, f->r11);
    printk(LOG_ALWAYS, "r12 %016lx  r13 %016lx  r14 %016lx  r15 %016lx", f->r12, f->r13, f->r14, f->r15);
    printk(LOG_ALWAYS, "cr0 %08lx  cr2 %016lx  cr3 %016lx  cr4 %08lx", read_cr0(), read_cr2(), read_cr3(), read_cr4());
    print_backtrace_from(f->rip, f->rbp);
}

static bool recover(struct trap_frame *frame)
{
    for (const struct exception_table_entry *e = exception_table_start; e < exception_table_end; e++)
        if (e->from == frame->rip) {
            frame->rip = e->to;
            return true;
        }
    return false;
}

static void handle_exception(struct trap_frame *frame)
{
    const char *name = exception_names[frame->vector];

    if (frame->vector == VECTOR_NMI && stopping)
        arch_halt();
    if (frame->vector != VECTOR_NMI && frame->vector != VECTOR_DOUBLE_FAULT && frame->vector != VECTOR_MACHINE_CHECK &&
        recover(frame))
        return;
    panic_begin();
    print_trap_frame(frame);
    panic("exception %lu (%s), error code 0x%lx, in the hypervisor at %pS: please report this with the lines above",
          frame->vector, name ? name : "reserved", frame->error_code, (void *)frame->rip);
}

static void handle_interrupt(struct trap_frame *frame)
{
    struct cpu *cpu = this_cpu();
    const struct trap_frame *outer = cpu->interrupted;
    uint8_t vector = (uint8_t)frame->vector;

    cpu->interrupted = frame;
    if (handlers[vector])
        handlers[vector](vector);
    else if (vector != VECTOR_SPURIOUS && vector > VECTOR_LEGACY_LAST)
        log_warning("CPU %u: interrupt with vector 0x%x, which nobody has asked for", cpu->id, vector);
    /* A spurious one and the 8259s' have no in-service bit to end. */
    if (vector != VECTOR_SPURIOUS && vector > VECTOR_LEGACY_LAST)
        lapic_eoi();
    cpu->interrupted = outer;
}

void handle_trap(struct trap_frame *frame)
{
    if (frame->vector < 32)
        handle_exception(frame);
    else
        handle_interrupt(frame);
}

void arch_stop_other_cpus(void)
{
    if (!stopping) {
        stopping = true;
        lapic_send_nmi_to_others();
    }
}

bool rdmsr_safe(uint32_t msr, uint64_t *value)
{
    uint32_t low, high;
    bool failed = false;
    __asm__ volatile("1: rdmsr\n"
                     "   jmp 3f\n"
                     "2: mov $1, %2\n"
                     "3:\n" EXCEPTION_TABLE("1b", "2b")
                     : "=&a"(low), "=&d"(high), "+r"(failed)
                     : "c"(msr)
                     : "memory");
    if (failed)
        return false;
    *value = (uint64_t)high << 32 | low;
    return true;
}

bool wrmsr_safe(uint32_t msr, uint64_t value)
{
    bool failed = false;
    __asm__ volatile("1: wrmsr\n"
                     "   jmp 3f\n"
                     "2: mov $1, %0\n"
                     "3:\n" EXCEPTION_TABLE("1b", "2b")
                     : "+r"(failed)
                     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
    return !failed;
}
