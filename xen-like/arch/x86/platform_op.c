/* SPDX-License-Identifier: MIT */
/*
 * platform_op: what domain 0, as the machine's administrator, asks and tells: wall clock, CPUs, power-off.
 */
#include "arch.h"
#include "cpu.h"
#include "printk.h"
#include "host_time.h"

_Static_assert(sizeof(struct xen_platform_op) == 136, "a platform_op is 136 bytes");

#define ACPI_S5 5u

static long settime64(struct xen_platform_op *op)
{
    const struct xenpf_settime64 *time = &op->u.settime64;
    if (time->mbz || time->nsecs >= NS_PER_S)
        return -XEN_EINVAL;
    wallclock_set(time->secs, time->nsecs, time->system_time);
    return 0;
}

static void get_cpuinfo(struct xenpf_pcpuinfo *info)
{
    const struct cpu *cpu = cpu_of(info->xen_cpuid);
    info->max_present = cpu_count() - 1;
    info->flags = cpu ? XEN_PCPU_FLAGS_ONLINE : XEN_PCPU_FLAGS_INVALID;
    info->apic_id = cpu ? cpu->apic_id : 0;
    info->acpi_id = cpu ? cpu->acpi_id : 0;
}

static long enter_acpi_sleep(struct xen_platform_op *op)
{
    if (op->u.enter_acpi_sleep.sleep_state != ACPI_S5)
        return -XEN_EOPNOTSUPP;
    log_info("domain 0 powers the machine off");
    arch_machine_power_off();
}

long arch_hypercall_platform_op(struct hypercall *call)
{
    struct xen_platform_op op;
    if (!call->vcpu->domain->is_privileged)
        return -XEN_EPERM;
    if (COPY_STRUCT_FROM_GUEST(&op, call->argument[0]))
        return -XEN_EFAULT;
    if (op.interface_version != XENPF_INTERFACE_VERSION)
        return -XEN_EACCES;
    switch (op.cmd) {
    case XENPF_settime64: return settime64(&op);
    case XENPF_enter_acpi_sleep: return enter_acpi_sleep(&op);
    case XENPF_get_cpuinfo:
        get_cpuinfo(&op.u.pcpu_info);
        return COPY_STRUCT_TO_GUEST(call->argument[0], &op);
    default: return -XEN_ENOSYS;
    }
}

/* Machine checks are the hypervisor's own end; none are forwarded. */
long arch_hypercall_mca(struct hypercall *call) { return -XEN_ENOSYS; }
