/* SPDX-License-Identifier: MIT */
/* What a domain does with its vCPUs: bringing them up and down, timers, the areas that the hypervisor writes. */
#include "../run_tests.h"
#include "fake_arch.h"

#define GFN 0x100ull

static struct domain *d;
static struct vcpu *v;
static uint8_t *memory;

static void start(void)
{
    fake_machine_start(2, 1024);
    fake_domain_zero(1);
    d = fake_domain(1, 3);
    v = d->vcpus[0];
    struct page *page = page_allocate_domain(d, 1);
    CU_ASSERT_EQUAL(arch_p2m_set(d, make_gfn(GFN), page_to_mfn(page), 1, P2M_RAM), 0);
    memory = page_to_virtual(page);
    fake_vcpu_start(v, 0, 0);
    domain_unpause(d);
    fake_run_for(NS_PER_MS);
}

static long op(uint64_t command, uint32_t vcpu, const void *argument)
{
    return fake_call(hypercall_vcpu_op, v, command, vcpu, GUEST_ADDRESS(argument));
}

static evtchn_port_t bind_timer(uint32_t vcpu)
{
    struct evtchn_bind_virq bind = { VIRQ_TIMER, vcpu, 0 };
    CU_ASSERT_EQUAL(fake_call(hypercall_event_channel_op, v, EVTCHNOP_bind_virq, GUEST_ADDRESS(&bind), 0), 0);
    return bind.port;
}

static bool take(evtchn_port_t port)
{
    bool is_set = event_port_is_pending(d, port);
    d->shared_info->evtchn_pending[0] = 0;
    return is_set;
}

static void up_and_down(void)
{
    start();
    uint64_t context = 77;
    CU_ASSERT_EQUAL(op(VCPUOP_is_up, 0, NULL), 1);
    CU_ASSERT_EQUAL(op(VCPUOP_is_up, 1, NULL), 0);
    CU_ASSERT_EQUAL(op(VCPUOP_up, 1, NULL), -XEN_EINVAL); /* it has no state */
    CU_ASSERT_EQUAL(op(VCPUOP_initialise, 1, NULL), -XEN_EFAULT);
    CU_ASSERT_EQUAL(op(VCPUOP_initialise, 1, &context), 0);
    CU_ASSERT_EQUAL(d->vcpus[1]->arch.context, 77);
    CU_ASSERT_EQUAL(op(VCPUOP_initialise, 1, &context), -XEN_EEXIST);
    CU_ASSERT_EQUAL(op(VCPUOP_up, 1, NULL), 0);
    CU_ASSERT_EQUAL(op(VCPUOP_up, 1, NULL), 0);
    fake_run_for(NS_PER_S);
    CU_ASSERT_EQUAL(d->vcpus[1]->arch.ran_ns, NS_PER_S);
    CU_ASSERT_EQUAL(op(VCPUOP_initialise, 0, &context), -XEN_EEXIST);
    CU_ASSERT_EQUAL(op(VCPUOP_down, 1, NULL), 0);
    fake_run_for(NS_PER_S);
    CU_ASSERT_EQUAL(d->vcpus[1]->arch.ran_ns, NS_PER_S);
    CU_ASSERT_EQUAL(op(VCPUOP_is_up, 1, NULL), 0);
    struct vcpu_runstate_info runstate;
    CU_ASSERT_EQUAL(op(VCPUOP_get_runstate_info, 1, &runstate), 0);
    CU_ASSERT_EQUAL(runstate.state, RUNSTATE_offline);
    CU_ASSERT_EQUAL(runstate.time[RUNSTATE_running], NS_PER_S);
    CU_ASSERT_FALSE(d->is_shut_down);
    CU_ASSERT_EQUAL(op(VCPUOP_down, 0, NULL), 0); /* the last one */
    CU_ASSERT_TRUE(d->is_shut_down);
}

