/* SPDX-License-Identifier: MIT */
/* Ways for a guest to misbehave; each is run alone, and what is watched is everybody else. */
#include "apic.h"
#include "cpu.h"
#include "test.h"

#include <xen/grant_table.h>
#include <xen/sched.h>

/* An exception with no interrupt table: a triple fault, which crashes this domain. */
TEST_CASE(triple_fault, ONLY_NAMED)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) nothing = { 0, 0 };

    print("GOING triple_fault\n");
    __asm__ volatile("lidt %0; ud2" : : "m"(nothing));
    return "it goes on after a triple fault";
}

/* Reads and then executes where no memory is. */
TEST_CASE(run_off_memory, ONLY_NAMED)
{
    print("GOING run_off_memory\n");
    volatile uint64_t *nowhere = (void *)0xf0000000ull;
    uint64_t value = *nowhere;
    print("a read outside memory gave 0x%lx\n", value);
    __asm__ volatile("call *%0" : : "r"(nowhere) : "memory");
    return "it goes on after leaving its memory";
}

/* Spins with interrupts off, for ever. */
TEST_CASE(spin, ONLY_NAMED)
{
    print("GOING spin\n");
    for (;;)
        __asm__ volatile("cli");
    return NULL;
}

/* Halts with interrupts off and nothing to wake it, for ever: an idle neighbour. */
TEST_CASE(sleep, ONLY_NAMED)
{
    print("GOING sleep\n");
    for (;;)
        __asm__ volatile("cli; hlt");
    return NULL;
}

/* Sleeps for 20 ms at a time, for ever: an idle neighbour that is woken some fifty times a second. */
TEST_CASE(doze, ONLY_NAMED)
{
    evtchn_port_t port = (evtchn_port_t)event_bind_ipi(0);
    struct sched_poll poll = { .nr_ports = 1 };

    set_handle(poll.ports, &port);
    print("GOING doze\n");
    for (;;) {
        poll.timeout = time_ns() + 20 * NS_PER_MS;
        sched_op(SCHEDOP_poll, &poll);
    }
    return NULL;
}

/* Exits as fast as it can, for ever, in turns of CPUID, MSRs, yields and events. */
TEST_CASE(storm, ONLY_NAMED)
{
    uint64_t value;
    long port = event_bind_ipi(0);

    print("GOING storm\n");
    for (uint32_t i = 0;; i++) {
        cpuid(i, 0);
        read_msr(i, &value);
        event_send((evtchn_port_t)port);
        sched_op(SCHEDOP_yield, 0);
        apic_send(1u << 18 | (0x40 + i % 64), 0);
    }
    return NULL;
}

/* Tries every MSR number of the ranges that exist, by reading and by writing back. */
TEST_CASE(msr_sweep, ONLY_NAMED)
{
    static const struct { uint32_t first, last; } ranges[] = {
        { 0, 0x1fff }, { 0xc0000000, 0xc0001fff }, { 0xc0010000, 0xc0011fff }, { 0x40000000, 0x40001fff }
    };

    print("GOING msr_sweep\n");
    for (unsigned int range = 0; range < ARRAY_SIZE(ranges); range++) {
        for (uint32_t msr = ranges[range].first; msr <= ranges[range].last; msr++) {
            uint64_t value;

            if (!read_msr(msr, &value))
                write_msr(msr, value);
        }
    }
    return NULL;
}

/* Reports a crash of its own. */
TEST_CASE(crash, ONLY_NAMED)
{
    print("GOING crash\n");
    shut_down(SHUTDOWN_crash);
}

/* Asks for a reboot. */
TEST_CASE(reboot, ONLY_NAMED)
{
    print("GOING reboot\n");
    shut_down(SHUTDOWN_reboot);
}

/* Ends as one whose watchdog has run out. */
TEST_CASE(watchdog, ONLY_NAMED)
{
    print("GOING watchdog\n");
    shut_down(SHUTDOWN_watchdog);
}
