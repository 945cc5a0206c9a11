/* SPDX-License-Identifier: MIT */
/*
 * Virtual local APIC: pending, accepted and finished interrupts, and messages between vCPUs. What runs before every
 * entry or at every end of interrupt is at the top and short.
 */

#include "registers.h"
#include "virtual_ioapic.h"
#include "virtual_lapic.h"

#define VECTOR_BIT(vector) (1ull << ((vector) % LAPIC_VECTORS_PER_WORD))
#define VECTOR_WORD(vector) ((vector) / LAPIC_VECTORS_PER_WORD)

static int highest_vector(const uint64_t words[4])
{
    for (int i = 3; i >= 0; i--)
        if (words[i])
            return i * 64 + 63 - __builtin_clzll(words[i]);
    return -1;
}

int virtual_lapic_pending_vector(struct vcpu *v)
{
    const struct virtual_lapic *lapic = v->arch.lapic;
    for (int i = 3; i >= 0; i--) {
        /* Relaxed: whoever sets a bit notifies the vCPU afterwards, and the entry looks again. */
        uint64_t word = atomic_load_explicit(&lapic->requested[i], memory_order_relaxed);
        if (likely(!word))
            continue;
        int vector = i * 64 + 63 - __builtin_clzll(word);
        int busy = MAX((int)lapic->task_priority, lapic->highest_in_service);
        return vector >> 4 > busy >> 4 && lapic->accepts ? vector : -1;
    }
    return -1;
}

void virtual_lapic_accept(struct vcpu *v, uint8_t vector)
{
    struct virtual_lapic *lapic = v->arch.lapic;
    atomic_fetch_and(&lapic->requested[VECTOR_WORD(vector)], ~VECTOR_BIT(vector));
    lapic->in_service[VECTOR_WORD(vector)] |= VECTOR_BIT(vector);
    lapic->highest_in_service = MAX(lapic->highest_in_service, (int)vector);
}

void virtual_lapic_withdraw(struct vcpu *v, uint8_t vector)
{
    struct virtual_lapic *lapic = v->arch.lapic;
    lapic->in_service[VECTOR_WORD(vector)] &= ~VECTOR_BIT(vector);
    lapic->highest_in_service = highest_vector(lapic->in_service);
    atomic_fetch_or(&lapic->requested[VECTOR_WORD(vector)], VECTOR_BIT(vector));
}

static void end_of_interrupt(struct virtual_lapic *lapic)
{
    int vector = lapic->highest_in_service;
    if (vector < 0)
        return;
    lapic->in_service[VECTOR_WORD(vector)] &= ~VECTOR_BIT(vector);
    lapic->highest_in_service = highest_vector(lapic->in_service);
    if (unlikely(lapic->level[VECTOR_WORD(vector)] & VECTOR_BIT(vector)) && lapic->vcpu->domain->arch.ioapic)
        virtual_ioapic_end_of_interrupt(lapic->vcpu->domain, (uint8_t)vector);
}

static void report_error(struct virtual_lapic *lapic, uint32_t bit)
{
    lapic->error_pending |= bit;
    uint32_t lvt = lapic->lvt[LVT_ERROR];
    if (!(lvt & LVT_MASKED) && (lvt & 0xff) >= 16)
        virtual_lapic_inject(lapic->vcpu, (uint8_t)lvt, false);
}

void virtual_lapic_inject(struct vcpu *v, uint8_t vector, bool is_level)
{
    struct virtual_lapic *lapic = v->arch.lapic;
    if (unlikely(!lapic->accepts || vector < 16))
        return;
    uint64_t bit = VECTOR_BIT(vector);
    _Atomic uint64_t *level = &lapic->level[VECTOR_WORD(vector)];
    if (is_level)
        atomic_fetch_or(level, bit);
    else if (*level & bit)
        atomic_fetch_and(level, ~bit);
    if (!(atomic_fetch_or(&lapic->requested[VECTOR_WORD(vector)], bit) & bit))
        vcpu_notify(v);
}

