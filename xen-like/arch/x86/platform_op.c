/* SPDX-License-Identifier: MIT */
/*
 * platform_op: what domain 0, as the machine's administrator, asks and tells: wall clock, CPUs, idle time, power-off.
 */
#include "arch.h"
#include "cpu.h"
#include "printk.h"
#include "pvclock.h"
#include "string.h"

_Static_assert(sizeof(struct xen_platform_op) == 136, "a platform_op is 136 bytes");

#define ACPI_S5 5u

typedef long platform_op_handler(struct xen_platform_op *op, bool *copy_back);

static long settime64(struct xen_platform_op *op, bool *copy_back)
{
    const struct xenpf_settime64 *time = &op->u.settime64;
    if (time->mbz || time->nsecs >= NS_PER_S)
        return -XEN_EINVAL;
    wallclock_set(time->secs, time->nsecs, time->system_time);
    return 0;
}

static long settime32(struct xen_platform_op *op, bool *copy_back)
{
    const struct xenpf_settime32 *time = &op->u.settime32;
    if (time->nsecs >= NS_PER_S)
        return -XEN_EINVAL;
    wallclock_set(time->secs, time->nsecs, time->system_time);
    return 0;
}

static long get_cpuinfo(struct xen_platform_op *op, bool *copy_back)
{
    struct xenpf_pcpuinfo *info = &op->u.pcpu_info;
    const struct cpu *cpu = cpu_of(info->xen_cpuid);
    info->max_present = cpu_count() - 1;
    info->flags = cpu ? XEN_PCPU_FLAGS_ONLINE : XEN_PCPU_FLAGS_INVALID;
    info->apic_id = cpu ? cpu->apic_id : 0;
    info->acpi_id = cpu ? cpu->acpi_id : 0;
    *copy_back = true;
    return 0;
}

static long get_cpu_version(struct xen_platform_op *op, bool *copy_back)
{
    struct xenpf_pcpu_version *version = &op->u.pcpu_version;
    bool is_present = cpu_of(version->xen_cpuid);
    version->max_present = cpu_count() - 1;
    memset(version->vendor_id, 0, sizeof(version->vendor_id));
    version->family = version->model = version->stepping = 0;
    if (is_present) { /* all CPUs are alike */
        memcpy(version->vendor_id, cpu_features.vendor, sizeof(version->vendor_id));
        version->family = cpu_features.family;
        version->model = cpu_features.model;
        version->stepping = cpu_features.stepping;
    }
    *copy_back = true;
    return 0;
}

static long getidletime(struct xen_platform_op *op, bool *copy_back)
{
    struct xenpf_getidletime *asked = &op->u.getidletime;
    uint64_t map_address = HANDLE_ADDRESS(asked->cpumap_bitmap), times_address = HANDLE_ADDRESS(asked->idletime);
    uint32_t count = MIN(asked->cpumap_nr_cpus, MAX_CPUS);
    uint8_t map[MAX_CPUS / 8] = { 0 };

    if (copy_from_guest(map, map_address, (count + 7) / 8))
        return -XEN_EFAULT;
    asked->now = arch_time_ns();
    for (uint32_t i = 0; i < (count + 7) / 8 * 8; i++) {
        uint8_t bit = (uint8_t)(1u << i % 8);
        if (!(map[i / 8] & bit))
            continue;
        if (i >= count || i >= cpu_count()) {
            map[i / 8] &= (uint8_t)~bit;
            continue;
        }
        uint64_t idle_ns = scheduler_idle_time_ns(i);
        if (COPY_STRUCT_TO_GUEST(times_address + i * sizeof(idle_ns), &idle_ns))
            return -XEN_EFAULT;
    }
    *copy_back = true;
    return copy_to_guest(map_address, map, (count + 7) / 8);
}

static long enter_acpi_sleep(struct xen_platform_op *op, bool *copy_back)
{
    if (op->u.enter_acpi_sleep.sleep_state != ACPI_S5)
        return -XEN_EOPNOTSUPP;
    log_info("domain 0 powers the machine off");
    arch_machine_power_off();
}

static long not_supported(struct xen_platform_op *op, bool *copy_back) { return -XEN_EOPNOTSUPP; }

static const struct { uint32_t command; platform_op_handler *handler; } table[] = {
    { XENPF_settime32, settime32 },
    { XENPF_settime64, settime64 },
    { XENPF_get_cpu_version, get_cpu_version },
    { XENPF_efi_runtime_call, not_supported },
    { XENPF_firmware_info, not_supported },
    { XENPF_enter_acpi_sleep, enter_acpi_sleep },
    { XENPF_getidletime, getidletime },
    { XENPF_set_processor_pminfo, not_supported },
    { XENPF_get_cpuinfo, get_cpuinfo },
};

long arch_hypercall_platform_op(struct hypercall *call)
{
    struct xen_platform_op op;
    bool copy_back = false;
    if (!call->vcpu->domain->is_privileged)
        return -XEN_EPERM;
    if (COPY_STRUCT_FROM_GUEST(&op, call->argument[0]))
        return -XEN_EFAULT;
    if (op.interface_version != XENPF_INTERFACE_VERSION)
        return -XEN_EACCES;
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        if (table[i].command != op.cmd)
            continue;
        long result = table[i].handler(&op, &copy_back);
        if (!result && copy_back && COPY_STRUCT_TO_GUEST(call->argument[0], &op))
            result = -XEN_EFAULT;
        return result;
    }
    return -XEN_ENOSYS;
}

/* Machine checks are the hypervisor's own end; none are forwarded. */
long arch_hypercall_mca(struct hypercall *call) { return -XEN_ENOSYS; }
