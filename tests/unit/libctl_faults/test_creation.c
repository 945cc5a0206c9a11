/* SPDX-License-Identifier: MIT */
/*
 * A creation that fails at any hypercall, any request of the store or any allocation, or meets a full store, leaves all
 * as it was and says why; one that is killed at any such point leaves what fsck mends whole. A destruction likewise.
 */
#include "../run_tests.h"
#include "guest_case.h"
#include "libctl/creation_lock.h"
#include "libctl/names.h"

#include <errno.h>
#include <xen/xen.h>

#define POINTS_MAX 4000u
#define POINTS_LEAST 5u /* fewer, and the fault is not where it should be */

/* One creation with a fault. False: it has no such point. */
static bool create_with(enum fault fault, unsigned at, const char *what)
{
    struct ctl_config config = config_of("g", "");
    uint32_t domid = 0;
    struct ctl *ctl;

    fake_start(HOST_KIB);
    char *before = fake_inventory();

    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    fault_arm(fault, at);
    int result = ctl_domain_create(ctl, &config, 0, &domid);
    bool met = fault_disarm();

    if (result < 0)
        CU_ASSERT(*ctl_error(ctl) != '\0');
    ctl_close(ctl);
    if (fault == FAULT_KILL || fault == FAULT_STORE_LOST)
        findings(true);
    else if (result < 0)
        all_is_as(before, what, at);
    CU_ASSERT_EQUAL(findings(false), 0);
    if (fake_guests()) {
        CU_ASSERT(fake_is_whole(1));
        CU_ASSERT(result == 0 || fault == FAULT_KILL);
        destroy_by_name("g");
    }
    all_is_as(before, what, at);
    free(before);
    fake_end();
    ctl_config_free(&config);
    return met;
}

static void at_each_point(enum fault fault, const char *what)
{
    unsigned at = 0;

    while (at < POINTS_MAX && create_with(fault, at, what))
        at++;
    CU_ASSERT(at >= POINTS_LEAST && at < POINTS_MAX);
    printf("(%u points) ", at);
}

static void hypercall_fails(void)
{
    at_each_point(FAULT_HYPERCALL, "a failed hypercall");
}

static void store_fails(void)
{
    at_each_point(FAULT_STORE, "a failed request of the store");
}

static void store_is_full(void)
{
    at_each_point(FAULT_STORE_FULL, "a full store");
}

/* What could not be undone is mended when the store is there again. */
static void store_is_lost(void)
{
    at_each_point(FAULT_STORE_LOST, "a lost store");
}

static void no_memory_for_ctl(void)
{
    at_each_point(FAULT_ALLOCATION, "a failed allocation");
}

static void killed(void)
{
    at_each_point(FAULT_KILL, "a kill");
}

/* The plan sees too little memory; or it sees enough and another domain takes it meanwhile. */
static void no_memory_for_the_guest(void)
{
    struct ctl_config config = config_of("g", "");
    struct ctl *ctl;
    uint32_t domid;

    for (unsigned mib = 1; mib < 40; mib += 3) {
        fake_start(mib << 10);
        char *before = fake_inventory();

        CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
        int result = ctl_domain_create(ctl, &config, 0, &domid);

        CU_ASSERT(result == 0 || result == -ENOMEM);
        CU_ASSERT(mib > 18 || result == -ENOMEM);
        CU_ASSERT(mib < 30 || result == 0);
        if (result == 0)
            CU_ASSERT_EQUAL(ctl_domain_destroy(ctl, domid), 0);
        ctl_close(ctl);
        all_is_as(before, "too little memory", mib);
        free(before);
        fake_end();
    }
    ctl_config_free(&config);
}

/* vCPUs need a CPU that there is; what they prefer is theirs. */
static void cpus_that_are_not_there(void)
{
    static const struct {
        const char *lines, *sentence; /* NULL: it is created */
    } cases[] = {
        { "cpus_soft = \"0-3\"", NULL },
        { "cpus_soft = \"5\"", NULL },
        { "cpus_soft = [ \"5\", \"0\" ]", NULL },
        { "cpus = \"3\"", "cpus of guest \"g\" names none of the machine's CPUs (0 to 0)" },
        { "cpus = [ \"0\", \"3\" ]\ncpus_soft = \"0\"",
          "cpus of guest \"g\" names none of the machine's CPUs (0 to 0) for vCPU 1" },
    };
    uint32_t domid;
    struct ctl *ctl;

    fake_start(HOST_KIB);
    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    char *before = fake_inventory();

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ctl_config config = config_of("g", cases[i].lines);
        int result = ctl_domain_create(ctl, &config, 0, &domid);

        CU_ASSERT_EQUAL(result, cases[i].sentence ? -EINVAL : 0);
        if (result == 0) {
            CU_ASSERT_EQUAL(ctl_domain_destroy(ctl, domid), 0);
        } else {
            CU_ASSERT_STRING_EQUAL(ctl_error(ctl), cases[i].sentence ? cases[i].sentence : "");
        }
        ctl_config_free(&config);
        all_is_as(before, cases[i].lines, i);
    }
    free(before);
    ctl_close(ctl);
    fake_end();
}

