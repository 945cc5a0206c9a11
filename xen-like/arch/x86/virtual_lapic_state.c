/* SPDX-License-Identifier: MIT */
/* The local APIC's state in the form of Xen's saved records: mode and divider, and the register page. */
#include "registers.h"
#include "virtual_lapic.h"

_Static_assert(sizeof(struct hvm_hw_lapic) == 24, "the saved local APIC");
_Static_assert(sizeof(struct hvm_hw_lapic_regs) == 1024, "the saved register page");

static uint32_t get(const struct hvm_hw_lapic_regs *registers, uint32_t number)
{
    uint32_t value;
    __builtin_memcpy(&value, &registers->data[number * 16], sizeof(value));
    return value;
}

static void put(struct hvm_hw_lapic_regs *registers, uint32_t number, uint32_t value)
{
    __builtin_memcpy(&registers->data[number * 16], &value, sizeof(value));
}

void virtual_lapic_save(const struct vcpu *v, struct hvm_hw_lapic *state)
{
    const struct virtual_lapic *lapic = v->arch.lapic;
    *state = (struct hvm_hw_lapic){
        .apic_base_msr = lapic->base_msr,
        .disabled = (lapic->spurious & LAPIC_SPURIOUS_ENABLE ? 0 : 1) | (lapic->base_msr & APIC_BASE_ENABLED ? 0 : 2),
        .timer_divisor = lapic->divide,
    };
}

void virtual_lapic_save_registers(const struct vcpu *v, struct hvm_hw_lapic_regs *registers)
{
    struct virtual_lapic *lapic = v->arch.lapic;
    *registers = (struct hvm_hw_lapic_regs){ { 0 } };
    for (uint32_t number = 0; number < sizeof(registers->data) / 16; number++) {
        uint64_t value;
        if (virtual_lapic_read_register(lapic, number, &value))
            put(registers, number, (uint32_t)value);
    }
    put(registers, LAPIC_COMMAND_HIGH, (uint32_t)(lapic->command >> 32));
    put(registers, LAPIC_DESTINATION_FORMAT, lapic->destination_format);
}

int virtual_lapic_load(struct vcpu *v, const struct hvm_hw_lapic *state)
{
    struct virtual_lapic *lapic = v->arch.lapic;
    uint64_t allowed = APIC_BASE_ENABLED | APIC_BASE_X2APIC | APIC_BASE_BSP;
    uint64_t mode = state->apic_base_msr & (APIC_BASE_ENABLED | APIC_BASE_X2APIC);
    if ((state->apic_base_msr & ~allowed) != LAPIC_ADDRESS || mode == APIC_BASE_X2APIC || state->tdt_msr)
        return -XEN_EINVAL;
    lapic->base_msr = LAPIC_ADDRESS | mode | (v->id ? 0 : APIC_BASE_BSP);
    lapic->divide = state->timer_divisor & 0xb;
    virtual_lapic_update_mode(lapic);
    return 0;
}

int virtual_lapic_load_registers(struct vcpu *v, const struct hvm_hw_lapic_regs *registers)
{
    struct virtual_lapic *lapic = v->arch.lapic;
    timer_stop(&lapic->timer);
    lapic->highest_in_service = -1;
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t in_service = get(registers, LAPIC_IN_SERVICE + i), requested = get(registers, LAPIC_REQUEST + i);
        uint32_t level = get(registers, LAPIC_TRIGGER_MODE + i), reserved = i ? 0 : 0xffff; /* vectors 0 to 15 */
        uint64_t keep = i % 2 ? 0xffffffffull : 0;
        unsigned int shift = i % 2 * 32;
        in_service &= ~reserved;
        lapic->in_service[i / 2] = (lapic->in_service[i / 2] & keep) | (uint64_t)in_service << shift;
        lapic->requested[i / 2] = (lapic->requested[i / 2] & keep) | (uint64_t)(requested & ~reserved) << shift;
        lapic->level[i / 2] = (lapic->level[i / 2] & keep) | (uint64_t)(level & ~reserved) << shift;
        if (in_service)
            lapic->highest_in_service = (int)(i * 32 + 31) - __builtin_clz(in_service);
    }
    lapic->task_priority = (uint8_t)get(registers, LAPIC_TASK_PRIORITY);
    lapic->logical_destination = get(registers, LAPIC_LOGICAL_DESTINATION) & 0xff000000u;
    lapic->destination_format = get(registers, LAPIC_DESTINATION_FORMAT) | 0x0fffffffu;
    lapic->error_status = get(registers, LAPIC_ERROR_STATUS) & 0xff;
    lapic->command = (uint64_t)get(registers, LAPIC_COMMAND_HIGH) << 32 | (get(registers, LAPIC_COMMAND) & 0xccfff);
    virtual_lapic_write_register(lapic, LAPIC_SPURIOUS, get(registers, LAPIC_SPURIOUS));
    for (uint32_t number = LAPIC_LVT_FIRST; number <= LAPIC_LVT_LAST; number++)
        virtual_lapic_write_register(lapic, number, get(registers, number));
    lapic->divide = get(registers, LAPIC_DIVIDE) & 0xb;
    virtual_lapic_write_register(lapic, LAPIC_INITIAL_COUNT, get(registers, LAPIC_INITIAL_COUNT));
    return 0;
}