void virtual_lapic_raise_nmi(struct vcpu *v)
{
    if (!v->is_up)
        return;
    v->arch.lapic->nmi_pending = true;
    vcpu_notify(v);
}

bool virtual_lapic_nmi_is_pending(const struct vcpu *v) { return v->arch.lapic->nmi_pending; }
bool virtual_lapic_take_nmi(struct vcpu *v) { return atomic_exchange(&v->arch.lapic->nmi_pending, false); }

uint8_t virtual_lapic_get_cr8(const struct vcpu *v) { return v->arch.lapic->task_priority >> 4; }
void virtual_lapic_set_cr8(struct vcpu *v, uint8_t cr8) { v->arch.lapic->task_priority = (uint8_t)(cr8 << 4); }

/* --- messages ------------------------------------------------------------------------------------------------- */

static bool is_destination(const struct virtual_lapic *target, uint32_t destination, bool is_logical)
{
    if (target->is_x2apic) {
        if (destination == 0xffffffffu)
            return true;
        if (!is_logical)
            return destination == target->id;
        uint32_t logical = target->logical_destination;
        return destination >> 16 == logical >> 16 && (destination & logical & 0xffff);
    }
    if (destination == 0xff || destination == 0xffffffffu)
        return true;
    if (!is_logical)
        return destination == target->id;
    uint32_t logical = target->logical_destination >> 24;
    if (target->destination_format >> 28 == 0xf) /* flat model */
        return destination & logical & 0xff;
    return (destination & 0xf0) == (logical & 0xf0) && (destination & logical & 0xf);
}

static void deliver_to(struct vcpu *v, enum lapic_delivery mode, uint8_t vector, bool is_level)
{
    struct virtual_lapic *lapic = v->arch.lapic;
    switch (mode) {
    case DELIVER_FIXED:
    case DELIVER_LOWEST:
        virtual_lapic_inject(v, vector, is_level);
        break;
    case DELIVER_NMI:
        virtual_lapic_raise_nmi(v);
        break;
    case DELIVER_INIT:
        /* The registers are reset when the vCPU is started: until then it may still be on its way out of the guest. */
        vcpu_reset_to_init(v);
        lapic->awaits_startup = true;
        break;
    case DELIVER_STARTUP:
        if (v->is_up || !atomic_exchange(&lapic->awaits_startup, false))
            break;
        virtual_lapic_reset(v, false);
        vcpu_start_at(v, vector);
        break;
    default:
        break; /* no SMM and no 8259 here */
    }
}

/*
 * The vCPU of one APIC id, if the id names one and its APIC answers to it: the shortest way for what is by far the
 * most common.
 */
static struct vcpu *vcpu_with_apic_id(struct domain *d, uint32_t id) { return id & 1 ? NULL : domain_vcpu(d, id / 2); }

void virtual_lapic_deliver(struct domain *d, uint32_t destination, bool is_logical, enum lapic_delivery mode,
                           uint8_t vector, bool is_level)
{
    if (!is_logical && destination != 0xff && destination != 0xffffffffu) {
        struct vcpu *v = vcpu_with_apic_id(d, destination);
        if (v)
            deliver_to(v, mode, vector, is_level);
        return;
    }
    struct vcpu *lowest = NULL;
    DOMAIN_FOR_EACH_VCPU(d, v) {
        struct virtual_lapic *target = v->arch.lapic;
        if (!is_destination(target, destination, is_logical))
            continue;
        if (mode != DELIVER_LOWEST)
            deliver_to(v, mode, vector, is_level);
        else if (target->accepts && (!lowest || target->task_priority < lowest->arch.lapic->task_priority))
            lowest = v;
    }
    if (lowest)
        deliver_to(lowest, mode, vector, is_level);
}

