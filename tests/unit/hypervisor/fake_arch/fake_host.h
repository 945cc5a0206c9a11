/* SPDX-License-Identifier: MIT */
/*
 * The fake of arch_host.h, and how a test drives it: which CPU it is on, what time it is, what came out of the console,
 * and what ended in a panic.
 */
#ifndef KEEL_FAKE_HOST_H
#define KEEL_FAKE_HOST_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern _Thread_local uint32_t fake_cpu; /* what arch_cpu_id answers this thread */
extern uint64_t fake_time_ns;           /* what arch_time_ns answers */
extern _Thread_local bool fake_interrupts_on;

/* What was written to the console, terminated; the oldest bytes are kept when it is full. */
extern char fake_console[65536];
extern size_t fake_console_length;
void fake_console_clear(void);

/*
 * True if the statement ends in arch_halt (panic, BUG); its report is in fake_console. May be used again after that.
 * Locks held by the statement stay held.
 */
#define FAKE_HALTS(statement)                                                             \
    ({                                                                                    \
        volatile bool halted_ = true;                                                     \
        fake_halt_expected = true;                                                        \
        if (!setjmp(fake_halt_target)) {                                                  \
            statement;                                                                    \
            halted_ = false;                                                              \
        }                                                                                 \
        fake_halt_expected = false;                                                       \
        halted_;                                                                          \
    })
extern jmp_buf fake_halt_target;
extern bool fake_halt_expected;

#endif
