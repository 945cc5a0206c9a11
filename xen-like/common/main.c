/* SPDX-License-Identifier: MIT */
/*
 * The core's part of boot, one step a line. The architecture has set the machine up and calls keel_main on the boot
 * CPU.
 */
#include "arch.h"
#include "command_line.h"
#include "console.h"
#include "panic.h"
#include "printk.h"

void keel_main(void) __attribute__((noreturn));
void keel_secondary_main(void) __attribute__((noreturn));

static uint64_t dom0_max_vcpus; /* 0: as many as the machine has CPUs */
COMMAND_LINE_UNSIGNED("dom0_max_vcpus", dom0_max_vcpus, 1, 128);

static void start_cpus(void)
{
    for (uint32_t cpu = 0; cpu < arch_cpu_count(); cpu++) {
        timers_init_cpu(cpu);
        scheduler_init_cpu(cpu);
        cpu_loop_init_cpu(cpu);
    }
    arch_start_cpu();
}

static struct domain *create_domain_zero(void)
{
    const struct xen_domctl_createdomain config = {
        .flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
        .max_vcpus = dom0_max_vcpus ? (uint32_t)dom0_max_vcpus : arch_cpu_count(),
        .max_evtchn_port = UINT32_MAX,
        .max_grant_frames = -1,
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
        .arch.emulation_flags = XEN_X86_EMU_LAPIC | XEN_X86_EMU_IOAPIC | XEN_X86_EMU_VPCI,
    };
    struct domain *d;
    int error = domain_create(0, &config, true, &d);
    for (uint32_t id = 0; !error && id < config.max_vcpus; id++)
        error = vcpu_create(d, id, NULL);
    if (error)
        panic("domain 0 cannot be created (error %d): make dom0_mem or dom0_max_vcpus smaller", -error);
    return d;
}

void keel_main(void)
{
    arch_start_memory();
    start_cpus();
    console_io_init();
    debug_keys_init();
    domain_zero = create_domain_zero();
    arch_build_domain_zero(domain_zero);
    arch_release_secondaries();
    log_info("Domain 0 starts");
    domain_zero->controller_pause_count = 0;
    domain_unpause(domain_zero);
    cpu_loop();
}

void keel_secondary_main(void)
{
    arch_start_cpu();
    cpu_loop();
}
