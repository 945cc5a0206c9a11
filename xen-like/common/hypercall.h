/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls: one table, indexed by Xen's number (xen.h, __HYPERVISOR_*). A handler gets the calling vCPU and raw
 * arguments; it copies guest memory in once, checks everything, then commits. It runs on its CPU's only stack with
 * interrupts off and must not take longer than about a millisecond: a long call saves its progress in its arguments (or
 * in the structure they point to) and returns hypercall_continue(), upon which the vCPU executes the same call again.
 */
#ifndef KEEL_HYPERCALL_H
#define KEEL_HYPERCALL_H

#include "types.h"

struct vcpu;

#define HYPERCALL_ARGUMENTS 5
#define HYPERCALL_COUNT 56

struct hypercall {
    struct vcpu *vcpu; /* the caller, running on this CPU */
    uint64_t argument[HYPERCALL_ARGUMENTS];
    bool continued; /* set by hypercall_continue: write the arguments back and execute the instruction again */
};

typedef long hypercall_handler(struct hypercall *call);

/* Entry NULL: not implemented, -ENOSYS. hypercall_dispatch (domain.h) runs one, and counts it. */
extern hypercall_handler *const hypercall_table[HYPERCALL_COUNT];

/* Asks that the call be executed again with its arguments as they are now; the value to return from the handler. */
static inline long hypercall_continue(struct hypercall *call)
{
    call->continued = true;
    return 0;
}

/*
 * True when a long call should stop for others: other work waits on this CPU or the call has used its time. A call must
 * have made progress before it asks, so that it ends however often it is stopped.
 */
bool hypercall_should_yield(void);

/* A guest handle of the public headers as the address it carries. */
#define HANDLE_ADDRESS(handle) ((uint64_t)(handle).p)

/*
 * Copies between the hypervisor and the memory of the vCPU that runs on this CPU, at guest-virtual addresses.
 * 0, or -XEN_EFAULT when any byte cannot be reached (a part may have been copied). Never fault the guest.
 */
int copy_from_guest(void *to, uint64_t guest_address, size_t size);
int copy_to_guest(uint64_t guest_address, const void *from, size_t size);

#define COPY_STRUCT_FROM_GUEST(to, address) copy_from_guest((to), (address), sizeof(*(to)))
#define COPY_STRUCT_TO_GUEST(address, from) copy_to_guest((address), (from), sizeof(*(from)))

/* Handlers, one file each (common/ or the architecture). */
hypercall_handler hypercall_memory_op, hypercall_event_channel_op, hypercall_grant_table_op, hypercall_sched_op,
    hypercall_vcpu_op, hypercall_set_timer_op, hypercall_xen_version, hypercall_console_io, hypercall_multicall,
    hypercall_domctl, hypercall_sysctl, hypercall_vm_assist, hypercall_hypfs_op;
hypercall_handler arch_hypercall_hvm_op, arch_hypercall_physdev_op, arch_hypercall_platform_op, arch_hypercall_mca;

#endif
