/* SPDX-License-Identifier: MIT */
/* Event channels: binding, sending, masking, polling and the two ways in which an upcall comes. */
#include "apic.h"
#include "cpu.h"
#include "test.h"

#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#define UPCALL_VECTOR UPCALL_VECTOR_OF(0)

static long alloc_unbound(evtchn_port_t *port)
{
    struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    long error = event_op(EVTCHNOP_alloc_unbound, &alloc);

    *port = alloc.port;
    return error;
}

static int status_of(evtchn_port_t port)
{
    struct evtchn_status status = { .dom = DOMID_SELF, .port = port };

    return event_op(EVTCHNOP_status, &status) ? -1 : (int)status.status;
}

/* A port is unbound when allocated, closed when closed, and then sends no more. */
TEST_CASE(event_alloc_close, ANYWHERE)
{
    evtchn_port_t port;

    EXPECT_EQUAL(alloc_unbound(&port), 0);
    EXPECT(port > 0);
    EXPECT_EQUAL(status_of(port), EVTCHNSTAT_unbound);
    EXPECT_EQUAL(event_close(port), 0);
    EXPECT_EQUAL(status_of(port), EVTCHNSTAT_closed);
    EXPECT_EQUAL(event_send(port), -XEN_EINVAL);
    return NULL;
}

/* Two ends of one channel: sending on one makes the other pending; closing one leaves the other unbound. */
TEST_CASE(event_interdomain, ANYWHERE)
{
    struct evtchn_bind_interdomain bind = { .remote_dom = DOMID_SELF };

    EXPECT_EQUAL(alloc_unbound(&bind.remote_port), 0);
    EXPECT_EQUAL(event_op(EVTCHNOP_bind_interdomain, &bind), 0);
    EXPECT_EQUAL(status_of(bind.local_port), EVTCHNSTAT_interdomain);
    event_clear(bind.remote_port);
    event_clear(bind.local_port);
    EXPECT_EQUAL(event_send(bind.local_port), 0);
    EXPECT(event_pending(bind.remote_port));
    EXPECT(!event_pending(bind.local_port));
    EXPECT_EQUAL(event_close(bind.local_port), 0);
    EXPECT_EQUAL(status_of(bind.remote_port), EVTCHNSTAT_unbound);
    EXPECT_EQUAL(event_close(bind.remote_port), 0);
    event_clear(bind.remote_port);
    return NULL;
}

/* A masked port becomes pending without an upcall; the unmask call then brings the upcall. */
TEST_CASE(event_mask, ANYWHERE)
{
    long port = event_bind_ipi(0);
    volatile struct vcpu_info *info = vcpu_info_of(0);

    EXPECT(port > 0);
    event_set_mask((evtchn_port_t)port, true);
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    EXPECT_EQUAL(event_send((evtchn_port_t)port), 0);
    EXPECT(event_pending((evtchn_port_t)port));
    EXPECT_EQUAL(info->evtchn_upcall_pending, 0);
    struct evtchn_unmask unmask = { .port = (evtchn_port_t)port };
    EXPECT_EQUAL(event_op(EVTCHNOP_unmask, &unmask), 0);
    EXPECT_EQUAL(info->evtchn_upcall_pending, 1);
    EXPECT(info->evtchn_pending_sel & 1ul << port / 64);
    event_clear((evtchn_port_t)port);
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    EXPECT_EQUAL(event_close((evtchn_port_t)port), 0);
    return NULL;
}

/* A virtual interrupt of a vCPU can be bound once on it; its status names it. */
TEST_CASE(event_virq, ANYWHERE)
{
    struct evtchn_bind_virq bind = { .virq = VIRQ_DEBUG, .vcpu = 0 };

    EXPECT_EQUAL(event_op(EVTCHNOP_bind_virq, &bind), 0);
    EXPECT_EQUAL(status_of(bind.port), EVTCHNSTAT_virq);
    struct evtchn_bind_virq again = { .virq = VIRQ_DEBUG, .vcpu = 0 };
    EXPECT_EQUAL(event_op(EVTCHNOP_bind_virq, &again), -XEN_EEXIST);
    EXPECT_EQUAL(event_close(bind.port), 0);
    struct evtchn_bind_virq bad = { .virq = 99, .vcpu = 0 };
    EXPECT_EQUAL(event_op(EVTCHNOP_bind_virq, &bad), -XEN_EINVAL);
    struct evtchn_bind_virq nobody = { .virq = VIRQ_DEBUG, .vcpu = 4000 };
    EXPECT_EQUAL(event_op(EVTCHNOP_bind_virq, &nobody), -XEN_ENOENT);
    return NULL;
}

/* Every wrong argument has its error, and changes nothing. */
TEST_CASE(event_errors, ANYWHERE)
{
    struct evtchn_bind_interdomain bind = { .remote_dom = DOMID_SELF, .remote_port = 0 };
    struct evtchn_bind_interdomain no_domain = { .remote_dom = 0x7000, .remote_port = 1 };

    EXPECT_EQUAL(event_send(1u << 20), -XEN_EINVAL);
    EXPECT_EQUAL(event_close(0), -XEN_EINVAL);
    EXPECT_EQUAL(event_close(1u << 20), -XEN_EINVAL);
    EXPECT_EQUAL(event_op(EVTCHNOP_bind_interdomain, &bind), -XEN_EINVAL);
    EXPECT_EQUAL(event_op(EVTCHNOP_bind_interdomain, &no_domain), -XEN_ESRCH);
    EXPECT_EQUAL(event_op(EVTCHNOP_send, UNMAPPED_ADDRESS), -XEN_EFAULT);
    EXPECT_EQUAL(event_op(77, &bind), -XEN_ENOSYS);
    EXPECT_EQUAL(event_bind_ipi(4000), -XEN_ENOENT);
    return NULL;
}

