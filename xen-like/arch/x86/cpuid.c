/* SPDX-License-Identifier: MIT */
/* CPUID exits: the domain's policy, with what depends on the vCPU and its mode, and Xen's own leaves. */
#include "cpu.h"
#include "cpuid.h"
#include "host_time.h"
#include "virtual_lapic.h"

#include <xen/arch-x86/cpufeatureset.h>
#include <xen/arch-x86/cpuid.h>

#define XEN_MAJOR 4u
#define XEN_MINOR 17u
#define XEN_MSR_BASE 0x40000000u
#define TSC_RELIABLE 2u
#define TSC_HAS_RDTSCP 4u
#define OSXSAVE_BIT (1u << (XEN_X86_FEATURE_OSXSAVE % 32))
#define APIC_BIT (1u << (XEN_X86_FEATURE_APIC % 32))

int cpuid_policy_create(struct domain *d)
{
    struct cpuid_policy *policy = object_allocate(sizeof(*policy));
    if (!policy)
        return -XEN_ENOMEM;
    /* Domain 0 stays on this machine: its TSC's rate is as good as the machine's. */
    cpuid_policy_fill(policy, d->is_privileged ? CPUID_GUEST_MAX : CPUID_GUEST_DEFAULT);
    cpuid_policy_complete(policy, d->max_vcpus);
    for (unsigned int i = 0; i < ARRAY_SIZE(policy->memory_types.fixed); i++)
        policy->memory_types.fixed[i] = 0x0606060606060606ull; /* write-back */
    d->arch.cpuid = policy;
    return 0;
}

void cpuid_policy_free(struct domain *d)
{
    object_free(d->arch.cpuid);
    d->arch.cpuid = NULL;
}

static struct cpuid_regs hypervisor_leaf(struct vcpu *v, uint32_t number, uint32_t subleaf)
{
    switch (number) {
    case 0:
        return (struct cpuid_regs){ XEN_CPUID_LEAF(XEN_CPUID_MAX_NUM_LEAVES - 1), XEN_CPUID_SIGNATURE_EBX,
                                    XEN_CPUID_SIGNATURE_ECX, XEN_CPUID_SIGNATURE_EDX };
    case 1: return (struct cpuid_regs){ .a = XEN_MAJOR << 16 | XEN_MINOR };
    case 2: return (struct cpuid_regs){ .a = 1, .b = XEN_MSR_BASE };
    case 3:
        if (subleaf == 0)
            return (struct cpuid_regs){ .a = (cpu_features.invariant_tsc ? TSC_RELIABLE : 0) |
                                             (cpuid_has_feature(v->domain->arch.cpuid, XEN_X86_FEATURE_RDTSCP) ?
                                              TSC_HAS_RDTSCP : 0),
                                        .c = (uint32_t)host_clock.tsc_khz };
        if (subleaf == 1) {
            uint64_t offset = v->arch.tsc_offset;
            return (struct cpuid_regs){ (uint32_t)offset, (uint32_t)(offset >> 32), host_clock.tsc_multiplier,
                                        (uint32_t)(int32_t)host_clock.tsc_shift };
        }
        return (struct cpuid_regs){ .a = subleaf == 2 ? (uint32_t)host_clock.tsc_khz : 0 };
    case 4:
        /*
         * UPCALL_VECTOR is not claimed: with it a guest takes events through its local APIC, and pays an exit for each
         * end of interrupt; the domain's callback vector needs none. HVMOP_set_evtchn_upcall_vector works all the same.
         */
        if (subleaf == 0)
            return (struct cpuid_regs){ XEN_HVM_CPUID_VCPU_ID_PRESENT | XEN_HVM_CPUID_DOMID_PRESENT, v->id,
                                        v->domain->id, 0 };
        return (struct cpuid_regs){ 0 };
    default: return (struct cpuid_regs){ 0 };
    }
}

