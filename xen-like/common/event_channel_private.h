/* SPDX-License-Identifier: MIT */
/* A port, and how its events reach the domain's memory. For the files of event channels only. */
#ifndef KEEL_EVENT_CHANNEL_PRIVATE_H
#define KEEL_EVENT_CHANNEL_PRIVATE_H

#include "domain.h"

enum event_channel_state { EVENT_FREE, EVENT_UNBOUND, EVENT_INTERDOMAIN, EVENT_VIRQ, EVENT_IPI };

/*
 * Guarded by its domain's event.lock. A port leaves or enters EVENT_INTERDOMAIN, and changes its vCPU in that state,
 * with both domains' locks held: who holds either knows that the far end is there, and whom to tell. So no event comes
 * to the vCPU that had the port, which would not look for it, after the port has become another's.
 */
struct event_channel {
    uint8_t state;        /* enum event_channel_state */
    uint16_t notify_vcpu; /* of its domain; that vCPU exists, but for vCPU 0 of a domain under construction */
    union {
        domid_t unbound_remote;
        struct {
            struct domain *remote;
            evtchn_port_t remote_port;
        };
        uint32_t virq;
    };
};

struct event_delivery {
    /* Marks the port pending and, unless it is masked or was pending, tells v. */
    void (*set_pending)(struct vcpu *v, evtchn_port_t port);
    void (*clear_pending)(struct domain *d, evtchn_port_t port);
    /* Clears the mask; if the port is pending, tells v. */
    void (*unmask)(struct vcpu *v, evtchn_port_t port);
    bool (*is_pending)(const struct domain *d, evtchn_port_t port);
    void (*mark_everything)(struct vcpu *v);
};

extern const struct event_delivery event_two_level; /* event_two_level.c */

/* The port if it is in use, or NULL. The lock is held. */
static inline struct event_channel *event_channel_of(const struct domain *d, evtchn_port_t port)
{
    if (unlikely(port >= d->event.max_port))
        return NULL;
    struct event_channel *bucket = d->event.buckets[port / EVENT_CHANNEL_BUCKET_SIZE];
    if (unlikely(!bucket || bucket[port % EVENT_CHANNEL_BUCKET_SIZE].state == EVENT_FREE))
        return NULL;
    return &bucket[port % EVENT_CHANNEL_BUCKET_SIZE];
}

/*
 * Finds a port with all locks held that a change of it takes: d's, and if it is interdomain the far end's. NULL, and no
 * lock is held, if it is not in use. What *remote gets is for event_channel_unlock.
 */
struct event_channel *event_channel_lock(struct domain *d, evtchn_port_t port, struct domain **remote);
void event_channel_unlock(struct domain *d, struct domain *remote);
/*
 * A free port for a new use, in no state yet; the lock is held. -XEN_ENOSPC, -XEN_ENOMEM, -XEN_ESRCH for a dying
 * domain.
 */
int event_allocate_port(struct domain *d, evtchn_port_t *port, struct event_channel **channel);
/* Sets the channel's use; it notifies vCPU 0 until told otherwise. */
void event_use(struct event_channel *channel, enum event_channel_state state);
/* Back to free; the lock is held, a far end has been dealt with. */
void event_release_port(struct domain *d, evtchn_port_t port);
/* Closes a port of any state. -XEN_EINVAL if it is not in use. No lock held. */
int event_close(struct domain *d, evtchn_port_t port);
/* Marks a port in use pending; d's or the far end's lock is held. Wakes who polls it. */
void event_set_pending(struct domain *d, const struct event_channel *channel, evtchn_port_t port);
/* v's upcall flag is set and v is told. For deliveries. */
void event_raise_upcall(struct vcpu *v);
/* Is there one of that virtual interrupt (< NR_VIRQS) for the whole machine? Else each vCPU has its own. */
bool virq_is_global(uint32_t virq);

#endif
