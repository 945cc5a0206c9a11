/* SPDX-License-Identifier: MIT */
/* Virtual I/O APICs of domain 0. State is under one lock; messages to local APICs are sent after it is released. */
#include "acpi.h"
#include "guest_irq.h"
#include "ioapic.h"
#include "virtual_ioapic.h"
#include "virtual_lapic.h"

#define IOAPIC_PAGE_SIZE 4096u
#define IOAPIC_SELECT 0x00u
#define IOAPIC_WINDOW 0x10u
#define IOAPIC_VERSION 0x11u
#define PINS_MAX 240u

#define ENTRY_LOGICAL (1ull << 11)
#define ENTRY_ACTIVE_LOW (1ull << 13)
#define ENTRY_REMOTE_IRR (1ull << 14)
#define ENTRY_LEVEL (1ull << 15)
#define ENTRY_MASKED (1ull << 16)
#define ENTRY_WRITABLE 0xff0000000001afffull

struct ioapic_pin {
    uint64_t entry;
    bool is_asserted; /* level: the physical line has fired and is masked until the end of interrupt */
};

struct ioapic_chip {
    uint64_t address;
    uint32_t first_gsi, pin_count, select, id;
};

struct virtual_ioapic {
    struct spinlock lock; /* all of it */
    uint32_t chip_count, pin_count;
    struct ioapic_chip chips[ACPI_IOAPICS_MAX];
    struct ioapic_pin pins[]; /* by GSI */
};

static uint32_t count_pins(uint32_t index)
{
    uint32_t first = acpi_machine.ioapics[index].first_gsi, end = first;
    while (end - first < PINS_MAX && ioapic_has_gsi(end)) {
        for (uint32_t i = 0; i < acpi_machine.ioapic_count; i++)
            if (i != index && acpi_machine.ioapics[i].first_gsi == end)
                return end - first;
        end++;
    }
    return end - first;
}

int virtual_ioapic_create(struct domain *d)
{
    uint32_t gsi_count = ioapic_gsi_count();
    struct virtual_ioapic *ioapic = object_allocate(sizeof(*ioapic) + gsi_count * sizeof(ioapic->pins[0]));
    if (!ioapic)
        return -XEN_ENOMEM;
    spin_lock_init(&ioapic->lock, "virtual I/O APIC", LOCK_RANK_INTERRUPT);
    ioapic->pin_count = gsi_count;
    for (uint32_t gsi = 0; gsi < gsi_count; gsi++)
        ioapic->pins[gsi].entry = ENTRY_MASKED;
    for (uint32_t i = 0; i < acpi_machine.ioapic_count; i++) {
        ioapic->chips[ioapic->chip_count++] = (struct ioapic_chip){
            .address = acpi_machine.ioapics[i].address,
            .first_gsi = acpi_machine.ioapics[i].first_gsi,
            .pin_count = count_pins(i),
            .id = acpi_machine.ioapics[i].id << 24,
        };
    }
    d->arch.ioapic = ioapic;
    return 0;
}

void virtual_ioapic_free(struct domain *d)
{
    object_free(d->arch.ioapic);
    d->arch.ioapic = NULL;
}

static struct ioapic_chip *find_chip(const struct domain *d, uint64_t guest_physical)
{
    struct virtual_ioapic *ioapic = d->arch.ioapic;
    for (uint32_t i = 0; ioapic && i < ioapic->chip_count; i++)
        if (guest_physical - ioapic->chips[i].address < IOAPIC_PAGE_SIZE)
            return &ioapic->chips[i];
    return NULL;
}

bool virtual_ioapic_contains(const struct domain *d, uint64_t guest_physical)
{
    return find_chip(d, guest_physical) != NULL;
}

/* A message for the local APICs, filled in under the lock. */
struct message { bool is_due; uint64_t entry; };

static void send(struct domain *d, struct message message)
{
    if (!message.is_due)
        return;
    uint64_t entry = message.entry;
    virtual_lapic_deliver(d, (uint32_t)(entry >> 56), entry & ENTRY_LOGICAL, (enum lapic_delivery)(entry >> 8 & 7),
                          (uint8_t)entry, entry & ENTRY_LEVEL);
}

/* The line of a level-triggered pin is up: a message unless it is masked or one is under way. */
static struct message service_level(struct ioapic_pin *pin)
{
    if (!pin->is_asserted || (pin->entry & (ENTRY_MASKED | ENTRY_REMOTE_IRR)))
        return (struct message){ .is_due = false };
    pin->entry |= ENTRY_REMOTE_IRR;
    return (struct message){ .is_due = true, .entry = pin->entry };
}

