/* SPDX-License-Identifier: MIT */
/* The interrupt table. Interrupts are counted; an exception that nobody expects is told, and ends the domain. */
#include "apic.h"
#include "cpu.h"
#include "test.h"

#include <xen/sched.h>

volatile unsigned long interrupt_count[256];
bool interrupt_needs_eoi[256];
volatile uint64_t fault_resume, fault_vector;
exception_handler *volatile exception_handlers[32];

extern uint8_t interrupt_entries[];
void interrupt(struct interrupt_frame *frame);

static struct {
    uint16_t offset_low, selector, flags, offset_middle;
    uint32_t offset_high, reserved;
} table[256];

void interrupts_init_cpu(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) pointer = { sizeof(table) - 1, (uint64_t)table };

    __asm__ volatile("lidt %0" : : "m"(pointer));
}

void interrupts_init(void)
{
    for (unsigned int vector = 0; vector < 256; vector++) {
        uint64_t entry = (uint64_t)interrupt_entries + vector * 16;

        table[vector].offset_low = (uint16_t)entry;
        table[vector].selector = 8;
        table[vector].flags = 0x8e00; /* present, an interrupt gate */
        table[vector].offset_middle = (uint16_t)(entry >> 16);
        table[vector].offset_high = (uint32_t)(entry >> 32);
    }
    interrupts_init_cpu();
}

/* The number of the vCPU that runs this; 0 where CPUID does not say it. */
static unsigned int own_vcpu(void)
{
    struct cpuid leaf = cpuid(0x40000004, 0);

    return leaf.eax & XEN_HVM_CPUID_VCPU_ID_PRESENT ? leaf.ebx : 0;
}

void interrupt(struct interrupt_frame *frame)
{
    interrupt_count[frame->vector]++;
    if (frame->vector >= 32) {
        if (frame->vector == UPCALL_VECTOR_OF(0) || frame->vector == UPCALL_VECTOR_OF(1)) {
            volatile struct vcpu_info *info = vcpu_info_of(own_vcpu());

            info->evtchn_upcall_pending = 0;
            info->evtchn_pending_sel = 0;
        }
        if (interrupt_needs_eoi[frame->vector])
            apic_write(APIC_EOI, 0);
        return;
    }
    if (exception_handlers[frame->vector]) {
        exception_handlers[frame->vector](frame);
        return;
    }
    if (fault_resume) {
        fault_vector = frame->vector;
        frame->rip = fault_resume;
        return;
    }
    uint64_t address;
    __asm__ volatile("movq %%cr2, %0" : "=r"(address));
    print("FAIL exception %lu, error 0x%lx, at 0x%lx, cr2 0x%lx\n", frame->vector, frame->error_code, frame->rip, address);
    print("TESTS-DONE by an exception\n");
    shut_down(SHUTDOWN_crash);
}
