/* SPDX-License-Identifier: MIT */
/*
 * A connection over a page shared with a domain. The page is hostile: its indices are checked, the daemon's own indices
 * are kept outside of it, and each byte is copied once.
 */
#ifndef STORE_RING_H
#define STORE_RING_H

#include "store/connection.h"
#include "store/hypervisor.h"

struct ring_connection {
    struct connection connection; /* first: a pointer to one is a pointer to the other */
    struct hypervisor *hypervisor;
    struct ring_mapping mapping;
    event_port_t port;
    bool notify_due; /* something was taken or put since the last notification */
    uint8_t complaints; /* that the log has about it */
    bool shut_down;  /* @releaseDomain was told of its shutdown */
    uint32_t request_consumer, response_producer;
};

/* Opens a connection over a mapped page and a bound port, both of which it takes over. */
struct ring_connection *ring_open(struct daemon *daemon, struct hypervisor *hypervisor, domid_t domain,
                                  const struct ring_mapping *mapping, event_port_t port);

/* Takes the indices from the page, as at the start, and announces the server's features. */
void ring_attach(struct ring_connection *ring);

/* The port fired, or the page may have changed. */
void ring_service(struct ring_connection *ring);

#endif