/* While one gives a name to a domain, nobody else can; other names are free, and so is that one afterwards. */
static void name_is_being_given(void)
{
    struct ctl_config config = config_of("g", ""), other = config_of("h", "");
    uint32_t domid;
    struct ctl *ctl;

    fake_start(HOST_KIB);
    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    CU_ASSERT_EQUAL_FATAL(ctl_domain_create(ctl, &other, 0, &domid), 0);
    char *before = fake_inventory();
    int lock = creation_lock_name(names_hash("g"));

    CU_ASSERT_FATAL(lock >= 0);
    CU_ASSERT_EQUAL(creation_lock_name(names_hash("g")), -EEXIST);
    CU_ASSERT_EQUAL(ctl_domain_create(ctl, &config, 0, &domid), -EEXIST);
    CU_ASSERT_PTR_NOT_NULL(strstr(ctl_error(ctl), "\"g\" already exists"));
    CU_ASSERT_EQUAL(ctl_domain_rename(ctl, domid, "g"), -EEXIST);
    all_is_as(before, "a name that is being given", 0);
    creation_unlock(lock);
    CU_ASSERT_EQUAL(ctl_domain_rename(ctl, domid, "a\xff"), -EINVAL); /* no JSON could tell it */
    CU_ASSERT_EQUAL(ctl_domain_rename(ctl, domid, "a\033"), -EINVAL);
    CU_ASSERT_EQUAL(ctl_domain_rename(ctl, domid, "g"), 0);
    CU_ASSERT_EQUAL(ctl_domain_create(ctl, &config, 0, &domid), -EEXIST);
    CU_ASSERT_EQUAL(ctl_domain_create(ctl, &other, 0, &domid), 0);
    ctl_close(ctl);
    destroy_by_name("g");
    destroy_by_name("h");
    free(before);
    fake_end();
    ctl_config_free(&config);
    ctl_config_free(&other);
}

/* A handle that has just read all names sees by the note that another has renamed a domain since. */
static void name_was_given_meanwhile(void)
{
    struct ctl_config config = config_of("g", ""), renamed = config_of("h", "");
    struct ctl *ctl, *other;
    uint32_t domid, second;

    fake_start(HOST_KIB);
    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    CU_ASSERT_EQUAL_FATAL(ctl_open(&other), 0);
    CU_ASSERT_EQUAL_FATAL(ctl_domain_create(ctl, &config, 0, &domid), 0);
    CU_ASSERT_EQUAL(names_check(ctl, "x", DOMID_INVALID), 0); /* reads the names */
    CU_ASSERT_EQUAL(ctl_domain_rename(other, domid, "h"), 0);
    CU_ASSERT_EQUAL(ctl_domain_create(ctl, &renamed, 0, &second), -EEXIST);
    CU_ASSERT_PTR_NOT_NULL(strstr(ctl_error(ctl), "\"h\" already exists"));
    CU_ASSERT_EQUAL(ctl_domain_create(ctl, &config, 0, &second), 0); /* the old name is free */
    ctl_close(other);
    ctl_close(ctl);
    destroy_by_name("g");
    destroy_by_name("h");
    fake_end();
    ctl_config_free(&config);
    ctl_config_free(&renamed);
}

static bool destroy_with(enum fault fault, unsigned at)
{
    struct ctl_config config = config_of("g", "");
    struct ctl *ctl;
    uint32_t domid;

    fake_start(HOST_KIB);
    char *before = fake_inventory();

    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    CU_ASSERT_EQUAL_FATAL(ctl_domain_create(ctl, &config, 0, &domid), 0);
    fault_arm(fault, at);
    int result = ctl_domain_destroy(ctl, domid);
    bool met = fault_disarm();

    CU_ASSERT(result < 0 || fault == FAULT_KILL || !fake_is_there(domid));
    ctl_close(ctl);
    findings(true);
    CU_ASSERT_EQUAL(findings(false), 0);
    if (fake_guests())
        destroy_by_name("g");
    if (fault == FAULT_KILL) /* after a failure empty folders may stay, which are no harm */
        all_is_as(before, "a killed destruction", at);
    CU_ASSERT_EQUAL(fake_guests(), 0);
    free(before);
    fake_end();
    ctl_config_free(&config);
    return met;
}