static void send_command(struct virtual_lapic *lapic, uint32_t command, uint32_t destination)
{
    enum shorthand { NAMED, SELF, ALL, OTHERS } shorthand = command >> 18 & 3;
    enum lapic_delivery mode = command >> 8 & 7;
    uint8_t vector = (uint8_t)command;
    bool is_level_deassert = (command & (1u << 15)) && !(command & (1u << 14));

    if (mode == DELIVER_INIT && is_level_deassert)
        return; /* synchronises arbitration ids of CPUs of old */
    if ((mode == DELIVER_FIXED || mode == DELIVER_LOWEST) && vector < 16) {
        report_error(lapic, 1u << 5); /* send illegal vector */
        return;
    }
    struct domain *d = lapic->vcpu->domain;
    switch (shorthand) {
    case NAMED:
        virtual_lapic_deliver(d, destination, command & (1u << 11), mode, vector, false);
        break;
    case SELF:
        if (mode == DELIVER_FIXED)
            deliver_to(lapic->vcpu, mode, vector, false);
        break;
    case ALL:
    case OTHERS:
        DOMAIN_FOR_EACH_VCPU(d, v) {
            if (v != lapic->vcpu || (shorthand == ALL && mode == DELIVER_FIXED))
                deliver_to(v, mode, vector, false);
        }
        break;
    }
}

/* --- registers ------------------------------------------------------------------------------------------------- */

void virtual_lapic_update_mode(struct virtual_lapic *lapic)
{
    lapic->is_x2apic = lapic->base_msr & APIC_BASE_X2APIC;
    lapic->accepts = (lapic->base_msr & APIC_BASE_ENABLED) && (lapic->spurious & LAPIC_SPURIOUS_ENABLE);
    if (lapic->is_x2apic)
        lapic->logical_destination = lapic->id >> 4 << 16 | 1u << (lapic->id & 0xf);
}

bool virtual_lapic_set_base(struct virtual_lapic *lapic, uint64_t value)
{
    uint64_t mode = value & (APIC_BASE_ENABLED | APIC_BASE_X2APIC);
    uint64_t old_mode = lapic->base_msr & (APIC_BASE_ENABLED | APIC_BASE_X2APIC);
    if ((value & ~(APIC_BASE_ENABLED | APIC_BASE_X2APIC | APIC_BASE_BSP)) != LAPIC_ADDRESS)
        return false;
    if (mode == APIC_BASE_X2APIC)
        return false;
    if (old_mode == (APIC_BASE_ENABLED | APIC_BASE_X2APIC) && mode == APIC_BASE_ENABLED)
        return false;
    if (!old_mode && mode == (APIC_BASE_ENABLED | APIC_BASE_X2APIC))
        return false;
    if (!mode && old_mode)
        virtual_lapic_reset(lapic->vcpu, false);
    lapic->base_msr = LAPIC_ADDRESS | mode | (lapic->vcpu->id ? 0 : APIC_BASE_BSP);
    virtual_lapic_update_mode(lapic);
    return true;
}

static uint32_t vector_register(const struct virtual_lapic *lapic, uint32_t number)
{
    unsigned int word = (number & 7) / 2, shift = (number & 1) * 32;
    switch (number & ~7u) {
    case LAPIC_IN_SERVICE: return (uint32_t)(lapic->in_service[word] >> shift);
    case LAPIC_TRIGGER_MODE: return (uint32_t)(lapic->level[word] >> shift);
    default: return (uint32_t)(lapic->requested[word] >> shift);
    }
}

static uint8_t processor_priority(const struct virtual_lapic *lapic)
{
    int busy = lapic->highest_in_service;
    return busy >> 4 > lapic->task_priority >> 4 ? (uint8_t)(busy & 0xf0) : lapic->task_priority;
}

