/* SPDX-License-Identifier: MIT */
/*
 * ctld's actions, killed at any hypercall or request of the store and begun again: what the configuration says of a
 * domain that has shut down is done once. No domain is lost, none is there twice, no note stays.
 */
#include "../run_tests.h"
#include "guest_case.h"

#include "lifecycle/action.h"
#include "lifecycle/auto.h"

#include <errno.h>
#include <xenstore.h>

#define POINTS_MAX 4000u
#define UUID "uuid = \"11111111-2222-3333-4444-555555555555\""

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
    int again_ms = restart_resume(ctl, store);

    if (count >= 0)
        free(list);
    ctl_close(ctl);
    xs_close(store);
    loud(before);
    fake_pass_ms(again_ms);
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
    fake_pass_ms(restart_resume(ctl, store));
    restart_resume(ctl, store);
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

/* What fails once, or for a while, is tried again. */
static void one_failure(void)
{
    static const struct expectation expected = { "on_reboot = 'restart'", CTL_SHUTDOWN_REBOOT, .again = true,
                                                  .leaves_folders = true };
    static const enum fault faults[] = { FAULT_HYPERCALL, FAULT_STORE, FAULT_STORE_LOST, FAULT_STORE_FULL,
                                         FAULT_ALLOCATION };

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        unsigned at = 0;

        while (at < POINTS_MAX && met_at(&expected, faults[i], at))
            at++;
        CU_ASSERT(at > 2 && at < POINTS_MAX);
        printf("(%u points) ", at);
    }
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

/* --- what is there, and what ctld may take it for ---------------------------------------------------------------- */

/* What action_shut_down says to a domain as it was seen. */
static int act_on(struct ctl *ctl, const struct ctl_domain *seen)
{
    struct xs_handle *store = xs_open(0);
    int before = quiet(), again_ms = action_shut_down(ctl, store, seen);

    loud(before);
    xs_close(store);
    return again_ms;
}

static bool ended_anew_at(unsigned at)
{
    uint32_t domid;
    struct ctl *ctl = host_with("g", "on_reboot = 'restart'\non_poweroff = 'destroy'", &domid);
    struct xs_handle *store = xs_open(0);
    struct ctl_domain domain;

    fake_shut_down(domid, CTL_SHUTDOWN_REBOOT);
    CU_ASSERT_EQUAL_FATAL(ctl_domain_get(ctl, domid, &domain), 0);
    int loudness = quiet();

    fault_arm(FAULT_KILL, at);
    action_shut_down(ctl, store, &domain);
    fake_pass_ms(restart_resume(ctl, store));
    restart_resume(ctl, store);
    bool met = fault_disarm();

    loud(loudness);
    xs_close(store);
    ctl_close(ctl);
    uint32_t newest = fake_next_domid() - 1;
    bool is_back = newest != domid && fake_is_whole(newest);

    if (is_back)
        fake_shut_down(newest, CTL_SHUTDOWN_POWEROFF);
    findings(true);
    look();
    look();
    CU_ASSERT_EQUAL(fake_guests(), !is_back);
    if (fake_guests() != !is_back)
        fprintf(stderr, "killed at point %u: %u guests\n", at, fake_guests());
    if (fake_guests())
        destroy_by_name("g");
    CU_ASSERT_EQUAL(findings(false), 0);
    fake_end();
    return met;
}

/* A guest that ctld has brought back, and that ends by itself before the ctld after a kill looks, stays away. */
static void ended_anew(void)
{
    unsigned at = 0;

    while (at < POINTS_MAX && ended_anew_at(at))
        at++;
    CU_ASSERT(at > 2 && at < POINTS_MAX);
}

