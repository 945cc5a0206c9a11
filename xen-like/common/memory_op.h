/* SPDX-License-Identifier: MIT */
/*
 * The parts of HYPERVISOR_memory_op, one file a noun. A handler gets the address of its argument and, for calls that
 * are continued, how many extents are done; it returns what the guest gets.
 */
#ifndef KEEL_MEMORY_OP_H
#define KEEL_MEMORY_OP_H

#include "domain.h"

/*
 * A call's first argument is the command, with the number of extents done above it when it is continued. It is the
 * guest's register: what comes back is checked like any argument.
 */
#define MEMORY_OP_EXTENT_SHIFT 6u
#define MEMORY_OP_COMMAND_MASK ((1ull << MEMORY_OP_EXTENT_SHIFT) - 1)
#define MEMORY_OP_MAX_EXTENTS (~0ull >> MEMORY_OP_EXTENT_SHIFT)

struct memory_op {
    struct hypercall *call;
    uint64_t argument; /* guest-virtual address */
    uint64_t done;     /* extents done by earlier slices */
};

/* Has the call done `done` extents in all, and continues there. */
static inline long memory_op_continue(struct memory_op *op, uint64_t done)
{
    op->call->argument[0] = (op->call->argument[0] & MEMORY_OP_COMMAND_MASK) | done << MEMORY_OP_EXTENT_SHIFT;
    return hypercall_continue(op->call);
}

/* The domain a caller names, referenced: itself, or any if it is privileged. -XEN_EPERM, -XEN_ESRCH. */
int memory_op_find_domain(const struct vcpu *caller, domid_t id, struct domain **out);

/* reservation.c */
long memory_increase_reservation(struct memory_op *op);
long memory_decrease_reservation(struct memory_op *op);
long memory_populate_physmap(struct memory_op *op);
long memory_exchange(struct memory_op *op);
long memory_claim_pages(struct memory_op *op);

/* physmap_op.c */
long memory_add_to_physmap(struct memory_op *op);
long memory_add_to_physmap_batch(struct memory_op *op);
long memory_remove_from_physmap(struct memory_op *op);

/* resource.c */
long memory_acquire_resource(struct memory_op *op);

#endif
