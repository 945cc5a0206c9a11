/* SPDX-License-Identifier: MIT */
/*
 * I/O ports. A guest has none: reads give ones, writes are dropped. Domain 0 reaches the machine's ports directly, but
 * for those in a table here: of devices that the hypervisor drives or that would hide from it what happens to the
 * machine.
 */
#include "acpi.h"
#include "arch.h"
#include "pci_config.h"
#include "printk.h"
#include "registers.h"
#include "serial.h"
#include "virtualization.h"

#define SLEEP_ENABLE (1u << 13)
#define SLEEP_TYPE(value) ((value) >> 10 & 7)
#define RESET_CPU (1u << 2)
#define FAST_RESET 1u
#define SPEAKER_TIMER_OUTPUT 0x20u /* port 0x61: the 8254's second output is up, so nobody waits for it */

static uint32_t ones(unsigned int size) { return size == 4 ? ~0u : (1u << (8 * size)) - 1; }

typedef uint32_t port_reader(uint16_t port, unsigned int size);
typedef void port_writer(uint16_t port, unsigned int size, uint32_t value);

static uint32_t read_machine(uint16_t port, unsigned int size)
{
    return size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port);
}

static void write_machine(uint16_t port, unsigned int size, uint32_t value)
{
    if (size == 1)
        outb(port, (uint8_t)value);
    else if (size == 2)
        outw(port, (uint16_t)value);
    else
        outl(port, value);
}

static uint32_t read_nothing(uint16_t port, unsigned int size) { return ones(size); }
static void write_nothing(uint16_t port, unsigned int size, uint32_t value) { }

static uint32_t read_speaker(uint16_t port, unsigned int size) { return SPEAKER_TIMER_OUTPUT; }

/* Entering a sleep state. Power-off is the machine's end; in any other the hypervisor would lose its CPUs. */
static void write_pm1_control(uint16_t port, unsigned int size, uint32_t value)
{
    if (!(value & SLEEP_ENABLE) || size < 2) {
        write_machine(port, size, value);
        return;
    }
    if (acpi_machine.has_s5 && SLEEP_TYPE(value) == acpi_machine.s5_type_a) {
        log_info("domain 0 powers the machine off");
        arch_machine_power_off();
    }
    log_warning("domain 0 wanted the machine to sleep (type %u): not done, suspending the machine is not supported",
                SLEEP_TYPE(value));
}

static void write_system_control(uint16_t port, unsigned int size, uint32_t value)
{
    if (value & FAST_RESET)
        arch_machine_reboot();
    write_machine(port, size, value);
}

static void write_reset_control(uint16_t port, unsigned int size, uint32_t value)
{
    if (size == 1 && (value & RESET_CPU))
        arch_machine_reboot();
    write_machine(port, size, value);
}

struct port_range {
    uint16_t first, last;
    port_reader *read;
    port_writer *write;
};

#define FIXED_RANGES 9u
#define RANGES (FIXED_RANGES + 3u)

/* The last entries are the machine's own addresses, filled in below. */
static struct port_range ranges[RANGES] = {
    { 0x20, 0x21, read_nothing, write_nothing },         /* the first 8259 */
    { 0x40, 0x43, read_nothing, write_nothing },         /* 8254 */
    { 0x61, 0x61, read_speaker, write_nothing },
    { 0x92, 0x92, read_machine, write_system_control },
    { 0xa0, 0xa1, read_nothing, write_nothing },         /* the second 8259 */
    { 0xcf8, 0xcf8, pci_config_read_address, pci_config_write_address },
    { 0xcf9, 0xcf9, read_machine, write_reset_control },
    { 0xcfa, 0xcfb, read_machine, write_machine },       /* in reach of a 4-byte access to 0xcf8 */
    { 0xcfc, 0xcff, pci_config_read_data, pci_config_write_data },
};
static uint32_t range_count;

static void add_range(uint16_t first, uint16_t count, port_reader *read, port_writer *write)
{
    if (first)
        ranges[range_count++] = (struct port_range){ first, (uint16_t)(first + count - 1), read, write };
}

void io_bitmap_fill(uint8_t *bitmap)
{
    range_count = FIXED_RANGES;
    add_range(serial_port_base(), 8, read_nothing, write_nothing);
    add_range(acpi_machine.pm1a_control_port, 2, read_machine, write_pm1_control);
    add_range(acpi_machine.pm1b_control_port, 2, read_machine, write_pm1_control);
    for (uint32_t i = 0; i < range_count; i++)
        for (uint32_t port = ranges[i].first; port <= ranges[i].last; port++)
            bitmap[port / 8] |= (uint8_t)(1u << port % 8);
    /* An access at the end of the port space reaches beyond it. */
    for (uint32_t port = 65536; port < 65536 + 3; port++)
        bitmap[port / 8] |= (uint8_t)(1u << port % 8);
}

static const struct port_range *find_range(uint16_t port)
{
    for (uint32_t i = 0; i < range_count; i++)
        if (port >= ranges[i].first && port <= ranges[i].last)
            return &ranges[i];
    return NULL;
}

void io_port_access(struct vcpu *v, uint16_t port, unsigned int size, bool is_in, uint32_t *value)
{
    if (!v->domain->is_privileged) {
        if (is_in)
            *value = ones(size);
        return;
    }
    const struct port_range *range = find_range(port);
    /* An access that only ends in an intercepted range is the machine's up to there, and nobody means it so. */
    if (!range) {
        if (is_in)
            *value = ones(size);
        return;
    }
    if (is_in)
        *value = range->read(port, size) & ones(size);
    else
        range->write(port, size, *value & ones(size));
}
