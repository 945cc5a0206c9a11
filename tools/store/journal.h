/* SPDX-License-Identifier: MIT */
/*
 * The journal: what a daemon needs that is started after this one was killed at any instant. It lies on a memory file
 * system (a host's reboot starts with an empty store, as the domains are gone too), so that what is written to its pages
 * outlives the daemon and needs no flush.
 *
 *     DIR/journal   a header, then records: size, kind, checksum, payload. A record is whole or it does not count.
 *     DIR/rings     where each ring stands, with the bytes under way (ring_file.h)
 *     DIR/lock      held while a daemon serves from DIR
 *
 * A change is in the journal before it takes effect and before it is answered; a transaction is one record, and so is
 * each other request that has an effect. Of each domain there is its introduction and its watches. A record names the
 * request that made it by its place in its ring: against the ring's state that says whether it may be unanswered. Now
 * and then the file is written anew from the state itself; the new one replaces the old one in one step.
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "store/ring.h"

struct journal;

/* Takes the directory (made when missing), brings the daemon's store to what its journal says, and keeps the domains it
 * names for journal_restore_domains. Damage is told to the log with its place; what is whole counts. From here on the
 * daemon's changes are recorded. NULL with errno, told to the log. */
struct journal *journal_open(struct daemon *daemon, const char *directory);
void journal_close(struct journal *journal);

/* Connects the journal's domains again, with their watches, all of which fire once: what changed while nobody served
 * cannot be known. Of a domain that is gone everything is removed. */
void journal_restore_domains(struct journal *journal);

/* Each returns 0 or ENOSPC, told to the log once: then nothing has changed, and what was to be recorded must not
 * happen. */

/* A ring starts in this state, with an introduction of its own, which ends the one before; watches end with that. */
int journal_introduce(struct journal *journal, struct ring_connection *ring, struct ring_state *state);
/* A ring that had to wait for room goes on where it stands. */
int journal_introduce_waiting(struct journal *journal, struct ring_connection *ring);
/* Something of an introduced domain has changed. */
int journal_put_domain(struct journal *journal, const struct ring_connection *ring);
int journal_put_quota(struct journal *journal, domid_t domain, const struct quota_field *field, unsigned int value);
int journal_put_features(struct journal *journal, domid_t domain, uint32_t features);
/* A domain ends, with the removal of all it owns. */
int journal_release_domain(struct journal *journal, domid_t domain);
int journal_add_watch(struct journal *journal, const struct watch *watch);
int journal_remove_watch(struct journal *journal, const struct watch *watch);
int journal_drop_watches(struct journal *journal, domid_t domain);

/* The same for a domain that is gone: without room it is recorded as soon as there is some, before anything else. */
void journal_end_domain(struct journal *journal, domid_t domain);

/* A ring's slot is free: the journal has been told of its domain's end. */
void journal_drop_ring(struct journal *journal, struct ring_connection *ring);

/* Bytes in the journal. */
uint64_t journal_size(const struct journal *journal);

/* Between two turns: writes the file anew when it has grown enough, a piece at a time. Whether there is more to
 * write. */
bool journal_maintain(struct journal *journal);

#endif
