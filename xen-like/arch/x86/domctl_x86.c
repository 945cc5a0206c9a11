/* SPDX-License-Identifier: MIT */
/*
 * The domctls and sysctls that only x86 can answer, as two tables. The core has found the domain, checked privilege and
 * copied the structure in; an entry says whether it goes back and whether the domain must stand still meanwhile.
 */
#include "arch.h"
#include "cpu.h"
#include "cpuid.h"
#include "host_time.h"
#include "hvm_context.h"
#include "virtualization.h"

_Static_assert(sizeof(struct xen_domctl_cpu_policy) == 40, "XEN_DOMCTL_get_cpu_policy");
_Static_assert(sizeof(struct xen_domctl_tsc_info) == 24, "XEN_DOMCTL_gettscinfo");
_Static_assert(sizeof(struct xen_domctl_shadow_op) == 40, "XEN_DOMCTL_shadow_op");
_Static_assert(sizeof(struct xen_domctl_sendtrigger) == 8, "XEN_DOMCTL_sendtrigger");
_Static_assert(sizeof(struct xen_sysctl_cpu_policy) == 32, "XEN_SYSCTL_get_cpu_policy");

#define TSC_MODE_DEFAULT 0u
#define TSC_MODE_NATIVE 2u
#define STILL_WAIT_NS (NS_PER_MS / 2)

typedef int domctl_handler(struct domain *d, struct xen_domctl *op);

/* --- paging memory: nested page tables come from the machine's free memory; the number set is only remembered --- */

static int do_shadow_op(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_shadow_op *shadow = &op->u.shadow_op;
    switch (shadow->op) {
    case XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION:
        shadow->mb = (uint32_t)(d->arch.paging_pool_bytes >> 20);
        return 0;
    case XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION:
        d->arch.paging_pool_bytes = MIB(shadow->mb);
        return 0;
    case XEN_DOMCTL_SHADOW_OP_OFF:
        return 0; /* nothing was on */
    default:
        return -XEN_EOPNOTSUPP; /* dirty logging */
    }
}

static int do_get_paging_mempool(struct domain *d, struct xen_domctl *op)
{
    op->u.paging_mempool.size = d->arch.paging_pool_bytes;
    return 0;
}

static int do_set_paging_mempool(struct domain *d, struct xen_domctl *op)
{
    if (op->u.paging_mempool.size & (PAGE_SIZE - 1))
        return -XEN_EINVAL;
    d->arch.paging_pool_bytes = op->u.paging_mempool.size;
    return 0;
}

/* --- saved state ----------------------------------------------------------------------------------------------- */

static int do_gethvmcontext(struct domain *d, struct xen_domctl *op)
{
    return hvm_context_get(d, HANDLE_ADDRESS(op->u.hvmcontext.buffer), &op->u.hvmcontext.size);
}

static int do_sethvmcontext(struct domain *d, struct xen_domctl *op)
{
    return hvm_context_set(d, HANDLE_ADDRESS(op->u.hvmcontext.buffer), op->u.hvmcontext.size);
}

/* --- policy, time, size ------------------------------------------------------------------------------------------- */

static int do_get_cpu_policy(struct domain *d, struct xen_domctl *op) { return cpu_policy_get(d, &op->u.cpu_policy); }
static int do_set_cpu_policy(struct domain *d, struct xen_domctl *op) { return cpu_policy_set(d, &op->u.cpu_policy); }

/* The TSC always runs natively; a rate that the machine does not have could only be emulated. */
static int do_settscinfo(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_tsc_info *info = &op->u.tsc_info;
    if (info->tsc_mode != TSC_MODE_DEFAULT && info->tsc_mode != TSC_MODE_NATIVE)
        return -XEN_EOPNOTSUPP;
    return info->gtsc_khz && info->gtsc_khz != host_clock.tsc_khz ? -XEN_EOPNOTSUPP : 0;
}

/* --- signals of a machine -------------------------------------------------------------------------------------- */

/* A PVH kernel is told of no buttons, so one that is pressed does nothing; RESET and INIT are not for guests. */
static int do_sendtrigger(struct domain *d, struct xen_domctl *op)
{
    struct vcpu *v = domain_vcpu(d, op->u.sendtrigger.vcpu);
    if (!v)
        return -XEN_ESRCH;
    switch (op->u.sendtrigger.trigger) {
    case XEN_DOMCTL_SENDTRIGGER_NMI: virtual_lapic_raise_nmi(v); return 0;
    case XEN_DOMCTL_SENDTRIGGER_POWER:
    case XEN_DOMCTL_SENDTRIGGER_SLEEP: return 0;
    default: return -XEN_ENOSYS;
    }
}

/* --- the tables ------------------------------------------------------------------------------------------------- */

static const struct domctl_entry {
    uint16_t command;
    bool is_copied_back;
    bool needs_still; /* the domain is another than the caller's, and none of its vCPUs is on a CPU */
    domctl_handler *handler;
} domctls[] = {
    { XEN_DOMCTL_shadow_op, true, false, do_shadow_op },
    { XEN_DOMCTL_sendtrigger, false, false, do_sendtrigger },
    { XEN_DOMCTL_gethvmcontext, true, true, do_gethvmcontext },
    { XEN_DOMCTL_sethvmcontext, false, true, do_sethvmcontext },
    { XEN_DOMCTL_settscinfo, false, false, do_settscinfo },
    { XEN_DOMCTL_get_cpu_policy, true, false, do_get_cpu_policy },
    { XEN_DOMCTL_set_cpu_policy, true, true, do_set_cpu_policy },
    { XEN_DOMCTL_get_paging_mempool_size, true, false, do_get_paging_mempool },
    { XEN_DOMCTL_set_paging_mempool_size, false, false, do_set_paging_mempool },
};

/* Pauses d and waits until it is off all CPUs; false if that takes too long, and then it is not paused. */
static bool hold_still(struct domain *d)
{
    uint64_t end_ns = arch_time_ns() + STILL_WAIT_NS;
    domain_pause(d);
    while (!domain_is_quiescent(d)) {
        if (arch_time_ns() > end_ns) {
            domain_unpause(d);
            return false;
        }
        arch_relax();
    }
    return true;
}

static long run_domctl(struct hypercall *call, const struct domctl_entry *entry, struct xen_domctl *op,
                       struct domain *d, bool *copy_back)
{
    long result;
    if (entry->needs_still) {
        if (d == call->vcpu->domain)
            return -XEN_EINVAL;
        if (!hold_still(d))
            return hypercall_continue(call);
        result = entry->handler(d, op);
        domain_unpause(d);
    } else {
        result = entry->handler(d, op);
    }
    *copy_back = entry->is_copied_back;
    return result;
}

long arch_domctl(struct hypercall *call, struct xen_domctl *op, struct domain *d, bool *copy_back)
{
    for (size_t i = 0; i < ARRAY_SIZE(domctls); i++)
        if (domctls[i].command == op->cmd)
            return run_domctl(call, &domctls[i], op, d, copy_back);
    return -XEN_ENOSYS;
}

/* --- sysctls ---------------------------------------------------------------------------------------------------- */

long arch_sysctl(struct hypercall *call, struct xen_sysctl *op, bool *copy_back)
{
    *copy_back = true;
    switch (op->cmd) {
    case XEN_SYSCTL_get_cpu_policy: return cpu_policy_get_system(&op->u.cpu_policy);
    case XEN_SYSCTL_get_cpu_featureset: return cpu_policy_get_featureset(&op->u.cpu_featureset);
    default:
        *copy_back = false;
        return -XEN_ENOSYS;
    }
}
