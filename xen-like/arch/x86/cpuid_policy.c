/* SPDX-License-Identifier: MIT */
/* CPUID policies: the table of features that work in a guest, and how the host's leaves become a guest's. */
#include "cpuid.h"
#include "registers.h"

#include <xen/arch-x86/cpufeatureset.h>

#define F(name) (1u << (XEN_X86_FEATURE_##name % 32))

/*
 * By word of XEN_X86_FEATURE_* numbers; words left out allow nothing. Absent on purpose: SVM and VMX (no nesting),
 * MONITOR (an exit cannot emulate it), TSC_DEADLINE (the virtual timer has none), TSC_ADJUST, XSAVES, PKU and CET
 * (state that is not switched), SPEC_CTRL's bits (the MSR is not switched), performance counters, TOPOEXT (topology
 * is in leaf 0xb).
 */
static const uint32_t allowed[CPUID_FEATURE_WORDS] = {
    [0] = F(FPU) | F(VME) | F(DE) | F(PSE) | F(TSC) | F(MSR) | F(PAE) | F(MCE) | F(CX8) | F(APIC) | F(SEP) | F(MTRR) |
          F(PGE) | F(MCA) | F(CMOV) | F(PAT) | F(PSE36) | F(CLFLUSH) | F(MMX) | F(FXSR) | F(SSE) | F(SSE2) | F(SS) |
          F(HTT),
    [1] = F(SSE3) | F(PCLMULQDQ) | F(SSSE3) | F(FMA) | F(CX16) | F(PCID) | F(SSE4_1) | F(SSE4_2) | F(X2APIC) |
          F(MOVBE) | F(POPCNT) | F(AESNI) | F(XSAVE) | F(AVX) | F(F16C) | F(RDRAND) | F(HYPERVISOR),
    [2] = F(SYSCALL) | F(NX) | F(MMXEXT) | F(FFXSR) | F(PAGE1GB) | F(RDTSCP) | F(LM) | F(3DNOWEXT) | F(3DNOW),
    [3] = F(LAHF_LM) | F(CMP_LEGACY) | F(CR8_LEGACY) | F(ABM) | F(SSE4A) | F(MISALIGNSSE) | F(3DNOWPREFETCH) | F(XOP) |
          F(FMA4) | F(TBM) | F(DBEXT),
    [4] = F(XSAVEOPT) | F(XSAVEC) | F(XGETBV1),
    [5] = F(FSGSBASE) | F(BMI1) | F(AVX2) | F(SMEP) | F(BMI2) | F(ERMS) | F(INVPCID) | F(AVX512F) | F(AVX512DQ) |
          F(RDSEED) | F(ADX) | F(SMAP) | F(AVX512_IFMA) | F(CLFLUSHOPT) | F(CLWB) | F(AVX512CD) | F(SHA) | F(AVX512BW) |
          F(AVX512VL) | F(NO_FPU_SEL) | F(FDP_EXCP_ONLY),
    [6] = F(PREFETCHWT1) | F(AVX512_VBMI) | F(UMIP) | F(AVX512_VBMI2) | F(GFNI) | F(VAES) | F(VPCLMULQDQ) |
          F(AVX512_VNNI) | F(AVX512_BITALG) | F(AVX512_VPOPCNTDQ) | F(RDPID) | F(CLDEMOTE) | F(MOVDIRI) | F(MOVDIR64B),
    [7] = F(ITSC),
    [8] = F(CLZERO) | F(RSTR_FP_ERR_PTRS) | F(WBNOINVD) | F(IBPB) | F(SSB_NO) | F(BTC_NO) | F(IBPB_RET),
    [9] = F(FSRM) | F(MD_CLEAR) | F(SERIALIZE),
    [10] = F(AVX_VNNI) | F(AVX512_BF16) | F(FZRM) | F(FSRS) | F(FSRCS),
    [11] = F(LFENCE_DISPATCH) | F(NSCB) | F(VERW_CLEAR),
};

