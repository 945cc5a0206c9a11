/* SPDX-License-Identifier: MIT */
/*
 * Event channels: every state and what leads in and out of it, delivery into two levels of bits, and who may do what.
 */
#include "../run_tests.h"
#include "event_channel_private.h"
#include "fake_arch.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

static struct domain *zero, *a, *b; /* a and b are no privileged ones; each has two vCPUs */

static void start(void)
{
    fake_machine_start(2, 1024);
    zero = fake_domain_zero(1);
    a = fake_domain(1, 2);
    b = fake_domain(2, 2);
}

static long op(struct domain *d, uint64_t command, void *argument)
{
    return fake_call(hypercall_event_channel_op, d->vcpus[0], command, GUEST_ADDRESS(argument), 0);
}

static evtchn_port_t allocate(struct domain *d, domid_t remote)
{
    struct evtchn_alloc_unbound alloc = { DOMID_SELF, remote, 0 };
    CU_ASSERT_EQUAL(op(d, EVTCHNOP_alloc_unbound, &alloc), 0);
    return alloc.port;
}

static evtchn_port_t bind(struct domain *d, domid_t remote, evtchn_port_t port)
{
    struct evtchn_bind_interdomain bind = { remote, port, 0 };
    CU_ASSERT_EQUAL(op(d, EVTCHNOP_bind_interdomain, &bind), 0);
    return bind.local_port;
}

static evtchn_port_t bind_ipi(struct domain *d, uint32_t vcpu)
{
    struct evtchn_bind_ipi bind = { vcpu, 0 };
    CU_ASSERT_EQUAL(op(d, EVTCHNOP_bind_ipi, &bind), 0);
    return bind.port;
}

static long send(struct domain *d, evtchn_port_t port) { return op(d, EVTCHNOP_send, &(struct evtchn_send){ port }); }
static long close(struct domain *d, evtchn_port_t port)
{
    return op(d, EVTCHNOP_close, &(struct evtchn_close){ port });
}

static struct evtchn_status status(struct domain *d, evtchn_port_t port)
{
    struct evtchn_status status = { .dom = DOMID_SELF, .port = port };
    CU_ASSERT_EQUAL(op(d, EVTCHNOP_status, &status), 0);
    return status;
}

static bool is_pending(struct domain *d, evtchn_port_t port)
{
    return d->shared_info->evtchn_pending[port / 64] >> port % 64 & 1;
}

static void clear(struct domain *d)
{
    memset(d->shared_info->evtchn_pending, 0, sizeof(d->shared_info->evtchn_pending));
    for (unsigned int i = 0; i < d->max_vcpus; i++) {
        d->vcpus[i]->info->evtchn_pending_sel = 0;
        d->vcpus[i]->info->evtchn_upcall_pending = 0;
        d->vcpus[i]->arch.events = 0;
    }
}

static void interdomain_life(void)
{
    start();
    evtchn_port_t port_a = allocate(a, b->id);
    CU_ASSERT_EQUAL(port_a, 1);
    CU_ASSERT_EQUAL(status(a, port_a).status, EVTCHNSTAT_unbound);
    CU_ASSERT_EQUAL(status(a, port_a).u.unbound.dom, b->id);
    CU_ASSERT_EQUAL(send(a, port_a), 0); /* lost */
    evtchn_port_t port_b = bind(b, a->id, port_a);
    CU_ASSERT_TRUE(is_pending(b, port_b)); /* the binder looks once */
    struct evtchn_status s = status(a, port_a);
    CU_ASSERT_EQUAL(s.status, EVTCHNSTAT_interdomain);
    CU_ASSERT_EQUAL(s.u.interdomain.dom, b->id);
    CU_ASSERT_EQUAL(s.u.interdomain.port, port_b);
    clear(b);
    CU_ASSERT_EQUAL(send(a, port_a), 0);
    CU_ASSERT_TRUE(is_pending(b, port_b));
    CU_ASSERT_FALSE(is_pending(a, port_a));
    CU_ASSERT_EQUAL(send(b, port_b), 0);
    CU_ASSERT_TRUE(is_pending(a, port_a));
    /* b goes away: a's end waits for b again. */
    CU_ASSERT_EQUAL(close(b, port_b), 0);
    CU_ASSERT_FALSE(is_pending(b, port_b));
    CU_ASSERT_EQUAL(status(b, port_b).status, EVTCHNSTAT_closed);
    CU_ASSERT_EQUAL(status(a, port_a).status, EVTCHNSTAT_unbound);
    CU_ASSERT_EQUAL(status(a, port_a).u.unbound.dom, b->id);
    port_b = bind(b, a->id, port_a);
    CU_ASSERT_EQUAL(close(a, port_a), 0);
    CU_ASSERT_EQUAL(status(b, port_b).status, EVTCHNSTAT_unbound);
    CU_ASSERT_EQUAL(status(b, port_b).u.unbound.dom, a->id);
    CU_ASSERT_EQUAL(close(a, port_a), -XEN_EINVAL);
    CU_ASSERT_EQUAL(send(a, port_a), -XEN_EINVAL);
    CU_ASSERT_EQUAL(close(b, port_b), 0);
    CU_ASSERT_EQUAL(a->event.active + b->event.active, 0);
}

