/* SPDX-License-Identifier: MIT */
/*
 * What a program that uses libctl may rely on, whatever it passes and whatever fails: numbers name one domain or none,
 * events are neither lost nor made up, and nothing is told that the store did not say.
 */
#include "../run_tests.h"
#include "guest_case.h"

#include "libctl/device_medium.h"
#include "libctl/internal.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <xenstore.h>

#define POINTS_MAX 400u
#define UUID "uuid = \"11111111-2222-3333-4444-555555555555\""

/* A number that is cut to 16 bits would be another domain's. */
static void numbers_out_of_range(void)
{
    struct ctl_share share = { 256, 0 };
    struct ctl_vcpu_time times[4];
    uint32_t domid;
    struct ctl *ctl = host_with("g", "", &domid);
    uint32_t far = domid + 0x10000;

    CU_ASSERT_EQUAL(ctl_share_get(ctl, far, CTL_SCHEDULER_CREDIT2, &share), -ESRCH);
    share.weight = 256;
    CU_ASSERT_EQUAL(ctl_share_set(ctl, far, CTL_SCHEDULER_CREDIT2, &share), -ESRCH);
    CU_ASSERT_EQUAL(ctl_trigger(ctl, far, CTL_TRIGGER_NMI, 0), -ESRCH);
    CU_ASSERT_EQUAL(ctl_trigger(ctl, domid, (enum ctl_trigger)99, 0), -EINVAL);
    CU_ASSERT_EQUAL(ctl_domain_pause(ctl, far), -ESRCH);
    CU_ASSERT_EQUAL(ctl_domain_destroy(ctl, far), -ESRCH);
    CU_ASSERT_EQUAL(ctl_vcpu_times(ctl, far, 1, times, 4), 0);
    CU_ASSERT(fake_is_whole(domid));
    ctl_close(ctl);
    fake_end();
}

/* More memory than there can be does not come round to a little. */
static void memory_out_of_range(void)
{
    struct ctl_config config = config_of("h", "");
    uint32_t domid;
    struct ctl *ctl = host_with("g", "", &domid);

    CU_ASSERT_EQUAL(ctl_memory_max(ctl, domid, UINT64_MAX), -EINVAL);
    CU_ASSERT_EQUAL(ctl_memory_max(ctl, domid, UINT64_MAX - 1000), -EINVAL);
    CU_ASSERT_EQUAL(ctl_memory_set(ctl, domid, UINT64_MAX), -EINVAL);
    config.max_memory_kib = 1ull << 61;
    CU_ASSERT_EQUAL(ctl_domain_create(ctl, &config, 0, &domid), -EINVAL);
    CU_ASSERT_EQUAL(fake_guests(), 1);
    ctl_config_free(&config);
    ctl_close(ctl);
    fake_end();
}

/* "There is none" is said when there is none, and not when the store does not tell. */
static void names_that_are_not_told(void)
{
    uint32_t domid, found = 0;
    struct ctl *ctl = host_with("g", "", &domid);
    bool met = true;

    for (unsigned at = 0; met && at < POINTS_MAX; at++) {
        fault_arm(FAULT_STORE, at);
        int result = ctl_domain_find(ctl, "g", &found);

        met = fault_disarm();
        CU_ASSERT(result != -ESRCH);
        CU_ASSERT(result < 0 || found == domid);
        fault_arm(FAULT_STORE, at);
        CU_ASSERT_EQUAL(ctl_domain_find(ctl, "1", &found), 0);
        CU_ASSERT_EQUAL(found, 1);
        fault_disarm();
    }
    CU_ASSERT_EQUAL(ctl_domain_find(ctl, "nobody", &found), -ESRCH);
    /* A script's empty word is not a domain that has no name. */
    CU_ASSERT(xs_rm(ctl_store(ctl), XBT_NULL, "/local/domain/1/name"));
    CU_ASSERT_EQUAL(ctl_domain_find(ctl, "", &found), -ESRCH);
    CU_ASSERT_EQUAL(ctl_nic_find(ctl, domid, "4294967296", &found), -ENODEV);
    CU_ASSERT_EQUAL(ctl_nic_find(ctl, domid, "-1", &found), -ENODEV);
    CU_ASSERT_EQUAL(ctl_nic_find(ctl, domid, "7", &found), 0);
    ctl_close(ctl);
    fake_end();
}

