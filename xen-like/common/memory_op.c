/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_memory_op: the table of its commands, and those that only ask. */
#include "memory_op.h"

#include "arch.h"

_Static_assert(sizeof(struct xen_memory_reservation) == 32, "ABI");
_Static_assert(sizeof(struct xen_add_to_physmap) == 24, "ABI");
_Static_assert(sizeof(struct xen_add_to_physmap_batch) == 32, "ABI");
_Static_assert(sizeof(struct xen_remove_from_physmap) == 16, "ABI");
_Static_assert(sizeof(struct xen_mem_acquire_resource) == 32, "ABI");
_Static_assert(sizeof(struct xen_pod_target) == 40, "ABI");

int memory_op_find_domain(const struct vcpu *caller, domid_t id, struct domain **out)
{
    struct domain *d = domain_get_target(caller, id);
    if (!d)
        return caller->domain->is_privileged ? -XEN_ESRCH : -XEN_EPERM;
    if (d != caller->domain && !caller->domain->is_privileged) {
        domain_put(d);
        return -XEN_EPERM;
    }
    *out = d;
    return 0;
}

static long maximum_ram_page(struct memory_op *op) { return (long)(frame_table_end - 1); }

/* What is told of the domain that a struct xen_memory_domain at the call's argument names. */
static long domain_number(struct memory_op *op)
{
    struct xen_memory_domain asked;
    struct domain *d;
    if (COPY_STRUCT_FROM_GUEST(&asked, op->argument))
        return -XEN_EFAULT;
    int error = memory_op_find_domain(op->call->vcpu, asked.domid, &d);
    if (error)
        return error;
    uint64_t command = op->call->argument[0] & MEMORY_OP_COMMAND_MASK;
    uint64_t number = command == XENMEM_current_reservation ? d->total_pages :
                      command == XENMEM_maximum_reservation ? d->max_pages : arch_p2m_max_gfn(d).value;
    domain_put(d);
    return (long)number;
}

/*
 * Of memory that would be populated on demand no domain has any. Xen then accepts whatever target and changes nothing,
 * and its tools need that to give a guest its target through the store.
 */
static long populate_on_demand_target(struct memory_op *op)
{
    struct xen_pod_target target;
    struct domain *d;
    if (!op->call->vcpu->domain->is_privileged)
        return -XEN_EPERM;
    if (COPY_STRUCT_FROM_GUEST(&target, op->argument))
        return -XEN_EFAULT;
    int error = memory_op_find_domain(op->call->vcpu, target.domid, &d);
    if (error)
        return error;
    target.tot_pages = d->total_pages;
    target.pod_cache_pages = target.pod_entries = 0;
    domain_put(d);
    return COPY_STRUCT_TO_GUEST(op->argument, &target) ? -XEN_EFAULT : 0;
}

/* No page is ever shared between domains behind their backs. */
static long shared_pages(struct memory_op *op) { return 0; }

typedef long memory_op_handler(struct memory_op *op);

static memory_op_handler *const handlers[] = {
    [XENMEM_increase_reservation] = memory_increase_reservation,
    [XENMEM_decrease_reservation] = memory_decrease_reservation,
    [XENMEM_maximum_ram_page] = maximum_ram_page,
    [XENMEM_current_reservation] = domain_number,
    [XENMEM_maximum_reservation] = domain_number,
    [XENMEM_populate_physmap] = memory_populate_physmap,
    [XENMEM_add_to_physmap] = memory_add_to_physmap,
    [XENMEM_exchange] = memory_exchange,
    [XENMEM_set_pod_target] = populate_on_demand_target,
    [XENMEM_get_pod_target] = populate_on_demand_target,
    [XENMEM_maximum_gpfn] = domain_number,
    [XENMEM_remove_from_physmap] = memory_remove_from_physmap,
    [XENMEM_get_sharing_freed_pages] = shared_pages,
    [XENMEM_get_sharing_shared_pages] = shared_pages,
    [XENMEM_add_to_physmap_batch] = memory_add_to_physmap_batch,
    [XENMEM_claim_pages] = memory_claim_pages,
    [XENMEM_acquire_resource] = memory_acquire_resource,
};

long hypercall_memory_op(struct hypercall *call)
{
    uint64_t command = call->argument[0] & MEMORY_OP_COMMAND_MASK;
    struct memory_op op = {
        .call = call,
        .argument = call->argument[1],
        .done = call->argument[0] >> MEMORY_OP_EXTENT_SHIFT,
    };
    if (command < ARRAY_SIZE(handlers) && handlers[command])
        return handlers[command](&op);
    return arch_memory_op(call, (uint32_t)command, op.argument);
}
