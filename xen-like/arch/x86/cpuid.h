/* SPDX-License-Identifier: MIT */
/*
 * What a domain sees of the processor. A policy is the host's leaves with features masked by a table of what works in a
 * guest; tools may take more away. What depends on the vCPU, its mode or the number of vCPUs is filled in at each exit.
 */
#ifndef KEEL_X86_CPUID_H
#define KEEL_X86_CPUID_H

#include "types.h"

#define CPUID_BASIC_LEAVES 0xeu      /* 0 .. 0xd */
#define CPUID_CACHE_SUBLEAVES 6u     /* leaf 4 */
#define CPUID_FEATURE_SUBLEAVES 3u   /* leaf 7 */
#define CPUID_XSTATE_SUBLEAVES 20u   /* leaf 0xd */
#define CPUID_EXTENDED_LEAVES 0x22u  /* 0x80000000 .. 0x80000021 */
#define CPUID_FEATURE_WORDS 19u      /* words of XEN_X86_FEATURE_* numbers */

/* Bits of leaf 0x80000001's edx that AMD copies from leaf 1's. */
#define CPUID_EXTENDED_COPIES 0x0183f3ffu

struct cpuid_regs { uint32_t a, b, c, d; };

/* Model-specific registers that all CPUs of a machine hold alike. */
struct memory_type_ranges { uint64_t variable[16], fixed[11]; };

struct cpuid_policy {
    struct cpuid_regs basic[CPUID_BASIC_LEAVES];
    struct cpuid_regs cache[CPUID_CACHE_SUBLEAVES];
    struct cpuid_regs feature[CPUID_FEATURE_SUBLEAVES];
    struct cpuid_regs xstate[CPUID_XSTATE_SUBLEAVES];
    struct cpuid_regs extended[CPUID_EXTENDED_LEAVES];
    struct memory_type_ranges memory_types;
};

enum cpuid_source {
    CPUID_RAW,          /* what the CPU says */
    CPUID_HOST,         /* what the hypervisor uses: the same */
    CPUID_GUEST_MAX,    /* what a guest may have */
    CPUID_GUEST_DEFAULT /* what it has unless a tool says otherwise */
};

/* Fills *policy (large: not on the stack). Any CPU; executes CPUID. */
void cpuid_policy_fill(struct cpuid_policy *policy, enum cpuid_source source);
/* The 32 feature bits of word number n (XEN_X86_FEATURE_* / 32), or NULL for words that are no CPUID output. */
uint32_t *cpuid_feature_word(struct cpuid_policy *policy, uint32_t word);
bool cpuid_has_feature(const struct cpuid_policy *policy, uint32_t feature);
/* The bits of feature word n that a guest may have (a function of the table, not of the machine). */
uint32_t cpuid_allowed_features(uint32_t word, enum cpuid_source source);
/* Takes away what depends on features that are not there, and recomputes sizes and topology for that many vCPUs. */
void cpuid_policy_complete(struct cpuid_policy *policy, uint32_t vcpu_count);
/* What XCR0 may hold under this policy; 0 without XSAVE. */
uint64_t cpuid_policy_xcr0(const struct cpuid_policy *policy);

/* --- cpu_policy_op.c: the tools' view ---------------------------------------------------------------------------- */

struct domain;
struct xen_domctl_cpu_policy;
struct xen_sysctl_cpu_policy;
struct xen_sysctl_cpu_featureset;
/*
 * -XEN_ENOBUFS if the buffers are too small, -XEN_EINVAL for what a guest cannot have (err_leaf and err_subleaf say
 * which).
 */
int cpu_policy_get(struct domain *d, struct xen_domctl_cpu_policy *op);
int cpu_policy_set(struct domain *d, struct xen_domctl_cpu_policy *op);
int cpu_policy_get_system(struct xen_sysctl_cpu_policy *op);
int cpu_policy_get_featureset(struct xen_sysctl_cpu_featureset *op);

#endif