static void both_ends_in_one_domain(void)
{
    start();
    evtchn_port_t one = allocate(a, DOMID_SELF), other = bind(a, DOMID_SELF, one);
    clear(a);
    CU_ASSERT_EQUAL(send(a, one), 0);
    CU_ASSERT_TRUE(is_pending(a, other));
    CU_ASSERT_FALSE(is_pending(a, one));
    CU_ASSERT_EQUAL(close(a, one), 0);
    CU_ASSERT_EQUAL(status(a, other).status, EVTCHNSTAT_unbound);
    CU_ASSERT_EQUAL(close(a, other), 0);
    CU_ASSERT_EQUAL(a->event.active, 0);
}

static void only_who_was_invited_binds(void)
{
    start();
    evtchn_port_t port = allocate(a, b->id), ipi = bind_ipi(a, 0);
    struct evtchn_bind_interdomain wrong = { a->id, port, 0 };
    CU_ASSERT_EQUAL(op(zero, EVTCHNOP_bind_interdomain, &wrong), -XEN_EINVAL);
    wrong.remote_port = ipi;
    CU_ASSERT_EQUAL(op(b, EVTCHNOP_bind_interdomain, &wrong), -XEN_EINVAL);
    wrong.remote_port = 77;
    CU_ASSERT_EQUAL(op(b, EVTCHNOP_bind_interdomain, &wrong), -XEN_EINVAL);
    wrong.remote_port = 0xffffffff;
    CU_ASSERT_EQUAL(op(b, EVTCHNOP_bind_interdomain, &wrong), -XEN_EINVAL);
    wrong = (struct evtchn_bind_interdomain){ 55, port, 0 };
    CU_ASSERT_EQUAL(op(b, EVTCHNOP_bind_interdomain, &wrong), -XEN_ESRCH);
    bind(b, a->id, port);
    wrong = (struct evtchn_bind_interdomain){ a->id, port, 0 }; /* taken */
    CU_ASSERT_EQUAL(op(b, EVTCHNOP_bind_interdomain, &wrong), -XEN_EINVAL);
    CU_ASSERT_EQUAL(b->event.active, 1);
}

static void others_ports_are_for_the_privileged(void)
{
    start();
    struct evtchn_alloc_unbound alloc = { b->id, a->id, 0 };
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_alloc_unbound, &alloc), -XEN_EPERM);
    CU_ASSERT_EQUAL(op(zero, EVTCHNOP_alloc_unbound, &alloc), 0);
    struct evtchn_status s = { .dom = b->id, .port = alloc.port };
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_status, &s), -XEN_EPERM);
    CU_ASSERT_EQUAL(op(zero, EVTCHNOP_status, &s), 0);
    CU_ASSERT_EQUAL(s.status, EVTCHNSTAT_unbound);
    CU_ASSERT_EQUAL(s.u.unbound.dom, a->id);
    struct evtchn_reset reset = { b->id };
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_reset, &reset), -XEN_EPERM);
    CU_ASSERT_EQUAL(op(zero, EVTCHNOP_reset, &reset), 0);
    CU_ASSERT_EQUAL(b->event.active, 0);
    alloc.dom = 99;
    CU_ASSERT_EQUAL(op(zero, EVTCHNOP_alloc_unbound, &alloc), -XEN_ESRCH);
}

