/* SPDX-License-Identifier: MIT */
/* Yielding, blocking, polling, shutting down and watchdogs as guests call them. */
#include "../run_tests.h"
#include "fake_arch.h"

static struct domain *zero, *d;
static struct vcpu *v;

static void start(void)
{
    fake_machine_start(1, 1024);
    zero = fake_domain_zero(1);
    d = fake_domain(1, 2);
    v = d->vcpus[0];
    fake_vcpu_start(v, 0, 0);
    domain_unpause(d);
    fake_run_for(NS_PER_MS);
}

static long op(struct vcpu *caller, uint64_t command, const void *argument)
{
    return fake_call(hypercall_sched_op, caller, command, GUEST_ADDRESS(argument), 0);
}

static evtchn_port_t bind_ipi(uint32_t vcpu)
{
    struct evtchn_bind_ipi bind = { vcpu, 0 };
    CU_ASSERT_EQUAL(fake_call(hypercall_event_channel_op, v, EVTCHNOP_bind_ipi, GUEST_ADDRESS(&bind), 0), 0);
    return bind.port;
}

static void block(void)
{
    start();
    v->info->evtchn_upcall_mask = 1;
    CU_ASSERT_EQUAL(op(v, SCHEDOP_block, NULL), 0);
    CU_ASSERT_EQUAL(v->info->evtchn_upcall_mask, 0);
    CU_ASSERT_TRUE(v->is_blocked);
    uint64_t ran_ns = v->arch.ran_ns;
    fake_cpus[0].is_requested = true;
    fake_run_for(NS_PER_S);
    CU_ASSERT_EQUAL(v->arch.ran_ns, ran_ns);
    evtchn_port_t port = bind_ipi(0);
    event_send(d, port);
    CU_ASSERT_FALSE(v->is_blocked);
    fake_run_for(NS_PER_S);
    CU_ASSERT_EQUAL(v->arch.ran_ns, ran_ns + NS_PER_S);
    /* Something is pending already: no sleep. */
    CU_ASSERT_EQUAL(op(v, SCHEDOP_block, NULL), 0);
    CU_ASSERT_FALSE(v->is_blocked);
    v->info->evtchn_upcall_pending = 0;
    v->arch.interrupt_pending = true;
    CU_ASSERT_EQUAL(op(v, SCHEDOP_block, NULL), 0);
    CU_ASSERT_FALSE(v->is_blocked);
}

static void poll_wakes_on_its_port(void)
{
    start();
    evtchn_port_t ports[2] = { bind_ipi(1), bind_ipi(1) }, other = bind_ipi(1);
    d->shared_info->evtchn_mask[0] = ~0ull; /* polling sees masked ports too */
    struct sched_poll poll = { .nr_ports = 1 };
    poll.ports.p = ports;
    CU_ASSERT_EQUAL(op(v, SCHEDOP_poll, &poll), 0);
    CU_ASSERT_TRUE(v->is_blocked);
    CU_ASSERT_EQUAL(d->polling_vcpus, 1);
    event_send(d, other);
    CU_ASSERT_TRUE(v->is_blocked);
    event_send(d, ports[0]);
    CU_ASSERT_FALSE(v->is_blocked);
    CU_ASSERT_EQUAL(d->polling_vcpus, 0);
    CU_ASSERT_EQUAL(op(v, SCHEDOP_poll, &poll), 0); /* pending: returns at once */
    CU_ASSERT_FALSE(v->is_blocked);
    CU_ASSERT_EQUAL(d->polling_vcpus, 0);
    /* Two ports: the second wakes as well. */
    d->shared_info->evtchn_pending[0] = 0;
    poll.nr_ports = 2;
    CU_ASSERT_EQUAL(op(v, SCHEDOP_poll, &poll), 0);
    CU_ASSERT_TRUE(v->is_blocked);
    event_send(d, ports[1]);
    CU_ASSERT_FALSE(v->is_blocked);
}

static void poll_times_out(void)
{
    start();
    evtchn_port_t port = bind_ipi(1);
    struct sched_poll poll = { .nr_ports = 1, .timeout = fake_time_ns + 5 * NS_PER_MS };
    poll.ports.p = &port;
    CU_ASSERT_EQUAL(op(v, SCHEDOP_poll, &poll), 0);
    fake_cpus[0].is_requested = true;
    fake_run_for(5 * NS_PER_MS - 1);
    CU_ASSERT_TRUE(v->is_blocked);
    fake_run_for(1);
    CU_ASSERT_FALSE(v->is_blocked);
    CU_ASSERT_EQUAL(d->polling_vcpus, 0);
}

static void poll_checks(void)
{
    start();
    evtchn_port_t port = d->event.max_port;
    struct sched_poll poll = { .nr_ports = 1 };
    poll.ports.p = &port;
    CU_ASSERT_EQUAL(op(v, SCHEDOP_poll, &poll), -XEN_EINVAL);
    poll.nr_ports = 129;
    CU_ASSERT_EQUAL(op(v, SCHEDOP_poll, &poll), -XEN_EINVAL);
    poll.nr_ports = 1;
    poll.ports.p = (evtchn_port_t *)8;
    CU_ASSERT_EQUAL(op(v, SCHEDOP_poll, &poll), -XEN_EFAULT);
    CU_ASSERT_FALSE(v->is_blocked);
    CU_ASSERT_EQUAL(d->polling_vcpus, 0);
}

