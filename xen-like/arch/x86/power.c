/* SPDX-License-Identifier: MIT */
/*
 * Power-off and reset of the machine. Off: ACPI's S5; if the machine has none, or it does not work, it says so and
 * halts. Reset: the ACPI reset register, then the keyboard controller, then a triple fault.
 */
#include "arch.h"

#include "acpi.h"
#include "boot_memory.h"
#include "host_time.h"
#include "paging.h"
#include "printk.h"

#define PM1_SCI_ENABLE 1u
#define PM1_SLEEP_TYPE(type) ((uint16_t)(((type) & 7) << 10))
#define PM1_SLEEP_ENABLE (1u << 13)
#define PM1_SLEEP_MASK (7u << 10 | PM1_SLEEP_ENABLE)
#define SETTLE_US 200000u
#define KEYBOARD_COMMAND 0x64
#define RESET_CONTROL 0xcf9

static void enable_acpi_mode(const struct acpi_machine *m)
{
    if (!m->smi_command_port || !m->acpi_enable_value || (inw(m->pm1a_control_port) & PM1_SCI_ENABLE))
        return;
    outb(m->smi_command_port, m->acpi_enable_value);
    for (unsigned int i = 0; i < 1000 && !(inw(m->pm1a_control_port) & PM1_SCI_ENABLE); i++)
        time_delay_us(100);
}

static void request_sleep(uint16_t port, uint8_t type)
{
    if (!port)
        return;
    uint16_t value = (uint16_t)((inw(port) & ~PM1_SLEEP_MASK) | PM1_SLEEP_TYPE(type));
    outw(port, value);
    outw(port, value | PM1_SLEEP_ENABLE);
}

void arch_machine_power_off(void)
{
    const struct acpi_machine *m = &acpi_machine;

    interrupts_off();
    printk(LOG_ALWAYS, "Switching the machine off");
    if (m->has_s5 && m->pm1a_control_port) {
        enable_acpi_mode(m);
        request_sleep(m->pm1a_control_port, m->s5_type_a);
        request_sleep(m->pm1b_control_port, m->s5_type_b);
        time_delay_us(SETTLE_US);
    }
    printk(LOG_ALWAYS, "The machine cannot be switched off by software: switch it off by hand");
    arch_stop_other_cpus();
    arch_halt();
}

static void write_reset_register(const struct acpi_machine *m)
{
    if (!m->has_reset_register || !m->reset_register.address)
        return;
    if (m->reset_register.space == 1)
        outb((uint16_t)m->reset_register.address, m->reset_value);
    else if (m->reset_register.space == 0 && boot_memory_is_mapped(m->reset_register.address, 1))
        *(volatile uint8_t *)direct_map(m->reset_register.address) = m->reset_value;
    time_delay_us(SETTLE_US);
}

void arch_machine_reboot(void)
{
    struct { uint16_t limit; uint64_t base; } __attribute__((packed)) no_table = { 0, 0 };

    interrupts_off();
    printk(LOG_ALWAYS, "Starting the machine again");
    write_reset_register(&acpi_machine);
    outb(KEYBOARD_COMMAND, 0xfe);
    time_delay_us(SETTLE_US);
    outb(RESET_CONTROL, 0x02);
    outb(RESET_CONTROL, 0x06);
    time_delay_us(SETTLE_US);
    /* Without an interrupt table the next exception is the third in a row. */
    __asm__ volatile("lidt %0; ud2" : : "m"(no_table));
    arch_halt();
}