static void virqs(void)
{
    start();
    struct evtchn_bind_virq timer = { VIRQ_TIMER, 1, 0 }, global = { VIRQ_DOM_EXC, 0, 0 };
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_bind_virq, &timer), 0);
    CU_ASSERT_EQUAL(status(a, timer.port).status, EVTCHNSTAT_virq);
    CU_ASSERT_EQUAL(status(a, timer.port).vcpu, 1);
    CU_ASSERT_EQUAL(status(a, timer.port).u.virq, VIRQ_TIMER);
    CU_ASSERT_EQUAL(send(a, timer.port), -XEN_EINVAL);
    struct evtchn_bind_virq again = timer;
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_bind_virq, &again), -XEN_EEXIST);
    event_send_virq(a->vcpus[0], VIRQ_TIMER); /* not bound */
    CU_ASSERT_FALSE(is_pending(a, timer.port));
    event_send_virq(a->vcpus[1], VIRQ_TIMER);
    CU_ASSERT_TRUE(is_pending(a, timer.port));
    CU_ASSERT_EQUAL(a->vcpus[1]->info->evtchn_upcall_pending, 1);
    CU_ASSERT_EQUAL(a->vcpus[0]->info->evtchn_upcall_pending, 0);

    CU_ASSERT_EQUAL(op(zero, EVTCHNOP_bind_virq, &global), 0);
    event_send_global_virq(VIRQ_DOM_EXC);
    CU_ASSERT_TRUE(is_pending(zero, global.port));
    struct evtchn_bind_virq bad = { VIRQ_DOM_EXC, 1, 0 };
    CU_ASSERT_EQUAL(op(zero, EVTCHNOP_bind_virq, &bad), -XEN_EINVAL); /* global ones: vCPU 0 */
    bad = (struct evtchn_bind_virq){ NR_VIRQS, 0, 0 };
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_bind_virq, &bad), -XEN_EINVAL);
    bad = (struct evtchn_bind_virq){ VIRQ_TIMER, 2, 0 };
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_bind_virq, &bad), -XEN_ENOENT);
    CU_ASSERT_EQUAL(close(a, timer.port), 0);
    event_send_virq(a->vcpus[1], VIRQ_TIMER);
    CU_ASSERT_FALSE(is_pending(a, timer.port));
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_bind_virq, &again), 0);
}

static void two_levels(void)
{
    start();
    evtchn_port_t port = 0;
    for (unsigned int i = 0; i < 70; i++)
        port = bind_ipi(a, 1);
    CU_ASSERT_EQUAL(port, 70);
    CU_ASSERT_EQUAL(send(a, port), 0);
    vcpu_info_t *info = a->vcpus[1]->info;
    CU_ASSERT_PTR_EQUAL(info, &a->shared_info->vcpu_info[1]);
    CU_ASSERT_EQUAL(a->shared_info->evtchn_pending[1], 1ull << 6);
    CU_ASSERT_EQUAL(info->evtchn_pending_sel, 2);
    CU_ASSERT_EQUAL(info->evtchn_upcall_pending, 1);
    CU_ASSERT_EQUAL(a->vcpus[1]->arch.events, 1);
    CU_ASSERT_EQUAL(send(a, port), 0); /* pending already */
    CU_ASSERT_EQUAL(send(a, 3), 0);    /* another word; the flag is set already */
    CU_ASSERT_EQUAL(info->evtchn_pending_sel, 3);
    CU_ASSERT_EQUAL(a->vcpus[1]->arch.events, 1);

    clear(a);
    a->shared_info->evtchn_mask[1] = 1ull << 6;
    CU_ASSERT_EQUAL(send(a, port), 0);
    CU_ASSERT_TRUE(is_pending(a, port));
    CU_ASSERT_EQUAL(info->evtchn_pending_sel, 0);
    CU_ASSERT_EQUAL(info->evtchn_upcall_pending, 0);
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_unmask, &(struct evtchn_unmask){ port }), 0);
    CU_ASSERT_EQUAL(a->shared_info->evtchn_mask[1], 0);
    CU_ASSERT_EQUAL(info->evtchn_pending_sel, 2);
    CU_ASSERT_EQUAL(info->evtchn_upcall_pending, 1);
    clear(a);
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_unmask, &(struct evtchn_unmask){ port }), 0); /* nothing pending */
    CU_ASSERT_EQUAL(info->evtchn_upcall_pending, 0);
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_unmask, &(struct evtchn_unmask){ 500 }), -XEN_EINVAL);
}