bool virtual_lapic_read_register(struct virtual_lapic *lapic, uint32_t number, uint64_t *value)
{
    switch (number) {
    case LAPIC_ID: *value = lapic->is_x2apic ? lapic->id : lapic->id << 24; return true;
    case LAPIC_VERSION: *value = (LVT_COUNT - 1) << 16 | 0x14; return true;
    case LAPIC_TASK_PRIORITY: *value = lapic->task_priority; return true;
    case LAPIC_ARBITRATION_PRIORITY: *value = 0; return !lapic->is_x2apic;
    case LAPIC_PROCESSOR_PRIORITY: *value = processor_priority(lapic); return true;
    case LAPIC_LOGICAL_DESTINATION: *value = lapic->logical_destination; return true;
    case LAPIC_DESTINATION_FORMAT: *value = lapic->destination_format; return !lapic->is_x2apic;
    case LAPIC_SPURIOUS: *value = lapic->spurious; return true;
    case LAPIC_IN_SERVICE ... LAPIC_REQUEST + 7: *value = vector_register(lapic, number); return true;
    case LAPIC_ERROR_STATUS: *value = lapic->error_status; return true;
    case LAPIC_COMMAND: *value = lapic->is_x2apic ? lapic->command : (uint32_t)lapic->command; return true;
    case LAPIC_COMMAND_HIGH: *value = lapic->command >> 32; return !lapic->is_x2apic;
    case LAPIC_LVT_FIRST ... LAPIC_LVT_LAST: *value = lapic->lvt[number - LAPIC_LVT_FIRST]; return true;
    case LAPIC_INITIAL_COUNT: *value = lapic->initial_count; return true;
    case LAPIC_CURRENT_COUNT: *value = virtual_lapic_timer_count(lapic); return true;
    case LAPIC_DIVIDE: *value = lapic->divide; return true;
    default: *value = 0; return false;
    }
}

/* The bits of each local vector entry that software may set. */
static const uint32_t lvt_writable[LVT_COUNT] = {
    [LVT_TIMER] = LVT_MASKED | LVT_TIMER_PERIODIC | 0xff,
    [LVT_THERMAL] = LVT_MASKED | 0x7ff,
    [LVT_PERFORMANCE] = LVT_MASKED | 0x7ff,
    [LVT_LINT0] = LVT_MASKED | 0xa7ff,
    [LVT_LINT1] = LVT_MASKED | 0xa7ff,
    [LVT_ERROR] = LVT_MASKED | 0xff,
};

static void write_lvt(struct virtual_lapic *lapic, enum lapic_lvt entry, uint32_t value)
{
    uint32_t old = lapic->lvt[entry];
    value &= lvt_writable[entry];
    if (!(lapic->spurious & LAPIC_SPURIOUS_ENABLE))
        value |= LVT_MASKED;
    lapic->lvt[entry] = value;
    if (entry == LVT_TIMER && ((old ^ value) & LVT_TIMER_PERIODIC))
        virtual_lapic_timer_restart(lapic);
}

static void write_spurious(struct virtual_lapic *lapic, uint32_t value)
{
    lapic->spurious = value & (LAPIC_SPURIOUS_ENABLE | 0x2ff);
    if (!(lapic->spurious & LAPIC_SPURIOUS_ENABLE))
        for (unsigned int i = 0; i < LVT_COUNT; i++)
            lapic->lvt[i] |= LVT_MASKED;
    virtual_lapic_update_mode(lapic);
}

static bool write_command(struct virtual_lapic *lapic, uint64_t value)
{
    if (lapic->is_x2apic) {
        lapic->command = value & 0xffffffff000ccfffull;
        send_command(lapic, (uint32_t)value, (uint32_t)(value >> 32));
    } else {
        lapic->command = (lapic->command & 0xffffffff00000000ull) | (value & 0xccfff);
        send_command(lapic, (uint32_t)value, (uint32_t)(lapic->command >> 56));
    }
    return true;
}

