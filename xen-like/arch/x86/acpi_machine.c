/* SPDX-License-Identifier: MIT */
/* Reads the CPUs and interrupt controllers (MADT) and the fixed hardware (FADT, DSDT's \_S5) into acpi_machine. */
#include "acpi_tables.h"
#include "panic.h"
#include "printk.h"
#include "string.h"

struct acpi_machine acpi_machine;

/* The FADT, up to what is read of it; older revisions are shorter. */
struct fadt {
    struct acpi_table_header header;
    uint32_t facs, dsdt;
    uint8_t reserved0, profile;
    uint16_t sci;
    uint32_t smi_command;
    uint8_t acpi_enable, acpi_disable, s4bios, pstate_control;
    uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2_control, pm_timer, gpe0, gpe1;
    uint8_t pm1_event_length, pm1_control_length, pm2_length, pm_timer_length, gpe0_length, gpe1_length, gpe1_base;
    uint8_t cst_control;
    uint16_t c2_latency, c3_latency, flush_size, flush_stride;
    uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
    uint16_t boot_flags;
    uint8_t reserved1;
    uint32_t flags;
    struct acpi_generic_address reset_register;
    uint8_t reset_value;
    uint16_t arm_flags;
    uint8_t minor_version;
    uint64_t x_facs, x_dsdt;
} __attribute__((packed));
_Static_assert(sizeof(struct fadt) == 148, "the FADT up to X_DSDT");
#define FADT_FLAG_TIMER_32BIT (1u << 8)
#define FADT_FLAG_RESET (1u << 10)

static void add_processor(uint32_t apic_id, uint32_t acpi_id, uint32_t flags)
{
    struct acpi_machine *m = &acpi_machine;

    if (!(flags & MADT_ENABLED))
        return;
    for (uint32_t i = 0; i < m->processor_count; i++)
        if (m->processors[i].apic_id == apic_id)
            return;
    if (m->processor_count == MAX_CPUS)
        m->processors_ignored++;
    else
        m->processors[m->processor_count++] = (struct acpi_processor){ apic_id, acpi_id };
}

static void add_override(const struct madt_override *o)
{
    struct acpi_machine *m = &acpi_machine;

    if (o->bus || m->override_count == ACPI_OVERRIDES_MAX)
        return;
    /* Polarity and trigger: 0 as the bus has it (ISA: edge, active high), 1 high or edge, 3 low or level. */
    m->overrides[m->override_count++] = (struct acpi_override){
        .isa_irq = o->irq,
        .gsi = o->gsi,
        .is_active_low = (o->flags & 3) == 3,
        .is_level = (o->flags >> 2 & 3) == 3,
    };
}

static void read_madt_entry(const struct madt_entry *entry)
{
    struct acpi_machine *m = &acpi_machine;

    switch (entry->type) {
    case MADT_LAPIC: {
        const struct madt_lapic *e = (const void *)entry;
        if (entry->length >= sizeof(*e))
            add_processor(e->apic_id, e->acpi_id, e->flags);
        break;
    }
    case MADT_X2APIC: {
        const struct madt_x2apic *e = (const void *)entry;
        if (entry->length >= sizeof(*e))
            add_processor(e->apic_id, e->acpi_id, e->flags);
        break;
    }
    case MADT_IOAPIC: {
        const struct madt_ioapic *e = (const void *)entry;
        if (entry->length >= sizeof(*e) && m->ioapic_count < ACPI_IOAPICS_MAX)
            m->ioapics[m->ioapic_count++] = (struct acpi_ioapic){ e->id, e->address, e->first_gsi };
        break;
    }
    case MADT_OVERRIDE:
        if (entry->length >= sizeof(struct madt_override))
            add_override((const void *)entry);
        break;
    case MADT_LAPIC_ADDRESS: {
        const struct madt_lapic_address *e = (const void *)entry;
        if (entry->length >= sizeof(*e))
            m->lapic_address = e->address;
        break;
    }
    }
}

