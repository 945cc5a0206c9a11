/* SPDX-License-Identifier: MIT */
/*
 * Devices given to a living domain and taken from it, with a failure or a kill at any point: the domain has the device,
 * and its configuration too, or neither has it; what a kill leaves fsck mends.
 */
#include "../run_tests.h"
#include "guest_case.h"

#include "libctl/internal.h"

#include <errno.h>

#define POINTS_MAX 1000u

static const enum fault faults[] = { FAULT_STORE, FAULT_STORE_LOST, FAULT_STORE_FULL, FAULT_HYPERCALL, FAULT_ALLOCATION,
                                     FAULT_KILL };
#define FAULTS (sizeof(faults) / sizeof(faults[0]))

static bool has_record(struct ctl *ctl)
{
    return ctl_store_has(ctl, XBT_NULL, "/libxl/1/device/vif/0") == 1;
}

/* Whether the configuration for the next restart has an interface. */
static bool is_configured(struct ctl *ctl)
{
    struct ctl_config config;

    CU_ASSERT_EQUAL(ctl_domain_config_get(ctl, 1, &config), 0);
    bool is = config.nics_count > 0;

    ctl_config_free(&config);
    return is;
}

static struct ctl *host_with_guest(void)
{
    struct ctl_config config = config_of("g", "");
    uint32_t domid;
    struct ctl *ctl;

    fake_start(HOST_KIB);
    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    CU_ASSERT_EQUAL_FATAL(ctl_domain_create(ctl, &config, 0, &domid), 0);
    ctl_config_free(&config);
    return ctl;
}

static int attach(struct ctl *ctl)
{
    const struct ctl_nic nic = { .bridge = (char *)"" };
    uint32_t number;

    return ctl_nic_attach(ctl, 1, &nic, &number);
}

/* As it has to be after the call and, if that was cut off, a mending. */
static void check(enum fault fault, unsigned at, bool is_there)
{
    struct ctl *ctl;

    if (fault == FAULT_KILL || fault == FAULT_STORE_LOST)
        findings(true);
    CU_ASSERT_EQUAL(findings(false), 0);
    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    if (has_record(ctl) != is_configured(ctl))
        fprintf(stderr, "fault %d at point %u: the domain has it: %d, its configuration: %d\n", (int)fault, at,
                has_record(ctl), is_configured(ctl));
    CU_ASSERT_EQUAL(has_record(ctl), is_configured(ctl));
    CU_ASSERT(fault == FAULT_KILL || fault == FAULT_STORE_LOST || has_record(ctl) == is_there);
    ctl_close(ctl);
    destroy_by_name("g");
    CU_ASSERT_EQUAL(findings(false), 0);
    fake_end();
}

static bool attached_with(enum fault fault, unsigned at)
{
    struct ctl *ctl = host_with_guest();

    fault_arm(fault, at);
    int result = attach(ctl);
    bool met = fault_disarm();

    CU_ASSERT(result == 0 || met);
    ctl_close(ctl);
    check(fault, at, result == 0);
    return met;
}

static bool detached_with(enum fault fault, unsigned at)
{
    struct ctl *ctl = host_with_guest();

    CU_ASSERT_EQUAL_FATAL(attach(ctl), 0);
    CU_ASSERT(has_record(ctl) && is_configured(ctl));
    CU_ASSERT_EQUAL(ctl_store_write(ctl, XBT_NULL, "/local/domain/0/backend/vif/1/0/state", "4"), 0);
    fault_arm(fault, at);
    int result = ctl_device_detach(ctl, 1, CTL_DEVICE_NIC, 0, 0, 100);
    bool met = fault_disarm();

    CU_ASSERT(result == 0 || met);
    CU_ASSERT(result != -ENODEV && result != -EOPNOTSUPP); /* which would be said of a device that is not there */
    if (result < 0 && fault != FAULT_KILL) /* it can be tried again */
        result = ctl_device_detach(ctl, 1, CTL_DEVICE_NIC, 0, 0, 100);
    CU_ASSERT(result == 0 || result == -ENODEV || fault == FAULT_KILL);
    ctl_close(ctl);
    check(fault, at, false);
    return met;
}

/* A guest that is born with one: it is there with it, or nothing is left. */
static bool created_with(enum fault fault, unsigned at)
{
    struct ctl_config config = config_of("g", "vif = ['bridge=']");
    uint32_t domid;
    struct ctl *ctl;

    CU_ASSERT_EQUAL(config.nics_count, 1);
    fake_start(HOST_KIB);
    char *before = fake_inventory();

    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    fault_arm(fault, at);
    int result = ctl_domain_create(ctl, &config, 0, &domid);
    bool met = fault_disarm();

    ctl_close(ctl);
    if (fault == FAULT_KILL || fault == FAULT_STORE_LOST)
        findings(true);
    CU_ASSERT_EQUAL(findings(false), 0);
    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    if (fake_guests()) {
        CU_ASSERT(result == 0 || fault == FAULT_KILL);
        CU_ASSERT(fake_is_whole(1));
        CU_ASSERT(has_record(ctl) && is_configured(ctl));
        destroy_by_name("g");
    } else {
        CU_ASSERT(result < 0);
    }
    CU_ASSERT_EQUAL(findings(false), 0);
    all_is_as(before, "a creation with a device", at);
    free(before);
    ctl_close(ctl);
    ctl_config_free(&config);
    fake_end();
    return met;
}

static void at_each_point(bool (*with)(enum fault fault, unsigned at))
{
    for (size_t i = 0; i < FAULTS; i++) {
        unsigned at = 0;

        while (at < POINTS_MAX && with(faults[i], at))
            at++;
        CU_ASSERT(at > 0 && at < POINTS_MAX);
        printf("(%u points) ", at);
    }
}

static void creating(void)
{
    at_each_point(created_with);
}

static void attaching(void)
{
    at_each_point(attached_with);
}

static void detaching(void)
{
    at_each_point(detached_with);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(creating),
        TEST_CASE(attaching),
        TEST_CASE(detaching),
    };

    if (!kernel_make())
        return 1;
    int status = RUN_TESTS("devices that come and go, with faults", tests);

    unlink(kernel_path);
    return status;
}
