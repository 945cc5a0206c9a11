/* SPDX-License-Identifier: MIT */
/* Ports and what happens on them: allocation, sending, closing. The calls of guests are in event_channel_op.c. */
#include "event_channel_private.h"

#include "arch.h"
#include "string.h"

void event_channels_init(struct domain *d, uint32_t max_port)
{
    memset(&d->event, 0, sizeof(d->event));
    spin_lock_init(&d->event.lock, "event channels", LOCK_RANK_EVENT);
    d->event.delivery = &event_two_level;
    d->event.max_port = MIN(max_port, EVENT_CHANNEL_MAX_PORTS - 1) + 1;
    d->event.first_maybe_free = 1; /* port 0 is never used */
}

void event_channels_free(struct domain *d)
{
    for (uint32_t i = 0; i < EVENT_CHANNEL_BUCKETS; i++)
        object_free(d->event.buckets[i]);
}

/* --- ports ------------------------------------------------------------------------------------------------------- */

int event_allocate_port(struct domain *d, evtchn_port_t *port, struct event_channel **channel)
{
    if (d->dying != DOMAIN_ALIVE)
        return -XEN_ESRCH;
    for (evtchn_port_t i = d->event.first_maybe_free; i < d->event.max_port; i++) {
        struct event_channel **bucket = &d->event.buckets[i / EVENT_CHANNEL_BUCKET_SIZE];
        if (!*bucket) {
            *bucket = object_allocate(EVENT_CHANNEL_BUCKET_SIZE * sizeof(**bucket));
            if (!*bucket)
                return -XEN_ENOMEM;
        }
        if ((*bucket)[i % EVENT_CHANNEL_BUCKET_SIZE].state == EVENT_FREE) {
            d->event.first_maybe_free = i + 1;
            d->event.active++;
            *port = i;
            *channel = &(*bucket)[i % EVENT_CHANNEL_BUCKET_SIZE];
            return 0;
        }
    }
    return -XEN_ENOSPC;
}

void event_channel_unlock(struct domain *d, struct domain *remote)
{
    spin_unlock_pair(&d->event.lock, remote ? &remote->event.lock : &d->event.lock);
    if (remote)
        domain_put(remote);
}

struct event_channel *event_channel_lock(struct domain *d, evtchn_port_t port, struct domain **remote)
{
    for (*remote = NULL;;) {
        spin_lock_pair(&d->event.lock, *remote ? &(*remote)->event.lock : &d->event.lock);
        struct event_channel *channel = event_channel_of(d, port);
        struct domain *found = channel && channel->state == EVENT_INTERDOMAIN ? channel->remote : NULL;
        if (channel && found == *remote)
            return channel;
        /* The far end's lock may have to be taken first: let go, and see whether it still is the far end. */
        if (found)
            domain_get_again(found);
        event_channel_unlock(d, *remote);
        if (!channel)
            return NULL;
        *remote = found;
    }
}

void event_use(struct event_channel *channel, enum event_channel_state state)
{
    channel->state = (uint8_t)state;
    channel->notify_vcpu = 0;
}

void event_release_port(struct domain *d, evtchn_port_t port)
{
    struct event_channel *channel = event_channel_of(d, port);

    memset(channel, 0, sizeof(*channel));
    d->event.active--;
    d->event.first_maybe_free = MIN(d->event.first_maybe_free, port);
    d->event.delivery->clear_pending(d, port);
}

int event_allocate_unbound(struct domain *d, domid_t remote, evtchn_port_t *port)
{
    struct event_channel *channel;

    spin_lock(&d->event.lock);
    int error = event_allocate_port(d, port, &channel);
    if (!error) {
        event_use(channel, EVENT_UNBOUND);
        channel->unbound_remote = remote;
    }
    spin_unlock(&d->event.lock);
    return error;
}

/* --- sending ----------------------------------------------------------------------------------------------------- */

void event_raise_upcall(struct vcpu *v)
{
    if (__atomic_exchange_n(&v->info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST))
        return;
    arch_vcpu_event_raised(v);
    vcpu_notify(v);
}

