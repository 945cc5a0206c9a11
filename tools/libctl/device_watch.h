/* SPDX-License-Identifier: MIT */
/* Waiting for what domain 0's drivers do with a device: by events, with a deadline. */
#ifndef KEEL_CTL_DEVICE_WATCH_H
#define KEEL_CTL_DEVICE_WATCH_H

#include "device.h"

#define DEVICE_STATE_NONE 0 /* the node is not there */

/*
 * Waits until DIRECTORY/state is one that `enough` accepts. Returns that state, -ETIMEDOUT when the time is over, or
 * another negative errno when the store fails. Sets no sentence.
 */
int device_state_wait(struct ctl *ctl, const char *directory, bool (*enough)(int state), int timeout_ms);
/* The state at this moment; DEVICE_STATE_NONE also for what is no number. */
int device_state_read(struct ctl *ctl, const char *directory);

/*
 * Returns when domain 0's kernel has acted upon everything that the store had told it before this call. Its drivers are
 * called one event after the other by one thread, which also serves watches through /dev/xen/xenbus: an event of such a
 * watch comes after all that were due earlier. False when that could not be told within the time.
 */
bool device_kernel_settle(int timeout_ms);

#endif