static void shutdown(void)
{
    start();
    struct sched_shutdown bad = { SHUTDOWN_MAX + 1 }, reboot = { SHUTDOWN_reboot };
    CU_ASSERT_EQUAL(op(v, SCHEDOP_shutdown, &bad), -XEN_EINVAL);
    CU_ASSERT_FALSE(d->is_shut_down);
    CU_ASSERT_EQUAL(op(v, SCHEDOP_shutdown, &reboot), 0);
    CU_ASSERT_TRUE(d->is_shut_down);
    CU_ASSERT_EQUAL(d->shutdown_code, SHUTDOWN_reboot);
    struct sched_shutdown off = { SHUTDOWN_poweroff };
    CU_ASSERT_EQUAL(FAKE_MACHINE_END(op(zero->vcpus[0], SCHEDOP_shutdown, &off)), FAKE_POWERED_OFF);
}

static void remote_shutdown(void)
{
    start();
    struct domain *other = fake_domain(7, 1);
    struct sched_remote_shutdown remote = { other->id, SHUTDOWN_suspend };
    CU_ASSERT_EQUAL(op(v, SCHEDOP_remote_shutdown, &remote), -XEN_EPERM);
    CU_ASSERT_FALSE(other->is_shut_down);
    CU_ASSERT_EQUAL(op(zero->vcpus[0], SCHEDOP_remote_shutdown, &remote), 0);
    CU_ASSERT_TRUE(other->is_shut_down);
    CU_ASSERT_EQUAL(other->shutdown_code, SHUTDOWN_suspend);
    remote.domain_id = 70;
    CU_ASSERT_EQUAL(op(zero->vcpus[0], SCHEDOP_remote_shutdown, &remote), -XEN_ESRCH);
    remote.domain_id = DOMID_SELF;
    CU_ASSERT_EQUAL(op(zero->vcpus[0], SCHEDOP_remote_shutdown, &remote), -XEN_ESRCH);
}

static void watchdogs(void)
{
    start();
    struct sched_watchdog watchdog = { 0, 2 };
    CU_ASSERT_EQUAL(op(v, SCHEDOP_watchdog, &watchdog), 1);
    CU_ASSERT_EQUAL(op(v, SCHEDOP_watchdog, &watchdog), 2);
    CU_ASSERT_EQUAL(op(v, SCHEDOP_watchdog, &watchdog), -XEN_ENOSPC);
    struct sched_watchdog end = { 2, 0 };
    CU_ASSERT_EQUAL(op(v, SCHEDOP_watchdog, &end), 0);
    CU_ASSERT_EQUAL(op(v, SCHEDOP_watchdog, &end), -XEN_EINVAL);
    watchdog.id = 1;
    for (unsigned int i = 0; i < 5; i++) {
        fake_run_for(NS_PER_S);
        CU_ASSERT_EQUAL(op(v, SCHEDOP_watchdog, &watchdog), 0);
        CU_ASSERT_FALSE(d->is_shut_down);
    }
    fake_run_for(2 * NS_PER_S);
    CU_ASSERT_TRUE(d->is_shut_down);
    CU_ASSERT_EQUAL(d->shutdown_code, SHUTDOWN_watchdog);
    struct sched_watchdog bad = { 3, 1 };
    CU_ASSERT_EQUAL(op(v, SCHEDOP_watchdog, &bad), -XEN_EINVAL);
    bad = (struct sched_watchdog){ 0, 0 };
    CU_ASSERT_EQUAL(op(v, SCHEDOP_watchdog, &bad), -XEN_EINVAL);
}

static void the_rest(void)
{
    start();
    CU_ASSERT_EQUAL(op(v, SCHEDOP_yield, NULL), 0);
    CU_ASSERT_EQUAL(op(v, SCHEDOP_pin_override, NULL), -XEN_ENOSYS);
    CU_ASSERT_EQUAL(op(v, 8, NULL), -XEN_ENOSYS);
    CU_ASSERT_EQUAL(op(v, ~0ull, NULL), -XEN_ENOSYS);
    for (uint64_t command = SCHEDOP_shutdown; command <= SCHEDOP_watchdog; command++)
        CU_ASSERT_EQUAL(op(v, command, NULL), -XEN_EFAULT);
    struct sched_shutdown code = { SHUTDOWN_crash };
    CU_ASSERT_EQUAL(op(v, SCHEDOP_shutdown_code, &code), 0);
    CU_ASSERT_FALSE(d->is_shut_down);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "block sleeps until an event, unless one is pending", block },
        { "poll wakes on its ports only, masked or not", poll_wakes_on_its_port },
        { "poll ends at its timeout", poll_times_out },
        { "poll checks its arguments", poll_checks },
        { "shutdown", shutdown },
        { "remote_shutdown is for the privileged", remote_shutdown },
        { "a watchdog that is not fed shuts the domain down", watchdogs },
        { "yield, and what is missing", the_rest },
    };
    int status = RUN_TESTS("sched_op", tests);
    fake_machine_stop();
    return status;
}
