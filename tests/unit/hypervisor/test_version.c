/* SPDX-License-Identifier: MIT */
/* xen_version as Linux and the tools ask it. */
#include "memory_case.h"

#include <string.h>

static struct domain *zero, *guest;

static void start(void)
{
    case_start(1024, 0);
    zero = case_domain(0, true);
    guest = case_domain(1, false);
    memset(guest->handle, 0x5c, sizeof(guest->handle));
}

static void stop(void)
{
    case_destroy(guest);
    case_destroy(zero);
}

static long version(struct domain *d, uint64_t command, void *argument)
{
    return case_call(hypercall_xen_version, d, command, GUEST_ADDRESS(argument), 0);
}

static void numbers(void)
{
    start();
    CU_ASSERT_EQUAL(version(guest, XENVER_version, NULL), 0x00040011);
    CU_ASSERT_EQUAL(version(guest, XENVER_pagesize, NULL), 4096);
    CU_ASSERT_EQUAL(version(guest, XENVER_build_id, NULL), -XEN_ENODATA);
    CU_ASSERT_EQUAL(version(guest, 8000, NULL), -XEN_ENOSYS);
    CU_ASSERT_EQUAL(version(guest, XENVER_extraversion, NULL), -XEN_EFAULT);
    stop();
}

static void texts(void)
{
    xen_extraversion_t extra;
    xen_changeset_info_t changeset;
    xen_compile_info_t compile;
    xen_capabilities_info_t capabilities;
    xen_domain_handle_t handle;
    start();
    CU_ASSERT_EQUAL(version(guest, XENVER_extraversion, extra), 0);
    CU_ASSERT_STRING_EQUAL(extra, "-keel");
    CU_ASSERT_EQUAL(version(guest, XENVER_changeset, changeset), 0);
    CU_ASSERT_EQUAL(version(guest, XENVER_compile_info, &compile), 0);
    CU_ASSERT_TRUE(strlen(compile.compiler) > 0 && strlen(compile.compiler) < sizeof(compile.compiler));
    CU_ASSERT_EQUAL(version(guest, XENVER_capabilities, capabilities), 0);
    CU_ASSERT_TRUE(strlen(capabilities) > 0);
    CU_ASSERT_EQUAL(version(guest, XENVER_guest_handle, handle), 0);
    CU_ASSERT_EQUAL(memcmp(handle, guest->handle, sizeof(handle)), 0);
    stop();
}

/* The hypervisor's command line is the administrator's affair. */
static void command_line(void)
{
    xen_commandline_t text;
    start();
    CU_ASSERT_EQUAL(version(guest, XENVER_commandline, text), 0);
    CU_ASSERT_STRING_EQUAL(text, "<denied>");
    CU_ASSERT_EQUAL(version(zero, XENVER_commandline, text), 0);
    CU_ASSERT_STRING_NOT_EQUAL(text, "<denied>");
    stop();
}

static void features(void)
{
    xen_feature_info_t info = { .submap_idx = 0, .submap = ~0u };
    start();
    CU_ASSERT_EQUAL(version(guest, XENVER_get_features, &info), 0);
    CU_ASSERT_EQUAL(info.submap, arch_feature_bits(guest));
    info.submap_idx = XENFEAT_NR_SUBMAPS;
    CU_ASSERT_EQUAL(version(guest, XENVER_get_features, &info), -XEN_EINVAL);
    stop();
}

int main(void)
{
    return case_run("version", (const CU_TestInfo[]){
        { "numbers", numbers },
        { "texts", texts },
        { "command line", command_line },
        { "features", features },
        CU_TEST_INFO_NULL,
    });
}
