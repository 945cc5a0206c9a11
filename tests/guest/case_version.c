/* SPDX-License-Identifier: MIT */
/* What the hypervisor says about itself: xen_version and the CPUID leaves. */
#include "cpu.h"
#include "test.h"

#include <xen/features.h>
#include <xen/version.h>

/* xen_version says 4.17 or later, by hypercall and by CPUID alike. */
TEST_CASE(version_number, ANYWHERE)
{
    long version = version_op(XENVER_version, 0);

    EXPECT(version >= (4 << 16 | 17));
    EXPECT_EQUAL(cpuid(0x40000001, 0).eax, version);
    return NULL;
}

/* Each text of xen_version is terminated within its array. */
TEST_CASE(version_texts, ANYWHERE)
{
    static union {
        xen_extraversion_t extra;
        xen_capabilities_info_t capabilities;
        xen_changeset_info_t changeset;
        struct xen_compile_info compile;
    } text;

    EXPECT_EQUAL(version_op(XENVER_extraversion, &text), 0);
    EXPECT(strlen(text.extra) < sizeof(text.extra));
    EXPECT_EQUAL(version_op(XENVER_changeset, &text), 0);
    EXPECT(strlen(text.changeset) < sizeof(text.changeset));
    EXPECT_EQUAL(version_op(XENVER_compile_info, &text), 0);
    EXPECT(strlen(text.compile.compiler) < sizeof(text.compile.compiler));
    EXPECT(strlen(text.compile.compile_date) < sizeof(text.compile.compile_date));
    EXPECT_EQUAL(version_op(XENVER_capabilities, &text), 0);
    bool has_hvm = false;
    for (const char *at = text.capabilities; *at; at++)
        has_hvm |= !strncmp(at, "hvm-3.0-x86_64", 14);
    EXPECT(has_hvm);
    return NULL;
}

/* The features that a PVH kernel relies on are offered. */
TEST_CASE(version_features, ANYWHERE)
{
    struct xen_feature_info info = { .submap_idx = 0 };

    EXPECT_EQUAL(version_op(XENVER_get_features, &info), 0);
    EXPECT(info.submap & 1u << XENFEAT_auto_translated_physmap);
    EXPECT(info.submap & 1u << XENFEAT_hvm_callback_vector);
    EXPECT(info.submap & 1u << XENFEAT_hvm_safe_pvclock);
    EXPECT_EQUAL(!!(info.submap & 1u << XENFEAT_dom0), is_dom0);
    return NULL;
}

/* Page size, the domain's own handle, and the platform parameters. */
TEST_CASE(version_numbers, ANYWHERE)
{
    xen_domain_handle_t handle;
    struct xen_platform_parameters parameters;

    EXPECT_EQUAL(version_op(XENVER_pagesize, 0), PAGE_SIZE);
    EXPECT_EQUAL(version_op(XENVER_guest_handle, &handle), 0);
    EXPECT_EQUAL(version_op(XENVER_platform_parameters, &parameters), 0);
    return NULL;
}

/* The hypervisor's command line is for domain 0 alone. */
TEST_CASE(version_command_line, ANYWHERE)
{
    static xen_commandline_t text;

    EXPECT_EQUAL(version_op(XENVER_commandline, &text), 0);
    EXPECT_EQUAL(!strcmp(text, "<denied>"), !is_dom0);
    return NULL;
}

/* A subcommand that does not exist is -ENOSYS, a bad pointer -EFAULT, a hypercall that does not exist -ENOSYS. */
TEST_CASE(version_errors, ANYWHERE)
{
    EXPECT_EQUAL(version_op(77, 0), -XEN_ENOSYS);
    EXPECT_EQUAL(version_op(XENVER_extraversion, UNMAPPED_ADDRESS), -XEN_EFAULT);
    EXPECT_EQUAL(hypercall1(62, 0), -XEN_ENOSYS);
    EXPECT_EQUAL(hypercall1(__HYPERVISOR_mmu_update, 0), -XEN_ENOSYS);
    return NULL;
}

/* The hypervisor's CPUID leaves: signature, the hypercall page's MSR, the clock, the vCPU's number. */
TEST_CASE(cpuid_hypervisor, ANYWHERE)
{
    struct cpuid leaf = cpuid(0x40000000, 0);

    EXPECT_EQUAL(leaf.ebx, XEN_CPUID_SIGNATURE_EBX);
    EXPECT_EQUAL(leaf.ecx, XEN_CPUID_SIGNATURE_ECX);
    EXPECT_EQUAL(leaf.edx, XEN_CPUID_SIGNATURE_EDX);
    EXPECT(leaf.eax >= 0x40000004);
    leaf = cpuid(0x40000002, 0);
    EXPECT_EQUAL(leaf.eax, 1);
    EXPECT(leaf.ebx >= 0x40000000 && leaf.ebx < 0x40010000);
    EXPECT(cpuid(0x40000003, 0).eax | cpuid(0x40000003, 2).eax);
    leaf = cpuid(0x40000004, 0);
    if (leaf.eax & XEN_HVM_CPUID_VCPU_ID_PRESENT)
        EXPECT_EQUAL(leaf.ebx, 0);
    return NULL;
}

/* The hypervisor bit is set; SVM and VMX, which guests do not get, are not shown; long mode is. */
TEST_CASE(cpuid_policy, ANYWHERE)
{
    EXPECT(cpuid(1, 0).ecx & 1u << 31);
    EXPECT(!(cpuid(1, 0).ecx & 1u << 5));
    EXPECT(!(cpuid(0x80000001, 0).ecx & 1u << 2));
    EXPECT(cpuid(0x80000001, 0).edx & 1u << 29);
    EXPECT(cpuid(1, 0).edx & 1u << 9);
    return NULL;
}

/* Reading or writing an MSR that does not exist is #GP, and harms nothing. */
TEST_CASE(msr_unknown, ANYWHERE)
{
    uint64_t value;

    EXPECT_EQUAL(read_msr(0xdeadbeef, &value), 13);
    EXPECT_EQUAL(write_msr(0xdeadbeef, 0), 13);
    return NULL;
}

/* EFER reads back as the kernel set it up; a reserved bit is #GP. */
TEST_CASE(msr_efer, ANYWHERE)
{
    uint64_t value;

    EXPECT_EQUAL(read_msr(0xc0000080, &value), 0);
    EXPECT_EQUAL(value & 0x500, 0x500);
    EXPECT_EQUAL(write_msr(0xc0000080, value | 1ull << 60), 13);
    EXPECT_EQUAL(write_msr(0xc0000080, value), 0);
    return NULL;
}
