/* SPDX-License-Identifier: MIT */
/*
 * The host's local APIC. Registers are numbered as in xAPIC mode (byte offsets); x2APIC MSRs are the same divided by
 * 16.
 */
#include "lapic.h"

#include "acpi.h"
#include "cpu.h"
#include "host_time.h"
#include "panic.h"
#include "paging.h"
#include "printk.h"
#include "traps.h"
#include "vectors.h"

enum {
    LAPIC_ID = 0x20,
    LAPIC_TASK_PRIORITY = 0x80,
    LAPIC_EOI = 0xb0,
    LAPIC_LOGICAL_DESTINATION = 0xd0,
    LAPIC_DESTINATION_FORMAT = 0xe0,
    LAPIC_SPURIOUS = 0xf0,
    LAPIC_ERROR_STATUS = 0x280,
    LAPIC_COMMAND_LOW = 0x300,
    LAPIC_COMMAND_HIGH = 0x310,
    LAPIC_LVT_TIMER = 0x320,
    LAPIC_LVT_THERMAL = 0x330,
    LAPIC_LVT_COUNTER = 0x340,
    LAPIC_LVT_LINT0 = 0x350,
    LAPIC_LVT_LINT1 = 0x360,
    LAPIC_LVT_ERROR = 0x370,
    LAPIC_TIMER_INITIAL = 0x380,
    LAPIC_TIMER_CURRENT = 0x390,
    LAPIC_TIMER_DIVIDE = 0x3e0,
};

#define LVT_MASKED (1u << 16)
#define SPURIOUS_ENABLE (1u << 8)
#define TIMER_DIVIDE_BY_1 0xbu
#define COMMAND_PENDING (1u << 12)
#define COMMAND_ASSERT (1u << 14)
#define COMMAND_LEVEL (1u << 15)
#define COMMAND_OTHERS (3u << 18)
#define DELIVERY_NMI (4u << 8)
#define DELIVERY_INIT (5u << 8)
#define DELIVERY_STARTUP (6u << 8)

#define CALIBRATION_NS (20 * NS_PER_MS)
#define CALIBRATION_ROUNDS 3u

static volatile uint32_t *registers; /* xAPIC mode */
static bool is_x2apic, is_initialised;
static uint64_t ticks_per_second;
static uint64_t ticks_per_ns_scaled; /* << 32 */
static uint64_t counter_reach_ns;    /* the longest time that the counter can count */

static uint32_t lapic_read(uint32_t reg)
{
    if (is_x2apic)
        return (uint32_t)rdmsr(MSR_X2APIC_FIRST + reg / 16);
    return registers[reg / 4];
}

static void lapic_write(uint32_t reg, uint32_t value)
{
    if (is_x2apic)
        wrmsr(MSR_X2APIC_FIRST + reg / 16, value);
    else
        registers[reg / 4] = value;
}

static void handle_error(uint8_t vector)
{
    lapic_write(LAPIC_ERROR_STATUS, 0);
    log_warning("CPU %u: local APIC error 0x%x", arch_cpu_id(), lapic_read(LAPIC_ERROR_STATUS));
}

void lapic_initialise(void)
{
    is_x2apic = cpu_features.x2apic;
    if (!is_x2apic)
        registers = map_mmio(acpi_machine.lapic_address, PAGE_SIZE);
    register_interrupt_vector(VECTOR_ERROR, handle_error);
    lapic_start();
    this_cpu()->apic_id = lapic_id();
    for (uint32_t i = 0; i < acpi_machine.processor_count; i++)
        if (acpi_machine.processors[i].apic_id == this_cpu()->apic_id)
            this_cpu()->acpi_id = acpi_machine.processors[i].acpi_id;
    is_initialised = true;
}

