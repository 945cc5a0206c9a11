/* SPDX-License-Identifier: MIT */
/* The hypercalls that exist, at Xen's numbers. docs/abi.md has the same list. */
#include "hypercall.h"
#include "xen_abi.h"

hypercall_handler *const hypercall_table[HYPERCALL_COUNT] = {
    [__HYPERVISOR_platform_op] = arch_hypercall_platform_op,
    [__HYPERVISOR_memory_op] = hypercall_memory_op,
    [__HYPERVISOR_multicall] = hypercall_multicall,
    [__HYPERVISOR_set_timer_op] = hypercall_set_timer_op,
    [__HYPERVISOR_xen_version] = hypercall_xen_version,
    [__HYPERVISOR_console_io] = hypercall_console_io,
    [__HYPERVISOR_grant_table_op] = hypercall_grant_table_op,
    [__HYPERVISOR_vm_assist] = hypercall_vm_assist,
    [__HYPERVISOR_vcpu_op] = hypercall_vcpu_op,
    [__HYPERVISOR_sched_op] = hypercall_sched_op,
    [__HYPERVISOR_event_channel_op] = hypercall_event_channel_op,
    [__HYPERVISOR_physdev_op] = arch_hypercall_physdev_op,
    [__HYPERVISOR_hvm_op] = arch_hypercall_hvm_op,
    [__HYPERVISOR_sysctl] = hypercall_sysctl,
    [__HYPERVISOR_domctl] = hypercall_domctl,
    [__HYPERVISOR_hypfs_op] = hypercall_hypfs_op,
    [__HYPERVISOR_arch_0] = arch_hypercall_mca,
};
