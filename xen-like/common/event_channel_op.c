/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_event_channel_op. The table says how large a command's argument is and whether it names a domain to act
 * on; both are there when the handler checks, acts, and copies results out.
 */
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

union event_argument {
    domid_t target; /* of the commands that act on a domain: their first field */
    struct evtchn_alloc_unbound alloc_unbound;
    struct evtchn_bind_interdomain bind_interdomain;
    struct evtchn_bind_virq bind_virq;
    struct evtchn_bind_ipi bind_ipi;
    struct evtchn_close close;
    struct evtchn_send send;
    struct evtchn_status status;
    struct evtchn_bind_vcpu bind_vcpu;
    struct evtchn_unmask unmask;
    struct evtchn_reset reset;
};
_Static_assert(offsetof(struct evtchn_alloc_unbound, dom) == 0 && offsetof(struct evtchn_status, dom) == 0 &&
               offsetof(struct evtchn_reset, dom) == 0, "target");

/* d: the domain to act on, the caller's own or the target. address: of the argument in the guest. */
typedef long event_command(struct vcpu *caller, struct domain *d, union event_argument *argument, uint64_t address);

/* Gives a new port's number to the caller; if that cannot be, the port is closed again. */
static long give_port(struct domain *d, uint64_t address, evtchn_port_t port)
{
    if (!COPY_STRUCT_TO_GUEST(address, &port))
        return 0;
    event_close(d, port);
    return -XEN_EFAULT;
}