/* Given to a guest only when a tool asks: the promise that the TSC runs at one rate also after a move. */
static const uint32_t not_by_default[CPUID_FEATURE_WORDS] = { [7] = F(ITSC) };

/* Features that the virtual machine has whatever the host has. */
static const uint32_t always[CPUID_FEATURE_WORDS] = { [0] = F(APIC) | F(HTT), [1] = F(X2APIC) | F(HYPERVISOR) };

uint32_t cpuid_allowed_features(uint32_t word, enum cpuid_source source)
{
    if (word >= CPUID_FEATURE_WORDS)
        return 0;
    return source == CPUID_GUEST_DEFAULT ? allowed[word] & ~not_by_default[word] : allowed[word];
}

uint32_t *cpuid_feature_word(struct cpuid_policy *policy, uint32_t word)
{
    switch (word) {
    case 0: return &policy->basic[1].d;
    case 1: return &policy->basic[1].c;
    case 2: return &policy->extended[1].d;
    case 3: return &policy->extended[1].c;
    case 4: return &policy->xstate[1].a;
    case 5: return &policy->feature[0].b;
    case 6: return &policy->feature[0].c;
    case 7: return &policy->extended[7].d;
    case 8: return &policy->extended[8].b;
    case 9: return &policy->feature[0].d;
    case 10: return &policy->feature[1].a;
    case 11: return &policy->extended[0x21].a;
    case 12: return &policy->feature[1].b;
    case 13: return &policy->feature[2].d;
    case 14: return &policy->feature[1].c;
    case 15: return &policy->feature[1].d;
    default: return NULL; /* MSR-based words */
    }
}

bool cpuid_has_feature(const struct cpuid_policy *policy, uint32_t feature)
{
    const uint32_t *word = cpuid_feature_word((struct cpuid_policy *)(uintptr_t)policy, feature / 32);
    return word && (*word >> feature % 32 & 1);
}

static struct cpuid_regs read_leaf(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_result r = cpuid(leaf, subleaf);
    return (struct cpuid_regs){ r.eax, r.ebx, r.ecx, r.edx };
}

static void read_host(struct cpuid_policy *policy)
{
    *policy = (struct cpuid_policy){ .basic = { { 0 } } };
    uint32_t basic_max = MIN(read_leaf(0, 0).a, CPUID_BASIC_LEAVES - 1);
    for (uint32_t leaf = 0; leaf <= basic_max; leaf++)
        if (leaf != 4 && leaf != 7 && leaf != 0xb && leaf != 0xd)
            policy->basic[leaf] = read_leaf(leaf, 0);
    policy->basic[0].a = basic_max;
    for (uint32_t i = 0; basic_max >= 4 && i < CPUID_CACHE_SUBLEAVES; i++) {
        policy->cache[i] = read_leaf(4, i);
        if (!(policy->cache[i].a & 0x1f))
            break;
    }
    if (basic_max >= 7) {
        policy->feature[0] = read_leaf(7, 0);
        uint32_t last = MIN(policy->feature[0].a, CPUID_FEATURE_SUBLEAVES - 1);
        policy->feature[0].a = last;
        for (uint32_t i = 1; i <= last; i++)
            policy->feature[i] = read_leaf(7, i);
    }
    for (uint32_t i = 0; basic_max >= 0xd && i < CPUID_XSTATE_SUBLEAVES; i++)
        policy->xstate[i] = read_leaf(0xd, i);

    uint32_t extended_max = read_leaf(0x80000000u, 0).a;
    if (extended_max < 0x80000000u)
        return;
    extended_max = MIN(extended_max & 0xffff, CPUID_EXTENDED_LEAVES - 1);
    for (uint32_t leaf = 0; leaf <= extended_max; leaf++)
        policy->extended[leaf] = read_leaf(0x80000000u | leaf, 0);
    policy->extended[0].a = 0x80000000u | extended_max;
}

