/* SPDX-License-Identifier: MIT */
/*
 * The end of the road. panic: boot or the machine cannot go on; the message says what to do. BUG: an invariant of the
 * hypervisor does not hold; prints where, with a backtrace. Either prints on the console, stops all CPUs and halts.
 * A guest's mistake must never lead here: that is what domain_crash is for.
 */
#ifndef KEEL_PANIC_H
#define KEEL_PANIC_H

#include "types.h"

void panic(const char *format, ...) __attribute__((noreturn, cold, format(printf, 1, 2)));
void bug(const char *file, unsigned int line, const char *what) __attribute__((noreturn, cold));

/*
 * For a caller that prints a report of its own before it calls panic: stops the other CPUs and frees the console.
 * Returns on the first CPU to fail only: a second failure on it (in the report itself), or one on another CPU, just
 * halts that CPU, so that the first report stays readable.
 */
void panic_begin(void);

/* For tests, which go on after a panic: the next one reports again. */
void panic_forget(void);

#define BUG() bug(__FILE__, __LINE__, "unreachable")
#define BUG_ON(condition)                             \
    do {                                              \
        if (unlikely(condition))                      \
            bug(__FILE__, __LINE__, #condition);      \
    } while (0)

/* Checked in debug builds; in others the condition is compiled but not evaluated. */
#ifdef KEEL_DEBUG
#define ASSERT(condition)                                       \
    do {                                                        \
        if (unlikely(!(condition)))                             \
            bug(__FILE__, __LINE__, "not true: " #condition);   \
    } while (0)
#else
#define ASSERT(condition) ((void)sizeof(!(condition)))
#endif

#endif