static long op_alloc_unbound(struct vcpu *caller, struct domain *d, union event_argument *argument, uint64_t address)
{
    domid_t remote = argument->alloc_unbound.remote_dom;
    evtchn_port_t port;

    long error = event_allocate_unbound(d, remote == DOMID_SELF ? caller->domain->id : remote, &port);
    return error ? error : give_port(d, address + offsetof(struct evtchn_alloc_unbound, port), port);
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

static long op_bind_interdomain(struct vcpu *caller, struct domain *d, union event_argument *argument,
                                uint64_t address)
{
    const struct evtchn_bind_interdomain *op = &argument->bind_interdomain;
    evtchn_port_t port;

    struct domain *remote = domain_get_target(caller, op->remote_dom);
    if (!remote)
        return -XEN_ESRCH;
    spin_lock_pair(&d->event.lock, &remote->event.lock);
    long error = connect(d, &port, remote, op->remote_port);
    spin_unlock_pair(&d->event.lock, &remote->event.lock);
    domain_put(remote);
    return error ? error : give_port(d, address + offsetof(struct evtchn_bind_interdomain, local_port), port);
}

static long op_bind_virq(struct vcpu *caller, struct domain *d, union event_argument *argument, uint64_t address)
{
    const struct evtchn_bind_virq *op = &argument->bind_virq;
    struct event_channel *channel;
    evtchn_port_t port;

    if (op->virq >= NR_VIRQS || (virq_is_global(op->virq) && op->vcpu))
        return -XEN_EINVAL;
    struct vcpu *v = domain_vcpu(d, op->vcpu);
    if (!v)
        return -XEN_ENOENT;
    spin_lock(&d->event.lock);
    long error = v->virq_to_port[op->virq] ? -XEN_EEXIST : event_allocate_port(d, &port, &channel);
    if (!error) {
        event_use(channel, EVENT_VIRQ);
        channel->notify_vcpu = (uint16_t)op->vcpu;
        channel->virq = op->virq;
        v->virq_to_port[op->virq] = (uint16_t)port;
    }
    spin_unlock(&d->event.lock);
    return error ? error : give_port(d, address + offsetof(struct evtchn_bind_virq, port), port);
}

static long op_bind_ipi(struct vcpu *caller, struct domain *d, union event_argument *argument, uint64_t address)
{
    uint32_t vcpu = argument->bind_ipi.vcpu;
    struct event_channel *channel;
    evtchn_port_t port;

    if (!domain_vcpu(d, vcpu))
        return -XEN_ENOENT;
    spin_lock(&d->event.lock);
    long error = event_allocate_port(d, &port, &channel);
    if (!error) {
        event_use(channel, EVENT_IPI);
        channel->notify_vcpu = (uint16_t)vcpu;
    }
    spin_unlock(&d->event.lock);
    return error ? error : give_port(d, address + offsetof(struct evtchn_bind_ipi, port), port);
}

/* A guest without passed-through devices has no physical interrupts, and PVH domain 0 gets its by its I/O APIC. */
static long op_bind_pirq(struct vcpu *caller, struct domain *d, union event_argument *argument, uint64_t address)
{
    return -XEN_EINVAL;
}

static long op_close(struct vcpu *caller, struct domain *d, union event_argument *argument, uint64_t address)
{
    return event_close(d, argument->close.port);
}

static long op_send(struct vcpu *caller, struct domain *d, union event_argument *argument, uint64_t address)
{
    return event_send(d, argument->send.port);
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

static long op_status(struct vcpu *caller, struct domain *d, union event_argument *argument, uint64_t address)
{
    struct evtchn_status *op = &argument->status;

    if (op->port >= d->event.max_port)
        return -XEN_EINVAL;
    op->status = EVTCHNSTAT_closed;
    spin_lock(&d->event.lock);
    const struct event_channel *channel = event_channel_of(d, op->port);
    if (channel)
        fill_status(channel, op);
    spin_unlock(&d->event.lock);
    return COPY_STRUCT_TO_GUEST(address, op);
}

static bool may_move(const struct event_channel *channel)
{
    return channel->state == EVENT_UNBOUND || channel->state == EVENT_INTERDOMAIN ||
           (channel->state == EVENT_VIRQ && virq_is_global(channel->virq));
}

static long op_bind_vcpu(struct vcpu *caller, struct domain *d, union event_argument *argument, uint64_t address)
{
    const struct evtchn_bind_vcpu *op = &argument->bind_vcpu;
    struct domain *remote;

    if (!domain_vcpu(d, op->vcpu))
        return -XEN_ENOENT;
    struct event_channel *channel = event_channel_lock(d, op->port, &remote);
    if (!channel)
        return -XEN_EINVAL;
    long error = may_move(channel) ? 0 : -XEN_EINVAL;
    if (!error)
        channel->notify_vcpu = (uint16_t)op->vcpu;
    event_channel_unlock(d, remote);
    return error;
}

static long op_unmask(struct vcpu *caller, struct domain *d, union event_argument *argument, uint64_t address)
{
    evtchn_port_t port = argument->unmask.port;

    spin_lock(&d->event.lock);
    const struct event_channel *channel = event_channel_of(d, port);
    if (channel)
        d->event.delivery->unmask(d->vcpus[channel->notify_vcpu], port);
    spin_unlock(&d->event.lock);
    return channel ? 0 : -XEN_EINVAL;
}

static long op_reset(struct vcpu *caller, struct domain *d, union event_argument *argument, uint64_t address)
{
    return event_channels_close_all(d);
}

/* Indexed by EVTCHNOP_*. What is missing is of FIFO queues: its -ENOSYS sends a guest to the 2-level calls. */
static const struct { event_command *act; uint8_t size; bool has_target; } commands[] = {
    [EVTCHNOP_bind_interdomain] = { op_bind_interdomain, sizeof(struct evtchn_bind_interdomain), false },
    [EVTCHNOP_bind_virq] = { op_bind_virq, sizeof(struct evtchn_bind_virq), false },
    [EVTCHNOP_bind_pirq] = { op_bind_pirq, 0, false },
    [EVTCHNOP_close] = { op_close, sizeof(struct evtchn_close), false },
    [EVTCHNOP_send] = { op_send, sizeof(struct evtchn_send), false },
    [EVTCHNOP_status] = { op_status, sizeof(struct evtchn_status), true },
    [EVTCHNOP_alloc_unbound] = { op_alloc_unbound, sizeof(struct evtchn_alloc_unbound), true },
    [EVTCHNOP_bind_ipi] = { op_bind_ipi, sizeof(struct evtchn_bind_ipi), false },
    [EVTCHNOP_bind_vcpu] = { op_bind_vcpu, sizeof(struct evtchn_bind_vcpu), false },
    [EVTCHNOP_unmask] = { op_unmask, sizeof(struct evtchn_unmask), false },
    [EVTCHNOP_reset] = { op_reset, sizeof(struct evtchn_reset), true },
};

long hypercall_event_channel_op(struct hypercall *call)
{
    uint64_t command = call->argument[0], address = call->argument[1];
    struct vcpu *caller = call->vcpu;
    struct domain *d = caller->domain;
    union event_argument argument;

    if (unlikely(command >= ARRAY_SIZE(commands) || !commands[command].act))
        return -XEN_ENOSYS;
    if (unlikely(copy_from_guest(&argument, address, commands[command].size)))
        return -XEN_EFAULT;
    long result = commands[command].has_target ? find_domain(caller, argument.target, &d) : 0;
    if (unlikely(result))
        return result;
    result = commands[command].act(caller, d, &argument, address);
    if (commands[command].has_target)
        domain_put(d);
    return unlikely(result == -XEN_ERESTART) ? hypercall_continue(call) : result;
}
