/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_vcpu_op, set_timer_op and vm_assist: what a domain does with its own vCPUs. */
#include "arch.h"

_Static_assert(sizeof(struct vcpu_register_vcpu_info) == 16, "ABI");
_Static_assert(sizeof(struct vcpu_set_singleshot_timer) == 16, "ABI");
_Static_assert(sizeof(struct vcpu_set_periodic_timer) == 8, "ABI");
_Static_assert(sizeof(struct vcpu_get_physid) == 8, "ABI");

#define PERIOD_MINIMUM_NS NS_PER_MS

/* The singleshot timer and the areas are the calling vCPU's alone: nobody else changes them while it runs. */
static bool is_self(const struct hypercall *call, const struct vcpu *v) { return v == call->vcpu; }

static long op_initialise(struct hypercall *call, struct vcpu *v, uint64_t argument)
{
    int error = -XEN_EEXIST;

    spin_lock(&v->domain->lock); /* one at a time, and not while it comes up */
    if (!v->is_up && !v->scheduler.is_on_cpu && !v->is_initialised) {
        error = arch_vcpu_initialise(v, argument);
        v->is_initialised = !error;
    }
    spin_unlock(&v->domain->lock);
    return error;
}

static long op_up(struct hypercall *call, struct vcpu *v, uint64_t argument)
{
    int error = -XEN_EINVAL;

    spin_lock(&v->domain->lock);
    if (v->is_initialised) {
        error = 0;
        if (!v->is_up)
            vcpu_bring_up(v);
    }
    spin_unlock(&v->domain->lock);
    return error;
}

static long op_down(struct hypercall *call, struct vcpu *v, uint64_t argument)
{
    vcpu_retire(v);
    return 0;
}

static long op_is_up(struct hypercall *call, struct vcpu *v, uint64_t argument) { return v->is_up; }

static long op_get_runstate_info(struct hypercall *call, struct vcpu *v, uint64_t argument)
{
    struct vcpu_runstate_info runstate;
    vcpu_get_runstate(v, &runstate);
    return COPY_STRUCT_TO_GUEST(argument, &runstate);
}

static long op_register_runstate_area(struct hypercall *call, struct vcpu *v, uint64_t argument)
{
    struct vcpu_register_runstate_memory_area op;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    if (!is_self(call, v))
        return -XEN_EOPNOTSUPP;
    if (!op.addr.p) {
        guest_area_unregister(&v->runstate_area);
        return 0;
    }
    int error = guest_area_register(&v->runstate_area, v, op.addr.p, sizeof(struct vcpu_runstate_info));
    if (!error)
        vcpu_write_runstate(v);
    return error;
}

static long op_register_time_area(struct hypercall *call, struct vcpu *v, uint64_t argument)
{
    struct vcpu_register_time_memory_area op;
    struct vcpu_time_info time;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    if (!is_self(call, v))
        return -XEN_EOPNOTSUPP;
    if (!op.addr.p) {
        guest_area_unregister(&v->time_area);
        return 0;
    }
    int error = guest_area_register(&v->time_area, v, op.addr.p, sizeof(time));
    if (error)
        return error;
    arch_vcpu_fill_time(v, &time);
    guest_area_write(&v->time_area, &time, sizeof(time));
    return 0;
}

static long op_register_vcpu_info(struct hypercall *call, struct vcpu *v, uint64_t argument)
{
    struct vcpu_register_vcpu_info op;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    return vcpu_register_info(v, make_gfn(op.mfn), op.offset);
}

/* --- timers ------------------------------------------------------------------------------------------------------ */

static long op_set_periodic_timer(struct hypercall *call, struct vcpu *v, uint64_t argument)
{
    struct vcpu_set_periodic_timer op;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    if (op.period_ns < PERIOD_MINIMUM_NS || op.period_ns > INT64_MAX)
        return -XEN_EINVAL;
    v->periodic_period_ns = op.period_ns;
    timer_set(&v->periodic_timer, arch_time_ns() + op.period_ns);
    return 0;
}

static long op_stop_periodic_timer(struct hypercall *call, struct vcpu *v, uint64_t argument)
{
    v->periodic_period_ns = 0;
    timer_stop(&v->periodic_timer);
    return 0;
}

