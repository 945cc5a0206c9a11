/* SPDX-License-Identifier: MIT */
/*
 * Guests that come and go with the host, with ctld killed, or one call failing, at any point: each is started once,
 * none is lost, none that has ended comes again, and a stop that is begun again ends all.
 */
#include "../run_tests.h"
#include "guest_case.h"

#include "libctl/internal.h"
#include "lifecycle/action.h"
#include "lifecycle/auto.h"

#include <fcntl.h>
#include <sys/stat.h>

#define POINTS_MAX 1000u

static void put_file(const char *name, const char *text)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", fake_auto_folder(), name);
    FILE *file = fopen(path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void put_guest(const char *file, const char *name)
{
    char text[512];

    snprintf(text, sizeof(text), "name = \"%s\"\nkernel = \"%s\"\nmemory = 16\n", name, kernel_path);
    put_file(file, text);
}

static void remove_file(const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", fake_auto_folder(), name);
    unlink(path);
}

/* What ctld does when it starts, once. */
static void ctld_starts(void)
{
    struct ctl_finding *list;
    struct ctl_domain *domains;
    struct xs_handle *store = xs_open(0);
    struct ctl *ctl;

    if (ctl_open(&ctl) < 0) {
        xs_close(store);
        return;
    }
    if (ctl_fsck(ctl, true, &list) >= 0)
        free(list);
    auto_start(ctl);
    ssize_t count = auto_is_stopping(ctl) ? 0 : ctl_domain_list(ctl, &domains);

    for (ssize_t i = 0; i < count; i++)
        if (domains[i].domid && domains[i].shutdown && store)
            action_shut_down(ctl, store, &domains[i]);
    if (count > 0)
        free(domains);
    ctl_close(ctl);
    xs_close(store);
}

static uint32_t number_of(const char *name)
{
    uint32_t domid = 0;
    struct ctl *ctl;

    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    ctl_domain_find(ctl, name, &domid);
    ctl_close(ctl);
    return domid;
}

static bool started_with(enum fault fault, unsigned at)
{
    fake_start(HOST_KIB);
    int before = quiet();

    fault_arm(fault, at);
    ctld_starts();
    bool met = fault_disarm();
    uint32_t first = number_of("a"); /* 0: domain 0, which is no guest */

    if (!fake_is_whole(first))
        first = 0;
    if (first) /* it ends by itself before there is a ctld again */
        fake_shut_down(first, CTL_SHUTDOWN_POWEROFF);
    ctld_starts();
    ctld_starts();
    loud(before);
    CU_ASSERT_EQUAL(number_of("b") != 0, true);
    CU_ASSERT(fake_is_whole(number_of("b")));
    CU_ASSERT_EQUAL(number_of("a") == 0, first != 0);
    CU_ASSERT_EQUAL(fake_guests(), first ? 1 : 2);
    if (fake_guests() != (first ? 1u : 2u))
        fprintf(stderr, "fault %d at point %u: %u guests\n", (int)fault, at, fake_guests());
    CU_ASSERT_EQUAL(findings(false), 0);
    destroy_by_name("b");
    before = quiet();
    ctld_starts();
    loud(before);
    CU_ASSERT_EQUAL(number_of("b"), 0);
    fake_end();
    return met;
}

static void at_each_point(bool (*with)(enum fault fault, unsigned at))
{
    static const enum fault faults[] = { FAULT_KILL, FAULT_STORE, FAULT_HYPERCALL, FAULT_STORE_LOST };

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        unsigned at = 0;

        while (at < POINTS_MAX && with(faults[i], at))
            at++;
        CU_ASSERT(at > 2 && at < POINTS_MAX);
        printf("(%u points) ", at);
    }
}

static void start(void)
{
    char path[256];

    put_guest("10.cfg", "a");
    put_file("12.cfg", "name = [[[");
    put_guest("20.cfg", "b");
    put_guest(".hidden", "c");
    put_guest("30.cfg~", "d");
    snprintf(path, sizeof(path), "%s/15.cfg", fake_auto_folder()); /* nobody writes to it: it must not be waited for */
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    snprintf(path, sizeof(path), "%s/16.cfg", fake_auto_folder());
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    at_each_point(started_with);
    CU_ASSERT_EQUAL(rmdir(path), 0);
    remove_file("12.cfg");
    remove_file("15.cfg");
    remove_file(".hidden");
    remove_file("30.cfg~");
}

/* Files whose long names differ in the last letter alone are two guests. */
static void long_names(void)
{
    char names[2][251];

    for (size_t i = 0; i < 2; i++) {
        memset(names[i], 'x', 250);
        names[i][249] = (char)('a' + i);
        names[i][250] = '\0';
        put_guest(names[i], i ? "second" : "first");
    }
    fake_start(HOST_KIB);
    int before = quiet();

    ctld_starts();
    ctld_starts();
    loud(before);
    CU_ASSERT(fake_is_whole(number_of("first")));
    CU_ASSERT(number_of("second") && fake_is_whole(number_of("second")));
    for (size_t i = 0; i < 2; i++)
        remove_file(names[i]);
    fake_end();
}

static bool stopped_with(enum fault fault, unsigned at)
{
    struct ctl *ctl;

    fake_start(HOST_KIB);
    int before = quiet();

    ctld_starts();
    CU_ASSERT_EQUAL(fake_guests(), 2);
    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    fault_arm(fault, at);
    auto_stop(ctl, 0);
    bool met = fault_disarm();

    ctl_close(ctl);
    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    CU_ASSERT_EQUAL(auto_stop(ctl, 0), 0);
    ctl_close(ctl);
    ctld_starts();
    loud(before);
    CU_ASSERT_EQUAL(fake_guests(), 0);
    findings(true); /* of one that was killed between the end of a domain and that of its entries */
    CU_ASSERT_EQUAL(findings(false), 0);
    fake_end();
    return met;
}

static void stop(void)
{
    put_guest("10.cfg", "a");
    put_guest("20.cfg", "b");
    at_each_point(stopped_with);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(long_names),
        TEST_CASE(start),
        TEST_CASE(stop),
    };

    if (!kernel_make())
        return 1;
    int status = RUN_TESTS("guests that come and go with the host", tests);

    remove_file("10.cfg");
    remove_file("20.cfg");
    unlink(kernel_path);
    return status;
}
