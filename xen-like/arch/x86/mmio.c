/* SPDX-License-Identifier: MIT */
/*
 * Accesses of guests to device registers in memory: finds the device, fetches and decodes the instruction, carries it
 * out.
 */
#include "mmio.h"
#include "registers.h"
#include "virtual_ioapic.h"
#include "virtual_lapic.h"

/* Registers are 32 bits wide: a narrower read gets its part, a write that is not 32 bits wide changes nothing. */
static uint64_t part_of(uint64_t value, uint64_t address, unsigned int size)
{
    unsigned int offset = address & 0xf;
    if (offset + size > 4)
        return 0;
    value >>= 8 * offset;
    return size == 4 ? value : value & ((1u << (8 * size)) - 1);
}

static uint64_t lapic_read(void *data, uint64_t address, unsigned int size)
{
    uint64_t value = 0;
    virtual_lapic_read_register(data, (uint32_t)(address & 0xff0) >> 4, &value);
    return part_of(value, address, size);
}

static void lapic_write(void *data, uint64_t address, unsigned int size, uint64_t value)
{
    if (size == 4 && !(address & 0xf))
        virtual_lapic_write_register(data, (uint32_t)(address & 0xff0) >> 4, value);
}

static uint64_t ioapic_read(void *data, uint64_t address, unsigned int size)
{
    return part_of(virtual_ioapic_read(data, address), address, size);
}

static void ioapic_write(void *data, uint64_t address, unsigned int size, uint64_t value)
{
    /* The select register may be written as a byte. */
    if (!(address & 0xf) && (size == 4 || !(address & 0xff0)))
        virtual_ioapic_write(data, address, (uint32_t)value);
}

/* The local APIC's page while the APIC is off or reached by MSRs: nobody answers. */
static uint64_t nothing_read(void *data, uint64_t address, unsigned int size)
{
    return size == 8 ? ~0ull : (1ull << (8 * size)) - 1;
}

static void nothing_write(void *data, uint64_t address, unsigned int size, uint64_t value) {}

static bool find_device(struct vcpu *v, uint64_t address, struct mmio_device *device)
{
    struct virtual_lapic *lapic = v->arch.lapic;
    if ((address & PAGE_MASK) == LAPIC_ADDRESS) {
        if ((lapic->base_msr & APIC_BASE_ENABLED) && !lapic->is_x2apic)
            *device = (struct mmio_device){ lapic, lapic_read, lapic_write };
        else
            *device = (struct mmio_device){ NULL, nothing_read, nothing_write };
        return true;
    }
    if (virtual_ioapic_contains(v->domain, address)) {
        *device = (struct mmio_device){ v->domain, ioapic_read, ioapic_write };
        return true;
    }
    return false;
}

bool mmio_access(struct vcpu *v, uint64_t guest_physical, bool is_write)
{
    struct mmio_device device;
    if (!find_device(v, guest_physical, &device))
        return false;

    struct guest_paging paging;
    virtualization->paging_get(v, &paging);
    uint64_t rip = v->arch.registers.rip;
    uint64_t linear = paging.is_long_code ? rip : (uint32_t)(paging.cs_base + rip);
    enum code_width width = paging.is_long_code ? CODE_64 : paging.is_32bit_code ? CODE_32 : CODE_16;

    uint8_t bytes[INSTRUCTION_LENGTH_MAX];
    size_t count = guest_fetch(v, linear, bytes, sizeof(bytes));
    struct instruction instruction;
    if (!instruction_decode(bytes, count, width, &instruction))
        return false;
    if ((guest_physical & (instruction.access_size - 1u)) != 0)
        return false; /* what crosses registers has no meaning */
    if (mmio_execute(&instruction, &device, guest_physical, &v->arch.registers))
        guest_skip_instruction(v, instruction.length);
    return true;
}