/* A guest's system time is the host's. */
static void set_singleshot(struct vcpu *v, uint64_t deadline_ns)
{
    if (deadline_ns <= arch_time_ns()) {
        timer_stop(&v->singleshot_timer);
        event_send_virq(v, VIRQ_TIMER);
        return;
    }
    timer_set(&v->singleshot_timer, deadline_ns);
}

static long op_set_singleshot_timer(struct hypercall *call, struct vcpu *v, uint64_t argument)
{
    struct vcpu_set_singleshot_timer op;

    if (COPY_STRUCT_FROM_GUEST(&op, argument))
        return -XEN_EFAULT;
    if (!is_self(call, v))
        return -XEN_EINVAL;
    if ((op.flags & VCPU_SSHOTTMR_future) && op.timeout_abs_ns < arch_time_ns())
        return -XEN_ETIME;
    set_singleshot(v, op.timeout_abs_ns);
    return 0;
}

static long op_stop_singleshot_timer(struct hypercall *call, struct vcpu *v, uint64_t argument)
{
    if (!is_self(call, v))
        return -XEN_EINVAL;
    timer_stop(&v->singleshot_timer);
    return 0;
}

long hypercall_set_timer_op(struct hypercall *call)
{
    struct vcpu *v = call->vcpu;
    uint64_t deadline_ns = call->argument[0];

    if (!deadline_ns)
        timer_stop(&v->singleshot_timer);
    else
        set_singleshot(v, deadline_ns);
    return 0;
}

/* --- the rest ---------------------------------------------------------------------------------------------------- */

static long op_send_nmi(struct hypercall *call, struct vcpu *v, uint64_t argument)
{
    if (argument)
        return -XEN_EINVAL;
    arch_vcpu_raise_nmi(v);
    return 0;
}

/* Domain 0 alone has vCPUs that stand for processors of the machine's tables; they are pinned to none. */
static long op_get_physid(struct hypercall *call, struct vcpu *v, uint64_t argument) { return -XEN_EINVAL; }

static long (*const commands[])(struct hypercall *call, struct vcpu *v, uint64_t argument) = {
    [VCPUOP_initialise] = op_initialise,
    [VCPUOP_up] = op_up,
    [VCPUOP_down] = op_down,
    [VCPUOP_is_up] = op_is_up,
    [VCPUOP_get_runstate_info] = op_get_runstate_info,
    [VCPUOP_register_runstate_memory_area] = op_register_runstate_area,
    [VCPUOP_set_periodic_timer] = op_set_periodic_timer,
    [VCPUOP_stop_periodic_timer] = op_stop_periodic_timer,
    [VCPUOP_set_singleshot_timer] = op_set_singleshot_timer,
    [VCPUOP_stop_singleshot_timer] = op_stop_singleshot_timer,
    [VCPUOP_register_vcpu_info] = op_register_vcpu_info,
    [VCPUOP_send_nmi] = op_send_nmi,
    [VCPUOP_get_physid] = op_get_physid,
    [VCPUOP_register_vcpu_time_memory_area] = op_register_time_area,
};

long hypercall_vcpu_op(struct hypercall *call)
{
    uint64_t command = call->argument[0];

    if (command >= ARRAY_SIZE(commands) || !commands[command])
        return -XEN_ENOSYS;
    uint64_t id = call->argument[1];
    struct vcpu *v = id <= UINT32_MAX ? domain_vcpu(call->vcpu->domain, (uint32_t)id) : NULL;
    return v ? commands[command](call, v, call->argument[2]) : -XEN_ENOENT;
}

long hypercall_vm_assist(struct hypercall *call)
{
    uint32_t bit = 1u << VMASST_TYPE_runstate_update_flag;

    if (call->argument[1] != VMASST_TYPE_runstate_update_flag)
        return -XEN_EINVAL;
    if (call->argument[0] == VMASST_CMD_enable)
        call->vcpu->domain->vm_assist |= bit;
    else if (call->argument[0] == VMASST_CMD_disable)
        call->vcpu->domain->vm_assist &= ~bit;
    else
        return -XEN_ENOSYS;
    return 0;
}
