/* SPDX-License-Identifier: MIT */
/*
 * Event channels (event_channel.h of the ABI), 2-level. A port is a small state machine of one domain; sending marks the
 * port at the far end pending in that domain's shared_info and notifies the vCPU it is bound to.
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

struct event_channel;          /* event_channel.c */
struct event_delivery;

#define EVENT_CHANNEL_BUCKETS 64u /* buckets of 64 ports, allocated as ports are used: 4,096 ports */

struct event_channels {
    struct spinlock lock;      /* port states; two domains' locks are taken lower domain address first */
    struct event_channel *buckets[EVENT_CHANNEL_BUCKETS];
    uint32_t max_port;         /* the configured limit */
    uint32_t active;           /* ports in use */
    const struct event_delivery *delivery;
};

int event_channels_init(struct domain *d, uint32_t max_port);
/* Closes every port of d. Continuable: -XEN_ERESTART. */
int event_channels_close_all(struct domain *d);
void event_channels_free(struct domain *d);

/* A virtual interrupt of one vCPU (VIRQ_TIMER, VIRQ_DEBUG...). Nothing happens if it is unbound. */
void event_send_virq(struct vcpu *v, uint32_t virq);
/* A global one: to domain 0, or to the domain set by XEN_DOMCTL_set_virq_handler. */
void event_send_global_virq(uint32_t virq);
int event_set_global_virq_handler(struct domain *d, uint32_t virq);
/* Sends on a port of d from inside the hypervisor. */
int event_send(struct domain *d, evtchn_port_t port);
/* An unbound port of d that `remote` may bind (store and console ports; EVTCHNOP_alloc_unbound). */
int event_allocate_unbound(struct domain *d, domid_t remote, evtchn_port_t *port);
/* Is an event pending and not masked by the vCPU? What the entry path tests before it injects the upcall. */
static inline bool event_is_pending(const vcpu_info_t *info)
{
    return info->evtchn_upcall_pending && !info->evtchn_upcall_mask;
}

#endif
