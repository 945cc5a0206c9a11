/* SPDX-License-Identifier: MIT */
/*
 * Many reads of the store in one go, on a connection of their own: the requests are sent together, so that the daemon
 * answers them without waiting for the next one. What a list of hundreds of domains takes is mostly that waiting.
 */
#ifndef KEEL_CTL_STORE_BURST_H
#define KEEL_CTL_STORE_BURST_H

#include "ctl.h"

/*
 * Puts the names of the domains in; one without a name keeps "". False when the daemon's socket is not there or it
 * answers otherwise than expected: names that are missing then are to be read one by one.
 */
bool store_burst_names(struct ctl_domain *list, size_t count);

#endif
