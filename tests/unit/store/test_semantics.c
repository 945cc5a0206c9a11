/* SPDX-License-Identifier: MIT */
/*
 * What a client may expect of <xenstore.h>: results and errors, readiness of xs_fileno, events left unread, threads that
 * share a handle, a daemon that is killed and comes back, and fork. The daemon is the program, in a process of its own.
 * The same file is built with our client library, with it under the thread sanitizer (tests/unit/store_threads), and with
 * Debian's libxenstore.so.4 (tests/unit/libxenstore).
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenstore.h>

#include "../run_tests.h"
#include "daemon_process.h"

static bool write_text(struct xs_handle *to, xs_transaction_t transaction, const char *path, const char *text)
{
    return xs_write(to, transaction, path, text, (unsigned int)strlen(text));
}

static bool has_value(struct xs_handle *from, xs_transaction_t transaction, const char *path, const char *text)
{
    unsigned int size = 12345;
    char *value = xs_read(from, transaction, path, &size);
    bool same = value && size == strlen(text) && memcmp(value, text, size + 1) == 0; /* a zero byte follows */
    free(value);
    return same;
}

/* The call must fail with this error. */
#define FAILS(error, call) \
    do { \
        errno = 0; \
        CU_ASSERT_FALSE(call); \
        CU_ASSERT_EQUAL(errno, error); \
    } while (0)

static void results_and_errors(void)
{
    unsigned int count = 77;
    static char big[5000];
    FAILS(ENOENT, xs_read(handle, XBT_NULL, "/none", &count) != NULL);
    FAILS(EINVAL, xs_read(handle, XBT_NULL, "/a//b", &count) != NULL);
    FAILS(EINVAL, xs_read(handle, XBT_NULL, "", &count) != NULL);
    FAILS(ENOENT, xs_directory(handle, XBT_NULL, "/none", &count) != NULL);
    FAILS(ENOENT, xs_get_permissions(handle, XBT_NULL, "/none", &count) != NULL);
    FAILS(ENOENT, xs_rm(handle, XBT_NULL, "/none/below"));
    FAILS(EINVAL, write_text(handle, XBT_NULL, "/a b", "x"));
    FAILS(E2BIG, xs_write(handle, XBT_NULL, "/big", big, sizeof(big)));
    FAILS(ENOENT, write_text(handle, 4711, "/a", "x"));
    FAILS(ENOENT, xs_transaction_end(handle, 4711, false));
    FAILS(ENOENT, xs_unwatch(handle, "/a", "none"));
    FAILS(EINVAL, xs_watch(handle, "a//b", "token"));
    FAILS(EINVAL, xs_control_command(handle, "nonsense", NULL, 0) != NULL);
    struct xs_permissions set[] = {{.id = 0, .perms = XS_PERM_NONE}, {.id = 7, .perms = XS_PERM_READ}};
    FAILS(ENOENT, xs_set_permissions(handle, XBT_NULL, "/none", set, 2));

    CU_ASSERT_TRUE(xs_rm(handle, XBT_NULL, "/none")); /* it is not there already */
    CU_ASSERT_TRUE(xs_mkdir(handle, XBT_NULL, "/r/empty"));
    CU_ASSERT_TRUE(xs_mkdir(handle, XBT_NULL, "/r/empty"));
    CU_ASSERT_TRUE(has_value(handle, XBT_NULL, "/r/empty", ""));
    CU_ASSERT_TRUE(xs_write(handle, XBT_NULL, "/r/bytes", "a\0b", 3));
    char *value = xs_read(handle, XBT_NULL, "/r/bytes", &count);
    CU_ASSERT_TRUE(value && count == 3 && memcmp(value, "a\0b", 4) == 0);
    free(value);
    CU_ASSERT_TRUE(write_text(handle, XBT_NULL, "relative", "v"));
    CU_ASSERT_TRUE(has_value(handle, XBT_NULL, "/local/domain/0/relative", "v"));
    char **names = xs_directory(handle, XBT_NULL, "/r/empty", &count);
    CU_ASSERT_PTR_NOT_NULL(names);
    CU_ASSERT_EQUAL(count, 0);
    free(names);
    names = xs_directory(handle, XBT_NULL, "/r", &count);
    CU_ASSERT_TRUE(names && count == 2 && strcmp(names[0], "bytes") == 0 && strcmp(names[1], "empty") == 0);
    free(names);
    CU_ASSERT_TRUE(xs_set_permissions(handle, XBT_NULL, "/r", set, 2));
    struct xs_permissions *got = xs_get_permissions(handle, XBT_NULL, "/r", &count);
    CU_ASSERT_TRUE(got && count == 2 && got[0].id == 0 && got[1].id == 7 && got[1].perms == XS_PERM_READ);
    free(got);
    for (int i = 0; i < 1000; i++) {
        char path[64];
        snprintf(path, sizeof(path), "/r/long/a-name-that-is-not-short-%04d", i);
        CU_ASSERT_TRUE(write_text(handle, XBT_NULL, path, ""));
    }
    names = xs_directory(handle, XBT_NULL, "/r/long", &count); /* longer than a message */
    CU_ASSERT_TRUE(names && count == 1000 && strcmp(names[999], "a-name-that-is-not-short-0999") == 0);
    free(names);
    value = xs_get_domain_path(handle, 7);
    CU_ASSERT_TRUE(value && strcmp(value, "/local/domain/7") == 0);
    free(value);
    CU_ASSERT_TRUE(xs_is_domain_introduced(handle, 0));
    CU_ASSERT_FALSE(xs_is_domain_introduced(handle, 7));
    value = xs_control_command(handle, "check", NULL, 0);
    CU_ASSERT_TRUE(value && strcmp(value, "OK") == 0);
    free(value);
    CU_ASSERT_TRUE(xs_rm(handle, XBT_NULL, "/r"));
}

