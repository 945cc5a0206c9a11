/* SPDX-License-Identifier: MIT */
/*
 * The domains that the store talks to over rings: their introduction, their end, and the connection each has between
 * the two.
 */
#ifndef STORE_DOMAIN_H
#define STORE_DOMAIN_H

#include "store/hypervisor.h"
#include "store/loop.h"
#include "store/ring.h"

struct daemon;

struct domain_table {
    struct hypervisor *hypervisor; /* NULL: there are none */
    struct loop_source events;     /* of hypervisor->event_fd */
    struct ring_connection **by_id;   /* DOMID_FIRST_RESERVED pointers */
    struct ring_connection **by_port; /* port_capacity pointers */
    size_t port_capacity;
    struct daemon *daemon;
};

/* Gives the daemon domains. It takes the hypervisor over, whatever the outcome. 0 or errno. */
int domains_open(struct daemon *daemon, struct hypervisor *hypervisor);

/* Connects the ring of the domain that this daemon runs in, domain 0. With a journal it is not served before
 * journal_restore_domains. 0 or errno. */
int domains_connect_own(struct daemon *daemon);

/* INTRODUCE: connects a new domain (*fresh is true), or starts the connection of a known one over. 0 or errno,
 * of which ENOSPC says that the journal has no room. */
int domains_introduce(struct daemon *daemon, domid_t domain, uint64_t gfn, event_port_t port, bool *fresh);

/* Connects a domain that the daemon before this one knew; its ring is to be restored. The connection, or NULL when the
 * domain is gone, also where another has its number, or cannot be connected. */
struct ring_connection *domains_reconnect(struct daemon *daemon, domid_t domain, uint64_t gfn, event_port_t port,
                                          uint64_t identity);

/* RELEASE: cuts a domain off and removes what it owns. 0, ENOENT, or ENOSPC when the journal has no room: then nothing
 * has happened. */
int domains_release(struct daemon *daemon, domid_t domain);

/* The same for a domain that is gone, connected or not: it cannot be refused. */
void domains_end(struct daemon *daemon, domid_t domain);

/* Serves those rings that had to wait for room, as far as there is some. Whether one has to wait still. */
bool domains_serve_waiting(struct daemon *daemon);

/* The domain's connection, or NULL. */
struct ring_connection *domains_find(const struct daemon *daemon, domid_t domain);

/* Looks at all ports that have fired. */
void domains_poll(struct daemon *daemon);

/* Looks for domains that shut down or are gone, and tells @releaseDomain. */
void domains_check_life(struct daemon *daemon);

void domain_table_destroy(struct domain_table *table);

#endif
