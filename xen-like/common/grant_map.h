/* SPDX-License-Identifier: MIT */
/*
 * Inside the grant code: mappings, and the operations by file. An operation gets the address of its array and the
 * number of elements left (never 0); a batch that stops half-way asks to be continued at the element it has come to.
 */
#ifndef KEEL_GRANT_MAP_H
#define KEEL_GRANT_MAP_H

#include "domain.h"

#define GRANT_HANDLE_NONE UINT32_MAX

/* Ends all mappings that a dying domain holds. Continuable: -XEN_ERESTART. */
int grant_map_release_all(struct domain *d);

typedef long grant_operation(struct hypercall *call, uint64_t address, uint64_t count);
grant_operation grant_map_batch, grant_unmap_batch;                  /* grant_map.c */
grant_operation grant_copy_batch;                                    /* grant_copy.c */
grant_operation grant_setup_table, grant_query_size, grant_get_version; /* grant_table.c */

/* The call goes on at this element when it is executed again. */
static inline long grant_continue(struct hypercall *call, uint64_t address, uint64_t count)
{
    call->argument[1] = address;
    call->argument[2] = count;
    return hypercall_continue(call);
}

#endif