/* Leaves that are not features: kept, cut down, or empty. */
static void hide_leaves(struct cpuid_policy *policy)
{
    static const uint8_t hidden_basic[] = { 3, 5, 6, 8, 9, 0xa, 0xc };
    static const uint8_t hidden_extended[] = { 9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
                                               0x16, 0x17, 0x18, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20 };
    for (size_t i = 0; i < ARRAY_SIZE(hidden_basic); i++)
        policy->basic[hidden_basic[i]] = (struct cpuid_regs){ 0 };
    for (size_t i = 0; i < ARRAY_SIZE(hidden_extended); i++)
        policy->extended[hidden_extended[i]] = (struct cpuid_regs){ 0 };
    policy->extended[7] = (struct cpuid_regs){ .d = policy->extended[7].d };
    policy->extended[8].a &= 0xffff; /* physical and linear width; no separate guest width */
    policy->extended[8].d = 0;
    policy->extended[0x21] = (struct cpuid_regs){ .a = policy->extended[0x21].a };
    /* Leaves 0xb and 0xd exist whatever the host has: x2APIC and, with XSAVE, its sizes. */
    if (policy->basic[0].a < 0xb)
        policy->basic[0].a = 0xb;
}

void cpuid_policy_fill(struct cpuid_policy *policy, enum cpuid_source source)
{
    read_host(policy);
    if (source == CPUID_RAW || source == CPUID_HOST)
        return;
    hide_leaves(policy);
    for (uint32_t n = 0; n < CPUID_FEATURE_WORDS; n++) {
        uint32_t *word = cpuid_feature_word(policy, n);
        if (word)
            *word = (*word & cpuid_allowed_features(n, source)) | always[n];
    }
}

/* --- dependencies ------------------------------------------------------------------------------------------------ */

/* Without `feature`, the listed bits of `word` go. In an order in which one pass is enough. */
static const struct dependency { uint16_t feature; uint8_t word; uint32_t bits; } dependencies[] = {
    { XEN_X86_FEATURE_SSE, 0, F(SSE2) },
    { XEN_X86_FEATURE_SSE2, 1, F(SSE3) | F(PCLMULQDQ) | F(SSSE3) | F(AESNI) | F(SSE4_1) | F(SSE4_2) },
    { XEN_X86_FEATURE_XSAVE, 1, F(AVX) | F(F16C) | F(FMA) },
    { XEN_X86_FEATURE_XSAVE, 4, ~0u },
    { XEN_X86_FEATURE_AVX, 1, F(F16C) | F(FMA) },
    { XEN_X86_FEATURE_AVX, 3, F(XOP) | F(FMA4) },
    { XEN_X86_FEATURE_AVX, 5, F(AVX2) | F(AVX512F) },
    { XEN_X86_FEATURE_AVX, 6, F(VAES) | F(VPCLMULQDQ) },
    { XEN_X86_FEATURE_AVX2, 5, F(AVX512F) },
    { XEN_X86_FEATURE_AVX2, 10, F(AVX_VNNI) },
    { XEN_X86_FEATURE_AVX512F, 5, F(AVX512DQ) | F(AVX512_IFMA) | F(AVX512CD) | F(AVX512BW) | F(AVX512VL) },
    { XEN_X86_FEATURE_AVX512F, 6, F(AVX512_VBMI) | F(AVX512_VBMI2) | F(AVX512_VNNI) | F(AVX512_BITALG) |
                                  F(AVX512_VPOPCNTDQ) },
    { XEN_X86_FEATURE_AVX512F, 10, F(AVX512_BF16) },
    { XEN_X86_FEATURE_PCID, 5, F(INVPCID) },
    { XEN_X86_FEATURE_LM, 2, F(PAGE1GB) },
    { XEN_X86_FEATURE_LM, 3, F(LAHF_LM) },
};

