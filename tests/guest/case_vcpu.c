/* SPDX-License-Identifier: MIT */
/* vcpu_op, timers, time and scheduling of the one vCPU that runs this. */
#include "cpu.h"
#include "test.h"

#include <xen/hvm/params.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

/* The new place of vCPU 0's structure, once vcpu_info_registration has run. */
static uint8_t info_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static bool info_registered;

struct vcpu_info *vcpu_info_of(unsigned int vcpu)
{
    return vcpu == 0 && info_registered ? (struct vcpu_info *)(info_page + 512) : &shared->vcpu_info[vcpu];
}

/* Binds VIRQ_TIMER of vCPU 0, masked; the caller closes the port. */
static long bind_timer(void)
{
    struct evtchn_bind_virq bind = { .virq = VIRQ_TIMER, .vcpu = 0 };
    long error = event_op(EVTCHNOP_bind_virq, &bind);

    if (error)
        return error;
    event_clear(bind.port);
    return (long)bind.port;
}

/* vCPU 0 is up; a vCPU that was never made does not exist. */
TEST_CASE(vcpu_is_up, ANYWHERE)
{
    EXPECT_EQUAL(vcpu_op(VCPUOP_is_up, 0, 0), 1);
    EXPECT_EQUAL(vcpu_op(VCPUOP_is_up, 4000, 0), -XEN_ENOENT);
    EXPECT_EQUAL(vcpu_op(77, 0, 0), -XEN_ENOSYS);
    return NULL;
}

/* Time goes on, and never back, in ten thousand readings; the wall clock is set. */
TEST_CASE(time_monotonic, ANYWHERE)
{
    uint64_t start = time_ns(), last = start;

    EXPECT(shared->wc_sec > 1600000000u);
    for (unsigned int i = 0; i < 10000; i++) {
        uint64_t now = time_ns();
        if (now < last)
            return failure("time went back by %lu ns after %lu ns", last - now, last - start);
        last = now;
    }
    EXPECT(last > start);
    return NULL;
}

/* The runstate area says that the vCPU runs, and its times grow. */
TEST_CASE(vcpu_runstate, ANYWHERE)
{
    static struct vcpu_runstate_info area;
    static struct vcpu_register_runstate_memory_area registration;
    struct vcpu_runstate_info now, later;

    registration.addr.v = &area;
    EXPECT_EQUAL(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &registration), 0);
    EXPECT_EQUAL(vcpu_op(VCPUOP_get_runstate_info, 0, &now), 0);
    EXPECT_EQUAL(now.state, RUNSTATE_running);
    EXPECT_EQUAL(area.state, RUNSTATE_running);
    uint64_t until = time_ns() + 5 * NS_PER_MS;
    while (time_ns() < until)
        ;
    EXPECT_EQUAL(vcpu_op(VCPUOP_get_runstate_info, 0, &later), 0);
    EXPECT(later.time[RUNSTATE_running] > now.time[RUNSTATE_running]);
    registration.addr.v = NULL;
    EXPECT_EQUAL(vcpu_op(VCPUOP_get_runstate_info, 0, UNMAPPED_ADDRESS), -XEN_EFAULT);
    return NULL;
}

/* The singleshot timer raises VIRQ_TIMER at its time; one in the past raises it at once. */
TEST_CASE(timer_singleshot, ANYWHERE)
{
    long port = bind_timer();
    struct vcpu_set_singleshot_timer timer = { .timeout_abs_ns = time_ns() + 10 * NS_PER_MS };
    uint64_t due = timer.timeout_abs_ns;

    EXPECT(port > 0);
    interrupts_on();
    EXPECT_EQUAL(vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer), 0);
    EXPECT(wait_for(event_pending((evtchn_port_t)port), 2000));
    EXPECT(time_ns() >= due);
    event_clear((evtchn_port_t)port);
    timer.timeout_abs_ns = time_ns() - NS_PER_MS;
    EXPECT_EQUAL(vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer), 0);
    EXPECT(wait_for(event_pending((evtchn_port_t)port), 2000));
    event_clear((evtchn_port_t)port);
    timer.flags = VCPU_SSHOTTMR_future;
    long error = vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer);
    EXPECT(error == -XEN_ETIME || error == 0); /* Xen before 4.17 looked at the flag, 4.17 does not */
    event_clear((evtchn_port_t)port);
    timer = (struct vcpu_set_singleshot_timer){ .timeout_abs_ns = time_ns() + 20 * NS_PER_MS };
    EXPECT_EQUAL(vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer), 0);
    EXPECT_EQUAL(vcpu_op(VCPUOP_stop_singleshot_timer, 0, 0), 0);
    EXPECT(!wait_for(event_pending((evtchn_port_t)port), 50));
    EXPECT_EQUAL(event_close((evtchn_port_t)port), 0);
    return NULL;
}

/* The periodic timer comes again and again until it is stopped; a period under 1 ms is refused. */
TEST_CASE(timer_periodic, ANYWHERE)
{
    long port = bind_timer();
    struct vcpu_set_periodic_timer timer = { .period_ns = 5 * NS_PER_MS };
    struct vcpu_set_periodic_timer hasty = { .period_ns = 1000 };

    EXPECT(port > 0);
    interrupts_on();
    EXPECT_EQUAL(vcpu_op(VCPUOP_set_periodic_timer, 0, &hasty), -XEN_EINVAL);
    EXPECT_EQUAL(vcpu_op(VCPUOP_set_periodic_timer, 0, &timer), 0);
    for (unsigned int i = 0; i < 3; i++) {
        EXPECT(wait_for(event_pending((evtchn_port_t)port), 2000));
        event_clear((evtchn_port_t)port);
    }
    EXPECT_EQUAL(vcpu_op(VCPUOP_stop_periodic_timer, 0, 0), 0);
    event_clear((evtchn_port_t)port);
    EXPECT(!wait_for(event_pending((evtchn_port_t)port), 30));
    EXPECT_EQUAL(event_close((evtchn_port_t)port), 0);
    return NULL;
}

