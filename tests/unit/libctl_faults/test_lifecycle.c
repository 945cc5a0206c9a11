/* SPDX-License-Identifier: MIT */
/*
 * ctld's actions, killed at any hypercall or request of the store and begun again: what the configuration says of a
 * domain that has shut down is done once. No domain is lost, none is there twice, no note stays.
 */
#include "../run_tests.h"
#include "guest_case.h"

#include "lifecycle/action.h"

#include <xenstore.h>

#define POINTS_MAX 4000u
#define UUID "uuid = \"11111111-2222-3333-4444-555555555555\""

/* ctld tells what it does: not here. Returns what loud() takes. */
static int quiet(void)
{
    int before = dup(STDERR_FILENO);

    CU_ASSERT_PTR_NOT_NULL_FATAL(freopen("/dev/null", "w", stderr));
    return before;
}

static void loud(int before)
{
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
}

/* What ctld does when a domain has shut down, and when it starts. */
static void look(void)
{
    struct xs_handle *store = xs_open(0);
    struct ctl_domain *list;
    struct ctl *ctl;
    ssize_t count;
    int before = quiet();

    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    count = ctl_domain_list(ctl, &list);
    for (ssize_t i = 0; i < count; i++)
        if (list[i].domid && list[i].shutdown)
            action_shut_down(ctl, store, &list[i]);
    action_resume(ctl, store);
    if (count >= 0)
        free(list);
    ctl_close(ctl);
    xs_close(store);
    loud(before);
}

struct expectation {
    const char *lines;          /* of the configuration */
    enum ctl_shutdown reason;
    bool again, kept;           /* a new domain is there; the old one is */
    const char *old_name;       /* of the one that is kept */
    bool leaves_folders;        /* an empty one in the store is no harm */
};

static bool has_name(uint32_t domid, const char *name)
{
    struct ctl_domain domain;
    struct ctl *ctl;

    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    int result = ctl_domain_get(ctl, domid, &domain);

    ctl_close(ctl);
    if (result == 0 && strcmp(domain.name, name) == 0)
        return true;
    fprintf(stderr, "domain %u is called \"%s\", not \"%s\"\n", domid, result ? "" : domain.name, name);
    return false;
}

/* As the expectation says, and nothing else is there. */
static void outcome(const struct expectation *expected, const char *before, unsigned at)
{
    uint32_t newest = fake_next_domid() - 1;

    CU_ASSERT_EQUAL(fake_guests(), (unsigned)expected->again + expected->kept);
    CU_ASSERT_EQUAL(fake_is_there(1), expected->kept);
    if (fake_guests() != (unsigned)expected->again + expected->kept)
        fprintf(stderr, "killed at point %u: %u guests\n", at, fake_guests());
    if (expected->again && fake_guests()) {
        CU_ASSERT(fake_is_whole(newest));
        CU_ASSERT(has_name(newest, "g"));
        destroy_by_name("g");
    }
    if (expected->kept && fake_is_there(1)) {
        CU_ASSERT(has_name(1, expected->old_name));
        destroy_by_name(expected->old_name);
    }
    CU_ASSERT_EQUAL(findings(false), 0);
    if (!expected->leaves_folders)
        all_is_as(before, "what ctld has done", at);
}

static bool met_at(const struct expectation *expected, enum fault fault, unsigned at)
{
    struct ctl_config config = config_of("g", expected->lines);
    struct xs_handle *store;
    struct ctl *ctl;
    uint32_t domid;
    struct ctl_domain *list;

    fake_start(HOST_KIB);
    char *before = fake_inventory();

    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    CU_ASSERT_EQUAL_FATAL(ctl_domain_create(ctl, &config, 0, &domid), 0);
    fake_shut_down(domid, expected->reason);
    ssize_t count = ctl_domain_list(ctl, &list);

    CU_ASSERT_EQUAL_FATAL(count, 2);
    store = xs_open(0);
    int loudness = quiet();

    fault_arm(fault, at);
    action_shut_down(ctl, store, &list[1]);
    action_resume(ctl, store);
    bool met = fault_disarm();

    loud(loudness);

    xs_close(store);
    ctl_close(ctl);
    free(list);
    findings(true); /* ctld begins with that */
    look();
    look();
    outcome(expected, before, at);
    free(before);
    fake_end();
    ctl_config_free(&config);
    return met;
}

