/* SPDX-License-Identifier: MIT */
/* Work that is undone whole when a signal interrupts it: the signals that end a program are held back meanwhile. */
#ifndef KEEL_CLI_INTERRUPTION_H
#define KEEL_CLI_INTERRUPTION_H

#include <signal.h>
#include <stdbool.h>

struct interruption {
    sigset_t set, before;
    bool seen;
};

/* Holds SIGINT, SIGTERM, SIGHUP and SIGQUIT back, in this thread and in those that it starts. */
void interruption_hold(struct interruption *interruption);
/* Whether one has come since. */
bool interruption_came(struct interruption *interruption);
/* Lets them through again; one that interruption_came has seen is not delivered. */
void interruption_release(struct interruption *interruption);

#endif