/* vCPUs that sleep until something comes to the port. */
static void __attribute__((noinline)) wake_pollers(struct domain *d, evtchn_port_t port)
{
    DOMAIN_FOR_EACH_VCPU(d, v) {
        evtchn_port_t polled = v->poll_port;
        if (v->is_polling && (!polled || polled == port))
            vcpu_wake(v);
    }
}

void event_set_pending(struct domain *d, const struct event_channel *channel, evtchn_port_t port)
{
    struct vcpu *v = d->vcpus[channel->notify_vcpu];

    if (unlikely(!v)) /* a domain under construction has no vCPU 0 yet: nobody to tell */
        return;
    d->event.delivery->set_pending(v, port);
    if (unlikely(d->polling_vcpus))
        wake_pollers(d, port);
}

int event_send(struct domain *d, evtchn_port_t port)
{
    int error = 0;

    spin_lock(&d->event.lock);
    const struct event_channel *channel = event_channel_of(d, port);
    if (unlikely(!channel)) {
        error = -XEN_EINVAL;
    } else if (channel->state == EVENT_INTERDOMAIN) {
        const struct event_channel *far_end = event_channel_of(channel->remote, channel->remote_port);
        event_set_pending(channel->remote, far_end, channel->remote_port);
    } else if (channel->state == EVENT_IPI) {
        event_set_pending(d, channel, port);
    } else if (channel->state != EVENT_UNBOUND) { /* what an unbound port sends is lost */
        error = -XEN_EINVAL;
    }
    spin_unlock(&d->event.lock);
    return error;
}

bool event_port_is_pending(struct domain *d, evtchn_port_t port)
{
    spin_lock(&d->event.lock);
    bool is_pending = event_channel_of(d, port) && d->event.delivery->is_pending(d, port);
    spin_unlock(&d->event.lock);
    return is_pending;
}

void event_mark_everything(struct vcpu *v) { v->domain->event.delivery->mark_everything(v); }

/* --- closing ----------------------------------------------------------------------------------------------------- */

/* The port of d whose state needs only d's lock, which is held. */
static void close_local(struct domain *d, evtchn_port_t port, const struct event_channel *channel)
{
    if (channel->state == EVENT_VIRQ)
        DOMAIN_FOR_EACH_VCPU(d, v)
            if (v->virq_to_port[channel->virq] == port)
                v->virq_to_port[channel->virq] = 0;
    event_release_port(d, port);
}

/* The far end may be bound again, by the same domain. Both locks are held. */
static void close_interdomain(struct domain *d, evtchn_port_t port, struct event_channel *channel)
{
    struct event_channel *far_end = event_channel_of(channel->remote, channel->remote_port);

    far_end->state = EVENT_UNBOUND;
    far_end->unbound_remote = d->id;
    event_release_port(d, port);
}

int event_close(struct domain *d, evtchn_port_t port)
{
    struct domain *remote;
    struct event_channel *channel = event_channel_lock(d, port, &remote);

    if (!channel)
        return -XEN_EINVAL;
    if (remote)
        close_interdomain(d, port, channel);
    else
        close_local(d, port, channel);
    event_channel_unlock(d, remote);
    return 0;
}

int event_channels_close_all(struct domain *d)
{
    /* Who allocates has the lock: after this, all of them see that the domain is dying, if it is. */
    spin_lock(&d->event.lock);
    spin_unlock(&d->event.lock);
    for (; d->event.close_next < d->event.max_port; d->event.close_next++) {
        if (!d->event.buckets[d->event.close_next / EVENT_CHANNEL_BUCKET_SIZE]) {
            d->event.close_next |= EVENT_CHANNEL_BUCKET_SIZE - 1;
            continue;
        }
        event_close(d, d->event.close_next);
        if (d->event.close_next % 16 == 15 && hypercall_should_yield()) {
            d->event.close_next++;
            return -XEN_ERESTART;
        }
    }
    d->event.close_next = 0;
    return 0;
}
