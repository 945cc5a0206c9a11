/* SPDX-License-Identifier: MIT */
/* CPUs that are wanted for vCPUs, compared with those that they have: on the machine's CPUs alone, whatever the words. */
#include "../run_tests.h"
#include "cli/affinity.h"

#include <stdlib.h>
#include <string.h>

#define MAP(...) { __VA_ARGS__ }

/* Two vCPUs on a machine with 4 CPUs: "all" is what the hypervisor makes of it, with or without bits beyond. */
static struct ctl_vcpu vcpus[2] = {
    { .id = 0, .hard_affinity = MAP(0x02), .soft_affinity = MAP(0x0f) },
    { .id = 1, .hard_affinity = MAP(0x02), .soft_affinity = MAP(0xff, 0xff) },
};

static struct ctl_affinity hold(const struct ctl_affinity *wanted, bool soft)
{
    struct ctl_affinity held = { .vcpus = calloc(1, CTL_CPUMAP_BYTES), .vcpus_count = 1 };
    struct affinity_live live = { vcpus, 2, 4, soft };

    CU_ASSERT_FATAL(affinity_hold(&held, wanted, &live));
    return held;
}

static void as_wanted(void)
{
    static uint8_t list[2][CTL_CPUMAP_BYTES] = { MAP(0x12), MAP(0x02) };
    struct ctl_affinity one = { .set = true, .all = MAP(0xf2, 0xff) }, each = { .vcpus = list, .vcpus_count = 2 };
    struct ctl_affinity nothing = { 0 }, held = hold(&one, false);

    CU_ASSERT(held.set && held.vcpus_count == 0 && memcmp(held.all, one.all, CTL_CPUMAP_BYTES) == 0);
    held = hold(&each, false);
    CU_ASSERT_EQUAL_FATAL(held.vcpus_count, 2);
    CU_ASSERT(!held.set && memcmp(held.vcpus, list, sizeof(list)) == 0);
    free(held.vcpus);
    held = hold(&nothing, true); /* anywhere, and no preference */
    CU_ASSERT(!held.set && held.vcpus_count == 0);
}

static void others(void)
{
    struct ctl_affinity first = { .set = true, .all = MAP(0x01) }, nothing = { 0 }, held = hold(&first, false);

    CU_ASSERT(held.set && held.vcpus_count == 0 && held.all[0] == 0x02);
    held = hold(&nothing, false); /* bound by hand: a configuration that says nothing wants all */
    CU_ASSERT(held.set && held.all[0] == 0x02);
    held = hold(&first, true);
    CU_ASSERT(!held.set && held.vcpus_count == 0);
    vcpus[1].hard_affinity[0] = 0x0f;
    held = hold(&first, false);
    CU_ASSERT_EQUAL_FATAL(held.vcpus_count, 2);
    CU_ASSERT(held.vcpus[0][0] == 0x02 && held.vcpus[1][0] == 0xff && held.vcpus[1][CTL_CPUMAP_BYTES - 1] == 0xff);
    free(held.vcpus);
}

int main(void)
{
    static const CU_TestInfo tests[] = { TEST_CASE(as_wanted), TEST_CASE(others) };

    return RUN_TESTS("affinity", tests);
}
