/* SPDX-License-Identifier: MIT */
/*
 * Restarts of domains, as they stand in the store until they are done (/keel/restart/UUID): the configuration of the
 * domain that is to be there, from when on (due), and how often its creation has failed. What ctld, killed at any
 * instant, has to finish, and nothing waits inside of ctld: a domain that ends again and again delays no other.
 *
 * The old domain of a restart is marked in its own entries (keel/restarting, or keel/preserved where it is kept), in
 * the transaction that writes the note. So a domain of the UUID without a mark is the new one, whatever became of it.
 *
 * Functions that return milliseconds say when there is something to be looked at again; -1: nothing.
 */
#ifndef KEEL_LIFECYCLE_RESTART_H
#define KEEL_LIFECYCLE_RESTART_H

#include "libctl/config.h"
#include "libctl/internal.h"

#define RESTART_AGAIN_MS 5000 /* what cannot be done now, for a reason that may go away */

/* The sooner of two such times. */
int restart_sooner(int one_ms, int other_ms);
/* The configuration below the directory: 0, -ENOENT when there is none, -EINVAL for a damaged one (said), or else the
 * store's failure. End it with ctl_config_free. */
int restart_config_read(struct ctl *ctl, const char *directory, struct ctl_config *config);
/* 1 when the domain was kept after its end, 0 when not, negative when the store does not tell. */
int restart_is_preserved(struct ctl *ctl, uint32_t domid);
/* Where the note of that is. */
void restart_preserved_path(uint32_t domid, char path[CTL_STORE_PATH_MAX]);

/* Notes that a domain of this configuration, whose UUID is set, is to take the domain's place. True: it is noted. */
bool restart_note(struct ctl *ctl, const struct ctl_domain *domain, const struct ctl_config *config, bool is_kept);
/* A domain that has shut down and is what a noted restart has made: takes the note away. False: may be there still. */
bool restart_settle(struct ctl *ctl, const struct ctl_domain *domain);
/* Old domains that are kept give their name to the new one. */
void restart_free_name(struct ctl *ctl, const struct ctl_config *config);
/* Does what is due. `store` is the caller's own connection. */
int restart_resume(struct ctl *ctl, struct xs_handle *store);

#endif