/* set_timer_op raises VIRQ_TIMER at its time, and 0 stops it. */
TEST_CASE(timer_set_timer_op, ANYWHERE)
{
    long port = bind_timer();

    EXPECT(port > 0);
    interrupts_on();
    EXPECT_EQUAL(hypercall1(__HYPERVISOR_set_timer_op, time_ns() + 10 * NS_PER_MS), 0);
    EXPECT(wait_for(event_pending((evtchn_port_t)port), 2000));
    event_clear((evtchn_port_t)port);
    EXPECT_EQUAL(hypercall1(__HYPERVISOR_set_timer_op, time_ns() + 20 * NS_PER_MS), 0);
    EXPECT_EQUAL(hypercall1(__HYPERVISOR_set_timer_op, 0), 0);
    EXPECT(!wait_for(event_pending((evtchn_port_t)port), 50));
    EXPECT_EQUAL(event_close((evtchn_port_t)port), 0);
    return NULL;
}

/* The hypervisor's timer also ends a guest that spins with its interrupts off. */
TEST_CASE(timer_interrupts_off, ANYWHERE)
{
    long port = bind_timer();

    EXPECT(port > 0);
    interrupts_off();
    EXPECT_EQUAL(hypercall1(__HYPERVISOR_set_timer_op, time_ns() + 10 * NS_PER_MS), 0);
    EXPECT(wait_for(event_pending((evtchn_port_t)port), 2000));
    event_clear((evtchn_port_t)port);
    EXPECT_EQUAL(event_close((evtchn_port_t)port), 0);
    return NULL;
}

/* A vCPU that halts with interrupts open is woken by an event's upcall. */
TEST_CASE(halt_wakes, ANYWHERE)
{
    long port = bind_timer();
    volatile struct vcpu_info *info = vcpu_info_of(0);

    EXPECT(port > 0);
    EXPECT_EQUAL(set_hvm_parameter(HVM_PARAM_CALLBACK_IRQ, 2ull << 56 | UPCALL_VECTOR_OF(0)), 0);
    event_set_mask((evtchn_port_t)port, false);
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    uint64_t start = time_ns();
    EXPECT_EQUAL(hypercall1(__HYPERVISOR_set_timer_op, start + 30 * NS_PER_MS), 0);
    for (unsigned int i = 0; i < 100 && !event_pending((evtchn_port_t)port); i++)
        halt_once();
    EXPECT(event_pending((evtchn_port_t)port));
    EXPECT(time_ns() - start >= 30 * NS_PER_MS);
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    event_clear((evtchn_port_t)port);
    EXPECT_EQUAL(event_close((evtchn_port_t)port), 0);
    return NULL;
}

/* sched_op: yield comes back; block comes back when an event is pending; what does not exist is -ENOSYS. */
TEST_CASE(sched_calls, ANYWHERE)
{
    volatile struct vcpu_info *info = vcpu_info_of(0);

    EXPECT_EQUAL(sched_op(SCHEDOP_yield, 0), 0);
    EXPECT_EQUAL(sched_op(77, 0), -XEN_ENOSYS);
    EXPECT_EQUAL(sched_op(SCHEDOP_shutdown, UNMAPPED_ADDRESS), -XEN_EFAULT);
    long port = bind_timer();
    EXPECT(port > 0);
    event_set_mask((evtchn_port_t)port, false);
    EXPECT_EQUAL(hypercall1(__HYPERVISOR_set_timer_op, time_ns() + 10 * NS_PER_MS), 0);
    EXPECT_EQUAL(sched_op(SCHEDOP_block, 0), 0);
    EXPECT(wait_for(event_pending((evtchn_port_t)port), 2000));
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    event_clear((evtchn_port_t)port);
    EXPECT_EQUAL(event_close((evtchn_port_t)port), 0);
    return NULL;
}

/* A registered vcpu_info takes over: time and events go to the new place; registering twice is refused. */
TEST_CASE(vcpu_info_registration, ANYWHERE)
{
    struct vcpu_register_vcpu_info bad = { .mfn = (uint64_t)info_page / PAGE_SIZE, .offset = 4090 };
    struct vcpu_register_vcpu_info registration = { .mfn = (uint64_t)info_page / PAGE_SIZE, .offset = 512 };

    EXPECT(vcpu_op(VCPUOP_register_vcpu_info, 0, &bad) < 0);
    EXPECT_EQUAL(vcpu_op(VCPUOP_register_vcpu_info, 0, &registration), 0);
    info_registered = true;
    uint64_t start = time_ns();
    EXPECT(start > 0);
    EXPECT(wait_for(time_ns() > start, 1000));
    EXPECT_EQUAL(vcpu_op(VCPUOP_register_vcpu_info, 0, &registration), -XEN_EINVAL);
    long port = event_bind_ipi(0);
    EXPECT(port > 0);
    /* registering marks all as pending, so that no event is lost */
    vcpu_info_of(0)->evtchn_upcall_pending = 0;
    vcpu_info_of(0)->evtchn_pending_sel = 0;
    event_send((evtchn_port_t)port);
    EXPECT_EQUAL(((volatile struct vcpu_info *)vcpu_info_of(0))->evtchn_upcall_pending, 1);
    vcpu_info_of(0)->evtchn_upcall_pending = 0;
    vcpu_info_of(0)->evtchn_pending_sel = 0;
    event_clear((evtchn_port_t)port);
    EXPECT_EQUAL(event_close((evtchn_port_t)port), 0);
    return NULL;
}