static void read_madt(void)
{
    const struct madt *madt = (const void *)acpi_find_table("APIC");
    uint32_t at = sizeof(*madt);

    if (!madt || madt->header.length < sizeof(*madt))
        panic("The firmware's ACPI tables have no MADT: switch the local and I/O APICs on in the firmware's setup");
    acpi_machine.lapic_address = madt->lapic_address;
    while (madt->header.length - at >= sizeof(struct madt_entry)) {
        const struct madt_entry *entry = (const void *)((const uint8_t *)madt + at);
        if (entry->length < sizeof(*entry) || entry->length > madt->header.length - at) {
            log_warning("The ACPI MADT is damaged at byte %u; the rest of it is ignored", at);
            break;
        }
        read_madt_entry(entry);
        at += entry->length;
    }
    if (acpi_machine.processors_ignored)
        log_warning("%u CPUs beyond the first %u are left alone", acpi_machine.processors_ignored, MAX_CPUS);
}

/* One element of an AML package: a byte constant in one of its encodings. Answers the bytes it takes, 0: none. */
static size_t read_aml_byte(const uint8_t *at, const uint8_t *end, uint8_t *value)
{
    if (at < end && (*at == 0x00 || *at == 0x01)) {
        *value = *at;
        return 1;
    }
    if (end - at >= 2 && *at == 0x0a) {
        *value = at[1];
        return 2;
    }
    return 0;
}

/*
 * Looks for Name(_S5_, Package{type a, type b, ...}) in the DSDT's bytes; there is no interpreter for anything
 * cleverer.
 */
static void read_sleep_type(void)
{
    const struct acpi_table_header *dsdt = acpi_map_table(acpi_machine.dsdt_address);
    struct acpi_machine *m = &acpi_machine;
    size_t size;

    if (!dsdt)
        return;
    const uint8_t *at = (const uint8_t *)(dsdt + 1), *end = (const uint8_t *)dsdt + dsdt->length;
    for (; end - at >= 8; at++) {
        /* NameOp, "_S5_" (with or without the root prefix), PackageOp, package length, count of elements */
        if (memcmp(at, "_S5_", 4) || at[4] != 0x12 || !(at[-1] == 0x08 || (at[-1] == '\\' && at[-2] == 0x08)))
            continue;
        const uint8_t *element = at + 5;
        element += 1 + (*element >> 6) + 1;
        if (element >= end || !(size = read_aml_byte(element, end, &m->s5_type_a)))
            continue;
        element += size;
        if (!read_aml_byte(element, end, &m->s5_type_b))
            m->s5_type_b = m->s5_type_a;
        m->has_s5 = true;
        return;
    }
}

static void read_fadt(void)
{
    const struct acpi_table_header *table = acpi_find_table("FACP");
    struct acpi_machine *m = &acpi_machine;
    struct fadt fadt = { 0 };

    if (!table) {
        log_warning("The firmware's ACPI tables have no FADT: the machine can not be switched off by software");
        return;
    }
    memcpy(&fadt, table, MIN(table->length, (uint32_t)sizeof(fadt)));
    m->has_fadt = true;
    m->sci_gsi = acpi_isa_interrupt((uint8_t)fadt.sci).gsi;
    m->pm1a_control_port = (uint16_t)fadt.pm1a_control;
    m->pm1b_control_port = (uint16_t)fadt.pm1b_control;
    m->pm_timer_port = fadt.pm_timer_length ? (uint16_t)fadt.pm_timer : 0;
    m->pm_timer_is_32bit = fadt.flags & FADT_FLAG_TIMER_32BIT;
    m->century_register = fadt.century;
    m->has_reset_register = fadt.flags & FADT_FLAG_RESET;
    m->reset_register = fadt.reset_register;
    m->reset_value = fadt.reset_value;
    m->smi_command_port = (uint16_t)fadt.smi_command;
    m->acpi_enable_value = fadt.acpi_enable;
    m->dsdt_address = fadt.x_dsdt ? fadt.x_dsdt : fadt.dsdt;
    read_sleep_type();
}

struct acpi_override acpi_isa_interrupt(uint8_t irq)
{
    for (uint32_t i = 0; i < acpi_machine.override_count; i++)
        if (acpi_machine.overrides[i].isa_irq == irq)
            return acpi_machine.overrides[i];
    return (struct acpi_override){ .isa_irq = irq, .gsi = irq };
}

void acpi_read_machine(void)
{

    read_madt();
    read_fadt();
    log_info("ACPI: %u CPUs, %u I/O APICs, SCI %u, PM timer %s, power-off %s", acpi_machine.processor_count,
             acpi_machine.ioapic_count, acpi_machine.sci_gsi, acpi_machine.pm_timer_port ? "yes" : "no",
             acpi_machine.has_s5 ? "yes" : "no");
}
