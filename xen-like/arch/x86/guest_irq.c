/* SPDX-License-Identifier: MIT */
/* Physical interrupt lines of domain 0: one dynamic vector each, on the CPU where domain 0's first vCPU was last. */
#include "acpi.h"
#include "cpu.h"
#include "domain.h"
#include "guest_irq.h"
#include "ioapic.h"
#include "printk.h"
#include "serial.h"
#include "traps.h"
#include "virtual_ioapic.h"

#define ROUTED_GSIS_MAX 256u

/* Written under the virtual I/O APIC's lock; a line's interrupt comes only after its entry is written. */
static struct routed_line { uint8_t vector; bool is_level, is_active_low; } routed[ROUTED_GSIS_MAX];
static uint16_t gsi_of_vector[256];

static void line_fired(uint8_t vector)
{
    uint32_t gsi = gsi_of_vector[vector];
    if (routed[gsi].is_level)
        ioapic_mask(gsi);
    virtual_ioapic_raise(domain_zero, gsi);
}

static bool is_for_domain_zero(uint32_t gsi)
{
    if (gsi >= ROUTED_GSIS_MAX || !ioapic_has_gsi(gsi) || gsi == acpi_isa_interrupt(0).gsi)
        return false;
    return !serial_port_base() || gsi != serial_gsi();
}

static uint32_t target_apic_id(void)
{
    const struct vcpu *v = domain_zero ? domain_vcpu(domain_zero, 0) : NULL;
    const struct cpu *cpu = v ? cpu_of(v->scheduler.cpu) : NULL;
    return cpu && cpu->apic_id < 255 ? cpu->apic_id : cpu_of(0)->apic_id;
}

bool guest_irq_route(uint32_t gsi, bool is_level, bool is_active_low)
{
    if (!is_for_domain_zero(gsi))
        return false;
    struct routed_line *line = &routed[gsi];
    if (line->vector && line->is_level == is_level && line->is_active_low == is_active_low)
        return true;
    if (!line->vector) {
        uint8_t vector = allocate_interrupt_vector(line_fired);
        if (!vector) {
            log_warning("no interrupt vector is free for domain 0's GSI %u: its device will not work", gsi);
            return false;
        }
        gsi_of_vector[vector] = (uint16_t)gsi;
        line->vector = vector;
    }
    line->is_level = is_level;
    line->is_active_low = is_active_low;
    ioapic_route(gsi, &(struct ioapic_route){ .vector = line->vector, .apic_id = target_apic_id(),
                                              .is_level = is_level, .is_active_low = is_active_low,
                                              .is_masked = true });
    return true;
}

void guest_irq_mask(uint32_t gsi)
{
    if (gsi < ROUTED_GSIS_MAX && routed[gsi].vector)
        ioapic_mask(gsi);
}

void guest_irq_unmask(uint32_t gsi)
{
    if (gsi < ROUTED_GSIS_MAX && routed[gsi].vector)
        ioapic_unmask(gsi);
}
