/* SPDX-License-Identifier: MIT */
/* The host's I/O APICs. */
#include "ioapic.h"

#include "acpi.h"
#include "lock.h"
#include "paging.h"
#include "panic.h"

#define IOAPIC_VERSION 1u
#define IOAPIC_ENTRIES 0x10u

#define ENTRY_ACTIVE_LOW (1u << 13)
#define ENTRY_REMOTE_IRR (1u << 14)
#define ENTRY_LEVEL (1u << 15)
#define ENTRY_MASKED (1u << 16)

static struct ioapic {
    volatile uint32_t *select, *window;
    uint32_t first_gsi, count;
} ioapics[ACPI_IOAPICS_MAX];
static uint32_t ioapic_count, gsi_count;
static DEFINE_SPINLOCK(ioapic_lock, LOCK_RANK_HARDWARE);

static uint32_t ioapic_read(const struct ioapic *ioapic, uint32_t reg)
{
    *ioapic->select = reg;
    return *ioapic->window;
}

static void ioapic_write(const struct ioapic *ioapic, uint32_t reg, uint32_t value)
{
    *ioapic->select = reg;
    *ioapic->window = value;
}

void ioapic_initialise(void)
{
    for (uint32_t i = 0; i < acpi_machine.ioapic_count; i++) {
        const struct acpi_ioapic *found = &acpi_machine.ioapics[i];
        struct ioapic *ioapic = &ioapics[ioapic_count++];
        char *base = map_mmio(found->address, 0x20);
        ioapic->select = (volatile uint32_t *)base;
        ioapic->window = (volatile uint32_t *)(base + 0x10);
        ioapic->first_gsi = found->first_gsi;
        ioapic->count = (ioapic_read(ioapic, IOAPIC_VERSION) >> 16 & 0xff) + 1;
        gsi_count = MAX(gsi_count, ioapic->first_gsi + ioapic->count);
        for (uint32_t entry = 0; entry < ioapic->count; entry++)
            ioapic_write(ioapic, IOAPIC_ENTRIES + 2 * entry, ENTRY_MASKED);
    }
    if (!ioapic_count)
        panic("The firmware's MADT names no I/O APIC: switch it on in the firmware's setup");
}

uint32_t ioapic_gsi_count(void) { return gsi_count; }

/* NULL if no I/O APIC has it; *reg gets the number of the entry's low register. */
static const struct ioapic *find_entry(uint32_t gsi, uint32_t *reg)
{
    for (uint32_t i = 0; i < ioapic_count; i++)
        if (gsi >= ioapics[i].first_gsi && gsi - ioapics[i].first_gsi < ioapics[i].count) {
            *reg = IOAPIC_ENTRIES + 2 * (gsi - ioapics[i].first_gsi);
            return &ioapics[i];
        }
    return NULL;
}

bool ioapic_has_gsi(uint32_t gsi)
{
    uint32_t reg;
    return find_entry(gsi, &reg);
}

void ioapic_route(uint32_t gsi, const struct ioapic_route *route)
{
    uint32_t reg, low = route->vector;
    const struct ioapic *ioapic = find_entry(gsi, &reg);

    if (!ioapic)
        return;
    if (route->is_level)
        low |= ENTRY_LEVEL;
    if (route->is_active_low)
        low |= ENTRY_ACTIVE_LOW;
    if (route->is_masked)
        low |= ENTRY_MASKED;
    unsigned long interrupts = spin_lock_irqsave(&ioapic_lock);
    /* Masked while its two halves disagree. */
    ioapic_write(ioapic, reg, ENTRY_MASKED);
    ioapic_write(ioapic, reg + 1, route->apic_id << 24);
    ioapic_write(ioapic, reg, low);
    spin_unlock_irqrestore(&ioapic_lock, interrupts);
}

static void set_mask(uint32_t gsi, bool is_masked)
{
    uint32_t reg;
    const struct ioapic *ioapic = find_entry(gsi, &reg);

    if (!ioapic)
        return;
    unsigned long interrupts = spin_lock_irqsave(&ioapic_lock);
    uint32_t low = ioapic_read(ioapic, reg);
    ioapic_write(ioapic, reg, is_masked ? low | ENTRY_MASKED : low & ~ENTRY_MASKED);
    spin_unlock_irqrestore(&ioapic_lock, interrupts);
}

void ioapic_mask(uint32_t gsi) { set_mask(gsi, true); }

void ioapic_unmask(uint32_t gsi) { set_mask(gsi, false); }
