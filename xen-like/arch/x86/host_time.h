/* SPDX-License-Identifier: MIT */
/*
 * Host time: nanoseconds since boot, from the TSC, the same on all CPUs. ns = (tsc - base) * multiplier >> shift, in
 * 128 bits; guests get the same numbers through pvclock.
 */
#ifndef KEEL_X86_HOST_TIME_H
#define KEEL_X86_HOST_TIME_H

#include "registers.h"
#include "types.h"

/* Constant after time_initialise. */
struct host_clock {
    uint64_t tsc_base;      /* the TSC at time 0 */
    uint32_t tsc_multiplier;/* pvclock's tsc_to_system_mul */
    int8_t tsc_shift;       /* pvclock's tsc_shift: the TSC is shifted left by it (right if negative) first */
    uint64_t tsc_khz;
    uint64_t wallclock_seconds_at_boot; /* UTC at time 0, from the CMOS clock */
};
extern struct host_clock host_clock;

/* Measures the TSC against the ACPI timer (or the 8254) and reads the CMOS clock. Boot CPU, after acpi_initialise. */
void time_initialise(void);

/* Nanoseconds since boot. */
static inline uint64_t host_time_ns(void)
{
    uint64_t delta = read_tsc() - host_clock.tsc_base;
    delta = host_clock.tsc_shift < 0 ? delta >> -host_clock.tsc_shift : delta << host_clock.tsc_shift;
    return (uint64_t)((unsigned __int128)delta * host_clock.tsc_multiplier >> 32);
}

/* Waits; for boot code only. Works before calibration too, roughly. */
void time_delay_us(uint32_t microseconds);

/* XENPF_settime: UTC was that at that host time. All domains see it (pvclock.c). */
void wallclock_set(uint64_t seconds, uint32_t nanoseconds, uint64_t at_ns);

#endif
