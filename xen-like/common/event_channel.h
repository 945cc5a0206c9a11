/* SPDX-License-Identifier: MIT */
/*
 * Event channels (event_channel.h of the ABI), 2-level. A port is a small state machine of one domain; sending marks
 * the port at the far end pending in that domain's shared_info and notifies the vCPU it is bound to.
 *
 * The delivery (which bits of which page) is behind struct event_delivery so that FIFO queues fit beside it.
 */
#ifndef KEEL_EVENT_CHANNEL_H
#define KEEL_EVENT_CHANNEL_H

#include "lock.h"
#include "types.h"
#include "xen_abi.h"

struct domain;
struct vcpu;

struct event_channel;          /* event_channel_private.h */
struct event_delivery;

#define EVENT_CHANNEL_BUCKETS 64u /* buckets of ports, allocated as ports are used */
#define EVENT_CHANNEL_BUCKET_SIZE 64u
#define EVENT_CHANNEL_MAX_PORTS (EVENT_CHANNEL_BUCKETS * EVENT_CHANNEL_BUCKET_SIZE) /* 4,096: what two levels hold */

struct event_channels {
    struct spinlock lock;      /* port states; two domains' locks are taken lower domain address first */
    struct event_channel *buckets[EVENT_CHANNEL_BUCKETS];
    uint32_t max_port;         /* ports are below this */
    uint32_t active;           /* ports in use */
    uint32_t first_maybe_free; /* no port below is free */
    uint32_t close_next;       /* progress of event_channels_close_all */
    const struct event_delivery *delivery;
};

/* max_port: the highest port that may be used, as in createdomain. */
void event_channels_init(struct domain *d, uint32_t max_port);
/* Closes every port of d. Continuable: -XEN_ERESTART. */
int event_channels_close_all(struct domain *d);
/* All ports are closed. */
void event_channels_free(struct domain *d);

/* A virtual interrupt of one vCPU (VIRQ_TIMER, VIRQ_DEBUG...). Nothing happens if it is unbound. */
void event_send_virq(struct vcpu *v, uint32_t virq);
/* A global one, to domain 0. */
void event_send_global_virq(uint32_t virq);
/* What EVTCHNOP_send on a port of d does. -XEN_EINVAL: no such port, or one that cannot send. */
int event_send(struct domain *d, evtchn_port_t port);
/* An unbound port of d that `remote` may bind (store and console ports; EVTCHNOP_alloc_unbound). */
int event_allocate_unbound(struct domain *d, domid_t remote, evtchn_port_t *port);
/* Is the port's pending bit set? For SCHEDOP_poll; false for a port that is not in use. */
bool event_port_is_pending(struct domain *d, evtchn_port_t port);
/* v's selector and upcall flag say that every port may have something: after v->info has moved. Any lock held: none. */
void event_mark_everything(struct vcpu *v);
/* Is an event pending and not masked by the vCPU? What the entry path tests before it injects the upcall. */
static inline bool event_is_pending(const vcpu_info_t *info)
{
    return info->evtchn_upcall_pending && !info->evtchn_upcall_mask;
}

#endif