static void destruction(void)
{
    static const enum fault faults[] = { FAULT_KILL, FAULT_STORE, FAULT_STORE_LOST, FAULT_HYPERCALL };

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        unsigned at = 0;

        while (at < POINTS_MAX && destroy_with(faults[i], at))
            at++;
        CU_ASSERT(at >= 2 && at < POINTS_MAX);
        printf("(%u points) ", at);
    }
}

/* A domain has its old name or the new one, and the other is free. */
static bool rename_with(enum fault fault, unsigned at)
{
    struct ctl_config config = config_of("g", ""), other = config_of("h", "");
    uint32_t domid, second;
    struct ctl_domain domain;
    struct ctl *ctl;

    fake_start(HOST_KIB);
    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    CU_ASSERT_EQUAL_FATAL(ctl_domain_create(ctl, &config, 0, &domid), 0);
    fault_arm(fault, at);
    int result = ctl_domain_rename(ctl, domid, "h");
    bool met = fault_disarm();

    ctl_close(ctl);
    if (fault == FAULT_KILL)
        findings(true);
    CU_ASSERT_EQUAL(findings(false), 0);
    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    CU_ASSERT_EQUAL(ctl_domain_get(ctl, domid, &domain), 0);
    bool is_renamed = strcmp(domain.name, "h") == 0;

    CU_ASSERT(is_renamed || strcmp(domain.name, "g") == 0);
    CU_ASSERT(fault == FAULT_KILL || is_renamed == (result == 0));
    CU_ASSERT_EQUAL(ctl_domain_create(ctl, is_renamed ? &other : &config, 0, &second), -EEXIST);
    CU_ASSERT_EQUAL(ctl_domain_create(ctl, is_renamed ? &config : &other, 0, &second), 0);
    ctl_close(ctl);
    destroy_by_name("g");
    destroy_by_name("h");
    CU_ASSERT_EQUAL(findings(false), 0);
    fake_end();
    ctl_config_free(&config);
    ctl_config_free(&other);
    return met;
}

static void renaming(void)
{
    static const enum fault faults[] = { FAULT_STORE, FAULT_STORE_LOST, FAULT_STORE_FULL, FAULT_HYPERCALL,
                                         FAULT_ALLOCATION, FAULT_KILL };

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        unsigned at = 0;

        while (at < POINTS_MAX && rename_with(faults[i], at))
            at++;
        CU_ASSERT(at > 0 && at < POINTS_MAX);
        printf("(%u points) ", at);
    }
}

/* A mending that is killed is mended by the next one. */
static bool mending_killed_at(unsigned half, unsigned at)
{
    struct ctl_config config = config_of("g", "");
    struct ctl_finding *list;
    uint32_t domid;
    struct ctl *ctl;

    fake_start(HOST_KIB);
    char *before = fake_inventory();

    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    fault_arm(FAULT_KILL, half);
    ctl_domain_create(ctl, &config, 0, &domid);
    fault_disarm();
    ctl_close(ctl);
    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    fault_arm(FAULT_KILL, at);
    if (ctl_fsck(ctl, true, &list) >= 0)
        free(list);
    bool met = fault_disarm();

    ctl_close(ctl);
    findings(true);
    CU_ASSERT_EQUAL(findings(false), 0);
    all_is_as(before, "a killed mending", at);
    free(before);
    fake_end();
    ctl_config_free(&config);
    return met;
}

static void mending_killed(void)
{
    for (unsigned half = 12; half < 76; half += 9) {
        unsigned at = 0;

        while (at < POINTS_MAX && mending_killed_at(half, at))
            at++;
        CU_ASSERT(at >= POINTS_LEAST && at < POINTS_MAX);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(hypercall_fails),
        TEST_CASE(store_fails),
        TEST_CASE(store_is_full),
        TEST_CASE(store_is_lost),
        TEST_CASE(no_memory_for_ctl),
        TEST_CASE(killed),
        TEST_CASE(no_memory_for_the_guest),
        TEST_CASE(cpus_that_are_not_there),
        TEST_CASE(name_is_being_given),
        TEST_CASE(name_was_given_meanwhile),
        TEST_CASE(destruction),
        TEST_CASE(renaming),
        TEST_CASE(mending_killed),
    };

    if (!kernel_make())
        return 1;
    int status = RUN_TESTS("creation with faults", tests);

    unlink(kernel_path);
    return status;
}
