/* SPDX-License-Identifier: MIT */
/*
 * A vCPU's local APIC: requests from any CPU, and registers that only its own vCPU (or a tool, while it does not run)
 * touches, in xAPIC and x2APIC mode. The timer is one-shot or periodic on the hypervisor's clock; a tick of its bus
 * is 10 ns. The APIC id of a vCPU is twice its number, as Xen's tools expect it.
 */
#ifndef KEEL_X86_VIRTUAL_LAPIC_H
#define KEEL_X86_VIRTUAL_LAPIC_H

#include "domain.h"
#include "virtualization.h"

#define LAPIC_ADDRESS 0xfee00000ull /* guest-physical, for good */
#define LAPIC_BUS_CYCLE_NS 10u
#define LAPIC_SPURIOUS_ENABLE (1u << 8)
#define LAPIC_VECTORS_PER_WORD 64u

/* Register numbers: the offset in the page / 16, or the MSR - 0x800. */
enum lapic_register {
    LAPIC_ID = 0x02, LAPIC_VERSION = 0x03, LAPIC_TASK_PRIORITY = 0x08, LAPIC_ARBITRATION_PRIORITY = 0x09,
    LAPIC_PROCESSOR_PRIORITY = 0x0a, LAPIC_EOI = 0x0b, LAPIC_LOGICAL_DESTINATION = 0x0d,
    LAPIC_DESTINATION_FORMAT = 0x0e, LAPIC_SPURIOUS = 0x0f, LAPIC_IN_SERVICE = 0x10, LAPIC_TRIGGER_MODE = 0x18,
    LAPIC_REQUEST = 0x20, LAPIC_ERROR_STATUS = 0x28, LAPIC_COMMAND = 0x30, LAPIC_COMMAND_HIGH = 0x31,
    LAPIC_LVT_FIRST = 0x32, LAPIC_LVT_LAST = 0x37, LAPIC_INITIAL_COUNT = 0x38, LAPIC_CURRENT_COUNT = 0x39,
    LAPIC_DIVIDE = 0x3e, LAPIC_SELF_IPI = 0x3f,
};

enum lapic_lvt { LVT_TIMER, LVT_THERMAL, LVT_PERFORMANCE, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_COUNT };
#define LVT_MASKED (1u << 16)
#define LVT_TIMER_PERIODIC (1u << 17)

enum lapic_delivery { DELIVER_FIXED, DELIVER_LOWEST, DELIVER_SMI, DELIVER_RESERVED, DELIVER_NMI, DELIVER_INIT,
                      DELIVER_STARTUP, DELIVER_EXTERNAL };

struct virtual_lapic {
    struct vcpu *vcpu;

    /* Written by any CPU. */
    _Atomic uint64_t requested[4], level[4];
    _Atomic bool nmi_pending;
    _Atomic bool awaits_startup; /* after INIT, or never started */

    /* Written by the vCPU itself; read by others who look for a destination. */
    _Atomic bool accepts;        /* globally and software-enabled: takes fixed interrupts */
    _Atomic bool is_x2apic;
    _Atomic uint32_t logical_destination, destination_format;

    uint64_t base_msr;
    uint64_t in_service[4];
    int highest_in_service;      /* -1: none */
    uint32_t id;                 /* as x2APIC has it */
    uint32_t spurious, error_status, error_pending;
    uint32_t lvt[LVT_COUNT];
    uint64_t command;
    uint8_t task_priority;

    struct timer timer;
    uint32_t initial_count, divide;
    uint64_t timer_start_ns;     /* when the count began, or began anew */
};

/* The registers after INIT (keeps the mode and what INIT keeps) or after power-on. v does not run. */
void virtual_lapic_reset(struct vcpu *v, bool is_power_on);
/*
 * By number, for MMIO and MSRs: false where the mode has no such register or refuses the value. Caller: the vCPU
 * itself.
 */
bool virtual_lapic_read_register(struct virtual_lapic *lapic, uint32_t number, uint64_t *value);
bool virtual_lapic_write_register(struct virtual_lapic *lapic, uint32_t number, uint64_t value);
/* IA32_APIC_BASE: false for a transition that the architecture forbids, or another address. */
bool virtual_lapic_set_base(struct virtual_lapic *lapic, uint64_t value);
/* Recomputes what is derived from base_msr and the spurious register. */
void virtual_lapic_update_mode(struct virtual_lapic *lapic);
/*
 * A message on the interrupt bus of d (from an I/O APIC): to all or, for lowest priority, one of the vCPUs it names.
 * No lock held.
 */
void virtual_lapic_deliver(struct domain *d, uint32_t destination, bool is_logical, enum lapic_delivery mode,
                           uint8_t vector, bool is_level);

/* virtual_lapic_timer.c */
void virtual_lapic_timer_create(struct virtual_lapic *lapic);
void virtual_lapic_timer_free(struct virtual_lapic *lapic);
/* Starts the count anew from initial_count (0: stops). */
void virtual_lapic_timer_restart(struct virtual_lapic *lapic);
uint32_t virtual_lapic_timer_count(const struct virtual_lapic *lapic);

#endif