bool virtual_lapic_write_register(struct virtual_lapic *lapic, uint32_t number, uint64_t value)
{
    bool is_x2apic = lapic->is_x2apic;
    uint32_t low = (uint32_t)value;

    if (likely(number == LAPIC_EOI)) {
        if (is_x2apic && value)
            return false;
        end_of_interrupt(lapic);
        return true;
    }
    if (likely(number == LAPIC_COMMAND))
        return write_command(lapic, value);
    if (is_x2apic && value >> 32)
        return false;

    switch (number) {
    case LAPIC_TASK_PRIORITY:
        if (is_x2apic && value > 0xff)
            return false;
        lapic->task_priority = (uint8_t)value;
        return true;
    case LAPIC_LOGICAL_DESTINATION:
        if (!is_x2apic)
            lapic->logical_destination = low & 0xff000000u;
        return !is_x2apic;
    case LAPIC_DESTINATION_FORMAT:
        if (!is_x2apic)
            lapic->destination_format = low | 0x0fffffffu;
        return !is_x2apic;
    case LAPIC_SPURIOUS:
        write_spurious(lapic, low);
        return true;
    case LAPIC_ERROR_STATUS:
        if (is_x2apic && value)
            return false;
        lapic->error_status = lapic->error_pending;
        lapic->error_pending = 0;
        return true;
    case LAPIC_COMMAND_HIGH:
        if (!is_x2apic)
            lapic->command = (uint64_t)(low & 0xff000000u) << 32 | (uint32_t)lapic->command;
        return !is_x2apic;
    case LAPIC_LVT_FIRST ... LAPIC_LVT_LAST:
        write_lvt(lapic, number - LAPIC_LVT_FIRST, low);
        return true;
    case LAPIC_INITIAL_COUNT:
        lapic->initial_count = low;
        virtual_lapic_timer_restart(lapic);
        return true;
    case LAPIC_DIVIDE:
        lapic->divide = low & 0xb;
        virtual_lapic_timer_restart(lapic);
        return true;
    case LAPIC_SELF_IPI:
        if (is_x2apic && low < 16)
            report_error(lapic, 1u << 5);
        else if (is_x2apic)
            virtual_lapic_inject(lapic->vcpu, (uint8_t)low, false);
        return is_x2apic;
    case LAPIC_ID: /* read-only, and software that writes them anyway meets no fault in xAPIC mode */
    case LAPIC_VERSION: return !is_x2apic;
    default: return false;
    }
}

/* --- life ---------------------------------------------------------------------------------------------------- */

void virtual_lapic_reset(struct vcpu *v, bool is_power_on)
{
    struct virtual_lapic *lapic = v->arch.lapic;
    timer_stop(&lapic->timer);
    for (unsigned int i = 0; i < 4; i++) {
        lapic->requested[i] = lapic->level[i] = 0;
        lapic->in_service[i] = 0;
    }
    lapic->highest_in_service = -1;
    lapic->nmi_pending = false;
    lapic->task_priority = 0;
    lapic->logical_destination = 0;
    lapic->destination_format = 0xffffffffu;
    lapic->spurious = 0xff;
    lapic->error_status = lapic->error_pending = 0;
    lapic->command = 0;
    lapic->initial_count = lapic->divide = 0;
    for (unsigned int i = 0; i < LVT_COUNT; i++)
        lapic->lvt[i] = LVT_MASKED;
    if (is_power_on)
        lapic->base_msr = LAPIC_ADDRESS | APIC_BASE_ENABLED | (v->id ? 0 : APIC_BASE_BSP);
    virtual_lapic_update_mode(lapic);
}

int virtual_lapic_create(struct vcpu *v)
{
    struct virtual_lapic *lapic = object_allocate(sizeof(*lapic));
    if (!lapic)
        return -XEN_ENOMEM;
    lapic->vcpu = v;
    lapic->id = v->id * 2;
    lapic->awaits_startup = v->id != 0;
    v->arch.lapic = lapic;
    virtual_lapic_timer_create(lapic);
    virtual_lapic_reset(v, true);
    return 0;
}

void virtual_lapic_free(struct vcpu *v)
{
    if (!v->arch.lapic)
        return;
    virtual_lapic_timer_free(v->arch.lapic);
    object_free(v->arch.lapic);
    v->arch.lapic = NULL;
}
