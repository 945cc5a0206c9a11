/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_event_channel_op: each command copies its argument in, checks it, acts, and copies results out. */
#include "event_channel_private.h"

_Static_assert(sizeof(struct evtchn_alloc_unbound) == 8, "ABI");
_Static_assert(sizeof(struct evtchn_bind_interdomain) == 12, "ABI");
_Static_assert(sizeof(struct evtchn_bind_virq) == 12, "ABI");
_Static_assert(sizeof(struct evtchn_bind_ipi) == 8, "ABI");
_Static_assert(sizeof(struct evtchn_status) == 24, "ABI");
_Static_assert(sizeof(struct evtchn_bind_vcpu) == 8, "ABI");

/* The domain that a caller may act on: itself, or any if it is privileged. Referenced. */
static int find_domain(const struct vcpu *caller, domid_t id, struct domain **out)
{
    struct domain *d = domain_get_target(caller, id);

    if (!d)
        return -XEN_ESRCH;
    if (d != caller->domain && !caller->domain->is_privileged) {
        domain_put(d);
        return -XEN_EPERM;
    }
    *out = d;
    return 0;
}

/* Gives a new port's number to the caller; if that cannot be, the port is closed again. */
static long give_port(struct domain *d, uint64_t address, evtchn_port_t port)
{
    if (!COPY_STRUCT_TO_GUEST(address, &port))
        return 0;
    event_close(d, port);
    return -XEN_EFAULT;
}

static long op_alloc_unbound(struct vcpu *caller, uint64_t argument)
{
    struct evtchn_alloc_unbound op;
    struct domain *d;
    evtchn_port_t port;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    long error = find_domain(caller, op.dom, &d);
    if (error)
        return error;
    domid_t remote = op.remote_dom == DOMID_SELF ? caller->domain->id : op.remote_dom;
    error = event_allocate_unbound(d, remote, &port);
    if (!error)
        error = give_port(d, argument + offsetof(struct evtchn_alloc_unbound, port), port);
    domain_put(d);
    return error;
}

/* Both locks are held. */
static int connect(struct domain *d, evtchn_port_t *port, struct domain *remote, evtchn_port_t remote_port)
{
    struct event_channel *channel, *far_end = event_channel_of(remote, remote_port);

    if (!far_end || far_end->state != EVENT_UNBOUND || far_end->unbound_remote != d->id)
        return -XEN_EINVAL;
    int error = event_allocate_port(d, port, &channel);
    if (error)
        return error;
    event_use(channel, EVENT_INTERDOMAIN);
    channel->remote = remote;
    channel->remote_port = remote_port;
    far_end->state = EVENT_INTERDOMAIN;
    far_end->remote = d;
    far_end->remote_port = *port;
    /* What the far end has sent while it was unbound was lost: the binder looks once for itself. */
    event_set_pending(d, channel, *port);
    return 0;
}

static long op_bind_interdomain(struct vcpu *caller, uint64_t argument)
{
    struct evtchn_bind_interdomain op;
    struct domain *d = caller->domain;
    evtchn_port_t port;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    struct domain *remote = domain_get_target(caller, op.remote_dom);
    if (!remote)
        return -XEN_ESRCH;
    spin_lock_pair(&d->event.lock, &remote->event.lock);
    long error = connect(d, &port, remote, op.remote_port);
    spin_unlock_pair(&d->event.lock, &remote->event.lock);
    if (!error)
        error = give_port(d, argument + offsetof(struct evtchn_bind_interdomain, local_port), port);
    domain_put(remote);
    return error;
}

static long op_bind_virq(struct vcpu *caller, uint64_t argument)
{
    struct evtchn_bind_virq op;
    struct domain *d = caller->domain;
    struct event_channel *channel;
    evtchn_port_t port;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    if (op.virq >= NR_VIRQS || (virq_is_global(op.virq) && op.vcpu))
        return -XEN_EINVAL;
    struct vcpu *v = domain_vcpu(d, op.vcpu);
    if (!v)
        return -XEN_ENOENT;
    spin_lock(&d->event.lock);
    long error = v->virq_to_port[op.virq] ? -XEN_EEXIST : event_allocate_port(d, &port, &channel);
    if (!error) {
        event_use(channel, EVENT_VIRQ);
        channel->notify_vcpu = (uint16_t)op.vcpu;
        channel->virq = op.virq;
        v->virq_to_port[op.virq] = (uint16_t)port;
    }
    spin_unlock(&d->event.lock);
    return error ? error : give_port(d, argument + offsetof(struct evtchn_bind_virq, port), port);
}

static long op_bind_ipi(struct vcpu *caller, uint64_t argument)
{
    struct evtchn_bind_ipi op;
    struct domain *d = caller->domain;
    struct event_channel *channel;
    evtchn_port_t port;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    if (!domain_vcpu(d, op.vcpu))
        return -XEN_ENOENT;
    spin_lock(&d->event.lock);
    long error = event_allocate_port(d, &port, &channel);
    if (!error) {
        event_use(channel, EVENT_IPI);
        channel->notify_vcpu = (uint16_t)op.vcpu;
    }
    spin_unlock(&d->event.lock);
    return error ? error : give_port(d, argument + offsetof(struct evtchn_bind_ipi, port), port);
}