/* Fetches all there is; how many of the kind are about that domain, and in *others what else there is. */
static unsigned fetch(struct ctl *ctl, struct ctl_events *events, enum ctl_event_kind kind, uint32_t domid,
                      unsigned *others)
{
    struct ctl_event event;
    unsigned found = 0;
    int result;

    *others = 0;
    while ((result = ctl_events_next(ctl, events, &event)) != 0) {
        if (result < 0)
            break;
        if (event.kind == kind && event.domid == domid)
            found++;
        else
            ++*others;
    }
    return found;
}

static bool events_with(enum fault fault, unsigned at)
{
    struct ctl_config config = config_of("h", "");
    struct ctl_events *events;
    uint32_t domid, second;
    struct ctl *ctl = host_with("g", "", &domid);
    unsigned others, more;

    CU_ASSERT_EQUAL_FATAL(ctl_events_open(ctl, &events), 0);
    CU_ASSERT_EQUAL(fetch(ctl, events, CTL_EVENT_CREATED, domid, &others), 0);
    CU_ASSERT_EQUAL_FATAL(ctl_domain_create(ctl, &config, 0, &second), 0);
    fake_store_event();
    fault_arm(fault, at);
    unsigned found = fetch(ctl, events, CTL_EVENT_CREATED, second, &others);
    bool met = fault_disarm();

    found += fetch(ctl, events, CTL_EVENT_CREATED, second, &more);
    CU_ASSERT_EQUAL(found, 1);
    CU_ASSERT_EQUAL(others + more, 0);
    fake_shut_down(domid, CTL_SHUTDOWN_CRASH);
    fake_store_event();
    fault_arm(fault, at);
    found = fetch(ctl, events, CTL_EVENT_SHUTDOWN, domid, &others);
    met = fault_disarm() || met;
    found += fetch(ctl, events, CTL_EVENT_SHUTDOWN, domid, &more);
    CU_ASSERT_EQUAL(found, 1);
    CU_ASSERT_EQUAL(others + more, 0);
    CU_ASSERT_EQUAL(ctl_domain_destroy(ctl, second), 0);
    fake_store_event();
    fault_arm(fault, at);
    found = fetch(ctl, events, CTL_EVENT_DESTROYED, second, &others);
    met = fault_disarm() || met;
    found += fetch(ctl, events, CTL_EVENT_DESTROYED, second, &more);
    CU_ASSERT_EQUAL(found, 1);
    CU_ASSERT_EQUAL(others + more, 0);
    ctl_events_close(events);
    ctl_config_free(&config);
    ctl_close(ctl);
    fake_end();
    return met;
}

/* Whoever opens events again after the store was gone is told what has happened meanwhile. */
static void events_of_a_lost_store(void)
{
    struct ctl_config config = config_of("h", "");
    struct ctl_events *events;
    struct ctl_event event;
    uint32_t domid, second;
    struct ctl *ctl = host_with("g", "", &domid);

    CU_ASSERT_EQUAL_FATAL(ctl_events_open(ctl, &events), 0);
    CU_ASSERT_EQUAL(ctl_events_next(ctl, events, &event), 0);
    fake_store_lost(true);
    CU_ASSERT_EQUAL(ctl_events_next(ctl, events, &event), -EPIPE);
    fault_arm(FAULT_STORE, 1); /* it is not back yet */
    CU_ASSERT(ctl_events_reopen(ctl, events) < 0);
    fault_disarm();
    CU_ASSERT_EQUAL(ctl_events_next(ctl, events, &event), -EPIPE);
    CU_ASSERT_EQUAL_FATAL(ctl_domain_create(ctl, &config, 0, &second), 0);
    CU_ASSERT_EQUAL(ctl_domain_destroy(ctl, domid), 0);
    fake_store_lost(false);
    CU_ASSERT_EQUAL(ctl_events_reopen(ctl, events), 0);
    CU_ASSERT_EQUAL(ctl_events_next(ctl, events, &event), 1);
    CU_ASSERT(event.kind == CTL_EVENT_DESTROYED && event.domid == domid);
    CU_ASSERT_EQUAL(ctl_events_next(ctl, events, &event), 1);
    CU_ASSERT(event.kind == CTL_EVENT_CREATED && event.domid == second);
    CU_ASSERT_EQUAL(ctl_events_next(ctl, events, &event), 0);
    ctl_events_close(events);
    ctl_config_free(&config);
    ctl_close(ctl);
    fake_end();
}

