/* SPDX-License-Identifier: MIT */
/*
 * Virtual interrupts. Those of a vCPU are bound by each vCPU for itself; a global one goes to domain 0, to whichever of
 * its ports it has bound on its vCPU 0.
 */
#include "event_channel_private.h"

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
    if (domain_zero && domain_zero->vcpus[0])
        event_send_virq(domain_zero->vcpus[0], virq);
}
