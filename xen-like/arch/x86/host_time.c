/* SPDX-License-Identifier: MIT */
/* Measures the TSC and reads the CMOS clock, once. */
#include "host_time.h"

#include "acpi.h"
#include "cpu.h"
#include "panic.h"
#include "printk.h"

#define PM_TIMER_HZ 3579545u
#define PIT_HZ 1193182u
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_GATE 0x61 /* bit 0: gate of channel 2, bit 1: speaker, bit 5: channel 2's output */
#define CALIBRATION_MS 30u
#define SAMPLES 8u

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71

struct host_clock host_clock;

/* A reading of the slow timer and the TSC at the same moment. */
struct moment { uint64_t tsc; uint32_t ticks; };

/* Of several readings the one that took least: nothing came between its halves. */
static struct moment read_pm_timer(void)
{
    struct moment best = { 0 };
    uint64_t best_cost = ~0ull;

    for (unsigned int i = 0; i < SAMPLES; i++) {
        uint64_t before = read_tsc();
        uint32_t ticks = inl(acpi_machine.pm_timer_port);
        uint64_t after = read_tsc();
        if (after - before < best_cost) {
            best_cost = after - before;
            best = (struct moment){ before + (after - before) / 2, ticks };
        }
    }
    return best;
}

/* The TSC's kHz; 0 if the ACPI timer stands still. */
static uint64_t measure_by_pm_timer(void)
{
    uint32_t mask = acpi_machine.pm_timer_is_32bit ? ~0u : 0xffffff, elapsed;
    struct moment start = read_pm_timer(), end;
    uint64_t tries = 0;

    do {
        end = read_pm_timer();
        elapsed = (end.ticks - start.ticks) & mask;
        if (!elapsed && ++tries > 100000)
            return 0;
    } while (elapsed < PM_TIMER_HZ / 1000 * CALIBRATION_MS);
    return multiply_divide(end.tsc - start.tsc, PM_TIMER_HZ, elapsed) / 1000;
}

static uint64_t measure_by_pit(void)
{
    uint32_t ticks = PIT_HZ / 1000 * CALIBRATION_MS;
    uint64_t start, tries = 0;

    outb(PIT_GATE, (inb(PIT_GATE) & ~2) | 1);
    outb(PIT_COMMAND, 0xb0); /* channel 2, both bytes, one countdown */
    outb(PIT_CHANNEL2, (uint8_t)ticks);
    outb(PIT_CHANNEL2, (uint8_t)(ticks >> 8));
    start = read_tsc();
    while (!(inb(PIT_GATE) & 0x20))
        if (++tries > 100000000)
            return 0;
    return (read_tsc() - start) / CALIBRATION_MS;
}

/* As pvclock wants it: the shifted TSC runs at 1 to 2 GHz, so that the multiplier uses all its 32 bits. */
static void set_scale(uint64_t hz)
{
    int8_t shift = 0;

    for (; hz > 2 * NS_PER_S; hz >>= 1)
        shift--;
    for (; hz <= NS_PER_S; hz <<= 1)
        shift++;
    host_clock.tsc_shift = shift;
    host_clock.tsc_multiplier = (uint32_t)((NS_PER_S << 32) / hz);
}

static uint8_t read_cmos(uint8_t reg)
{
    outb(CMOS_INDEX, reg);
    return inb(CMOS_DATA);
}

struct calendar { uint32_t year, month, day, hour, minute, second; };

static uint32_t decode(uint8_t value, bool is_binary) { return is_binary ? value : (value >> 4) * 10u + (value & 15); }

static struct calendar read_calendar(void)
{
    uint8_t century = acpi_machine.century_register, hour;
    bool is_binary;
    struct calendar c;

    /* Not while the clock is being advanced, which takes it about 2 ms. */
    for (unsigned int i = 0; (read_cmos(0x0a) & 0x80) && i < 100000; i++)
        arch_relax();
    is_binary = read_cmos(0x0b) & 4;
    hour = read_cmos(4);
    c = (struct calendar){
        .second = decode(read_cmos(0), is_binary),
        .minute = decode(read_cmos(2), is_binary),
        .hour = decode(hour & 0x7f, is_binary),
        .day = decode(read_cmos(7), is_binary),
        .month = decode(read_cmos(8), is_binary),
        .year = decode(read_cmos(9), is_binary),
    };
    if (!(read_cmos(0x0b) & 2)) /* 12-hour clock, the top bit is p.m. */
        c.hour = c.hour % 12 + (hour & 0x80 ? 12 : 0);
    c.year += (century ? decode(read_cmos(century), is_binary) : 20) * 100;
    return c;
}

/* Days since 1970-01-01 in the Gregorian calendar, counting years from March so that the leap day comes last. */
static uint64_t days_since_1970(uint32_t year, uint32_t month, uint32_t day)
{
    uint64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

static uint64_t read_wallclock(void)
{
    struct calendar c = read_calendar();
    for (;;) { /* until two readings agree: a reading may straddle a carry */
        struct calendar again = read_calendar();
        if (again.second == c.second && again.minute == c.minute && again.hour == c.hour && again.day == c.day)
            break;
        c = again;
    }
    if (c.year < 1970 || c.month < 1 || c.month > 12 || c.day < 1 || c.day > 31) {
        log_warning("The CMOS clock holds no date (%u-%u-%u): wall-clock time starts in 1970", c.year, c.month, c.day);
        return 0;
    }
    return days_since_1970(c.year, c.month, c.day) * 86400 + c.hour * 3600u + c.minute * 60u + c.second;
}

void time_initialise(void)
{
    uint64_t khz = acpi_machine.pm_timer_port ? measure_by_pm_timer() : 0;
    const char *by = "ACPI timer";

    if (!khz) {
        khz = measure_by_pit();
        by = "8254";
    }
    if (khz < 1000)
        panic("The TSC cannot be measured: neither the ACPI timer nor the 8254 counts");
    set_scale(khz * 1000);
    host_clock.tsc_khz = khz;
    host_clock.tsc_base = read_tsc();
    host_clock.wallclock_seconds_at_boot = read_wallclock() - host_time_ns() / NS_PER_S;
    log_info("TSC: %lu.%03lu MHz by the %s%s; UTC %lu s since 1970", khz / 1000, khz % 1000, by,
             cpu_features.invariant_tsc ? "" : ", not said to be invariant", host_clock.wallclock_seconds_at_boot);
}

void time_delay_us(uint32_t microseconds)
{
    if (!host_clock.tsc_khz) {
        while (microseconds--)
            outb(0x80, 0); /* a bus cycle to nowhere takes about a microsecond */
        return;
    }
    uint64_t end_ns = host_time_ns() + microseconds * NS_PER_US;
    while (host_time_ns() < end_ns)
        arch_relax();
}