static bool is_readable(struct xs_handle *of, int timeout_ms)
{
    struct pollfd entry = {.fd = xs_fileno(of), .events = POLLIN};
    return poll(&entry, 1, timeout_ms) == 1;
}

/* The next event, which has to come; its path, or NULL. Both stay until the next call. */
static const char *event_path, *event_token;
static bool take_event(struct xs_handle *from)
{
    static char **event;
    unsigned int count = 0;
    free(event);
    event = xs_read_watch(from, &count);
    event_path = event ? event[XS_WATCH_PATH] : NULL;
    event_token = event ? event[XS_WATCH_TOKEN] : NULL;
    return event && count == 2;
}

static void its_descriptor_is_readable_while_events_wait(void)
{
    struct xs_handle *watcher = xs_open(0);
    CU_ASSERT_FALSE(is_readable(watcher, 0));
    CU_ASSERT_PTR_NULL(xs_check_watch(watcher));
    CU_ASSERT_TRUE(xs_watch(watcher, "/f", "t"));
    FAILS(EEXIST, xs_watch(watcher, "/f", "t"));
    CU_ASSERT_TRUE(is_readable(watcher, 5000));
    char **event = xs_check_watch(watcher);
    CU_ASSERT_TRUE(event && strcmp(event[XS_WATCH_PATH], "/f") == 0 && strcmp(event[XS_WATCH_TOKEN], "t") == 0);
    free(event);
    CU_ASSERT_FALSE(is_readable(watcher, 0));
    errno = 0;
    CU_ASSERT_PTR_NULL(xs_check_watch(watcher));
    CU_ASSERT_EQUAL(errno, EAGAIN);
    for (int i = 0; i < 200; i++) { /* whatever comes first, the reply or the event, none of them is lost */
        CU_ASSERT_TRUE(write_text(handle, XBT_NULL, "/f/x", "v"));
        if (i % 3)
            CU_ASSERT_TRUE(has_value(watcher, XBT_NULL, "/f/x", "v"));
        CU_ASSERT_TRUE_FATAL(is_readable(watcher, 5000));
        if (i % 2) {
            CU_ASSERT_TRUE(take_event(watcher));
        } else {
            event = xs_check_watch(watcher);
            CU_ASSERT_PTR_NOT_NULL(event);
            free(event);
        }
        CU_ASSERT_FALSE(is_readable(watcher, 0));
    }
    CU_ASSERT_TRUE(xs_unwatch(watcher, "/f", "t"));
    xs_close(watcher);
}

