/* SPDX-License-Identifier: MIT */
/*
 * HVM_op: a domain's parameters, which tools and the domain itself leave for each other, and how it takes its events.
 * Who may read and write which parameter is a table. Of a GSI or INTx callback there is nothing to raise: such a
 * value is kept, and events then come only to vCPUs that have set an upcall vector of their own (Linux writes one as
 * a mark).
 */
#include "arch.h"

_Static_assert(sizeof(struct xen_hvm_param) == 16, "HVMOP_set_param's argument");
_Static_assert(sizeof(struct xen_hvm_evtchn_upcall_vector) == 8, "HVMOP_set_evtchn_upcall_vector's argument");

#define CALLBACK_TYPE(value) ((value) >> 56)
#define VECTOR_LOWEST 16u

enum {
    /* The domain itself; a privileged one reads and writes all that have any of these. */
    SELF_READS = 1, SELF_WRITES = 2,
    TOOLS = 4,
};

static const uint8_t access[NR_HVM_PARAMS] = {
    [HVM_PARAM_CALLBACK_IRQ] = SELF_READS | SELF_WRITES, [HVM_PARAM_STORE_PFN] = SELF_READS,
    [HVM_PARAM_STORE_EVTCHN] = SELF_READS, [HVM_PARAM_CONSOLE_PFN] = SELF_READS,
    [HVM_PARAM_CONSOLE_EVTCHN] = SELF_READS, [HVM_PARAM_VM_GENERATION_ID_ADDR] = SELF_READS,
    [HVM_PARAM_X87_FIP_WIDTH] = SELF_READS,
    [HVM_PARAM_PAE_ENABLED] = TOOLS, [HVM_PARAM_IOREQ_PFN] = TOOLS, [HVM_PARAM_BUFIOREQ_PFN] = TOOLS,
    [HVM_PARAM_TIMER_MODE] = TOOLS, [HVM_PARAM_HPET_ENABLED] = TOOLS, [HVM_PARAM_IDENT_PT] = TOOLS,
    [HVM_PARAM_ACPI_S_STATE] = TOOLS, [HVM_PARAM_VM86_TSS] = TOOLS, [HVM_PARAM_VM86_TSS_SIZED] = TOOLS,
    [HVM_PARAM_VPT_ALIGN] = TOOLS, [HVM_PARAM_ACPI_IOPORTS_LOCATION] = TOOLS, [HVM_PARAM_TRIPLE_FAULT_REASON] = TOOLS,
    [HVM_PARAM_IOREQ_SERVER_PFN] = TOOLS, [HVM_PARAM_NR_IOREQ_SERVER_PAGES] = TOOLS, [HVM_PARAM_VIRIDIAN] = TOOLS,
    [HVM_PARAM_NESTEDHVM] = TOOLS, [HVM_PARAM_ALTP2M] = TOOLS, [HVM_PARAM_MCA_CAP] = TOOLS,
};

/*
 * What Xen's tools set for every guest though it has no meaning for PVH: kept and not acted upon. Values with a
 * meaning are checked.
 */
static int check_value(uint32_t index, uint64_t value)
{
    switch (index) {
    case HVM_PARAM_CALLBACK_IRQ:
        if (CALLBACK_TYPE(value) > HVM_PARAM_CALLBACK_TYPE_VECTOR)
            return -XEN_EINVAL;
        if (CALLBACK_TYPE(value) == HVM_PARAM_CALLBACK_TYPE_VECTOR &&
            ((value & 0xff) < VECTOR_LOWEST || value >> 8 & 0xffff))
            return -XEN_EINVAL;
        return 0;
    case HVM_PARAM_TIMER_MODE: return value > HVMPTM_one_missed_tick_pending ? -XEN_EINVAL : 0;
    case HVM_PARAM_TRIPLE_FAULT_REASON: return value > SHUTDOWN_MAX ? -XEN_EINVAL : 0;
    case HVM_PARAM_ACPI_S_STATE:
    case HVM_PARAM_MCA_CAP:
    case HVM_PARAM_NR_IOREQ_SERVER_PAGES: /* no sleep, no machine checks, no device models */
    case HVM_PARAM_VIRIDIAN:
    case HVM_PARAM_NESTEDHVM:
    case HVM_PARAM_ALTP2M: /* tools say that they want none of these */
        return value ? -XEN_EINVAL : 0;
    default: return 0;
    }
}