void lapic_start(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE);

    /* In two steps: the way from off to x2APIC leads through xAPIC. */
    if (!(base & APIC_BASE_ENABLED))
        wrmsr(MSR_APIC_BASE, base |= APIC_BASE_ENABLED);
    if (is_x2apic)
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
    lapic_write(LAPIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    lapic_write(LAPIC_TASK_PRIORITY, 0);
    lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
    lapic_write(LAPIC_LVT_LINT1, DELIVERY_NMI);
    lapic_write(LAPIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
    lapic_write(LAPIC_LVT_COUNTER, LVT_MASKED);
    lapic_write(LAPIC_LVT_THERMAL, LVT_MASKED);
    lapic_write(LAPIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
    lapic_write(LAPIC_TIMER_INITIAL, 0);
    lapic_write(LAPIC_ERROR_STATUS, 0);
    lapic_write(LAPIC_LVT_ERROR, VECTOR_ERROR);
    lapic_eoi();
}

uint32_t lapic_id(void)
{
    uint32_t id = lapic_read(LAPIC_ID);
    return is_x2apic ? id : id >> 24;
}

void lapic_eoi(void) { lapic_write(LAPIC_EOI, 0); }

static void send_command(uint32_t apic_id, uint32_t command)
{
    if (is_x2apic) {
        /* The MSR write is not ordered after earlier stores by itself; the receiver must see what it is sent for. */
        __asm__ volatile("mfence; lfence" : : : "memory");
        wrmsr(MSR_X2APIC_FIRST + LAPIC_COMMAND_LOW / 16, (uint64_t)apic_id << 32 | command);
        return;
    }
    while (lapic_read(LAPIC_COMMAND_LOW) & COMMAND_PENDING)
        arch_relax();
    lapic_write(LAPIC_COMMAND_HIGH, apic_id << 24);
    lapic_write(LAPIC_COMMAND_LOW, command);
}

void lapic_send_interrupt(uint32_t apic_id, uint8_t vector) { send_command(apic_id, COMMAND_ASSERT | vector); }

void lapic_send_nmi_to_others(void)
{
    if (is_initialised)
        send_command(0, COMMAND_ASSERT | COMMAND_OTHERS | DELIVERY_NMI);
}

void lapic_send_init(uint32_t apic_id) { send_command(apic_id, COMMAND_ASSERT | COMMAND_LEVEL | DELIVERY_INIT); }

void lapic_send_startup(uint32_t apic_id, uint8_t page)
{
    send_command(apic_id, COMMAND_ASSERT | DELIVERY_STARTUP | page);
}

/* Ticks per second, measured once. */
static uint64_t measure_timer(void)
{
    lapic_write(LAPIC_TIMER_INITIAL, ~0u);
    uint64_t start_ns = host_time_ns(), now_ns;
    uint32_t start = lapic_read(LAPIC_TIMER_CURRENT), end;
    do {
        end = lapic_read(LAPIC_TIMER_CURRENT);
        now_ns = host_time_ns();
    } while (now_ns - start_ns < CALIBRATION_NS);
    lapic_write(LAPIC_TIMER_INITIAL, 0);
    return multiply_divide(start - end, NS_PER_S, now_ns - start_ns);
}

void lapic_timer_calibrate(void)
{
    /* A CPU that is interrupted between the two clocks' reads sees too few ticks: the highest figure is the truest. */
    for (unsigned int round = 0; round < CALIBRATION_ROUNDS; round++)
        ticks_per_second = MAX(ticks_per_second, measure_timer());
    if (!ticks_per_second)
        panic("The local APIC's timer does not count: Keel has no other timer");
    ticks_per_ns_scaled = multiply_divide(ticks_per_second, 1ull << 32, NS_PER_S);
    counter_reach_ns = multiply_divide(0xffffffffu, 1ull << 32, ticks_per_ns_scaled);
    log_info("Local APIC: %s mode, timer %lu.%03lu MHz", is_x2apic ? "x2APIC" : "xAPIC", ticks_per_second / 1000000,
             ticks_per_second / 1000 % 1000);
}

void lapic_timer_set_deadline_ns(uint64_t deadline_ns)
{
    uint64_t now_ns, ticks;

    this_cpu()->timer_deadline_ns = deadline_ns;
    if (deadline_ns == ~0ull) {
        lapic_write(LAPIC_TIMER_INITIAL, 0);
        lapic_write(LAPIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
        return;
    }
    now_ns = host_time_ns();
    ticks = 1;
    if (deadline_ns > now_ns) {
        uint64_t delta_ns = MIN(deadline_ns - now_ns, counter_reach_ns);
        ticks = (uint64_t)((unsigned __int128)delta_ns * ticks_per_ns_scaled >> 32) + 1;
    }
    lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER);
    lapic_write(LAPIC_TIMER_INITIAL, ticks > 0xffffffffu ? 0xffffffffu : (uint32_t)ticks);
}
