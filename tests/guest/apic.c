/* SPDX-License-Identifier: MIT */
/* The local APIC, reached by MMIO or by MSRs. */
#include "apic.h"
#include "cpu.h"
#include "test.h"

#define MSR_APIC_BASE 0x1b
#define APIC_BASE_X2APIC (1ull << 10)
#define APIC_BASE_ENABLED (1ull << 11)
#define APIC_ADDRESS 0xfee00000ull

static bool in_x2apic_mode(void)
{
    uint64_t base;

    read_msr(MSR_APIC_BASE, &base);
    return base & APIC_BASE_X2APIC;
}

uint32_t apic_read(enum apic_register where)
{
    uint64_t value;

    if (!in_x2apic_mode())
        return *(volatile uint32_t *)(APIC_ADDRESS + where);
    read_msr(0x800 + where / 16, &value);
    return (uint32_t)value;
}

void apic_write(enum apic_register where, uint32_t value)
{
    if (in_x2apic_mode())
        write_msr(0x800 + where / 16, value);
    else
        *(volatile uint32_t *)(APIC_ADDRESS + where) = value;
}

void apic_send(uint32_t command, uint32_t destination)
{
    if (in_x2apic_mode()) {
        write_msr(0x830, (uint64_t)destination << 32 | command);
        return;
    }
    apic_write(APIC_COMMAND_HIGH, destination << 24);
    apic_write(APIC_COMMAND, command);
}

bool apic_set_mode(bool x2apic)
{
    uint64_t base;

    if (x2apic && !(cpuid(1, 0).ecx & 1u << 21))
        return false;
    read_msr(MSR_APIC_BASE, &base);
    if (base & APIC_BASE_X2APIC && !x2apic) {
        base &= ~(APIC_BASE_X2APIC | APIC_BASE_ENABLED);
        if (write_msr(MSR_APIC_BASE, base))
            return false;
    }
    base |= APIC_BASE_ENABLED;
    if (write_msr(MSR_APIC_BASE, base))
        return false;
    if (x2apic && write_msr(MSR_APIC_BASE, base | APIC_BASE_X2APIC))
        return false;
    apic_write(APIC_SPURIOUS, 0x1ff);
    return true;
}