static void unread_events_wait_in_order(void)
{
    enum { EVENTS = 3000 };
    char path[32];
    struct xs_handle *watcher = xs_open(0), *filtering = xs_open(XS_UNWATCH_FILTER);
    CU_ASSERT_TRUE(xs_watch(watcher, "/u", "t"));
    CU_ASSERT_TRUE(xs_watch(filtering, "/u", "t"));
    for (int i = 0; i < EVENTS; i++) {
        snprintf(path, sizeof(path), "/u/%d", i);
        CU_ASSERT_TRUE(write_text(handle, XBT_NULL, path, "v"));
        if (i % 100 == 0)
            CU_ASSERT_TRUE(has_value(watcher, XBT_NULL, path, "v")); /* requests go on meanwhile */
    }
    CU_ASSERT_TRUE(take_event(watcher) && strcmp(event_path, "/u") == 0);
    for (int i = 0; i < EVENTS; i++) {
        snprintf(path, sizeof(path), "/u/%d", i);
        CU_ASSERT_TRUE_FATAL(take_event(watcher) && strcmp(event_path, path) == 0 && strcmp(event_token, "t") == 0);
    }
    CU_ASSERT_TRUE(xs_unwatch(filtering, "/u", "t"));
    CU_ASSERT_PTR_NULL(xs_check_watch(filtering));
    CU_ASSERT_TRUE(xs_rm(handle, XBT_NULL, "/u"));
    xs_close(watcher);
    xs_close(filtering);
}

enum { WRITERS = 6, TAKERS = 3, ROUNDS = 100, EVENTS_A_ROUND = 3 };
static struct xs_handle *shared;
static unsigned int events_taken;

/* Each round is a write, and a transaction of two; all by one handle. */
static void *write_much(void *argument)
{
    char path[64], other[64], text[16];
    intptr_t number = (intptr_t)argument, wrong = 0;
    snprintf(path, sizeof(path), "/threads/%d/a", (int)number);
    snprintf(other, sizeof(other), "/threads/%d/b", (int)number);
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(text, sizeof(text), "%d", i);
        wrong += !write_text(shared, XBT_NULL, path, text) || !has_value(shared, XBT_NULL, path, text);
        xs_transaction_t transaction = xs_transaction_start(shared);
        wrong += transaction == XBT_NULL || !write_text(shared, transaction, path, "in") ||
                 !write_text(shared, transaction, other, text) || !has_value(shared, transaction, other, text) ||
                 !xs_transaction_end(shared, transaction, false);
        unsigned int count = 0;
        char **names = xs_directory(shared, XBT_NULL, "/threads", &count);
        wrong += !names || count == 0;
        free(names);
    }
    return (void *)wrong;
}

static void *take_many(void *argument)
{
    for (unsigned int count;;) {
        char **event = xs_read_watch(shared, &count);
        bool last = !event || strcmp(event[XS_WATCH_PATH], "/threads/end") == 0;
        if (!last)
            __atomic_add_fetch(&events_taken, 1, __ATOMIC_SEQ_CST);
        free(event);
        if (last)
            return event ? NULL : (void *)1;
    }
}

/* Sets and removes watches of its own beside; their events are not counted. */
static void *watch_much(void *argument)
{
    intptr_t wrong = 0;
    for (int i = 0; i < ROUNDS; i++)
        wrong += !xs_watch(shared, "/elsewhere", "x") || !xs_unwatch(shared, "/elsewhere", "x");
    return (void *)wrong;
}