static void drop_dependent_features(struct cpuid_policy *policy)
{
    for (size_t i = 0; i < ARRAY_SIZE(dependencies); i++)
        if (!cpuid_has_feature(policy, dependencies[i].feature))
            *cpuid_feature_word(policy, dependencies[i].word) &= ~dependencies[i].bits;
}

#define XSTATE_X87_SSE 0x3u
#define XSTATE_AVX 0x4u
#define XSTATE_AVX512 0xe0u
#define XSAVE_LEGACY_SIZE 576u /* x87, SSE and the header */

uint64_t cpuid_policy_xcr0(const struct cpuid_policy *policy)
{
    if (!cpuid_has_feature(policy, XEN_X86_FEATURE_XSAVE))
        return 0;
    uint64_t bits = XSTATE_X87_SSE;
    if (cpuid_has_feature(policy, XEN_X86_FEATURE_AVX))
        bits |= XSTATE_AVX;
    if (cpuid_has_feature(policy, XEN_X86_FEATURE_AVX512F))
        bits |= XSTATE_AVX512;
    return bits;
}

static void complete_xstate(struct cpuid_policy *policy)
{
    uint64_t bits = cpuid_policy_xcr0(policy);
    uint32_t size = XSAVE_LEGACY_SIZE;
    for (uint32_t i = 2; i < CPUID_XSTATE_SUBLEAVES; i++) {
        if (!(bits >> i & 1)) {
            policy->xstate[i] = (struct cpuid_regs){ 0 };
            continue;
        }
        policy->xstate[i].d = 0;
        size = MAX(size, policy->xstate[i].a + policy->xstate[i].b);
    }
    if (!bits) {
        policy->xstate[0] = policy->xstate[1] = (struct cpuid_regs){ 0 };
        return;
    }
    policy->xstate[0] = (struct cpuid_regs){ .a = (uint32_t)bits, .b = size, .c = size };
    policy->xstate[1] = (struct cpuid_regs){ .a = policy->xstate[1].a };
    policy->basic[0].a = MAX(policy->basic[0].a, 0xdu);
}

/* APIC ids are twice the vCPU's number: every vCPU is a core of its own in one package. */
static void complete_topology(struct cpuid_policy *policy, uint32_t vcpu_count)
{
    uint32_t ids = 1, id_bits = 0;
    while (ids < vcpu_count * 2) {
        ids *= 2;
        id_bits++;
    }
    policy->basic[1].b = (policy->basic[1].b & 0x0000ffff) | MIN(ids, 255u) << 16;
    if (policy->extended[0].a >= 0x80000008u)
        policy->extended[8].c = id_bits << 12 | MIN(ids - 1, 255u);
    policy->extended[1].c &= ~F(CMP_LEGACY);
    for (uint32_t i = 0; i < CPUID_CACHE_SUBLEAVES && (policy->cache[i].a & 0x1f); i++) {
        uint32_t sharing = (policy->cache[i].a >> 5 & 7) >= 3 ? MIN(ids - 1, 4095u) : 1;
        policy->cache[i].a = (policy->cache[i].a & 0x3ff) | sharing << 14 | MIN(vcpu_count - 1, 63u) << 26;
    }
}

static bool is_amd(const struct cpuid_policy *policy)
{
    return policy->basic[0].b == 0x68747541u /* Auth */ || policy->basic[0].b == 0x6f677948u /* Hygo */;
}

void cpuid_policy_complete(struct cpuid_policy *policy, uint32_t vcpu_count)
{
    drop_dependent_features(policy);
    /* AMD repeats the bits of leaf 1 in 0x80000001. */
    policy->extended[1].d &= ~CPUID_EXTENDED_COPIES;
    if (is_amd(policy))
        policy->extended[1].d |= policy->basic[1].d & CPUID_EXTENDED_COPIES;
    complete_xstate(policy);
    complete_topology(policy, MAX(vcpu_count, 1u));
}