/* Another domain under the number that was seen, or one that runs again, is not touched. */
static void seen_before(void)
{
    struct ctl_domain seen, other;
    uint32_t domid;
    struct ctl *ctl = host_with("g", "on_crash = 'destroy'", &domid);

    fake_shut_down(domid, CTL_SHUTDOWN_CRASH);
    CU_ASSERT_EQUAL_FATAL(ctl_domain_get(ctl, domid, &seen), 0);
    other = seen;
    other.uuid[0] ^= 1;
    CU_ASSERT_EQUAL(act_on(ctl, &other), -1);
    CU_ASSERT(fake_is_there(domid));
    fake_go_on(domid);
    CU_ASSERT_EQUAL(act_on(ctl, &seen), -1);
    CU_ASSERT(fake_is_there(domid));
    fake_shut_down(domid, CTL_SHUTDOWN_CRASH);
    CU_ASSERT_EQUAL(act_on(ctl, &seen), -1);
    CU_ASSERT(!fake_is_there(domid));
    ctl_close(ctl);
    fake_end();
}

static void destroy_first(void)
{
    struct ctl *ctl;

    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    CU_ASSERT_EQUAL(ctl_domain_destroy(ctl, 1), 0);
    ctl_close(ctl);
}

/* One that is destroyed while ctld sets about restarting it is not brought back. */
static void destroyed_meanwhile(void)
{
    static const char *const lines[] = { "on_crash = 'restart'", "on_crash = 'rename-restart'" };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct ctl_domain domain;
        uint32_t domid;
        struct ctl *ctl = host_with("g", lines[i], &domid);

        fake_shut_down(domid, CTL_SHUTDOWN_CRASH);
        CU_ASSERT_EQUAL_FATAL(ctl_domain_get(ctl, domid, &domain), 0);
        fake_after_read("/local/domain/1/name", destroy_first);
        act_on(ctl, &domain);
        look();
        look();
        CU_ASSERT_EQUAL(fake_guests(), 0);
        CU_ASSERT_EQUAL(findings(false), 0);
        ctl_close(ctl);
        fake_end();
    }
}

/* A guest that was suspended and goes on is still one whose end is acted upon. */
static void suspended(void)
{
    uint32_t domid;
    struct ctl *ctl = host_with("g", "on_crash = 'destroy'", &domid);

    fake_shut_down(domid, CTL_SHUTDOWN_SUSPEND);
    look();
    CU_ASSERT(fake_is_there(domid));
    fake_go_on(domid);
    fake_shut_down(domid, CTL_SHUTDOWN_CRASH);
    look();
    CU_ASSERT(!fake_is_there(domid));
    ctl_close(ctl);
    fake_end();
}

/* What the store has no room for now is looked at again, and done when it has. */
static void full_store(void)
{
    static const char *const lines[] = { "on_crash = 'restart'", "on_crash = 'rename-restart'",
                                         "on_crash = 'preserve'" };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct ctl_domain domain;
        uint32_t domid;
        struct ctl *ctl = host_with("g", lines[i], &domid);

        fake_shut_down(domid, CTL_SHUTDOWN_CRASH);
        CU_ASSERT_EQUAL_FATAL(ctl_domain_get(ctl, domid, &domain), 0);
        fault_arm(FAULT_STORE_FULL, 0);
        CU_ASSERT(act_on(ctl, &domain) > 0);
        CU_ASSERT(fault_disarm());
        CU_ASSERT(fake_is_there(domid));
        look();
        look();
        CU_ASSERT_EQUAL(fake_guests(), i == 1 ? 2 : 1);
        CU_ASSERT_EQUAL(fake_is_there(domid), i != 0);
        ctl_close(ctl);
        fake_end();
    }
}

/* What another domain holds of a dead one keeps that from nothing. */
static void held_by_another(void)
{
    struct ctl_domain domain;
    uint32_t domid, found = 0;
    struct ctl *ctl = host_with("g", "on_reboot = 'restart'", &domid);

    fake_shut_down(domid, CTL_SHUTDOWN_REBOOT);
    CU_ASSERT_EQUAL_FATAL(ctl_domain_get(ctl, domid, &domain), 0);
    fake_hold(domid, true);
    act_on(ctl, &domain);
    CU_ASSERT(fake_is_there(domid));
    look();
    look();
    CU_ASSERT_EQUAL(ctl_domain_find(ctl, "g", &found), 0);
    CU_ASSERT(found != domid && fake_is_whole(found));
    fake_hold(domid, false);
    destroy_by_name("g");
    CU_ASSERT_EQUAL(findings(false), 0);
    CU_ASSERT_EQUAL(fake_guests(), 0);
    ctl_close(ctl);
    fake_end();
}