static void set_parameter(struct domain *d, uint32_t index, uint64_t value)
{
    d->arch.hvm_params[index] = value;
    if (index != HVM_PARAM_CALLBACK_IRQ)
        return;
    d->arch.callback_vector = CALLBACK_TYPE(value) == HVM_PARAM_CALLBACK_TYPE_VECTOR ? (uint8_t)value : 0;
    DOMAIN_FOR_EACH_VCPU(d, v) {
        if (event_is_pending(v->info))
            vcpu_notify(v);
    }
}

/* The target, referenced, if the caller may do this to the parameter. */
static int find_target(struct vcpu *caller, const struct xen_hvm_param *op, uint8_t self_needs, struct domain **out)
{
    bool is_self = op->domid == DOMID_SELF || op->domid == caller->domain->id;
    if (op->index >= NR_HVM_PARAMS)
        return -XEN_EINVAL;
    if (!is_self && !caller->domain->is_privileged)
        return -XEN_EPERM;
    if (!access[op->index])
        return -XEN_EINVAL;
    if (!caller->domain->is_privileged && !(access[op->index] & self_needs))
        return -XEN_EPERM;
    *out = domain_get_target(caller, op->domid);
    return *out ? 0 : -XEN_ESRCH;
}

static long op_set_param(struct hypercall *call, uint64_t address)
{
    struct xen_hvm_param op;
    struct domain *d;
    if (COPY_STRUCT_FROM_GUEST(&op, address))
        return -XEN_EFAULT;
    int result = find_target(call->vcpu, &op, SELF_WRITES, &d);
    if (result)
        return result;
    result = check_value(op.index, op.value);
    if (!result)
        set_parameter(d, op.index, op.value);
    domain_put(d);
    return result;
}

static long op_get_param(struct hypercall *call, uint64_t address)
{
    struct xen_hvm_param op;
    struct domain *d;
    if (COPY_STRUCT_FROM_GUEST(&op, address))
        return -XEN_EFAULT;
    int result = find_target(call->vcpu, &op, SELF_READS, &d);
    if (result)
        return result;
    op.value = d->arch.hvm_params[op.index];
    domain_put(d);
    return COPY_STRUCT_TO_GUEST(address, &op);
}

static long op_set_upcall_vector(struct hypercall *call, uint64_t address)
{
    struct xen_hvm_evtchn_upcall_vector op;
    if (COPY_STRUCT_FROM_GUEST(&op, address))
        return -XEN_EFAULT;
    if (op.vector < VECTOR_LOWEST)
        return -XEN_EINVAL;
    struct vcpu *v = domain_vcpu(call->vcpu->domain, op.vcpu);
    if (!v)
        return -XEN_ENOENT;
    v->arch.upcall_vector = op.vector;
    /* What became pending before has raised nothing. */
    if (event_is_pending(v->info))
        arch_vcpu_event_raised(v);
    return 0;
}

typedef long hvm_op_handler(struct hypercall *call, uint64_t address);

static hvm_op_handler *const table[] = {
    [HVMOP_set_param] = op_set_param,
    [HVMOP_get_param] = op_get_param,
    [HVMOP_set_evtchn_upcall_vector] = op_set_upcall_vector,
};

long arch_hypercall_hvm_op(struct hypercall *call)
{
    uint64_t number = call->argument[0];
    if (number >= ARRAY_SIZE(table) || !table[number])
        return -XEN_ENOSYS;
    return table[number](call, call->argument[1]);
}
