/* SPDX-License-Identifier: MIT */
/*
 * The plan of a domain's creation: everything that can be checked before anything is changed.
 */
#include "config_keys.h"
#include "create.h"
#include "acpi.h"
#include "creation_lock.h"
#include "device.h"
#include "names.h"
#include "boot_info.h"
#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define VCPUS_MAX 512u
/* xl.cfg(5), shadow_memory: 1 MiB a vCPU and 8 KiB for each MiB of the guest's memory. */
#define PAGING_KIB_PER_VCPU 1024u
#define PAGING_KIB_PER_MIB 8u
/* What a domain costs beyond its memory and paging pool: vCPUs, tables, the rings and ACPI pages. */
#define OVERHEAD_KIB 2048u
#define COMMAND_LINE_MAX 65536u

_Static_assert(VCPUS_MAX * 64 < LAYOUT_ACPI_MAX, "the ACPI tables of so many vCPUs have room");

static int check_config(struct ctl *ctl, const struct ctl_config *config)
{
    if (!config->name || !config->name[0])
        return ctl_fail(ctl, EINVAL, "the guest has no name: give it one with name = \"...\"");
    if (strlen(config->name) > CTL_NAME_MAX)
        return ctl_fail(ctl, EINVAL, "the name \"%.32s...\" is longer than %d bytes", config->name, CTL_NAME_MAX);
    if (!config->kernel)
        return ctl_fail(ctl, EINVAL, "guest \"%s\" has no kernel: name one with kernel = \"...\"", config->name);
    if (config->memory_kib < 1024)
        return ctl_fail(ctl, EINVAL, "memory of guest \"%s\" is %llu KiB: a guest needs at least 1 MiB",
                        config->name, (unsigned long long)config->memory_kib);
    if (config->max_memory_kib < config->memory_kib)
        return ctl_fail(ctl, EINVAL, "maxmem of guest \"%s\" is below its memory", config->name);
    if (config->max_memory_kib > CTL_MEMORY_MAX_KIB)
        return ctl_fail(ctl, EINVAL, "maxmem of guest \"%s\" is %llu KiB: no guest can have so much", config->name,
                        (unsigned long long)config->max_memory_kib);
    if (!config->vcpus || config->max_vcpus < config->vcpus || config->max_vcpus > VCPUS_MAX)
        return ctl_fail(ctl, EINVAL, "vcpus of guest \"%s\" must be from 1 to maxvcpus, and that at most %u",
                        config->name, VCPUS_MAX);
    if (config->command_line && strlen(config->command_line) > COMMAND_LINE_MAX)
        return ctl_fail(ctl, EINVAL, "the command line of guest \"%s\" is longer than %u bytes", config->name,
                        COMMAND_LINE_MAX);
    return 0;
}

static bool has_cpu(const uint8_t map[CTL_CPUMAP_BYTES], uint32_t last_cpu)
{
    for (uint32_t cpu = 0; cpu <= last_cpu && cpu < CTL_CPUMAP_BYTES * 8; cpu++)
        if (map[cpu / 8] & 1u << cpu % 8)
            return true;
    return false;
}

/* CPUs that the machine does not have are no reason to fail, a vCPU without any that it has is. */
static int check_affinity(struct ctl *ctl, const struct ctl_config *config, uint32_t last_cpu)
{
    const struct ctl_affinity *affinity = &config->cpus;

    for (uint32_t vcpu = 0; vcpu < config->max_vcpus; vcpu++) {
        const uint8_t *map = config_affinity_of(affinity, vcpu);

        if (!map || has_cpu(map, last_cpu))
            continue;
        if (vcpu >= affinity->vcpus_count)
            return ctl_fail(ctl, EINVAL, "cpus of guest \"%s\" names none of the machine's CPUs (0 to %u)", config->name,
                            last_cpu);
        return ctl_fail(ctl, EINVAL, "cpus of guest \"%s\" names none of the machine's CPUs (0 to %u) for vCPU %u",
                        config->name, last_cpu, vcpu);
    }
    return 0;
}

/* AMD's CPUs need no help to run a guest in real mode or without paging. */
static bool needs_real_mode_pages(void)
{
    unsigned level, vendor[3];

    __cpuid(0, level, vendor[0], vendor[2], vendor[1]);
    return memcmp(vendor, "AuthenticAMD", sizeof(vendor)) != 0 && memcmp(vendor, "HygonGenuine", sizeof(vendor)) != 0;
}

