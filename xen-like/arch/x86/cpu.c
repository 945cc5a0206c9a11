/* SPDX-License-Identifier: MIT */
/* The CPUs' own structures and descriptor tables. The boot CPU's structure is static; others come from boot memory. */
#include "cpu.h"

#include "boot_memory.h"
#include "image.h"
#include "panic.h"
#include "registers.h"

static struct cpu boot_cpu __attribute__((aligned(64)));
static struct cpu *cpus[MAX_CPUS];
static uint32_t count;

#define DESCRIPTOR_CODE64 0x00af9b000000ffffull
#define DESCRIPTOR_DATA 0x00cf93000000ffffull
#define DESCRIPTOR_CODE32 0x00cf9b000000ffffull
#define DESCRIPTOR_TSS 0x0000890000000000ull

static void build_descriptors(struct cpu *cpu)
{
    uintptr_t tss = (uintptr_t)&cpu->tss;

    cpu->gdt[SELECTOR_CODE / 8] = DESCRIPTOR_CODE64;
    cpu->gdt[SELECTOR_DATA / 8] = DESCRIPTOR_DATA;
    cpu->gdt[SELECTOR_CODE32 / 8] = DESCRIPTOR_CODE32;
    cpu->gdt[SELECTOR_TSS / 8] = DESCRIPTOR_TSS | (sizeof(struct tss) - 1) | (tss & 0xffffff) << 16 |
                                 (tss >> 24 & 0xff) << 56;
    cpu->gdt[SELECTOR_TSS / 8 + 1] = tss >> 32;
    cpu->tss.io_bitmap_offset = sizeof(struct tss);
    for (unsigned int i = 0; i < IST_COUNT; i++)
        cpu->tss.ist[i] = (uintptr_t)cpu->ist_stacks[i] + sizeof(cpu->ist_stacks[i]);
}

static void load_descriptors(struct cpu *cpu)
{
    struct { uint16_t limit; uint64_t base; } __attribute__((packed)) pointer = { sizeof(cpu->gdt) - 1,
                                                                                  (uintptr_t)cpu->gdt };
    __asm__ volatile("lgdt %0\n"
                     "push %1\n"
                     "lea 1f(%%rip), %%rax\n"
                     "push %%rax\n"
                     "lretq\n"
                     "1: mov %2, %%ds\n"
                     "mov %2, %%es\n"
                     "mov %2, %%ss\n"
                     "ltr %w3\n"
                     :
                     : "m"(pointer), "i"(SELECTOR_CODE), "r"(SELECTOR_DATA), "r"(SELECTOR_TSS)
                     : "rax", "memory");
}

static void start(struct cpu *cpu)
{
    cpu->self = cpu;
    build_descriptors(cpu);
    load_descriptors(cpu);
    wrmsr(MSR_GS_BASE, (uintptr_t)cpu);
}

void cpu_start_boot(void)
{
    cpus[count++] = &boot_cpu;
    boot_cpu.stack_top = (void *)(uintptr_t)boot_stack_top;
    boot_cpu.timer_deadline_ns = ~0ull;
    start(&boot_cpu);
    boot_cpu.is_online = true;
}

void cpu_start_secondary(struct cpu *cpu) { start(cpu); }

uint32_t cpu_count(void) { return count; }

struct cpu *cpu_of(uint32_t id) { return id < count ? cpus[id] : NULL; }

struct cpu *cpu_add(uint32_t apic_id, uint32_t acpi_id)
{
    if (count == MAX_CPUS)
        return NULL;
    struct cpu *cpu = boot_alloc_pages((sizeof(*cpu) + PAGE_SIZE - 1) / PAGE_SIZE);
    cpu->id = count;
    cpu->apic_id = apic_id;
    cpu->acpi_id = acpi_id;
    cpu->timer_deadline_ns = ~0ull;
    cpus[count++] = cpu;
    return cpu;
}

void cpu_remove_last(void)
{
    BUG_ON(count < 2);
    cpus[--count] = NULL;
}