static void events_through_failures(void)
{
    static const enum fault faults[] = { FAULT_STORE, FAULT_HYPERCALL, FAULT_ALLOCATION };

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        unsigned at = 0;

        while (at < POINTS_MAX && events_with(faults[i], at))
            at++;
        CU_ASSERT(at > 0 && at < POINTS_MAX);
        printf("(%u points) ", at);
    }
}

/* Two domains of one UUID: what is noted of it goes with the last. */
static void shared_uuid(void)
{
    struct ctl_config config = config_of("g", UUID);
    uint32_t domid, second;
    struct ctl *ctl = host_with("g", UUID, &domid);
    uint64_t uptime_ns;

    CU_ASSERT_EQUAL(ctl_domain_rename(ctl, domid, "old"), 0);
    CU_ASSERT_EQUAL_FATAL(ctl_domain_create(ctl, &config, 0, &second), 0);
    CU_ASSERT_EQUAL(ctl_domain_destroy(ctl, domid), 0);
    CU_ASSERT_EQUAL(ctl_domain_uptime(ctl, second, &uptime_ns), 0);
    CU_ASSERT_EQUAL(ctl_domain_destroy(ctl, second), 0);
    CU_ASSERT_EQUAL(findings(false), 0);
    ctl_config_free(&config);
    ctl_close(ctl);
    fake_end();
}

/* A guest that writes into a directory of its own again and again does not keep it from being removed. */
static void removal_under_writes(void)
{
    uint32_t domid;
    struct ctl *ctl = host_with("g", "", &domid);

    CU_ASSERT_EQUAL(ctl_store_write(ctl, XBT_NULL, "/local/domain/1/device/vbd/51712/state", "1"), 0);
    fake_store_busy(true);
    CU_ASSERT(ctl_store_remove(ctl, "/local/domain/1/device/vbd/51712", "/local/domain/1/device"));
    CU_ASSERT(ctl_store_remove(ctl, "/local/domain/1/device/vbd/51712", "/local/domain/1/device"));
    fake_store_busy(false);
    char *left = ctl_store_read(ctl, XBT_NULL, "/local/domain/1/device/vbd/51712/state");

    CU_ASSERT_PTR_NULL(left);
    free(left);
    ctl_close(ctl);
    fake_end();
}

/* Who waits for a console is told that the store is gone, and does not turn round and round until the deadline. */
static void console_of_a_lost_store(void)
{
    struct timespec before, after;
    uint32_t domid;
    struct ctl *ctl = host_with("g", "", &domid);
    char path[64];

    CU_ASSERT_EQUAL(ctl_console_path(ctl, domid, 20, path, sizeof(path)), -ETIMEDOUT);
    fake_store_lost(true);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    CU_ASSERT_EQUAL(ctl_console_path(ctl, domid, 2000, path, sizeof(path)), -EPIPE);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    CU_ASSERT(after.tv_sec - before.tv_sec < 2);
    fake_store_lost(false);
    ctl_close(ctl);
    fake_end();
}

static size_t line_length;

/* A configuration that takes as many pieces in the store as its command line needs, all of one letter. */
static struct ctl_config config_with_line(char letter)
{
    struct ctl_config config = config_of("g", "");
    const size_t length = line_length;

