/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_grant_table_op: the table of its operations. */
#include "grant_entry.h"
#include "grant_map.h"

#define MAX_COUNT 0x7fffffffull /* the ABI's count is a signed int in most callers */

_Static_assert(sizeof(gnttab_map_grant_ref_t) == 32, "ABI");
_Static_assert(sizeof(gnttab_unmap_grant_ref_t) == 24, "ABI");
_Static_assert(sizeof(gnttab_setup_table_t) == 24, "ABI");
_Static_assert(sizeof(gnttab_query_size_t) == 16, "ABI");
_Static_assert(sizeof(gnttab_transfer_t) == 24, "ABI");
_Static_assert(sizeof(gnttab_swap_grant_ref_t) == 12, "ABI");

static long swap_batch(struct hypercall *call, uint64_t address, uint64_t count)
{
    while (count) {
        gnttab_swap_grant_ref_t op;
        if (COPY_STRUCT_FROM_GUEST(&op, address))
            return -XEN_EFAULT;
        op.status = (int16_t)grant_entry_swap(call->vcpu->domain, op.ref_a, op.ref_b);
        if (COPY_STRUCT_TO_GUEST(address, &op))
            return -XEN_EFAULT;
        address += sizeof(op);
        count--;
        if (count && hypercall_should_yield())
            return grant_continue(call, address, count);
    }
    return 0;
}

/* Giving pages away needs memory that the guest manages by machine frames: each element fails by its status. */
static long transfer_batch(struct hypercall *call, uint64_t address, uint64_t count)
{
    const int16_t status = GNTST_bad_page; /* the page stays the caller's */
    while (count) {
        if (copy_to_guest(address + offsetof(gnttab_transfer_t, status), &status, sizeof(status)))
            return -XEN_EFAULT;
        address += sizeof(gnttab_transfer_t);
        count--;
        if (count && hypercall_should_yield())
            return grant_continue(call, address, count);
    }
    return 0;
}

static long not_supported(struct hypercall *call, uint64_t address, uint64_t count) { return -XEN_EOPNOTSUPP; }

static grant_operation *const operations[] = {
    [GNTTABOP_map_grant_ref] = grant_map_batch,
    [GNTTABOP_unmap_grant_ref] = grant_unmap_batch,
    [GNTTABOP_setup_table] = grant_setup_table,
    [GNTTABOP_transfer] = transfer_batch,
    [GNTTABOP_copy] = grant_copy_batch,
    [GNTTABOP_query_size] = grant_query_size,
    [GNTTABOP_set_version] = grant_set_version,
    [GNTTABOP_get_status_frames] = grant_get_status_frames,
    [GNTTABOP_get_version] = grant_get_version,
    [GNTTABOP_swap_grant_ref] = swap_batch,
    [GNTTABOP_cache_flush] = not_supported, /* caches are coherent with devices here */
};

long hypercall_grant_table_op(struct hypercall *call)
{
    uint64_t command = call->argument[0], count = call->argument[2];
    if (command >= ARRAY_SIZE(operations) || !operations[command])
        return -XEN_ENOSYS;
    if (count > MAX_COUNT)
        return -XEN_EINVAL;
    return count ? operations[command](call, call->argument[1], count) : 0;
}
