/* SPDX-License-Identifier: MIT */
/* multicall, hvm_op, and hypercalls with random arguments. */
#include "cpu.h"
#include "test.h"

#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

/* Each call of a multicall has its own result, and a wrong one does not stop those after it. */
TEST_CASE(multicall, ANYWHERE)
{
    struct multicall_entry calls[3] = {
        { .op = __HYPERVISOR_xen_version, .args = { XENVER_version } },
        { .op = 62 },
        { .op = __HYPERVISOR_xen_version, .args = { XENVER_pagesize } },
    };

    EXPECT_EQUAL(hypercall2(__HYPERVISOR_multicall, calls, 3), 0);
    EXPECT_EQUAL(calls[0].result, version_op(XENVER_version, 0));
    EXPECT_EQUAL(calls[1].result, -XEN_ENOSYS);
    EXPECT_EQUAL(calls[2].result, PAGE_SIZE);
    EXPECT_EQUAL(hypercall2(__HYPERVISOR_multicall, UNMAPPED_ADDRESS, 1), -XEN_EFAULT);
    EXPECT_EQUAL(hypercall2(__HYPERVISOR_multicall, calls, 0), 0);
    return NULL;
}

/* A guest has ports and pages for store and console; parameters that do not exist are -EINVAL. */
TEST_CASE(hvm_parameters, ANYWHERE)
{
    struct xen_hvm_param bad = { .domid = DOMID_SELF, .index = 9999 };

    if (!is_dom0) {
        EXPECT(hvm_parameter(HVM_PARAM_STORE_PFN) != 0);
        EXPECT(hvm_parameter(HVM_PARAM_STORE_EVTCHN) != 0);
        EXPECT(hvm_parameter(HVM_PARAM_CONSOLE_PFN) != 0);
        EXPECT(hvm_parameter(HVM_PARAM_CONSOLE_EVTCHN) != 0);
    }
    EXPECT_EQUAL(hvm_op(HVMOP_get_param, &bad), -XEN_EINVAL);
    EXPECT_EQUAL(hvm_op(HVMOP_set_param, &bad), -XEN_EINVAL);
    EXPECT_EQUAL(hvm_op(HVMOP_get_param, UNMAPPED_ADDRESS), -XEN_EFAULT);
    return NULL;
}

/* A guest can neither read nor set another domain's parameters. */
TEST_CASE(hvm_parameters_unprivileged, IN_GUEST)
{
    struct xen_hvm_param other = { .domid = 0, .index = HVM_PARAM_STORE_PFN };

    EXPECT(hvm_op(HVMOP_get_param, &other) < 0);
    EXPECT(hvm_op(HVMOP_set_param, &other) < 0);
    return NULL;
}

static uint64_t random_state = 88172645463325252ull;

static uint64_t random_number(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Small, huge, an own page, or nowhere: what parsers stumble over. */
static uint64_t random_argument(void)
{
    static uint64_t buffer[64];

    switch (random_number() % 6) {
    case 0:
        return random_number() % 40;
    case 1:
        return random_number();
    case 2:
        return 0ull - random_number() % 64;
    case 3:
        return UNMAPPED_ADDRESS + random_number() % 8192;
    case 4:
        return 0;
    default:
        /* A zeroed buffer: the call's structure with nothing in it, which harms nobody. */
        memset(buffer, 0, sizeof(buffer));
        return (uint64_t)buffer;
    }
}

/* Would this call rightly end or block this vCPU, or take memory from under this kernel? */
static bool is_honest(unsigned int number, uint64_t command)
{
    uint32_t low = (uint32_t)command;

    if (number == __HYPERVISOR_sched_op || number == __HYPERVISOR_sched_op_compat)
        return low != SCHEDOP_yield;
    if (number == __HYPERVISOR_vcpu_op)
        return low != VCPUOP_is_up;
    /* with a structure of zeroes these move this kernel's lowest pages, or, with a large count, write results over it */
    return number == __HYPERVISOR_multicall || number == __HYPERVISOR_grant_table_op ||
           number == __HYPERVISOR_memory_op || number == __HYPERVISOR_console_io || number == __HYPERVISOR_domctl ||
           number == __HYPERVISOR_sysctl || number == __HYPERVISOR_platform_op || number == __HYPERVISOR_kexec_op;
}

static void hammer(unsigned long calls, bool all)
{
    for (unsigned long i = 0; i < calls; i++) {
        unsigned int number = (unsigned int)(random_number() % 64);
        uint64_t command = random_argument();

        /* iret's place in the page holds an undefined instruction for guests of this kind */
        if (number == __HYPERVISOR_iret || (!all && is_honest(number, command)))
            continue;
        hypercall(number, command, random_argument(), random_argument(), random_argument(), random_argument());
    }
}

/* Twenty thousand hypercalls with random arguments: each comes back, and the domain still works. */
TEST_CASE(hammer_calls, IN_GUEST)
{
    hammer(20000, false);
    EXPECT(version_op(XENVER_version, 0) >= (4 << 16 | 17));
    return NULL;
}

/* The same with calls that may well harm this domain; the neighbours are watched from outside. */
TEST_CASE(hammer_all, ONLY_NAMED)
{
    char seed[24];

    if (command_line_value("seed", seed, sizeof(seed)))
        for (const char *digit = seed; *digit; digit++)
            random_state = random_state * 31 + (uint64_t)*digit;
    hammer(200000, true);
    return NULL;
}