    config.command_line = malloc(length + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config.command_line);
    memset(config.command_line, letter, length);
    config.command_line[length] = '\0';
    return config;
}

static void write_other(void)
{
    struct ctl_config config = config_with_line('b');
    struct ctl *ctl;

    config.on_crash = CTL_ACTION_PRESERVE;
    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    CU_ASSERT_EQUAL(ctl_domain_config_set(ctl, 1, &config), 0);
    ctl_close(ctl);
    ctl_config_free(&config);
}

/* What is read while another writes is the one or the other, whole; what changes a part leaves the other's part. */
static void config_written_after(const char *end, size_t length)
{
    const struct ctl_disk disk = { .target = kernel_path, .vdev = (char *)"xvda", .writable = true };
    struct ctl_config config, read;
    struct ctl *ctl;
    uint32_t domid;

    line_length = length;
    config = config_with_line('a');
    fake_start(HOST_KIB);
    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    CU_ASSERT_EQUAL_FATAL(ctl_domain_create(ctl, &config, 0, &domid), 0);
    fake_after_read(end, write_other);
    CU_ASSERT_EQUAL(ctl_domain_config_get(ctl, domid, &read), 0);
    CU_ASSERT_EQUAL(strlen(read.command_line ? read.command_line : ""), length);
    CU_ASSERT(read.command_line && read.command_line[0] == read.command_line[length - 1]);
    ctl_config_free(&read);

    CU_ASSERT_EQUAL(ctl_domain_config_set(ctl, domid, &config), 0);
    fake_after_read(end, write_other);
    CU_ASSERT_EQUAL(device_config_add(ctl, &(struct device_id){ CTL_DEVICE_DISK, domid, 51712 }, &disk, NULL), 0);
    CU_ASSERT_EQUAL(ctl_domain_config_get(ctl, domid, &read), 0);
    CU_ASSERT_EQUAL(read.disks_count, 1);
    CU_ASSERT_EQUAL(read.on_crash, CTL_ACTION_PRESERVE);
    ctl_config_free(&read);
    ctl_config_free(&config);
    ctl_close(ctl);
    fake_end();
}

static void config_under_writes(void)
{
    config_written_after("/config/0", 10);
    config_written_after("/config/0", 8000);
    config_written_after("/config/1", 8000);
}

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
    signals++;
}

/* A signal that comes while a core is written ends that, and the domain goes on. */
static void interrupted_core(void)
{
    static const struct sigaction counted = { .sa_handler = count_signal };
    char path[] = "/tmp/keel-core-XXXXXX";
    struct ctl_domain domain;
    struct sigaction before;
    sigset_t interrupt;
    uint32_t domid;
    struct ctl *ctl = host_with("g", "", &domid);
    int descriptor = mkstemp(path);

    CU_ASSERT_FATAL(descriptor >= 0);
    close(descriptor);
    CU_ASSERT_EQUAL(ctl_domain_dump(ctl, domid, "/nonexistent/core"), -ENOENT);
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigaction(SIGINT, &counted, &before);
    pthread_sigmask(SIG_BLOCK, &interrupt, NULL);
    raise(SIGINT);
    CU_ASSERT_EQUAL(ctl_domain_dump(ctl, domid, path), -EINTR);
    CU_ASSERT_EQUAL(access(path, F_OK), -1);
    CU_ASSERT_EQUAL(signals, 0);
    pthread_sigmask(SIG_UNBLOCK, &interrupt, NULL);
    CU_ASSERT_EQUAL(signals, 1);
    sigaction(SIGINT, &before, NULL);
    CU_ASSERT_EQUAL(ctl_domain_get(ctl, domid, &domain), 0);
    CU_ASSERT(!domain.paused);
    ctl_close(ctl);
    fake_end();
}

/* --- a store that does not tell ---------------------------------------------------------------------------------- */