/* A guest without passed-through devices has no physical interrupts, and PVH domain 0 gets its by its I/O APIC. */
static long op_bind_pirq(struct vcpu *caller, uint64_t argument) { return -XEN_EINVAL; }

static long op_close(struct vcpu *caller, uint64_t argument)
{
    struct evtchn_close op;
    return COPY_STRUCT_FROM_GUEST(&op, argument) ? -XEN_EFAULT : event_close(caller->domain, op.port);
}

static long op_send(struct vcpu *caller, uint64_t argument)
{
    struct evtchn_send op;
    return unlikely(COPY_STRUCT_FROM_GUEST(&op, argument)) ? -XEN_EFAULT : event_send(caller->domain, op.port);
}

/* The lock is held. */
static void fill_status(const struct event_channel *channel, struct evtchn_status *op)
{
    op->vcpu = channel->notify_vcpu;
    switch (channel->state) {
    case EVENT_UNBOUND:
        op->status = EVTCHNSTAT_unbound;
        op->u.unbound.dom = channel->unbound_remote;
        break;
    case EVENT_INTERDOMAIN:
        op->status = EVTCHNSTAT_interdomain;
        op->u.interdomain.dom = channel->remote->id;
        op->u.interdomain.port = channel->remote_port;
        break;
    case EVENT_VIRQ:
        op->status = EVTCHNSTAT_virq;
        op->u.virq = channel->virq;
        break;
    default:
        op->status = EVTCHNSTAT_ipi;
        break;
    }
}

static long op_status(struct vcpu *caller, uint64_t argument)
{
    struct evtchn_status op;
    struct domain *d;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    long error = find_domain(caller, op.dom, &d);
    if (error)
        return error;
    op.status = EVTCHNSTAT_closed;
    spin_lock(&d->event.lock);
    const struct event_channel *channel = event_channel_of(d, op.port);
    if (channel)
        fill_status(channel, &op);
    else if (op.port >= d->event.max_port)
        error = -XEN_EINVAL;
    spin_unlock(&d->event.lock);
    domain_put(d);
    return !error && COPY_STRUCT_TO_GUEST(argument, &op) ? -XEN_EFAULT : error;
}

static bool may_move(const struct event_channel *channel)
{
    return channel->state == EVENT_UNBOUND || channel->state == EVENT_INTERDOMAIN ||
           (channel->state == EVENT_VIRQ && virq_is_global(channel->virq));
}

static long op_bind_vcpu(struct vcpu *caller, uint64_t argument)
{
    struct evtchn_bind_vcpu op;
    struct domain *d = caller->domain;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    if (!domain_vcpu(d, op.vcpu))
        return -XEN_ENOENT;
    spin_lock(&d->event.lock);
    struct event_channel *channel = event_channel_of(d, op.port);
    long error = channel && may_move(channel) ? 0 : -XEN_EINVAL;
    if (!error)
        channel->notify_vcpu = (uint16_t)op.vcpu;
    spin_unlock(&d->event.lock);
    return error;
}

static long op_unmask(struct vcpu *caller, uint64_t argument)
{
    struct evtchn_unmask op;
    struct domain *d = caller->domain;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    spin_lock(&d->event.lock);
    const struct event_channel *channel = event_channel_of(d, op.port);
    if (channel)
        d->event.delivery->unmask(d->vcpus[channel->notify_vcpu], op.port);
    spin_unlock(&d->event.lock);
    return channel ? 0 : -XEN_EINVAL;
}

static long op_reset(struct vcpu *caller, uint64_t argument)
{
    struct evtchn_reset op;
    struct domain *d;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    long error = find_domain(caller, op.dom, &d);
    if (error)
        return error;
    error = event_channels_close_all(d);
    domain_put(d);
    return error;
}

/* Indexed by EVTCHNOP_*. What is missing is of FIFO queues: its -ENOSYS sends a guest to the 2-level calls. */
static long (*const commands[])(struct vcpu *caller, uint64_t argument) = {
    [EVTCHNOP_bind_interdomain] = op_bind_interdomain,
    [EVTCHNOP_bind_virq] = op_bind_virq,
    [EVTCHNOP_bind_pirq] = op_bind_pirq,
    [EVTCHNOP_close] = op_close,
    [EVTCHNOP_send] = op_send,
    [EVTCHNOP_status] = op_status,
    [EVTCHNOP_alloc_unbound] = op_alloc_unbound,
    [EVTCHNOP_bind_ipi] = op_bind_ipi,
    [EVTCHNOP_bind_vcpu] = op_bind_vcpu,
    [EVTCHNOP_unmask] = op_unmask,
    [EVTCHNOP_reset] = op_reset,
};

long hypercall_event_channel_op(struct hypercall *call)
{
    uint64_t command = call->argument[0];

    if (unlikely(command >= ARRAY_SIZE(commands) || !commands[command]))
        return -XEN_ENOSYS;
    long result = commands[command](call->vcpu, call->argument[1]);
    return unlikely(result == -XEN_ERESTART) ? hypercall_continue(call) : result;
}