static void *poll_and_check(void *argument)
{
    for (;;) {
        if (!is_readable(shared, 10000))
            return (void *)1;
        char **event = xs_check_watch(shared);
        bool last = event && strcmp(event[XS_WATCH_PATH], "/threads/end") == 0;
        if (event && !last)
            __atomic_add_fetch(&events_taken, 1, __ATOMIC_SEQ_CST);
        free(event);
        if (last)
            return NULL;
    }
}

static void many_threads_share_a_handle(void)
{
    pthread_t writers[WRITERS + 1], takers[TAKERS + 1];
    void *wrong;
    shared = xs_open(0);
    CU_ASSERT_TRUE(xs_watch(shared, "/threads", "t"));
    for (int i = 0; i < TAKERS; i++)
        pthread_create(&takers[i], NULL, take_many, NULL);
    pthread_create(&takers[TAKERS], NULL, poll_and_check, NULL);
    for (int i = 0; i < WRITERS; i++)
        pthread_create(&writers[i], NULL, write_much, (void *)(intptr_t)i);
    pthread_create(&writers[WRITERS], NULL, watch_much, NULL);
    for (int i = 0; i <= WRITERS; i++) {
        pthread_join(writers[i], &wrong);
        CU_ASSERT_PTR_NULL(wrong);
    }
    for (int i = 0; i <= TAKERS; i++) /* one each: who has it takes no other */
        CU_ASSERT_TRUE(write_text(handle, XBT_NULL, "/threads/end", ""));
    for (int i = 0; i <= TAKERS; i++) {
        pthread_join(takers[i], &wrong);
        CU_ASSERT_PTR_NULL(wrong);
    }
    CU_ASSERT_EQUAL(events_taken, 1 + WRITERS * ROUNDS * EVENTS_A_ROUND + ROUNDS);
    xs_close(shared);
}

static xs_transaction_t across;

static void *write_in_it(void *argument)
{
    return write_text(shared, across, "/across", "v") ? NULL : (void *)1;
}

static void *end_it(void *argument)
{
    return xs_transaction_end(shared, across, false) ? NULL : (void *)1;
}

static void a_transaction_belongs_to_the_handle_not_to_a_thread(void)
{
    pthread_t thread;
    void *wrong;
    shared = xs_open(0);
    across = xs_transaction_start(shared);
    pthread_create(&thread, NULL, write_in_it, NULL);
    pthread_join(thread, &wrong);
    CU_ASSERT_PTR_NULL(wrong);
    FAILS(ENOENT, write_text(handle, across + 1000, "/across", "other"));
    CU_ASSERT_FALSE(has_value(handle, XBT_NULL, "/across", "v"));
    pthread_create(&thread, NULL, end_it, NULL);
    pthread_join(thread, &wrong);
    CU_ASSERT_PTR_NULL(wrong);
    CU_ASSERT_TRUE(has_value(handle, XBT_NULL, "/across", "v"));
    xs_close(shared);
}

static void *wait_for_an_event(void *argument)
{
    unsigned int count;
    char **event = xs_read_watch(argument, &count);
    bool came = event != NULL;
    free(event);
    return came ? (void *)1 : NULL;
}

