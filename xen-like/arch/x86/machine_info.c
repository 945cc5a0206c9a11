/* SPDX-License-Identifier: MIT */
/* The machine as XEN_SYSCTL_physinfo describes it. */
#include "arch.h"
#include "cpu.h"
#include "host_time.h"
#include "string.h"

_Static_assert(sizeof(((struct xen_sysctl_physinfo *)0)->hw_cap) == 8 * sizeof(uint32_t), "eight words of features");

void arch_fill_physinfo(struct xen_sysctl_physinfo *info)
{
    const struct cpuid_result basic = cpuid(1, 0), extended = cpuid(0x80000001u, 0);
    const struct cpuid_result none = { 0 };
    struct cpuid_result structured = cpu_features.max_leaf >= 7 ? cpuid(7, 0) : none;
    struct cpuid_result xstate = cpu_features.max_leaf >= 0xd ? cpuid(0xd, 1) : none;
    struct cpuid_result power = cpu_features.max_extended_leaf >= 0x80000007u ? cpuid(0x80000007u, 0) : none;
    /* In the order of the words of XEN_X86_FEATURE_* numbers. */
    const uint32_t words[8] = { basic.edx, basic.ecx, extended.edx, extended.ecx, xstate.eax, structured.ebx,
                                structured.ecx, power.edx };

    info->threads_per_core = 1;
    info->cores_per_socket = cpu_count();
    info->cpu_khz = (uint32_t)host_clock.tsc_khz;
    memcpy(info->hw_cap, words, sizeof(words));
}