static void singleshot_timer(void)
{
    start();
    evtchn_port_t port = bind_timer(0);
    struct vcpu_set_singleshot_timer set = { fake_time_ns + NS_PER_MS, 0 };
    CU_ASSERT_EQUAL(op(VCPUOP_set_singleshot_timer, 0, &set), 0);
    fake_run_for(NS_PER_MS - 1);
    CU_ASSERT_FALSE(take(port));
    fake_run_for(1);
    CU_ASSERT_TRUE(take(port));
    fake_run_for(NS_PER_S);
    CU_ASSERT_FALSE(take(port));
    set.timeout_abs_ns = fake_time_ns - 1;
    CU_ASSERT_EQUAL(op(VCPUOP_set_singleshot_timer, 0, &set), 0);
    CU_ASSERT_TRUE(take(port)); /* at once */
    set.flags = VCPU_SSHOTTMR_future;
    CU_ASSERT_EQUAL(op(VCPUOP_set_singleshot_timer, 0, &set), -XEN_ETIME);
    CU_ASSERT_FALSE(take(port));
    CU_ASSERT_EQUAL(op(VCPUOP_set_singleshot_timer, 1, &set), -XEN_EINVAL);
    CU_ASSERT_EQUAL(fake_call(hypercall_set_timer_op, v, fake_time_ns + 1000, 0, 0), 0);
    CU_ASSERT_EQUAL(op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
    fake_run_for(NS_PER_S);
    CU_ASSERT_FALSE(take(port));
    CU_ASSERT_EQUAL(fake_call(hypercall_set_timer_op, v, fake_time_ns + 1000, 0, 0), 0);
    fake_run_for(1000);
    CU_ASSERT_TRUE(take(port));
    CU_ASSERT_EQUAL(fake_call(hypercall_set_timer_op, v, fake_time_ns + 1000, 0, 0), 0);
    CU_ASSERT_EQUAL(fake_call(hypercall_set_timer_op, v, 0, 0, 0), 0);
    fake_run_for(NS_PER_S);
    CU_ASSERT_FALSE(take(port));
}

static void periodic_timer(void)
{
    start();
    evtchn_port_t port = bind_timer(0);
    struct vcpu_set_periodic_timer set = { NS_PER_MS - 1 };
    CU_ASSERT_EQUAL(op(VCPUOP_set_periodic_timer, 0, &set), -XEN_EINVAL);
    set.period_ns = 10 * NS_PER_MS;
    CU_ASSERT_EQUAL(op(VCPUOP_set_periodic_timer, 0, &set), 0);
    for (unsigned int i = 0; i < 10; i++) {
        fake_run_for(10 * NS_PER_MS);
        CU_ASSERT_TRUE(take(port));
    }
    CU_ASSERT_EQUAL(op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
    fake_run_for(NS_PER_S);
    CU_ASSERT_FALSE(take(port));
}

/* A sleeping vCPU is woken by its timer at the very moment. */
static void timer_wakes(void)
{
    start();
    evtchn_port_t port = bind_timer(0);
    struct vcpu_set_singleshot_timer set = { fake_time_ns + 7 * NS_PER_MS, 0 };
    CU_ASSERT_EQUAL(op(VCPUOP_set_singleshot_timer, 0, &set), 0);
    vcpu_block(v);
    fake_cpus[v->scheduler.cpu].is_requested = true;
    uint64_t ran_ns = v->arch.ran_ns;
    fake_run_for(7 * NS_PER_MS + 500);
    CU_ASSERT_TRUE(take(port));
    CU_ASSERT_EQUAL(v->arch.ran_ns, ran_ns + 500);
}

static void runstate_area(void)
{
    start();
    struct vcpu_register_runstate_memory_area area;
    uint64_t offset = PAGE_SIZE - 24; /* across two pages */
    area.addr.p = (GFN << PAGE_SHIFT) + offset;
    CU_ASSERT_EQUAL(op(VCPUOP_register_runstate_memory_area, 1, &area), -XEN_EOPNOTSUPP);
    CU_ASSERT_EQUAL(op(VCPUOP_register_runstate_memory_area, 0, &area), 0);
    struct vcpu_runstate_info *seen = (void *)(memory + offset);
    CU_ASSERT_EQUAL(seen->state, RUNSTATE_running);
    domain_pause(v->domain);
    fake_run_for(3 * NS_PER_MS);
    CU_ASSERT_NOT_EQUAL(seen->state, RUNSTATE_running);
    domain_unpause(v->domain);
    fake_run_for(NS_PER_MS);
    CU_ASSERT_EQUAL(seen->state, RUNSTATE_running);
    CU_ASSERT_EQUAL(seen->time[RUNSTATE_offline] % NS_PER_S, 3 * NS_PER_MS);
    /* With the assist the mark is set only while it changes. */
    CU_ASSERT_EQUAL(fake_call(hypercall_vm_assist, v, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag, 0), 0);
    domain_pause(v->domain);
    fake_run_for(NS_PER_MS);
    domain_unpause(v->domain);
    fake_run_for(NS_PER_MS);
    CU_ASSERT_EQUAL(seen->state_entry_time & XEN_RUNSTATE_UPDATE, 0);
    CU_ASSERT_EQUAL(seen->time[RUNSTATE_offline] % NS_PER_S, 4 * NS_PER_MS);
    area.addr.p = (GFN + 2) << PAGE_SHIFT;
    CU_ASSERT_EQUAL(op(VCPUOP_register_runstate_memory_area, 0, &area), -XEN_EFAULT);
    area.addr.p = 0;
    CU_ASSERT_EQUAL(op(VCPUOP_register_runstate_memory_area, 0, &area), 0);
    CU_ASSERT_FALSE(guest_area_is_registered(&v->runstate_area));
    CU_ASSERT_EQUAL(fake_call(hypercall_vm_assist, v, VMASST_CMD_enable, 0, 0), -XEN_EINVAL);
    CU_ASSERT_EQUAL(fake_call(hypercall_vm_assist, v, 9, VMASST_TYPE_runstate_update_flag, 0), -XEN_ENOSYS);
}

static void time_area(void)
{
    start();
    struct vcpu_register_time_memory_area area;
    area.addr.p = (GFN << PAGE_SHIFT) + 64;
    CU_ASSERT_EQUAL(op(VCPUOP_register_vcpu_time_memory_area, 0, &area), 0);
    CU_ASSERT_EQUAL(((struct vcpu_time_info *)(memory + 64))->system_time, fake_time_ns);
}

static void nmi(void)
{
    start();
    CU_ASSERT_EQUAL(op(VCPUOP_send_nmi, 1, NULL), 0);
    CU_ASSERT_EQUAL(op(VCPUOP_send_nmi, 1, &v), -XEN_EINVAL); /* it takes no argument */
    CU_ASSERT_EQUAL(op(VCPUOP_send_nmi, 77, NULL), -XEN_ENOENT);
    CU_ASSERT_EQUAL(d->vcpus[0]->arch.nmis, 0);
    CU_ASSERT_EQUAL(d->vcpus[1]->arch.nmis, 1);
}

static void what_is_missing(void)
{
    start();
    CU_ASSERT_EQUAL(op(VCPUOP_is_up, 3, NULL), -XEN_ENOENT);
    CU_ASSERT_EQUAL(fake_call(hypercall_vcpu_op, v, VCPUOP_is_up, 1ull << 32, 0), -XEN_ENOENT);
    CU_ASSERT_EQUAL(op(99, 0, NULL), -XEN_ENOSYS);
    CU_ASSERT_EQUAL(op(VCPUOP_get_physid, 0, NULL), -XEN_EINVAL);
    CU_ASSERT_EQUAL(op(VCPUOP_register_vcpu_info, 0, NULL), -XEN_EFAULT);
    CU_ASSERT_EQUAL(op(VCPUOP_set_periodic_timer, 0, NULL), -XEN_EFAULT);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "vCPUs come up with a state, and go down", up_and_down },
        { "the singleshot timer", singleshot_timer },
        { "the periodic timer", periodic_timer },
        { "a timer wakes its sleeping vCPU", timer_wakes },
        { "the runstate area and its update flag", runstate_area },
        { "the time area", time_area },
        { "an NMI for a vCPU of its own", nmi },
        { "wrong vCPUs and missing commands", what_is_missing },
    };
    int status = RUN_TESTS("vcpu_op", tests);
    fake_machine_stop();
    return status;
}