#define MANY 20u

/* Many that end at once come back at once: none waits for the others. */
static void many_at_once(void)
{
    uint32_t domid;
    char name[16];
    struct ctl *ctl;
    int64_t before_ms;

    fake_start(4 * HOST_KIB);
    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "g%u", i);
        struct ctl_config config = config_of(name, "on_reboot = 'restart'");

        CU_ASSERT_EQUAL_FATAL(ctl_domain_create(ctl, &config, 0, &domid), 0);
        fake_shut_down(domid, CTL_SHUTDOWN_REBOOT);
        ctl_config_free(&config);
    }
    before_ms = fake_passed_ms();
    for (unsigned looks = 0; looks < 5 && !fake_is_whole(2 * MANY); looks++)
        look();
    CU_ASSERT_EQUAL(fake_guests(), MANY);
    for (unsigned i = 1; i <= MANY; i++)
        CU_ASSERT(!fake_is_there(i) && fake_is_whole(MANY + i));
    /* But each waits a while, so that one that ends at once does not keep domain 0 busy. */
    CU_ASSERT(fake_passed_ms() - before_ms >= 900 && fake_passed_ms() - before_ms <= 2000);
    ctl_close(ctl);
    fake_end();
}

/* One that cannot be made any more is tried for a while, and then forgotten with a word. */
static void cannot_come_back(void)
{
    uint32_t domid;
    struct ctl *ctl = host_with("g", "on_reboot = 'restart'", &domid);
    char *held = NULL, away[sizeof(kernel_path) + 5];

    snprintf(away, sizeof(away), "%s.away", kernel_path);
    fake_shut_down(domid, CTL_SHUTDOWN_REBOOT);
    look();
    CU_ASSERT_FATAL(rename(kernel_path, away) == 0);
    look();
    held = ctl_store_read(ctl, XBT_NULL, "/keel/restart");
    CU_ASSERT_PTR_NOT_NULL(held);
    free(held);
    look();
    look();
    look();
    CU_ASSERT_FATAL(rename(away, kernel_path) == 0);
    look();
    CU_ASSERT_EQUAL(fake_guests(), 0);
    held = ctl_store_read(ctl, XBT_NULL, "/keel/restart");
    CU_ASSERT_PTR_NULL(held);
    free(held);
    ctl_close(ctl);
    fake_end();
}

/* While the host goes down nothing is started, not even what was noted before. */
static void host_goes_down(void)
{
    struct ctl_config config = config_of("h", "");
    uint32_t domid;
    struct ctl *ctl = host_with("g", "on_reboot = 'restart'", &domid);

    fake_shut_down(domid, CTL_SHUTDOWN_REBOOT);
    look();
    CU_ASSERT_EQUAL(fake_guests(), 0);
    CU_ASSERT_EQUAL(ctl_domain_create(ctl, &config, 0, &domid), 0);
    int before = quiet();

    CU_ASSERT_EQUAL(auto_stop(ctl, 0), 0);
    loud(before);
    CU_ASSERT_EQUAL(auto_create(ctl, &config, &domid), -ECANCELED);
    look();
    look();
    CU_ASSERT_EQUAL(fake_guests(), 0);
    ctl_config_free(&config);
    ctl_close(ctl);
    fake_end();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(destroy), TEST_CASE(restart), TEST_CASE(rename_restart),
        TEST_CASE(one_failure), TEST_CASE(preserve), TEST_CASE(reasons), TEST_CASE(ended_anew), TEST_CASE(seen_before),
        TEST_CASE(destroyed_meanwhile),
        TEST_CASE(suspended), TEST_CASE(full_store), TEST_CASE(held_by_another), TEST_CASE(many_at_once),
        TEST_CASE(cannot_come_back), TEST_CASE(host_goes_down),
    };

    if (!kernel_make())
        return 1;
    int status = RUN_TESTS("ctld's actions, killed", tests);

    unlink(kernel_path);
    return status;
}
