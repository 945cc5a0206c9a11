/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_domctl: the table of commands and what all of them share. What the table lacks, the architecture answers.
 */
#include "domctl.h"

#include "arch.h"

#define NEEDS_DOMAIN 1u
#define NOT_SELF 2u      /* -XEN_EINVAL for the caller's own domain */
#define COPIES_BACK 4u
#define ONE_AT_A_TIME 8u /* changes the set of domains or of a domain's vCPUs */

struct domctl_command {
    domctl_handler *handler;
    unsigned int flags;
};

static const struct domctl_command commands[] = {
    [XEN_DOMCTL_createdomain] = { domctl_createdomain, COPIES_BACK | ONE_AT_A_TIME },
    [XEN_DOMCTL_destroydomain] = { domctl_destroydomain, NEEDS_DOMAIN | NOT_SELF | ONE_AT_A_TIME },
    [XEN_DOMCTL_pausedomain] = { domctl_pausedomain, NEEDS_DOMAIN | NOT_SELF },
    [XEN_DOMCTL_unpausedomain] = { domctl_unpausedomain, NEEDS_DOMAIN },
    [XEN_DOMCTL_getdomaininfo] = { domctl_getdomaininfo, COPIES_BACK },
    [XEN_DOMCTL_setvcpuaffinity] = { domctl_setvcpuaffinity, NEEDS_DOMAIN },
    [XEN_DOMCTL_max_mem] = { domctl_max_mem, NEEDS_DOMAIN },
    [XEN_DOMCTL_getvcpuinfo] = { domctl_getvcpuinfo, NEEDS_DOMAIN | COPIES_BACK },
    [XEN_DOMCTL_max_vcpus] = { domctl_max_vcpus, NEEDS_DOMAIN | NOT_SELF | ONE_AT_A_TIME },
    [XEN_DOMCTL_scheduler_op] = { domctl_scheduler_op, NEEDS_DOMAIN | COPIES_BACK },
    [XEN_DOMCTL_setdomainhandle] = { domctl_setdomainhandle, NEEDS_DOMAIN },
    [XEN_DOMCTL_settimeoffset] = { domctl_settimeoffset, NEEDS_DOMAIN },
    [XEN_DOMCTL_getvcpuaffinity] = { domctl_getvcpuaffinity, NEEDS_DOMAIN },
    [XEN_DOMCTL_resumedomain] = { domctl_resumedomain, NEEDS_DOMAIN | NOT_SELF },
    [XEN_DOMCTL_setnodeaffinity] = { domctl_setnodeaffinity, NEEDS_DOMAIN },
    [XEN_DOMCTL_getnodeaffinity] = { domctl_getnodeaffinity, NEEDS_DOMAIN },
};

static DEFINE_SPINLOCK(control_lock, LOCK_RANK_DOMAIN_CONTROL);

static const struct domctl_command *find_command(uint32_t number)
{
    return number < ARRAY_SIZE(commands) && commands[number].handler ? &commands[number] : NULL;
}

static long run(struct hypercall *call, struct xen_domctl *op, const struct domctl_command *command, bool *copy_back)
{
    struct domain *d = NULL;

    if (!command || (command->flags & NEEDS_DOMAIN)) {
        d = domain_get_target(call->vcpu, op->domain);
        if (!d)
            return -XEN_ESRCH;
    }
    long result;
    if (!command) {
        result = arch_domctl(call, op, d, copy_back);
    } else if ((command->flags & NOT_SELF) && d == call->vcpu->domain) {
        result = -XEN_EINVAL;
    } else {
        result = command->handler(call, op, d);
        *copy_back = !result && (command->flags & COPIES_BACK);
    }
    if (d)
        domain_put(d);
    return result;
}

long hypercall_domctl(struct hypercall *call)
{
    struct xen_domctl op;
    bool copy_back = false;

    if (!call->vcpu->domain->is_privileged)
        return -XEN_EPERM;
    if (COPY_STRUCT_FROM_GUEST(&op, call->argument[0]))
        return -XEN_EFAULT;
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
        return -XEN_EACCES;

    const struct domctl_command *command = find_command(op.cmd);
    bool is_exclusive = command && (command->flags & ONE_AT_A_TIME);
    if (is_exclusive && !spin_trylock(&control_lock))
        return hypercall_continue(call); /* who has it may take long: waiting would keep interrupts off */
    long result = run(call, &op, command, &copy_back);
    if (is_exclusive)
        spin_unlock(&control_lock);
    if (copy_back && COPY_STRUCT_TO_GUEST(call->argument[0], &op))
        return -XEN_EFAULT;
    return result == -XEN_ERESTART ? hypercall_continue(call) : result;
}