/* The handle is lost with its daemon: no call waits, none says that it has done anything; a new handle goes on. */
static void a_killed_daemon_ends_handles_and_nothing_else(void)
{
    struct xs_handle *blocked = xs_open(0);
    pthread_t thread;
    void *event = (void *)1;
    CU_ASSERT_TRUE(xs_watch(blocked, "/k", "t"));
    CU_ASSERT_TRUE(take_event(blocked));
    CU_ASSERT_TRUE(write_text(handle, XBT_NULL, "/kept", "v"));
    xs_transaction_t transaction = xs_transaction_start(handle);
    CU_ASSERT_TRUE(write_text(handle, transaction, "/lost", "v"));
    pthread_create(&thread, NULL, wait_for_an_event, blocked);
    usleep(50000);
    end_daemon(SIGKILL);
    pthread_join(thread, &event);
    CU_ASSERT_PTR_NULL(event);
    CU_ASSERT_PTR_NULL(xs_check_watch(blocked));
    CU_ASSERT_FALSE(write_text(blocked, XBT_NULL, "/late", "v"));
    CU_ASSERT_FALSE(xs_transaction_end(handle, transaction, false));
    CU_ASSERT_EQUAL(xs_transaction_start(handle), XBT_NULL);
    CU_ASSERT_PTR_NULL(xs_read(handle, XBT_NULL, "/kept", NULL));
    xs_close(blocked);
    xs_close(handle);
    CU_ASSERT_PTR_NULL(xs_open(0));
    start_daemon();
    CU_ASSERT_TRUE(has_value(handle, XBT_NULL, "/kept", "v"));
    FAILS(ENOENT, xs_read(handle, XBT_NULL, "/lost", NULL) != NULL);
    FAILS(ENOENT, xs_read(handle, XBT_NULL, "/late", NULL) != NULL);
}

static bool forking;

static void *ask_until_forked(void *argument)
{
    while (__atomic_load_n(&forking, __ATOMIC_SEQ_CST))
        if (!has_value(argument, XBT_NULL, "/forked/x", "v"))
            return (void *)1;
    return NULL;
}

/* What the child of a process with threads does with the handle that it has inherited, and does not want. */
static int child(struct xs_handle *inherited)
{
    alarm(20);
    xs_daemon_destroy_postfork(inherited);
    struct xs_handle *own = xs_open(0);
    bool good = own && has_value(own, XBT_NULL, "/forked/x", "v") && write_text(own, XBT_NULL, "/forked/child", "c");
    return good ? 0 : 1;
}

static void a_child_gives_its_parents_handle_up(void)
{
    pthread_t asking, waiting;
    void *result;
    struct xs_handle *parents = xs_open(0);
    CU_ASSERT_TRUE(write_text(handle, XBT_NULL, "/forked/x", "v"));
    CU_ASSERT_TRUE(xs_watch(parents, "/forked/end", "t"));
    CU_ASSERT_TRUE(take_event(parents));
    forking = true;
    pthread_create(&waiting, NULL, wait_for_an_event, parents);
    pthread_create(&asking, NULL, ask_until_forked, parents);
    for (int i = 0; i < 20; i++) {
        int status = -1;
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0)
            _exit(child(parents));
        waitpid(pid, &status, 0);
        CU_ASSERT_EQUAL(status, 0);
        CU_ASSERT_TRUE(has_value(parents, XBT_NULL, "/forked/child", "c")); /* the parent's is as it was */
    }
    __atomic_store_n(&forking, false, __ATOMIC_SEQ_CST);
    pthread_join(asking, &result);
    CU_ASSERT_PTR_NULL(result);
    CU_ASSERT_TRUE(write_text(handle, XBT_NULL, "/forked/end", ""));
    pthread_join(waiting, &result);
    CU_ASSERT_PTR_NOT_NULL(result);
    xs_close(parents);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"results and errors are the protocol's", results_and_errors},
        {"xs_fileno is readable while events wait, and not else", its_descriptor_is_readable_while_events_wait},
        {"unread events wait in order, and requests go on", unread_events_wait_in_order},
        {"many threads share a handle, for requests and events", many_threads_share_a_handle},
        {"a transaction goes from thread to thread", a_transaction_belongs_to_the_handle_not_to_a_thread},
        {"a killed daemon ends handles, and nothing else", a_killed_daemon_ends_handles_and_nothing_else},
        {"a child gives its parent's handle up, whatever threads do", a_child_gives_its_parents_handle_up},
    };
    char base[] = "/tmp/store-semantics-XXXXXX";
    if (!mkdtemp(base))
        return 1;
    place_daemon(base);
    start_daemon();
    int status = RUN_TESTS("semantics", tests);
    xs_close(handle);
    end_daemon(SIGTERM);
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", base);
    return system(command) ? 1 : status;
}
