/* SPDX-License-Identifier: MIT */
/* Domctls: who may call, what is refused, and what each command does. */
#include "../run_tests.h"
#include "fake_arch.h"

#include <string.h>

static struct domain *zero;
static struct xen_domctl op;

static void start(void)
{
    fake_machine_start(2, 2048);
    zero = fake_domain_zero(1);
}

static long call(uint32_t command, domid_t id)
{
    op.cmd = command;
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op.domain = id;
    return fake_call(hypercall_domctl, zero->vcpus[0], GUEST_ADDRESS(&op), 0, 0);
}

static domid_t create(domid_t id, uint32_t vcpus)
{
    memset(&op, 0, sizeof(op));
    op.u.createdomain = fake_config(vcpus);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_createdomain, id), 0);
    domid_t made = op.domain;
    op.u.max_vcpus.max = vcpus;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_max_vcpus, made), 0);
    return made;
}

static struct domain *peek(domid_t id)
{
    struct domain *d = domain_get(id);
    if (d)
        domain_put(d);
    return d;
}

static void who_may_call(void)
{
    start();
    struct domain *d = fake_domain(1, 1);
    memset(&op, 0, sizeof(op));
    op.cmd = XEN_DOMCTL_getdomaininfo;
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    for (op.cmd = 0; op.cmd < 100; op.cmd++)
        CU_ASSERT_EQUAL(fake_call(hypercall_domctl, d->vcpus[0], GUEST_ADDRESS(&op), 0, 0), -XEN_EPERM);
    op.cmd = XEN_DOMCTL_getdomaininfo;
    op.interface_version++;
    CU_ASSERT_EQUAL(fake_call(hypercall_domctl, zero->vcpus[0], GUEST_ADDRESS(&op), 0, 0), -XEN_EACCES);
    CU_ASSERT_EQUAL(fake_call(hypercall_domctl, zero->vcpus[0], 8, 0, 0), -XEN_EFAULT);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_pausedomain, 55), -XEN_ESRCH);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_pausedomain, DOMID_SELF), -XEN_EINVAL);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_destroydomain, 0), -XEN_EINVAL);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_shadow_op, 1), -XEN_ENOSYS); /* the architecture's */
    CU_ASSERT_EQUAL(fake_domctl_last, XEN_DOMCTL_shadow_op);
    CU_ASSERT_EQUAL(call(9999, 1), -XEN_ENOSYS);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_shadow_op, 66), -XEN_ESRCH);
}

static void create_and_destroy(void)
{
    start();
    domid_t first = create(0, 2), second = create(0, 1);
    CU_ASSERT_EQUAL(second, first + 1);
    CU_ASSERT_PTR_NOT_NULL(peek(first)->vcpus[1]);
    op.u.createdomain = fake_config(1);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_createdomain, first), -XEN_EEXIST);
    create(700, 1);
    CU_ASSERT_PTR_NOT_NULL(peek(700));
    op.u.max_vcpus.max = 2;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_max_vcpus, 700), -XEN_EINVAL);
    op.u.max_vcpus.max = 0;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_max_vcpus, 700), -XEN_EINVAL);
    fake_yield_every = 1;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_destroydomain, first), 0);
    fake_yield_every = 0;
    CU_ASSERT_PTR_NULL(peek(first));
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_destroydomain, first), -XEN_ESRCH);
    op.u.createdomain = fake_config(0);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_createdomain, 0), -XEN_EINVAL);
}

static void pause_and_unpause(void)
{
    start();
    domid_t id = create(0, 1);
    struct domain *d = peek(id);
    struct vcpu *v = d->vcpus[0];
    fake_vcpu_start(v, 0, 0);
    fake_run_for(NS_PER_S);
    CU_ASSERT_EQUAL(v->arch.ran_ns, 0); /* new ones are paused */
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_unpausedomain, id), 0);
    fake_run_for(NS_PER_S);
    CU_ASSERT_EQUAL(v->arch.ran_ns, NS_PER_S);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_unpausedomain, id), -XEN_EINVAL);
    fake_cpu = 1 - v->scheduler.cpu;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_pausedomain, id), 0);
    CU_ASSERT_FALSE(v->scheduler.is_on_cpu); /* off its CPU when the call returns */
    CU_ASSERT_EQUAL(d->controller_pause_count, 1);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_getdomaininfo, id), 0);
    CU_ASSERT_TRUE(op.u.getdomaininfo.flags & XEN_DOMINF_paused);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_pausedomain, id), 0);
    CU_ASSERT_EQUAL(d->controller_pause_count, 2);
    uint64_t ran_ns = v->arch.ran_ns;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_unpausedomain, id), 0);
    fake_run_for(NS_PER_S);
    CU_ASSERT_EQUAL(v->arch.ran_ns, ran_ns);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_unpausedomain, id), 0);
    fake_run_for(NS_PER_S);
    CU_ASSERT_EQUAL(v->arch.ran_ns, ran_ns + NS_PER_S);
    domain_shutdown(d, SHUTDOWN_suspend);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_resumedomain, id), 0);
    CU_ASSERT_FALSE(d->is_shut_down);
    for (unsigned int i = 0; i < 255; i++)
        CU_ASSERT_EQUAL(call(XEN_DOMCTL_pausedomain, id), 0);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_pausedomain, id), -XEN_EOVERFLOW);
}

