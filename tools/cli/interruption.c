/* SPDX-License-Identifier: MIT */
/* Signals held back during work; see interruption.h. */
#include "interruption.h"

#include <pthread.h>
#include <time.h>

void interruption_hold(struct interruption *interruption)
{
    interruption->seen = false;
    sigemptyset(&interruption->set);
    sigaddset(&interruption->set, SIGINT);
    sigaddset(&interruption->set, SIGTERM);
    sigaddset(&interruption->set, SIGHUP);
    sigaddset(&interruption->set, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, &interruption->set, &interruption->before);
}

bool interruption_came(struct interruption *interruption)
{
    const struct timespec at_once = { 0, 0 };

    if (sigtimedwait(&interruption->set, NULL, &at_once) > 0)
        interruption->seen = true;
    return interruption->seen;
}

void interruption_release(struct interruption *interruption)
{
    pthread_sigmask(SIG_SETMASK, &interruption->before, NULL);
}
