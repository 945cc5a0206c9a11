/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_multicall: a list of hypercalls executed one after the other, each with its own result. An entry that asks
 * to be continued gets its progress written into the guest's list, and the multicall is continued at that entry.
 */
#include "domain.h"

_Static_assert(sizeof(multicall_entry_t) == 64, "ABI");

#define MAX_ENTRIES 0x7fffffffull

static int write_arguments(uint64_t address, const struct hypercall *inner)
{
    return copy_to_guest(address + offsetof(multicall_entry_t, args), inner->argument, sizeof(inner->argument));
}

static long continue_at(struct hypercall *call, uint64_t address, uint64_t count)
{
    call->argument[0] = address;
    call->argument[1] = count;
    return hypercall_continue(call);
}

long hypercall_multicall(struct hypercall *call)
{
    uint64_t address = call->argument[0], count = call->argument[1];
    if (count > MAX_ENTRIES)
        return -XEN_EINVAL;
    while (count) {
        multicall_entry_t entry;
        if (COPY_STRUCT_FROM_GUEST(&entry, address))
            return -XEN_EFAULT;
        struct hypercall inner = { .vcpu = call->vcpu };
        for (unsigned int i = 0; i < HYPERCALL_ARGUMENTS; i++)
            inner.argument[i] = entry.args[i];
        /* A list inside a list would let a guest nest the hypervisor's stack. */
        entry.result = entry.op == __HYPERVISOR_multicall ? (xen_ulong_t)-XEN_EINVAL
                                                          : (xen_ulong_t)hypercall_dispatch(entry.op, &inner);
        if (inner.continued) {
            if (write_arguments(address, &inner))
                return -XEN_EFAULT;
            return continue_at(call, address, count);
        }
        if (copy_to_guest(address + offsetof(multicall_entry_t, result), &entry.result, sizeof(entry.result)))
            return -XEN_EFAULT;
        address += sizeof(entry);
        count--;
        if (count && hypercall_should_yield())
            return continue_at(call, address, count);
    }
    return 0;
}
