/* SPDX-License-Identifier: MIT */
/*
 * CPUID policies made from this machine's own leaves: what a guest must never see, what it always sees, what depends
 * on what.
 */
#include <stdlib.h>

#include "../run_tests.h"
#include "cpuid.h"

#include <xen/arch-x86/cpufeatureset.h>

static struct cpuid_policy *make(enum cpuid_source source, uint32_t vcpu_count)
{
    static struct cpuid_policy policy;
    cpuid_policy_fill(&policy, source);
    cpuid_policy_complete(&policy, vcpu_count);
    return &policy;
}

static void a_guest_has_no_more_than_allowed_and_present(void)
{
    static struct cpuid_policy host;
    cpuid_policy_fill(&host, CPUID_RAW);
    struct cpuid_policy *guest = make(CPUID_GUEST_MAX, 1);
    for (uint32_t n = 0; n < CPUID_FEATURE_WORDS; n++) {
        const uint32_t *has = cpuid_feature_word(guest, n), *machine = cpuid_feature_word(&host, n);
        if (!has)
            continue;
        uint32_t copies = n == 2 ? CPUID_EXTENDED_COPIES : 0, own = 0;
        if (n == 0)
            own = 1u << XEN_X86_FEATURE_APIC | 1u << XEN_X86_FEATURE_HTT;
        if (n == 1)
            own = 1u << (XEN_X86_FEATURE_X2APIC % 32) | 1u << (XEN_X86_FEATURE_HYPERVISOR % 32);
        CU_ASSERT_EQUAL(*has & ~cpuid_allowed_features(n, CPUID_GUEST_MAX) & ~copies, 0);
        CU_ASSERT_EQUAL(*has & ~*machine & ~own & ~copies, 0);
    }
    static const uint16_t never[] = { XEN_X86_FEATURE_SVM, XEN_X86_FEATURE_VMX, XEN_X86_FEATURE_MONITOR,
                                      XEN_X86_FEATURE_TSC_DEADLINE, XEN_X86_FEATURE_OSXSAVE, XEN_X86_FEATURE_PKU,
                                      XEN_X86_FEATURE_TOPOEXT, XEN_X86_FEATURE_CMP_LEGACY, XEN_X86_FEATURE_XSAVES };
    for (size_t i = 0; i < ARRAY_SIZE(never); i++)
        CU_ASSERT_FALSE(cpuid_has_feature(guest, never[i]));
    CU_ASSERT_TRUE(cpuid_has_feature(guest, XEN_X86_FEATURE_HYPERVISOR));
    CU_ASSERT_TRUE(cpuid_has_feature(guest, XEN_X86_FEATURE_X2APIC));
    CU_ASSERT_TRUE(cpuid_has_feature(guest, XEN_X86_FEATURE_LM));
    CU_ASSERT_FALSE(cpuid_has_feature(make(CPUID_GUEST_DEFAULT, 1), XEN_X86_FEATURE_ITSC));
    CU_ASSERT_EQUAL(guest->basic[5].a | guest->basic[5].c | guest->basic[6].a | guest->basic[0xa].a, 0);
    CU_ASSERT_TRUE(guest->basic[0].a <= 0xd);
}

static void without_xsave_no_avx(void)
{
    struct cpuid_policy *policy = make(CPUID_GUEST_MAX, 1);
    if (!cpuid_has_feature(policy, XEN_X86_FEATURE_XSAVE)) {
        printf("skipped: this machine has no XSAVE\n");
        return;
    }
    CU_ASSERT_EQUAL(policy->xstate[0].a, (uint32_t)cpuid_policy_xcr0(policy));
    CU_ASSERT_TRUE(policy->xstate[0].b >= 576);
    policy->basic[1].c &= ~(1u << (XEN_X86_FEATURE_XSAVE % 32));
    cpuid_policy_complete(policy, 1);
    CU_ASSERT_FALSE(cpuid_has_feature(policy, XEN_X86_FEATURE_AVX));
    CU_ASSERT_FALSE(cpuid_has_feature(policy, XEN_X86_FEATURE_AVX2));
    CU_ASSERT_FALSE(cpuid_has_feature(policy, XEN_X86_FEATURE_AVX512F));
    CU_ASSERT_FALSE(cpuid_has_feature(policy, XEN_X86_FEATURE_XSAVEOPT));
    CU_ASSERT_EQUAL(cpuid_policy_xcr0(policy), 0);
    CU_ASSERT_EQUAL(policy->xstate[0].a | policy->xstate[0].b | policy->xstate[2].a, 0);
}

static void topology_counts_ids(void)
{
    static const struct { uint32_t vcpus, ids, bits; } rows[] = {
        { 1, 2, 1 }, { 2, 4, 2 }, { 3, 8, 3 }, { 4, 8, 3 }, { 128, 255, 8 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct cpuid_policy *policy = make(CPUID_GUEST_DEFAULT, rows[i].vcpus);
        CU_ASSERT_EQUAL(policy->basic[1].b >> 16 & 0xff, rows[i].ids);
        if (policy->extended[0].a >= 0x80000008u)
            CU_ASSERT_EQUAL(policy->extended[8].c >> 12 & 0xf, rows[i].bits);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(a_guest_has_no_more_than_allowed_and_present),
        TEST_CASE(without_xsave_no_avx),
        TEST_CASE(topology_counts_ids),
    };
    return RUN_TESTS("CPUID policy", tests);
}