/* Each vCPU is a core of its own, with one of the two ids of its thread pair in use. */
static struct cpuid_regs topology_leaf(const struct vcpu *v, uint32_t subleaf)
{
    enum { LEVEL_THREAD = 1, LEVEL_CORE = 2 };
    struct cpuid_regs r = { .c = subleaf & 0xff, .d = v->arch.lapic->id };
    uint32_t id_bits = v->domain->arch.cpuid->extended[8].c >> 12 & 0xf;
    if (subleaf == 0)
        r = (struct cpuid_regs){ 1, 1, LEVEL_THREAD << 8, r.d };
    else if (subleaf == 1)
        r = (struct cpuid_regs){ MAX(id_bits, 1u), v->domain->max_vcpus, LEVEL_CORE << 8 | 1, r.d };
    return r;
}

static bool has_osxsave(const struct vcpu *v)
{
    struct guest_paging paging;
    virtualization->paging_get(v, &paging);
    return paging.cr4 & CR4_OSXSAVE;
}

/* Bytes that XSAVE (or XSAVEC, compacted) writes with these components on. */
static uint32_t xsave_size(const struct cpuid_policy *policy, uint64_t components, bool is_compacted)
{
    uint32_t size = 576; /* x87, SSE and the header */
    for (uint32_t i = 2; i < CPUID_XSTATE_SUBLEAVES; i++) {
        if (!(components >> i & 1))
            continue;
        if (!is_compacted)
            size = MAX(size, policy->xstate[i].a + policy->xstate[i].b);
        else
            size = (policy->xstate[i].c & 2 ? ROUND_UP(size, 64u) : size) + policy->xstate[i].a;
    }
    return size;
}

static struct cpuid_regs xstate_leaf(struct vcpu *v, const struct cpuid_policy *policy, uint32_t subleaf)
{
    if (subleaf >= CPUID_XSTATE_SUBLEAVES)
        return (struct cpuid_regs){ 0 };
    struct cpuid_regs r = policy->xstate[subleaf];
    /* The guest runs with its own XCR0, which is this CPU's until it is switched out. */
    if (subleaf == 0 && r.a)
        r.b = xsave_size(policy, read_xcr0(), false);
    else if (subleaf == 1 && (r.a & (1u << (XEN_X86_FEATURE_XSAVEC % 32))))
        r.b = xsave_size(policy, read_xcr0(), true);
    return r;
}

static struct cpuid_regs basic_leaf(struct vcpu *v, const struct cpuid_policy *policy, uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_regs r;
    switch (leaf) {
    case 1:
        r = policy->basic[1];
        r.b = (r.b & 0x00ffffff) | (v->arch.lapic->id & 0xff) << 24;
        if ((r.c & (1u << (XEN_X86_FEATURE_XSAVE % 32))) && has_osxsave(v))
            r.c |= OSXSAVE_BIT;
        if (!(v->arch.lapic->base_msr & APIC_BASE_ENABLED))
            r.d &= ~APIC_BIT;
        return r;
    case 4: return subleaf < CPUID_CACHE_SUBLEAVES ? policy->cache[subleaf] : (struct cpuid_regs){ 0 };
    case 7: return subleaf < CPUID_FEATURE_SUBLEAVES ? policy->feature[subleaf] : (struct cpuid_regs){ 0 };
    case 0xb: return topology_leaf(v, subleaf);
    case 0xd: return xstate_leaf(v, policy, subleaf);
    default: return policy->basic[leaf];
    }
}

void cpuid_exit(struct vcpu *v)
{
    struct guest_registers *registers = &v->arch.registers;
    const struct cpuid_policy *policy = v->domain->arch.cpuid;
    uint32_t leaf = (uint32_t)registers->rax, subleaf = (uint32_t)registers->rcx;
    struct cpuid_regs r = { 0 };

    if (leaf <= policy->basic[0].a) {
        r = basic_leaf(v, policy, leaf, subleaf);
    } else if (leaf >= 0x80000000u && leaf <= policy->extended[0].a) {
        r = policy->extended[leaf & 0xffff];
        if (leaf == 0x80000001u && !(v->arch.lapic->base_msr & APIC_BASE_ENABLED))
            r.d &= ~APIC_BIT;
    } else if (leaf - XEN_CPUID_FIRST_LEAF < 0x100) {
        r = hypervisor_leaf(v, leaf - XEN_CPUID_FIRST_LEAF, subleaf);
    }
    registers->rax = r.a;
    registers->rbx = r.b;
    registers->rcx = r.c;
    registers->rdx = r.d;
}
