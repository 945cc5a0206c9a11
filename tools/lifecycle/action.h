/* SPDX-License-Identifier: MIT */
/*
 * What is to be done about a domain that has shut down, after its configuration's on_poweroff, on_reboot and so on.
 *
 * Each action is a row of steps that can be cut off anywhere and begun again: a restart is first written into the
 * store (restart.h), then the old domain goes, then the new one comes, then the note goes.
 */
#ifndef KEEL_LIFECYCLE_ACTION_H
#define KEEL_LIFECYCLE_ACTION_H

#include "restart.h"

/*
 * Acts on a domain that was seen shut down, if it still is, was made by libctl (it has a configuration in the store)
 * and is not one that was kept already. Says on standard error what it does. `store` is the caller's own connection.
 * Returns after how many milliseconds there is something to be looked at again; -1: nothing.
 */
int action_shut_down(struct ctl *ctl, struct xs_handle *store, const struct ctl_domain *seen);

#endif
