/* SPDX-License-Identifier: MIT */
/*
 * A connection over a page shared with a domain. The page is hostile: its indices are checked, the daemon's own indices
 * are kept outside of it, and each byte is copied once.
 */
#ifndef STORE_RING_H
#define STORE_RING_H

#include "store/connection.h"
#include "store/hypervisor.h"
#include "store/ring_slot.h"

/* Bits of the page's feature field; those that 4.17's header does not name have the numbers of Xen's documentation. */
#define RING_FEATURE_WATCH_DEPTH 4u
#define RING_FEATURES (XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR | RING_FEATURE_WATCH_DEPTH)

/* No further request is handled while so many bytes of output wait: with the reply to the one before, all replies lie
 * within what a ring's state has room for. */
#define RING_OUTPUT_PAUSE 2048

struct ring_connection {
    struct connection connection; /* first: a pointer to one is a pointer to the other */
    struct hypervisor *hypervisor;
    struct ring_mapping mapping;
    uint64_t gfn;             /* of the page, as it was introduced */
    uint64_t identity;        /* of the domain, as the hypervisor said at its introduction; 0: not known */
    event_port_t remote_port; /* on the domain's side */
    event_port_t port;        /* on this one */
    bool notify_due; /* something was taken or put since the last notification */
    uint8_t complaints; /* that the log has about it */
    bool shut_down;  /* @releaseDomain was told of its shutdown */
    /* What has been taken and put, as positions (ring_slot.h). The page's own indices follow once the slot has these: a
     * daemon that is started after this one was killed goes on at the right byte. */
    uint64_t request_consumer;
    uint32_t response_producer;
    uint64_t start;            /* the position at which the ring started over last */
    uint64_t introduction;     /* in the journal; 0: not yet */
    struct ring_slot *slot;    /* for its state; NULL: without a journal, or while it waits for room */
    bool waits;                /* for room; told to the log */
    uint64_t recorded_consumer, recorded_position; /* in the slot */
    uint32_t recorded_end;       /* in the slot: the index where the output that it knows ends */
    uint32_t published_consumer; /* in the page */
    uint64_t *done; /* positions of requests that the daemon before this one carried out, but may not have answered */
    size_t done_count;
};

/* Opens a connection over a mapped page and a bound port, both of which it takes over: for ring_start or
 * ring_restore. */
struct ring_connection *ring_open(struct daemon *daemon, struct hypervisor *hypervisor, domid_t domain,
                                  const struct ring_mapping *mapping, event_port_t port);

/* Where a connection stands that starts with what is in the page, or with an empty page when it was cut off. It knows
 * its domain and has no introduction. */
void ring_first_state(const struct ring_connection *ring, struct ring_state *state);

/* Starts there with nothing, and with a page that announces the server's features. */
void ring_start(struct ring_connection *ring, const struct ring_state *state);

/* Where the ring stands; a request that is being handled is one that was not. The state's bytes are the
 * connection's. */
void ring_get_state(const struct ring_connection *ring, struct ring_state *state);

/* The request that is being handled has an effect that is about to be recorded: before that the slot has the replies to
 * those before it. Else these would be handled again after a kill, and see what came after them. */
void ring_record_answered(struct ring_connection *ring);

/* The slot has where the ring stands. */
void ring_recorded(struct ring_connection *ring, const struct ring_state *state);

/* Goes on where the daemon before this one was: what it had taken and not handled, and what it had answered and not
 * delivered. */
void ring_restore(struct ring_connection *ring, const struct ring_state *kept);

/* Whether the ring has to wait, because its state cannot be recorded: nothing is taken from it or given. */
bool ring_has_to_wait(const struct ring_connection *ring);

/* The position at which the request ends that is being handled, or the last one that was. */
uint64_t ring_request_position(const struct ring_connection *ring);

/* Whether the daemon before this one has carried out the request that is being handled. */
bool ring_request_is_done(const struct ring_connection *ring);

/* After ring_restore of all rings, or ring_start: does what waits for no event. */
void ring_take_up(struct ring_connection *ring);

/* The port fired, or the page may have changed. */
void ring_service(struct ring_connection *ring);

#endif
