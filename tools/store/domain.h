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

/* Connects the ring of the domain that this daemon runs in, domain 0. 0 or errno. */
int domains_connect_own(struct daemon *daemon);

/* INTRODUCE: connects a new domain (*fresh is true), or starts the connection of a known one over. 0 or errno. */
int domains_introduce(struct daemon *daemon, domid_t domain, uint64_t gfn, event_port_t port, bool *fresh);

/* Connects a domain that the daemon before this one knew: its ring goes on where it is. The connection, or NULL when
 * the domain is gone or cannot be connected. */
struct ring_connection *domains_reconnect(struct daemon *daemon, domid_t domain, uint64_t gfn, event_port_t port);

/* Removes what a domain that is not connected owns. */
void domains_forget(struct daemon *daemon, domid_t domain);

/* RELEASE: cuts a domain off and removes what it owns. 0 or ENOENT. */
int domains_release(struct daemon *daemon, domid_t domain);

/* The domain's connection, or NULL. */
struct ring_connection *domains_find(const struct daemon *daemon, domid_t domain);

/* Looks at all ports that have fired. */
void domains_poll(struct daemon *daemon);

/* Looks for domains that shut down or are gone, and tells @releaseDomain. */
void domains_check_life(struct daemon *daemon);

void domain_table_destroy(struct domain_table *table);

#endif
