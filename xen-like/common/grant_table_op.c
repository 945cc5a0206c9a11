/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_grant_table_op: the table of its operations. */
#include "grant_entry.h"
#include "grant_map.h"

#define MAX_COUNT 0x7fffffffull /* the ABI's count is a signed int in most callers */

_Static_assert(sizeof(gnttab_map_grant_ref_t) == 32, "ABI");
_Static_assert(sizeof(gnttab_unmap_grant_ref_t) == 24, "ABI");
_Static_assert(sizeof(gnttab_setup_table_t) == 24, "ABI");
_Static_assert(sizeof(gnttab_query_size_t) == 16, "ABI");

static grant_operation *const operations[] = {
    [GNTTABOP_map_grant_ref] = grant_map_batch,
    [GNTTABOP_unmap_grant_ref] = grant_unmap_batch,
    [GNTTABOP_setup_table] = grant_setup_table,
    [GNTTABOP_copy] = grant_copy_batch,
    [GNTTABOP_query_size] = grant_query_size,
    [GNTTABOP_get_version] = grant_get_version,
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