static void ports_move_between_vcpus(void)
{
    start();
    evtchn_port_t port_a = allocate(a, b->id), port_b = bind(b, a->id, port_a), ipi = bind_ipi(a, 0);
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_bind_vcpu, &(struct evtchn_bind_vcpu){ port_a, 1 }), 0);
    CU_ASSERT_EQUAL(send(b, port_b), 0);
    CU_ASSERT_EQUAL(a->vcpus[1]->info->evtchn_upcall_pending, 1);
    CU_ASSERT_EQUAL(a->vcpus[0]->info->evtchn_upcall_pending, 0);
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_bind_vcpu, &(struct evtchn_bind_vcpu){ ipi, 1 }), -XEN_EINVAL);
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_bind_vcpu, &(struct evtchn_bind_vcpu){ port_a, 2 }), -XEN_ENOENT);
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_bind_vcpu, &(struct evtchn_bind_vcpu){ 900, 1 }), -XEN_EINVAL);
    struct evtchn_bind_virq timer = { VIRQ_TIMER, 0, 0 };
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_bind_virq, &timer), 0);
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_bind_vcpu, &(struct evtchn_bind_vcpu){ timer.port, 1 }), -XEN_EINVAL);
    struct evtchn_bind_ipi bad = { 2, 0 };
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_bind_ipi, &bad), -XEN_ENOENT);
}

/* While an event is on its way to a's port, another CPU moves that port to vCPU 1: it must wait for the event. */
static evtchn_port_t moved_port;
static atomic_bool is_sending, is_moved;

static void wait_1_ms(void) { nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL); }

static void *move_port(void *unused)
{
    fake_cpu = 1;
    while (!is_sending)
        wait_1_ms();
    long result = op(a, EVTCHNOP_bind_vcpu, &(struct evtchn_bind_vcpu){ moved_port, 1 });
    is_moved = true;
    return (void *)result;
}

static bool was_moved_meanwhile;
static void set_pending_slowly(struct vcpu *v, evtchn_port_t port)
{
    is_sending = true;
    for (int i = 0; i < 100 && !is_moved; i++)
        wait_1_ms();
    was_moved_meanwhile = is_moved;
    event_two_level.set_pending(v, port);
}

static void moving_a_port_waits_for_senders(void)
{
    struct event_delivery slow = event_two_level;
    pthread_t mover;
    void *result = NULL;

    slow.set_pending = set_pending_slowly;
    for (int is_loop = 0; is_loop < 2; is_loop++) { /* from another domain, and from the same one */
        start();
        struct domain *sender = is_loop ? a : b;
        moved_port = allocate(a, sender->id);
        evtchn_port_t far_end = bind(sender, a->id, moved_port);
        clear(a);
        is_sending = is_moved = false;
        a->event.delivery = &slow;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&mover, NULL, move_port, NULL), 0);
        CU_ASSERT_EQUAL(send(sender, far_end), 0);
        pthread_join(mover, &result);
        CU_ASSERT_EQUAL((long)result, 0);
        CU_ASSERT_FALSE(was_moved_meanwhile); /* else the vCPU that has the port then is never told */
        CU_ASSERT_EQUAL(status(a, moved_port).vcpu, 1);
        clear(a);
        a->event.delivery = &event_two_level;
        CU_ASSERT_EQUAL(send(sender, far_end), 0);
        CU_ASSERT_EQUAL(a->vcpus[1]->info->evtchn_upcall_pending, 1);
        CU_ASSERT_EQUAL(a->vcpus[0]->info->evtchn_upcall_pending, 0);
    }
}

