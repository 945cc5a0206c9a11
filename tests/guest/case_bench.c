/* SPDX-License-Identifier: MIT */
/*
 * Round trips into the hypervisor, in instructions: under QEMU's -icount shift=0 one tick of the TSC is one instruction.
 * Each line is BENCH NAME TICKS, the mean of a thousand, less the loop's own cost.
 */
#include "cpu.h"
#include "test.h"

#include <xen/sched.h>
#include <xen/version.h>

#define ROUNDS 1000u

/* Ticks for ROUNDS times what; the loop is the same for all, and measured empty. */
#define TICKS(what)                                  \
    ({                                               \
        uint64_t start_ = read_tsc();                \
        for (unsigned int i_ = 0; i_ < ROUNDS; i_++) { \
            what;                                    \
            __asm__ volatile("" ::: "memory");       \
        }                                            \
        read_tsc() - start_;                         \
    })

static void report(const char *name, uint64_t ticks, uint64_t empty)
{
    print("BENCH %s %lu\n", name, (ticks > empty ? ticks - empty + ROUNDS / 2 : 0) / ROUNDS);
}

/* Null hypercall, CPUID, yield, and an event to its own port. */
TEST_CASE(bench, ONLY_NAMED)
{
    long bound = event_bind_ipi(0);
    evtchn_port_t port = (evtchn_port_t)bound;
    struct evtchn_send send = { .port = port };

    EXPECT(bound > 0);
    event_set_mask(port, true);
    for (unsigned int warm = 0; warm < 2; warm++) {
        uint64_t empty = TICKS();
        uint64_t call = TICKS(version_op(XENVER_version, 0));
        uint64_t leaf = TICKS(cpuid(0x40000000, 0));
        uint64_t yield = TICKS(sched_op(SCHEDOP_yield, 0));
        uint64_t event = TICKS((event_op(EVTCHNOP_send, &send), event_clear(port)));

        if (!warm)
            continue;
        report("null_hypercall", call, empty);
        report("cpuid_exit", leaf, empty);
        report("sched_yield", yield, empty);
        report("event_send", event, empty);
    }
    EXPECT_EQUAL(event_close(port), 0);
    return NULL;
}