static int check_host(struct ctl *ctl, struct create_plan *plan)
{
    const struct ctl_config *config = plan->config;
    struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_physinfo };
    const struct xen_sysctl_physinfo *physinfo = &sysctl.u.physinfo;
    uint64_t free_kib, total_kib, need_kib;
    int result = hypercall_sysctl(ctl, &sysctl);

    if (result < 0)
        return ctl_fail(ctl, -result, "the hypervisor does not describe the machine: %s", strerror(-result));
    if (!(physinfo->capabilities & XEN_SYSCTL_PHYSCAP_hap))
        return ctl_fail(ctl, ENODEV, "this machine has no nested paging, which guests need");
    free_kib = (physinfo->free_pages + physinfo->scrub_pages) << (CTL_PAGE_SHIFT - 10);
    if (free_kib > physinfo->outstanding_pages << (CTL_PAGE_SHIFT - 10))
        free_kib -= physinfo->outstanding_pages << (CTL_PAGE_SHIFT - 10);
    total_kib = physinfo->total_pages << (CTL_PAGE_SHIFT - 10);
    plan->real_mode_pages = needs_real_mode_pages();
    plan->grant_v2 = physinfo->capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2;
    plan->paging_size = ((uint64_t)config->max_vcpus * PAGING_KIB_PER_VCPU +
                         (config->max_memory_kib >> 10) * PAGING_KIB_PER_MIB) << 10;
    if (config->memory_kib > total_kib)
        return ctl_fail(ctl, ENOMEM, "memory of guest \"%s\" is %llu MiB, but the machine has only %llu MiB",
                        config->name, (unsigned long long)config->memory_kib >> 10,
                        (unsigned long long)total_kib >> 10);
    need_kib = config->memory_kib + (plan->paging_size >> 10) + OVERHEAD_KIB;
    if (need_kib > free_kib)
        return ctl_fail(ctl, ENOMEM, "guest \"%s\" needs %llu MiB (memory = %llu and overhead), but only %llu MiB of "
                        "the machine's %llu MiB are free", config->name, (unsigned long long)need_kib >> 10,
                        (unsigned long long)config->memory_kib >> 10, (unsigned long long)free_kib >> 10,
                        (unsigned long long)total_kib >> 10);
    result = check_affinity(ctl, config, physinfo->max_cpu_id);
    if (result < 0)
        return result;

    if (!config->cpu_weight && !config->cap) /* nobody will ask for the scheduler */
        return 0;
    sysctl.cmd = XEN_SYSCTL_sched_id;
    memset(&sysctl.u, 0, sizeof(sysctl.u));
    result = hypercall_sysctl(ctl, &sysctl);
    if (result < 0)
        return ctl_fail(ctl, -result, "the hypervisor does not name its scheduler: %s", strerror(-result));
    plan->scheduler = sysctl.u.sched_id.sched_id;
    return 0;
}

static int make_uuid(struct ctl *ctl, struct create_plan *plan)
{
    if (plan->config->uuid_set) {
        memcpy(plan->uuid, plan->config->uuid, sizeof(plan->uuid));
        return 0;
    }
    if (getrandom(plan->uuid, sizeof(plan->uuid), 0) != sizeof(plan->uuid))
        return ctl_fail(ctl, EIO, "the kernel gives no random numbers for a UUID: %s", strerror(errno));
    plan->uuid[6] = (plan->uuid[6] & 0x0f) | 0x40; /* RFC 4122: version 4, random */
    plan->uuid[8] = (plan->uuid[8] & 0x3f) | 0x80;
    return 0;
}

static int make_layout(struct ctl *ctl, struct create_plan *plan)
{
    const struct ctl_config *config = plan->config;

    switch (layout_plan(&plan->layout, config->memory_kib, &plan->kernel.elf, boot_info_size(config->command_line),
                        plan->ramdisk_size, acpi_size_max(config->max_vcpus))) {
    case LAYOUT_KERNEL_OUTSIDE:
        return ctl_fail(ctl, EINVAL, "the kernel \"%s\" has segments outside of the guest's memory: they reach up to "
                        "%llu KiB, memory is %llu KiB", config->kernel,
                        (unsigned long long)(plan->kernel.elf.end + 1023) >> 10,
                        (unsigned long long)plan->layout.low_size >> 10);
    case LAYOUT_RAMDISK_OUTSIDE:
        return ctl_fail(ctl, EINVAL, "%s%s%s does not fit behind the kernel into the guest's memory of %llu MiB",
                        plan->ramdisk_size ? "the ramdisk \"" : "the boot information",
                        plan->ramdisk_size ? config->ramdisk : "", plan->ramdisk_size ? "\"" : "",
                        (unsigned long long)config->memory_kib >> 10);
    default:
        return 0;
    }
}

int create_plan_make(struct ctl *ctl, const struct ctl_config *config, struct create_plan *plan)
{
    int result;

    memset(plan, 0, sizeof(*plan));
    plan->config = config;
    plan->lock = -1;
    result = check_config(ctl, config);
    if (result < 0)
        return result;
    result = check_host(ctl, plan);
    if (result < 0)
        return result;
    plan->lock = creation_lock_name(names_hash(config->name));
    if (plan->lock == -EEXIST)
        return ctl_fail(ctl, EEXIST, "a domain named \"%s\" already exists: it is being made", config->name);
    result = names_check(ctl, config->name, DOMID_INVALID);
    if (result < 0)
        return result;
    result = device_check_all(ctl, config);
    if (result < 0)
        return result;
    result = make_uuid(ctl, plan);
    if (result < 0)
        return result;
    result = kernel_open(ctl, config->kernel, &plan->kernel);
    if (result < 0)
        return result;
    if (config->ramdisk) {
        result = file_map(ctl, "ramdisk", config->ramdisk, &plan->ramdisk, &plan->ramdisk_size);
        if (result < 0)
            return result;
    }
    return make_layout(ctl, plan);
}

void create_plan_free(struct create_plan *plan)
{
    creation_unlock(plan->lock);
    kernel_close(&plan->kernel);
    file_unmap(plan->ramdisk, plan->ramdisk_size);
}