static void info(void)
{
    start();
    domid_t id = create(0, 2);
    op.u.max_mem.max_memkb = 4096;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_max_mem, id), 0);
    CU_ASSERT_PTR_NOT_NULL(page_allocate_domain(peek(id), 3));
    memset(op.u.setdomainhandle.handle, 0x5a, sizeof(op.u.setdomainhandle.handle));
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_setdomainhandle, id), 0);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_getdomaininfo, 1), 0); /* the first from there on */
    CU_ASSERT_EQUAL(op.domain, id);
    CU_ASSERT_EQUAL(op.u.getdomaininfo.domain, id);
    CU_ASSERT_EQUAL(op.u.getdomaininfo.max_pages, 1024);
    CU_ASSERT_EQUAL(op.u.getdomaininfo.tot_pages, 8);
    CU_ASSERT_EQUAL(op.u.getdomaininfo.max_vcpu_id, 1);
    CU_ASSERT_EQUAL(op.u.getdomaininfo.handle[7], 0x5a);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_getdomaininfo, (domid_t)(id + 1)), -XEN_ESRCH);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_getdomaininfo, DOMID_IO), -XEN_EINVAL);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_getdomaininfo, DOMID_SELF), 0);
    CU_ASSERT_EQUAL(op.domain, 0);
    op.u.max_mem.max_memkb = ~0ull;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_max_mem, id), 0);
    CU_ASSERT_EQUAL(peek(id)->max_pages, UINT32_MAX);
}

static void affinity(void)
{
    start();
    domid_t id = create(0, 1);
    uint8_t hard[3] = { 2, 0xee, 0xff }, soft[10] = { 3 };
    memset(&op.u, 0, sizeof(op.u));
    struct xen_domctl_vcpuaffinity *affinity = &op.u.vcpuaffinity;
    affinity->flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;
    affinity->cpumap_hard.nr_bits = 9;
    affinity->cpumap_hard.bitmap.p = hard;
    affinity->cpumap_soft.nr_bits = 80;
    affinity->cpumap_soft.bitmap.p = soft;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_setvcpuaffinity, id), 0);
    CU_ASSERT_EQUAL(hard[0], 2); /* what it amounts to on two CPUs */
    CU_ASSERT_EQUAL(hard[1], 0);
    CU_ASSERT_EQUAL(hard[2], 0xff);
    CU_ASSERT_EQUAL(soft[0], 2);
    CU_ASSERT_EQUAL(peek(id)->vcpus[0]->scheduler.soft_affinity.bits, 3);
    memset(soft, 0xcc, sizeof(soft));
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_getvcpuaffinity, id), 0);
    CU_ASSERT_EQUAL(soft[0], 3); /* as it was set */
    for (unsigned int i = 1; i < 10; i++)
        CU_ASSERT_EQUAL(soft[i], 0);
    affinity->flags = XEN_VCPUAFFINITY_SOFT; /* a preference for no CPU that there is is none */
    memset(soft, 0, sizeof(soft));
    soft[1] = 1;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_setvcpuaffinity, id), 0);
    CU_ASSERT_EQUAL(soft[1], 0);
    hard[0] = 0;
    hard[1] = 1;
    affinity->flags = XEN_VCPUAFFINITY_HARD;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_setvcpuaffinity, id), -XEN_EINVAL);
    affinity->cpumap_hard.bitmap.p = (uint8_t *)8;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_setvcpuaffinity, id), -XEN_EFAULT);
    affinity->vcpu = 1;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_setvcpuaffinity, id), -XEN_ESRCH);
    affinity->flags = 0;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_getvcpuaffinity, id), -XEN_EINVAL);
    affinity->flags = 64;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_getvcpuaffinity, id), -XEN_EINVAL);
}

