/* SPDX-License-Identifier: MIT */
/*
 * Guests that come and go with the host: those whose configurations lie in /etc/keel/auto are created, in the order of
 * their file names, once after each boot of the host; at its shutdown all guests are stopped, those last that came
 * first.
 *
 * What has been done is noted in the store (/keel/auto), with the boot it was done in. A guest is created first and
 * noted then; killed in between, the next ctld finds the guest there, and only notes it; killed in the middle of the
 * creation, it finds a half-made one, ends it and makes it anew.
 */
#ifndef KEEL_LIFECYCLE_AUTO_H
#define KEEL_LIFECYCLE_AUTO_H

#include "libctl/config.h"

#include <stdbool.h>

/* Creates what has not been created since the host's boot. Says on standard error what it does. */
void auto_start(struct ctl *ctl);
/* ctl_domain_create, but -ECANCELED when the host is on its way down; none that begins after auto_stop has listed. */
int auto_create(struct ctl *ctl, const struct ctl_config *config, uint32_t *domid);
/* Whether the host is on its way down: a guest that ends is to stay ended. */
bool auto_is_stopping(struct ctl *ctl);
/*
 * Asks all guests to power off, waits so long, and destroys what is left then. 0, or 1 when a guest could not be ended.
 */
int auto_stop(struct ctl *ctl, unsigned timeout_s);

#endif