/* Ports can be taken until none is left, which is -ENOSPC, and all be given back. */
TEST_CASE(event_exhaust, ANYWHERE)
{
    static evtchn_port_t ports[4096];
    unsigned int count = 0;
    long error;

    while (count < ARRAY_SIZE(ports) && !(error = alloc_unbound(&ports[count])))
        count++;
    if (count < ARRAY_SIZE(ports))
        EXPECT_EQUAL(error, -XEN_ENOSPC);
    EXPECT(count > 100);
    for (unsigned int i = 0; i < count; i++)
        EXPECT_EQUAL(event_close(ports[i]), 0);
    EXPECT_EQUAL(alloc_unbound(&ports[0]), 0);
    EXPECT_EQUAL(event_close(ports[0]), 0);
    return NULL;
}

static const char *expect_upcall(void)
{
    long port = event_bind_ipi(0);
    volatile struct vcpu_info *info = vcpu_info_of(0);
    unsigned long before = interrupt_count[UPCALL_VECTOR];

    EXPECT(port > 0);
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    interrupts_on();
    event_send((evtchn_port_t)port);
    bool came = wait_for(interrupt_count[UPCALL_VECTOR] > before, 1000);
    info->evtchn_upcall_pending = 0;
    interrupts_off();
    event_clear((evtchn_port_t)port);
    info->evtchn_pending_sel = 0;
    EXPECT(came);
    EXPECT_EQUAL(event_close((evtchn_port_t)port), 0);
    return NULL;
}

/* With the domain-wide callback set to a vector, an event comes as that interrupt. */
TEST_CASE(event_callback_vector, ANYWHERE)
{
    vcpu_info_of(0)->evtchn_upcall_pending = 0;
    EXPECT_EQUAL(set_hvm_parameter(HVM_PARAM_CALLBACK_IRQ, 2ull << 56 | UPCALL_VECTOR), 0);
    return expect_upcall();
}

/* With an upcall vector of the vCPU's own, an event comes through its local APIC. */
TEST_CASE(event_upcall_vector, ANYWHERE)
{
    struct xen_hvm_evtchn_upcall_vector upcall = { .vcpu = 0, .vector = UPCALL_VECTOR };
    struct xen_hvm_evtchn_upcall_vector bad = { .vcpu = 0, .vector = 3 };

    EXPECT_EQUAL(hvm_op(HVMOP_set_evtchn_upcall_vector, &bad), -XEN_EINVAL);
    EXPECT(apic_set_mode(true));
    vcpu_info_of(0)->evtchn_upcall_pending = 0;
    interrupt_needs_eoi[UPCALL_VECTOR] = true;
    EXPECT_EQUAL(hvm_op(HVMOP_set_evtchn_upcall_vector, &upcall), 0);
    return expect_upcall();
}

/* sched_op poll: returns at once for a pending port, and after its time for one that stays silent. */
TEST_CASE(event_poll, ANYWHERE)
{
    long bound = event_bind_ipi(0);
    evtchn_port_t port = (evtchn_port_t)bound;
    struct sched_poll poll = { .nr_ports = 1 };

    EXPECT(bound > 0);
    event_set_mask(port, true);
    set_handle(poll.ports, &port);
    event_send(port);
    poll.timeout = time_ns() + 60000 * NS_PER_MS;
    uint64_t start = time_ns();
    EXPECT_EQUAL(sched_op(SCHEDOP_poll, &poll), 0);
    EXPECT(time_ns() - start < 30000 * NS_PER_MS);
    event_clear(port);
    start = time_ns();
    poll.timeout = start + 20 * NS_PER_MS;
    EXPECT_EQUAL(sched_op(SCHEDOP_poll, &poll), 0);
    EXPECT(time_ns() - start >= 20 * NS_PER_MS);
    EXPECT(time_ns() - start < 10000 * NS_PER_MS);
    EXPECT_EQUAL(event_close(port), 0);
    return NULL;
}

/* An event can be moved to another vCPU, if that exists; IPIs and per-vCPU interrupts cannot. */
TEST_CASE(event_bind_vcpu, ANYWHERE)
{
    struct evtchn_bind_vcpu bind = { .vcpu = 0 };

    EXPECT_EQUAL(alloc_unbound(&bind.port), 0);
    EXPECT_EQUAL(event_op(EVTCHNOP_bind_vcpu, &bind), 0);
    bind.vcpu = 4000;
    EXPECT_EQUAL(event_op(EVTCHNOP_bind_vcpu, &bind), -XEN_ENOENT);
    EXPECT_EQUAL(event_close(bind.port), 0);
    long port = event_bind_ipi(0);
    bind = (struct evtchn_bind_vcpu){ .port = (evtchn_port_t)port, .vcpu = 0 };
    EXPECT_EQUAL(event_op(EVTCHNOP_bind_vcpu, &bind), -XEN_EINVAL);
    EXPECT_EQUAL(event_close((evtchn_port_t)port), 0);
    return NULL;
}
