/* SPDX-License-Identifier: MIT */
/*
 * 8 GiB of pretended physical memory (pages appear when touched), where the boot code finds it: DIRECT_MAP_BASE is
 * defined to its address for this group of tests. Boot code keeps its state for good, so each case runs in a process of
 * its own.
 */
#ifndef KEEL_FAKE_RAM_H
#define KEEL_FAKE_RAM_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Runs the case in a child with fresh memory; true if it came to its end and no CHECK failed. */
bool fake_ram_run(void (*test_case)(void));

/* In a case: what does not hold ends it. */
#define CHECK(condition)                                                              \
    do {                                                                              \
        if (!(condition)) {                                                           \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                                  \
        }                                                                             \
    } while (0)

#endif
