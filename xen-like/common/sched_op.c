/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_sched_op: yielding, sleeping, polling, shutting down, watchdogs. */
#include "arch.h"

_Static_assert(sizeof(struct sched_poll) == 24, "ABI");
_Static_assert(sizeof(struct sched_remote_shutdown) == 8, "ABI");
_Static_assert(sizeof(struct sched_watchdog) == 8, "ABI");

#define POLL_PORTS_MAX 128u

static long op_yield(struct vcpu *v, uint64_t argument)
{
    scheduler_yield(v);
    return 0;
}

static long op_block(struct vcpu *v, uint64_t argument)
{
    v->info->evtchn_upcall_mask = 0;
    vcpu_block(v);
    return 0;
}

static long op_shutdown(struct vcpu *v, uint64_t argument)
{
    struct sched_shutdown op;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    if (op.reason > SHUTDOWN_MAX)
        return -XEN_EINVAL;
    domain_shutdown(v->domain, op.reason);
    return 0;
}

/* Tells the reason of a shutdown that the domain is about to ask for by other means. */
static long op_shutdown_code(struct vcpu *v, uint64_t argument)
{
    struct sched_shutdown op;
    struct domain *d = v->domain;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    if (op.reason > SHUTDOWN_MAX)
        return -XEN_EINVAL;
    spin_lock(&d->lock);
    if (!d->is_shut_down)
        d->shutdown_code = op.reason;
    spin_unlock(&d->lock);
    return 0;
}

static long op_remote_shutdown(struct vcpu *v, uint64_t argument)
{
    struct sched_remote_shutdown op;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    if (!v->domain->is_privileged)
        return -XEN_EPERM;
    if (op.reason > SHUTDOWN_MAX)
        return -XEN_EINVAL;
    struct domain *d = op.domain_id == DOMID_SELF ? NULL : domain_get(op.domain_id);
    if (!d)
        return -XEN_ESRCH;
    domain_shutdown(d, op.reason);
    domain_put(d);
    return 0;
}

/* --- poll -------------------------------------------------------------------------------------------------------- */

/* True if one of the ports, which are in v's domain's range, is pending. */
static bool any_pending(struct vcpu *v, const evtchn_port_t *ports, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (event_port_is_pending(v->domain, ports[i]))
            return true;
    return false;
}

static void poll(struct vcpu *v, const evtchn_port_t *ports, uint32_t count, uint64_t timeout_ns)
{
    v->poll_port = count == 1 ? ports[0] : 0;
    /* Asleep first, then the looks: who sends does it the other way round. See vcpu_block. */
    v->domain->polling_vcpus++;
    v->is_polling = true;
    v->is_blocked = true;
    if (event_is_pending(v->info) || any_pending(v, ports, count)) {
        vcpu_wake(v);
        return;
    }
    if (timeout_ns)
        timer_set(&v->poll_timer, timeout_ns);
}

static long op_poll(struct vcpu *v, uint64_t argument)
{
    struct sched_poll op;
    evtchn_port_t ports[POLL_PORTS_MAX];

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    if (op.nr_ports > POLL_PORTS_MAX)
        return -XEN_EINVAL;
    if (op.nr_ports && copy_from_guest(ports, HANDLE_ADDRESS(op.ports), op.nr_ports * sizeof(ports[0])))
        return -XEN_EFAULT;
    for (uint32_t i = 0; i < op.nr_ports; i++)
        if (ports[i] >= v->domain->event.max_port)
            return -XEN_EINVAL;
    timer_stop(&v->poll_timer);
    poll(v, ports, op.nr_ports, op.timeout);
    return 0;
}

/* --- watchdogs --------------------------------------------------------------------------------------------------- */

static uint64_t watchdog_deadline(uint32_t timeout_s) { return arch_time_ns() + timeout_s * NS_PER_S; }

/* id 0: a new one, whose id (from 1) is the result. A known id with a timeout is fed, with none it is ended. */
static long op_watchdog(struct vcpu *v, uint64_t argument)
{
    struct sched_watchdog op;
    struct domain *d = v->domain;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    if (op.id > DOMAIN_WATCHDOGS || (!op.id && !op.timeout))
        return -XEN_EINVAL;
    long result = op.id ? -XEN_EINVAL : -XEN_ENOSPC;
    spin_lock(&d->lock);
    for (uint32_t i = 0; i < DOMAIN_WATCHDOGS; i++) {
        struct domain_watchdog *watchdog = &d->watchdogs[i];
        bool is_wanted = op.id ? i + 1 == op.id && watchdog->is_in_use : !watchdog->is_in_use;
        if (!is_wanted)
            continue;
        watchdog->is_in_use = op.timeout != 0;
        if (op.timeout)
            timer_set(&watchdog->timer, watchdog_deadline(op.timeout));
        else
            timer_stop(&watchdog->timer);
        result = op.id ? 0 : (long)i + 1;
        break;
    }
    spin_unlock(&d->lock);
    return result;
}

static long (*const commands[])(struct vcpu *v, uint64_t argument) = {
    [SCHEDOP_yield] = op_yield,
    [SCHEDOP_block] = op_block,
    [SCHEDOP_shutdown] = op_shutdown,
    [SCHEDOP_poll] = op_poll,
    [SCHEDOP_remote_shutdown] = op_remote_shutdown,
    [SCHEDOP_shutdown_code] = op_shutdown_code,
    [SCHEDOP_watchdog] = op_watchdog,
};

long hypercall_sched_op(struct hypercall *call)
{
    uint64_t command = call->argument[0];
    return likely(command < ARRAY_SIZE(commands)) ? commands[command](call->vcpu, call->argument[1]) : -XEN_ENOSYS;
}
