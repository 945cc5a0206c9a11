/* SPDX-License-Identifier: MIT */
/*
 * A connection over a page shared with a domain. The page is hostile: its indices are checked, the daemon's own indices
 * are kept outside of it, and each byte is copied once.
 */
#ifndef STORE_RING_H
#define STORE_RING_H

#include "store/connection.h"
#include "store/hypervisor.h"

/* Bits of the page's feature field; those that 4.17's header does not name have the numbers of Xen's documentation. */
#define RING_FEATURE_WATCH_DEPTH 4u
#define RING_FEATURES (XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR | RING_FEATURE_WATCH_DEPTH)

struct journal_domain;

struct ring_connection {
    struct connection connection; /* first: a pointer to one is a pointer to the other */
    struct hypervisor *hypervisor;
    struct ring_mapping mapping;
    uint64_t gfn;             /* of the page, as it was introduced */
    event_port_t remote_port; /* on the domain's side */
    event_port_t port;        /* on this one */
    bool notify_due; /* something was taken or put since the last notification */
    uint8_t complaints; /* that the log has about it */
    bool shut_down;  /* @releaseDomain was told of its shutdown */
    /* What has been taken and put. The page's own indices follow at the end of each service, once the journal has
     * these: a daemon that is started after this one was killed goes on at the right byte. */
    uint32_t request_consumer, response_producer;
    uint32_t recorded_consumer;  /* in the journal */
    uint32_t recorded_end;       /* in the journal: where the output that it knows ends */
    uint32_t published_consumer; /* in the page */
    uint32_t *done; /* positions of requests that the daemon before this one carried out, but may not have answered */
    size_t done_count;
};

/* Opens a connection over a mapped page and a bound port, both of which it takes over. */
struct ring_connection *ring_open(struct daemon *daemon, struct hypervisor *hypervisor, domid_t domain,
                                  const struct ring_mapping *mapping, event_port_t port);

/* Takes the indices from the page, as at the start, and announces the server's features. */
void ring_attach(struct ring_connection *ring);

/* Makes the page's rings empty, whatever is in them: for a domain that starts over on a ring that was cut off. */
void ring_empty(struct ring_connection *ring);

/* Goes on where the journal says that the daemon before this one was: what it had taken and not handled, and what it
 * had answered and not delivered, the first byte of which belongs at `kept->producer`. */
void ring_restore(struct ring_connection *ring, const struct journal_domain *kept);

/* The byte of the ring's stream at which the request ends that is being handled. */
uint32_t ring_request_position(const struct ring_connection *ring);

/* Whether the daemon before this one has carried out the request that is being handled. */
bool ring_request_is_done(const struct ring_connection *ring);

/* The port fired, or the page may have changed. */
void ring_service(struct ring_connection *ring);

#endif