static void give_disk(struct ctl *ctl, const char *target)
{
    CU_ASSERT_EQUAL(ctl_store_write(ctl, XBT_NULL, "/libxl/1/device/vbd/51712/keel", "attached"), 0);
    CU_ASSERT_EQUAL(ctl_store_write(ctl, XBT_NULL, "/local/domain/0/backend/vbd/1/51712/online", "1"), 0);
    CU_ASSERT_EQUAL(ctl_store_write(ctl, XBT_NULL, "/local/domain/0/backend/vbd/1/51712/state", "4"), 0);
    CU_ASSERT_EQUAL(ctl_store_write(ctl, XBT_NULL, "/local/domain/0/backend/vbd/1/51712/params", target), 0);
    CU_ASSERT_EQUAL(ctl_store_write(ctl, XBT_NULL, "/local/domain/0/backend/vbd/1/51712/mode", "w"), 0);
}

/* What cannot be read is not missing: fsck ends no domain, and takes nothing away, because the store fails. */
static bool fsck_with(enum fault fault, unsigned at)
{
    struct ctl_config config = config_of("h", "");
    struct ctl_finding *list = NULL;
    uint32_t domid;
    struct ctl *ctl = host_with("g", "", &domid);

    give_disk(ctl, "/nonexistent/disk");
    CU_ASSERT_EQUAL_FATAL(ctl_domain_create(ctl, &config, CTL_CREATE_PAUSED, &domid), 0);
    char *before = fake_inventory();

    fault_arm(fault, at);
    ssize_t count = ctl_fsck(ctl, true, &list);
    bool met = fault_disarm();

    for (ssize_t i = 0; i < count; i++)
        fprintf(stderr, "fsck with a fault at point %u: %s\n", at, list[i].text);
    CU_ASSERT(count <= 0);
    all_is_as(before, "fsck with a fault", at);
    if (count >= 0)
        free(list);
    free(before);
    ctl_config_free(&config);
    ctl_close(ctl);
    fake_end();
    return met;
}

static void fsck_through_failures(void)
{
    static const enum fault faults[] = { FAULT_STORE, FAULT_STORE_LOST, FAULT_HYPERCALL };

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        unsigned at = 0;

        while (at < POINTS_MAX && fsck_with(faults[i], at))
            at++;
        CU_ASSERT(at > 1 && at < POINTS_MAX);
        printf("(%u points) ", at);
    }
}

/* A disk that a living domain writes to is nobody else's, also where the store does not tell of it. */
static void disk_of_another(void)
{
    const struct ctl_disk disk = { .target = kernel_path, .vdev = (char *)"xvda", .writable = true };
    uint32_t domid;
    struct ctl *ctl = host_with("g", "", &domid);
    bool met = true;

    give_disk(ctl, kernel_path);
    CU_ASSERT_EQUAL(device_medium_check_others(ctl, "it", &disk, NULL), -EBUSY);
    for (unsigned at = 0; met && at < POINTS_MAX; at++) {
        fault_arm(FAULT_STORE, at);
        CU_ASSERT(device_medium_check_others(ctl, "it", &disk, NULL) < 0);
        met = fault_disarm();
    }
    for (unsigned at = 0; at < 3; at++) {
        fault_arm(FAULT_HYPERCALL, at);
        CU_ASSERT(device_medium_check_others(ctl, "it", &disk, NULL) < 0);
        fault_disarm();
    }
    ctl_close(ctl);
    fake_end();
}

/* --- no memory --------------------------------------------------------------------------------------------------- */

static const char long_cfg[] = "name = 'g'\nkernel = '/k'\nramdisk = '/r'\nmemory = 64\nmaxmem = 128\nvcpus = 2\n"
                               "maxvcpus = 4\ncpus = ['0', '1', '0-1']\ncmdline = 'a b'\ncap = 50\n"
                               "disk = ['/dev/a,raw,xvda,w', '/b,raw,xvdb,r']\non_crash = 'preserve'\n"
                               "vif = ['mac=00:16:3e:00:00:01,bridge=br0,vifname=v', 'rate=1Mb/s']\nuuid = "
                               "'11111111-2222-3333-4444-555555555555'\nkernal = 1\nextra += 'c'\n";