static void limits_and_faults(void)
{
    start();
    unsigned int count = 0;
    struct evtchn_alloc_unbound alloc = { DOMID_SELF, 0, 0 };
    while (op(a, EVTCHNOP_alloc_unbound, &alloc) == 0)
        count++;
    CU_ASSERT_EQUAL(count, 1023); /* ports 1 to max_evtchn_port */
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_alloc_unbound, &alloc), -XEN_ENOSPC);
    CU_ASSERT_EQUAL(close(a, 500), 0);
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_alloc_unbound, &alloc), 0);
    CU_ASSERT_EQUAL(alloc.port, 500);
    CU_ASSERT_EQUAL(close(a, 0), -XEN_EINVAL);
    CU_ASSERT_EQUAL(close(a, 1024), -XEN_EINVAL);
    fake_yield_every = 3;
    CU_ASSERT_EQUAL(op(a, EVTCHNOP_reset, &(struct evtchn_reset){ DOMID_SELF }), 0);
    fake_yield_every = 0;
    CU_ASSERT_EQUAL(a->event.active, 0);
    CU_ASSERT_EQUAL(allocate(a, 0), 1);

    /* The result cannot be written: nothing is left. */
    fake_memory_set_fault(&alloc.port, sizeof(alloc.port));
    CU_ASSERT_EQUAL(op(b, EVTCHNOP_alloc_unbound, &alloc), -XEN_EFAULT);
    fake_memory_set_fault(NULL, 0);
    CU_ASSERT_EQUAL(b->event.active, 0);
    for (uint64_t command = 0; command < 20; command++) {
        long result = fake_call(hypercall_event_channel_op, b->vcpus[0], command, 8, 0);
        bool is_missing = command > EVTCHNOP_reset;
        CU_ASSERT_EQUAL(result, is_missing ? -XEN_ENOSYS : command == EVTCHNOP_bind_pirq ? -XEN_EINVAL : -XEN_EFAULT);
    }
    CU_ASSERT_EQUAL(fake_call(hypercall_event_channel_op, b->vcpus[0], ~0ull, 0, 0), -XEN_ENOSYS);
}

static void destruction_closes_the_far_ends(void)
{
    start();
    evtchn_port_t port_a = allocate(a, b->id);
    bind(b, a->id, port_a);
    domid_t id_b = b->id;
    fake_destroy(b);
    CU_ASSERT_PTR_NULL(domain_get(id_b));
    CU_ASSERT_EQUAL(status(a, port_a).status, EVTCHNSTAT_unbound);
    CU_ASSERT_EQUAL(status(a, port_a).u.unbound.dom, id_b);
    CU_ASSERT_EQUAL(send(a, port_a), 0);
}

static long register_info(uint64_t vcpu, const struct vcpu_register_vcpu_info *info)
{
    return fake_call(hypercall_vcpu_op, a->vcpus[0], VCPUOP_register_vcpu_info, vcpu, GUEST_ADDRESS(info));
}

static void registered_info_loses_nothing(void)
{
    start();
    struct page *page = page_allocate_domain(a, 0);
    arch_p2m_set(a, make_gfn(0x50), page_to_mfn(page), 0, P2M_RAM);
    evtchn_port_t ipi = bind_ipi(a, 1);
    CU_ASSERT_EQUAL(send(a, ipi), 0);
    struct vcpu_register_vcpu_info info = { .mfn = 0x50, .offset = 128 };
    CU_ASSERT_EQUAL(register_info(1, &info), 0);
    vcpu_info_t *now = a->vcpus[1]->info;
    CU_ASSERT_PTR_EQUAL(now, (char *)page_to_virtual(page) + 128);
    CU_ASSERT_EQUAL(now->evtchn_upcall_pending, 1);
    CU_ASSERT_EQUAL(now->evtchn_pending_sel, ~0ull);
    CU_ASSERT_TRUE(a->vcpus[1]->arch.time_updates > 0);
    CU_ASSERT_EQUAL(page->references, 2);
    CU_ASSERT_EQUAL(register_info(1, &info), -XEN_EINVAL);
    info.offset = PAGE_SIZE - 8;
    CU_ASSERT_EQUAL(register_info(0, &info), -XEN_EINVAL);
    info = (struct vcpu_register_vcpu_info){ .mfn = 0x51 };
    CU_ASSERT_EQUAL(register_info(0, &info), -XEN_EINVAL);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "an interdomain channel through its life", interdomain_life },
        { "both ends of a channel in one domain", both_ends_in_one_domain },
        { "only the invited domain binds, once", only_who_was_invited_binds },
        { "only a privileged domain touches others' ports", others_ports_are_for_the_privileged },
        { "virtual interrupts, of a vCPU and global", virqs },
        { "pending, mask, selector and upcall flag", two_levels },
        { "what may move to another vCPU does", ports_move_between_vcpus },
        { "a port moves before or after an event, not while it comes", moving_a_port_waits_for_senders },
        { "ports end at the limit; faults leave nothing behind", limits_and_faults },
        { "a destroyed domain's far ends become unbound", destruction_closes_the_far_ends },
        { "moving vcpu_info loses no event", registered_info_loses_nothing },
    };
    int status = RUN_TESTS("event channels", tests);
    fake_machine_stop();
    return status;
}
