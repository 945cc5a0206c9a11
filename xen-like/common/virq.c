/* SPDX-License-Identifier: MIT */
/*
 * Virtual interrupts. Those of a vCPU are bound by each vCPU for itself; a global one goes to one domain (domain 0
 * unless a tool names another), to whichever of its ports it has bound on its vCPU 0.
 */
#include "event_channel_private.h"
#include "virq.h"

static DEFINE_SPINLOCK(handler_lock, LOCK_RANK_GLOBAL_VIRQ);
static struct domain *handlers[NR_VIRQS]; /* NULL: domain 0; referenced; guarded by handler_lock */

bool virq_is_global(uint32_t virq)
{
    switch (virq) {
    case VIRQ_TIMER:
    case VIRQ_DEBUG:
    case VIRQ_XENOPROF:
    case VIRQ_XENPMU: return false;
    default: return true;
    }
}

void event_send_virq(struct vcpu *v, uint32_t virq)
{
    struct domain *d = v->domain;

    spin_lock(&d->event.lock);
    evtchn_port_t port = v->virq_to_port[virq];
    if (port)
        event_set_pending(d, event_channel_of(d, port), port);
    spin_unlock(&d->event.lock);
}

void event_send_global_virq(uint32_t virq)
{
    spin_lock(&handler_lock);
    struct domain *d = handlers[virq] ? handlers[virq] : domain_zero;
    if (d && d->vcpus[0])
        event_send_virq(d->vcpus[0], virq);
    spin_unlock(&handler_lock);
}

static void set_handler(struct domain *d, uint32_t virq)
{
    spin_lock(&handler_lock);
    struct domain *old = handlers[virq];
    handlers[virq] = d;
    spin_unlock(&handler_lock);
    if (old)
        domain_put(old);
}

int event_set_global_virq_handler(struct domain *d, uint32_t virq)
{
    if (virq >= NR_VIRQS || !virq_is_global(virq))
        return -XEN_EINVAL;
    if (d == domain_zero) {
        set_handler(NULL, virq);
        return 0;
    }
    domain_get_again(d);
    set_handler(d, virq);
    if (d->dying != DOMAIN_ALIVE) /* its destruction may have gone by before */
        event_forget_virq_handler(d);
    return 0;
}

void event_forget_virq_handler(struct domain *d)
{
    for (uint32_t virq = 0; virq < NR_VIRQS; virq++) {
        spin_lock(&handler_lock);
        bool is_handler = handlers[virq] == d;
        if (is_handler)
            handlers[virq] = NULL;
        spin_unlock(&handler_lock);
        if (is_handler)
            domain_put(d);
    }
}