static void vcpu_info(void)
{
    start();
    domid_t id = create(0, 1);
    struct domain *d = peek(id);
    fake_vcpu_start(d->vcpus[0], NS_PER_MS, NS_PER_S);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_unpausedomain, id), 0);
    fake_run_for(10 * NS_PER_MS);
    memset(&op.u, 0, sizeof(op.u));
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_getvcpuinfo, id), 0);
    CU_ASSERT_EQUAL(op.u.getvcpuinfo.online, 1);
    CU_ASSERT_EQUAL(op.u.getvcpuinfo.blocked, 1);
    CU_ASSERT_EQUAL(op.u.getvcpuinfo.running, 0);
    CU_ASSERT_EQUAL(op.u.getvcpuinfo.cpu_time, NS_PER_MS);
    op.u.getvcpuinfo.vcpu = 1;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_getvcpuinfo, id), -XEN_ESRCH);
}

static void scheduler_parameters(void)
{
    start();
    domid_t id = create(0, 1);
    struct xen_domctl_scheduler_op *scheduler = &op.u.scheduler_op;
    memset(&op.u, 0, sizeof(op.u));
    scheduler->sched_id = XEN_SCHEDULER_CREDIT2;
    scheduler->cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_scheduler_op, id), 0);
    CU_ASSERT_EQUAL(scheduler->u.credit2.weight, 256);
    CU_ASSERT_EQUAL(scheduler->u.credit2.cap, 0);
    scheduler->cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    scheduler->u.credit2.weight = 700;
    scheduler->u.credit2.cap = 80;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_scheduler_op, id), 0);
    scheduler->u.credit2.weight = 0; /* both as they are */
    scheduler->u.credit2.cap = 0xffff;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_scheduler_op, id), 0);
    CU_ASSERT_EQUAL(scheduler_get_parameters(peek(id)).weight, 700);
    CU_ASSERT_EQUAL(scheduler_get_parameters(peek(id)).cap, 80);
    scheduler->u.credit2.weight = 800;
    scheduler->u.credit2.cap = 101; /* of one vCPU: nothing is changed */
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_scheduler_op, id), -XEN_EINVAL);
    CU_ASSERT_EQUAL(scheduler_get_parameters(peek(id)).weight, 700);
    CU_ASSERT_EQUAL(scheduler_get_parameters(peek(id)).cap, 80);
    scheduler->u.credit2.cap = 100;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_scheduler_op, id), 0);
    CU_ASSERT_EQUAL(scheduler_get_parameters(peek(id)).cap, 100);
    scheduler->cmd = XEN_DOMCTL_SCHEDOP_getvcpuinfo;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_scheduler_op, id), -XEN_EINVAL);
    scheduler->cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    scheduler->sched_id = XEN_SCHEDULER_CREDIT;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_scheduler_op, id), -XEN_EINVAL);
}

static void settings(void)
{
    start();
    domid_t id = create(0, 1);
    struct domain *d = peek(id);
    op.u.settimeoffset.time_offset_seconds = 3600;
    uint32_t before = d->shared_info->wc_sec;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_settimeoffset, id), 0);
    CU_ASSERT_EQUAL(d->shared_info->wc_sec, before + 3600);
    memset(&op.u, 0, sizeof(op.u));
    uint8_t nodes = 0;
    op.u.nodeaffinity.nodemap.nr_bits = 8;
    op.u.nodeaffinity.nodemap.bitmap.p = &nodes;
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_setnodeaffinity, id), -XEN_EINVAL);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_getnodeaffinity, id), 0);
    CU_ASSERT_EQUAL(nodes, 1);
    CU_ASSERT_EQUAL(call(XEN_DOMCTL_setnodeaffinity, id), 0);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "privilege, version, and domains that are not there", who_may_call },
        { "create, max_vcpus, destroy", create_and_destroy },
        { "pause, unpause, resume", pause_and_unpause },
        { "max_mem, handle, getdomaininfo", info },
        { "affinity in bitmaps of any size", affinity },
        { "getvcpuinfo", vcpu_info },
        { "scheduler parameters", scheduler_parameters },
        { "time offset, nodes", settings },
    };
    int status = RUN_TESTS("domctl", tests);
    fake_machine_stop();
    return status;
}