static bool killed_at(const struct expectation *expected, unsigned at)
{
    return met_at(expected, FAULT_KILL, at);
}

static void at_each_point(const struct expectation *expected)
{
    unsigned at = 0;

    while (at < POINTS_MAX && killed_at(expected, at))
        at++;
    CU_ASSERT(at > 2 && at < POINTS_MAX);
    printf("(%u points) ", at);
}

static void destroy(void)
{
    at_each_point(&(struct expectation){ "on_poweroff = 'destroy'", CTL_SHUTDOWN_POWEROFF, .again = false });
    at_each_point(&(struct expectation){ "on_crash = 'coredump-destroy'", CTL_SHUTDOWN_CRASH, .again = false });
}

static void restart(void)
{
    at_each_point(&(struct expectation){ "on_reboot = 'restart'", CTL_SHUTDOWN_REBOOT, .again = true });
    at_each_point(&(struct expectation){ "on_crash = 'restart'\n" UUID, CTL_SHUTDOWN_CRASH, .again = true });
}

static void rename_restart(void)
{
    at_each_point(&(struct expectation){ "on_watchdog = 'rename-restart'", CTL_SHUTDOWN_WATCHDOG, .again = true,
                                         .kept = true, .old_name = "g-1" });
    at_each_point(&(struct expectation){ "on_watchdog = 'rename-restart'\n" UUID, CTL_SHUTDOWN_WATCHDOG, .again = true,
                                         .kept = true, .old_name = "g-1" });
}

/* What fails once is tried again. */
static void one_failure(void)
{
    static const struct expectation expected = { "on_reboot = 'restart'", CTL_SHUTDOWN_REBOOT, .again = true,
                                                  .leaves_folders = true };
    unsigned at = 0;

    while (at < POINTS_MAX && met_at(&expected, FAULT_HYPERCALL, at))
        at++;
    CU_ASSERT(at > 2 && at < POINTS_MAX);
    for (at = 0; at < POINTS_MAX && met_at(&expected, FAULT_STORE, at);)
        at++;
    CU_ASSERT(at > 2 && at < POINTS_MAX);
}

static void preserve(void)
{
    at_each_point(&(struct expectation){ "on_crash = 'preserve'", CTL_SHUTDOWN_CRASH, .kept = true, .old_name = "g" });
}

/* The action is the one of the reason. */
static void reasons(void)
{
    static const char lines[] = "on_poweroff = 'preserve'\non_reboot = 'destroy'\non_crash = 'restart'\n"
                                "on_watchdog = 'rename-restart'";

    killed_at(&(struct expectation){ lines, CTL_SHUTDOWN_POWEROFF, .kept = true, .old_name = "g" }, POINTS_MAX);
    killed_at(&(struct expectation){ lines, CTL_SHUTDOWN_REBOOT, .again = false }, POINTS_MAX);
    killed_at(&(struct expectation){ lines, CTL_SHUTDOWN_CRASH, .again = true }, POINTS_MAX);
    killed_at(&(struct expectation){ lines, CTL_SHUTDOWN_WATCHDOG, .again = true, .kept = true, .old_name = "g-1" },
              POINTS_MAX);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(destroy), TEST_CASE(restart), TEST_CASE(rename_restart),
        TEST_CASE(one_failure), TEST_CASE(preserve), TEST_CASE(reasons),
    };

    if (!kernel_make())
        return 1;
    int status = RUN_TESTS("ctld's actions, killed", tests);

    unlink(kernel_path);
    return status;
}