static uint32_t read_register(struct virtual_ioapic *ioapic, struct ioapic_chip *chip)
{
    switch (chip->select) {
    case 0x00:
    case 0x02: return chip->id;
    case 0x01: return (chip->pin_count ? chip->pin_count - 1 : 0) << 16 | IOAPIC_VERSION;
    }
    uint32_t pin = (chip->select - 0x10) / 2;
    if (chip->select < 0x10 || pin >= chip->pin_count)
        return 0;
    uint64_t entry = ioapic->pins[chip->first_gsi + pin].entry;
    return (uint32_t)(chip->select & 1 ? entry >> 32 : entry);
}

static struct message write_entry(struct domain *d, uint32_t gsi, uint64_t value)
{
    struct ioapic_pin *pin = &d->arch.ioapic->pins[gsi];
    uint64_t old = pin->entry;
    pin->entry = (value & ENTRY_WRITABLE) | (old & ENTRY_REMOTE_IRR);
    if (!(pin->entry & ENTRY_LEVEL)) {
        pin->entry &= ~ENTRY_REMOTE_IRR; /* how software ends an interrupt without an EOI */
        pin->is_asserted = false;
    }
    if (pin->entry & ENTRY_MASKED) {
        if (!(old & ENTRY_MASKED))
            guest_irq_mask(gsi);
        return (struct message){ .is_due = false };
    }
    if (!guest_irq_route(gsi, pin->entry & ENTRY_LEVEL, pin->entry & ENTRY_ACTIVE_LOW))
        return (struct message){ .is_due = false };
    if (!pin->is_asserted)
        guest_irq_unmask(gsi);
    return service_level(pin);
}

static struct message write_register(struct domain *d, struct ioapic_chip *chip, uint32_t value)
{
    if (chip->select == 0)
        chip->id = value & 0xff000000u;
    uint32_t number = (chip->select - 0x10) / 2;
    if (chip->select < 0x10 || number >= chip->pin_count)
        return (struct message){ .is_due = false };
    uint32_t gsi = chip->first_gsi + number;
    uint64_t entry = d->arch.ioapic->pins[gsi].entry;
    entry = chip->select & 1 ? (uint64_t)value << 32 | (uint32_t)entry : (entry & ~0xffffffffull) | value;
    return write_entry(d, gsi, entry);
}

uint32_t virtual_ioapic_read(struct domain *d, uint64_t guest_physical)
{
    struct ioapic_chip *chip = find_chip(d, guest_physical);
    uint32_t value = 0;
    spin_lock(&d->arch.ioapic->lock);
    switch (guest_physical & 0xff0) {
    case IOAPIC_SELECT: value = chip->select; break;
    case IOAPIC_WINDOW: value = read_register(d->arch.ioapic, chip); break;
    }
    spin_unlock(&d->arch.ioapic->lock);
    return value;
}

void virtual_ioapic_write(struct domain *d, uint64_t guest_physical, uint32_t value)
{
    struct ioapic_chip *chip = find_chip(d, guest_physical);
    struct message message = { .is_due = false };
    spin_lock(&d->arch.ioapic->lock);
    switch (guest_physical & 0xff0) {
    case IOAPIC_SELECT: chip->select = value & 0xff; break;
    case IOAPIC_WINDOW: message = write_register(d, chip, value); break;
    }
    spin_unlock(&d->arch.ioapic->lock);
    send(d, message);
}

void virtual_ioapic_end_of_interrupt(struct domain *d, uint8_t vector)
{
    struct virtual_ioapic *ioapic = d->arch.ioapic;
    spin_lock(&ioapic->lock);
    for (uint32_t gsi = 0; gsi < ioapic->pin_count; gsi++) {
        struct ioapic_pin *pin = &ioapic->pins[gsi];
        if ((uint8_t)pin->entry != vector || !(pin->entry & ENTRY_REMOTE_IRR))
            continue;
        pin->entry &= ~ENTRY_REMOTE_IRR;
        pin->is_asserted = false;
        /* If the device still asks, the physical line fires again at once. */
        if (!(pin->entry & ENTRY_MASKED))
            guest_irq_unmask(gsi);
    }
    spin_unlock(&ioapic->lock);
}

void virtual_ioapic_raise(struct domain *d, uint32_t gsi)
{
    struct virtual_ioapic *ioapic = d->arch.ioapic;
    struct message message = { .is_due = false };
    if (!ioapic || gsi >= ioapic->pin_count)
        return;
    spin_lock(&ioapic->lock);
    struct ioapic_pin *pin = &ioapic->pins[gsi];
    if (pin->entry & ENTRY_LEVEL) {
        pin->is_asserted = true;
        message = service_level(pin);
    } else if (!(pin->entry & ENTRY_MASKED)) {
        message = (struct message){ .is_due = true, .entry = pin->entry };
    }
    spin_unlock(&ioapic->lock);
    send(d, message);
}