static const char *const overrides[] = { "memory = 96", "cpu_weight = 300" };

/* Read whole, or refused because there is no memory. */
static void read_or_refused(int result, const struct ctl_config_messages *messages, struct ctl_config *config,
                            const char *whole)
{
    char *json = result == 0 ? ctl_config_to_json(config) : NULL;
    bool is_said = false;

    for (size_t i = 0; i < messages->count; i++)
        is_said = is_said || strstr(messages->list[i].text, "no memory");
    CU_ASSERT(result == 0 || result == -ENOMEM || (result == -EINVAL && is_said));
    CU_ASSERT(result != 0 || (json && strcmp(json, whole) == 0));
    free(json);
}

/* False: no allocation failed. */
static bool parsed_without(const char *whole, unsigned at)
{
    struct ctl_config_messages messages;
    struct ctl_config config;

    fault_arm(FAULT_ALLOCATION, at);
    int result = ctl_config_parse(&config, "g.cfg", long_cfg, strlen(long_cfg), overrides, 2, &messages);
    bool met = fault_disarm();

    read_or_refused(result, &messages, &config, whole);
    ctl_config_messages_free(&messages);
    ctl_config_free(&config);
    return met;
}

static bool json_without(const char *json, unsigned at)
{
    struct ctl_config_messages messages;
    struct ctl_config config;

    fault_arm(FAULT_ALLOCATION, at);
    int result = ctl_config_from_json(&config, json, &messages);
    bool met = fault_disarm();

    read_or_refused(result, &messages, &config, json);
    ctl_config_messages_free(&messages);
    ctl_config_free(&config);
    return met;
}

static bool written_without(const struct ctl_config *config, char *(*write)(const struct ctl_config *config),
                            unsigned at)
{
    fault_arm(FAULT_ALLOCATION, at);
    char *text = write(config);
    bool met = fault_disarm();

    CU_ASSERT(met || text);
    free(text);
    return met;
}

static void configuration_without_memory(void)
{
    struct ctl_config_messages messages;
    struct ctl_config config;
    unsigned at = 0;
    char *json;

    fake_start(HOST_KIB);
    CU_ASSERT_EQUAL_FATAL(ctl_config_parse(&config, "g.cfg", long_cfg, strlen(long_cfg), overrides, 2, &messages), 0);
    ctl_config_messages_free(&messages);
    json = ctl_config_to_json(&config);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    while (at < POINTS_MAX && parsed_without(json, at))
        at++;
    CU_ASSERT(at > 2 && at < POINTS_MAX);
    printf("(%u points) ", at);
    for (at = 0; at < POINTS_MAX && json_without(json, at);)
        at++;
    CU_ASSERT(at > 2 && at < POINTS_MAX);
    printf("(%u points) ", at);
    for (at = 0; at < POINTS_MAX && written_without(&config, ctl_config_to_json, at);)
        at++;
    for (at = 0; at < POINTS_MAX && written_without(&config, ctl_config_to_cfg, at);)
        at++;
    free(json);
    ctl_config_free(&config);
    fake_end();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(numbers_out_of_range), TEST_CASE(memory_out_of_range), TEST_CASE(names_that_are_not_told),
        TEST_CASE(events_through_failures),
        TEST_CASE(events_of_a_lost_store),
        TEST_CASE(shared_uuid),
        TEST_CASE(removal_under_writes),
        TEST_CASE(console_of_a_lost_store),
        TEST_CASE(config_under_writes),
        TEST_CASE(interrupted_core),
        TEST_CASE(fsck_through_failures),
        TEST_CASE(disk_of_another),
        TEST_CASE(configuration_without_memory),
    };

    if (!kernel_make())
        return 1;
    int status = RUN_TESTS("what programs rely on", tests);

    unlink(kernel_path);
    return status;
}
