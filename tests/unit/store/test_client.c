/* SPDX-License-Identifier: MIT */
/*
 * The client library against a daemon in a thread: every call, watches, transactions, and many threads on one handle.
 */
#include <pthread.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "support.h"
#include "store/client/batch.h"

static struct daemon daemon_;
static struct socket_listener listener;
static pthread_t daemon_thread;
static char directory[] = "/tmp/store-test-XXXXXX", socket_path[64];
static struct xs_handle *handle;

static void *run_daemon(void *argument)
{
    bool busy = false;
    while (!__atomic_load_n(&daemon_.loop.stop, __ATOMIC_ACQUIRE))
        busy = loop_turn(&daemon_.loop, 20, busy);
    return NULL;
}

static void start_daemon(void)
{
    if (!mkdtemp(directory))
        abort();
    snprintf(socket_path, sizeof(socket_path), "%s/socket", directory);
    setenv("XENSTORED_PATH", socket_path, 1);
    if (daemon_create(&daemon_) || socket_listen(&listener, &daemon_, socket_path) ||
        pthread_create(&daemon_thread, NULL, run_daemon, NULL))
        abort();
    handle = xs_open(0);
}

static void stop_daemon(void)
{
    xs_close(handle);
    __atomic_store_n(&daemon_.loop.stop, true, __ATOMIC_RELEASE);
    pthread_join(daemon_thread, NULL);
    socket_close(&listener);
    daemon_destroy(&daemon_);
    rmdir(directory);
}

static void the_socket_is_the_owners_alone(void)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(handle);
    struct stat status;
    CU_ASSERT_EQUAL(stat(socket_path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
    struct socket_listener second = {0};
    CU_ASSERT_EQUAL(socket_listen(&second, &daemon_, socket_path), EADDRINUSE);
}

static void nodes_are_written_read_and_listed(void)
{
    unsigned int length, count;
    CU_ASSERT_TRUE(xs_write(handle, XBT_NULL, "/n/a", "value", 5));
    char *value = xs_read(handle, XBT_NULL, "/n/a", &length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    CU_ASSERT_EQUAL(length, 5);
    CU_ASSERT_STRING_EQUAL(value, "value");
    free(value);
    CU_ASSERT_PTR_NULL(xs_read(handle, XBT_NULL, "/n/none", &length));
    CU_ASSERT_EQUAL(errno, ENOENT);
    CU_ASSERT_TRUE(xs_mkdir(handle, XBT_NULL, "/n/b"));
    char **names = xs_directory(handle, XBT_NULL, "/n", &count);
    CU_ASSERT_PTR_NOT_NULL_FATAL(names);
    CU_ASSERT_EQUAL_FATAL(count, 2);
    CU_ASSERT_STRING_EQUAL(names[0], "a");
    CU_ASSERT_STRING_EQUAL(names[1], "b");
    free(names);
    names = xs_directory(handle, XBT_NULL, "/n/b", &count);
    CU_ASSERT_PTR_NOT_NULL(names);
    CU_ASSERT_EQUAL(count, 0);
    free(names);
    CU_ASSERT_TRUE(xs_rm(handle, XBT_NULL, "/n"));
    CU_ASSERT_PTR_NULL(xs_directory(handle, XBT_NULL, "/n", &count));
    CU_ASSERT_FALSE(xs_rm(handle, XBT_NULL, "/n/a"));
    CU_ASSERT_EQUAL(errno, ENOENT);
    char big[XENSTORE_PAYLOAD_MAX] = "";
    CU_ASSERT_FALSE(xs_write(handle, XBT_NULL, "/n/a", big, sizeof(big)));
    CU_ASSERT_EQUAL(errno, E2BIG);
}

static void long_directories_arrive_whole(void)
{
    char path[64];
    for (int i = 0; i < 2000; i++) {
        snprintf(path, sizeof(path), "/long/entry%05d", i);
        xs_write(handle, XBT_NULL, path, "", 0);
    }
    unsigned int count;
    char **names = xs_directory(handle, XBT_NULL, "/long", &count);
    CU_ASSERT_PTR_NOT_NULL_FATAL(names);
    CU_ASSERT_EQUAL(count, 2000);
    CU_ASSERT_STRING_EQUAL(names[0], "entry00000");
    CU_ASSERT_STRING_EQUAL(names[1999], "entry01999");
    free(names);
    xs_rm(handle, XBT_NULL, "/long");
}

static void permissions_pass_both_ways(void)
{
    struct xs_permissions set[] = {{.id = 3, .perms = XS_PERM_NONE}, {.id = 5, .perms = XS_PERM_READ | XS_PERM_WRITE}};
    unsigned int count;
    xs_mkdir(handle, XBT_NULL, "/p");
    CU_ASSERT_TRUE(xs_set_permissions(handle, XBT_NULL, "/p", set, 2));
    struct xs_permissions *got = xs_get_permissions(handle, XBT_NULL, "/p", &count);
    CU_ASSERT_PTR_NOT_NULL_FATAL(got);
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_EQUAL(memcmp(got, set, sizeof(set)), 0);
    free(got);
    set[0].perms = 0x40;
    CU_ASSERT_FALSE(xs_set_permissions(handle, XBT_NULL, "/p", set, 2));
    CU_ASSERT_EQUAL(errno, EINVAL);
    struct xs_permissions parsed[2];
    CU_ASSERT_TRUE(xs_strings_to_perms(parsed, 2, "r1\0w2"));
    CU_ASSERT_EQUAL(parsed[1].id, 2);
    CU_ASSERT_EQUAL(parsed[1].perms, XS_PERM_WRITE);
    CU_ASSERT_FALSE(xs_strings_to_perms(parsed, 1, "x1"));
    CU_ASSERT_TRUE(xs_path_is_subpath("/a", "/a/b"));
    CU_ASSERT_TRUE(xs_path_is_subpath("/", "/a"));
    CU_ASSERT_FALSE(xs_path_is_subpath("/a", "/ab"));
}

static void transactions_commit_and_conflict(void)
{
    struct xs_handle *other = xs_open(0);
    xs_write(handle, XBT_NULL, "/t/x", "1", 1);
    xs_transaction_t tx = xs_transaction_start(handle);
    CU_ASSERT_NOT_EQUAL(tx, XBT_NULL);
    free(xs_read(handle, tx, "/t/x", NULL));
    xs_write(handle, tx, "/t/y", "2", 1);
    xs_write(other, XBT_NULL, "/t/x", "3", 1);
    CU_ASSERT_FALSE(xs_transaction_end(handle, tx, false));
    CU_ASSERT_EQUAL(errno, EAGAIN);
    tx = xs_transaction_start(handle);
    xs_write(handle, tx, "/t/y", "2", 1);
    CU_ASSERT_TRUE(xs_transaction_end(handle, tx, false));
    xs_close(other);
}

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    return poll(&entry, 1, timeout_ms) == 1;
}

static void watches_are_polled_and_read(void)
{
    struct xs_handle *other = xs_open(0), *watcher = xs_open(XS_UNWATCH_FILTER);
    CU_ASSERT_TRUE(xs_watch(watcher, "/w", "token"));
    int fd = xs_fileno(watcher);
    CU_ASSERT_TRUE(is_readable(fd, 1000));
    char **event = xs_check_watch(watcher);
    CU_ASSERT_PTR_NOT_NULL_FATAL(event);
    CU_ASSERT_STRING_EQUAL(event[XS_WATCH_PATH], "/w");
    CU_ASSERT_STRING_EQUAL(event[XS_WATCH_TOKEN], "token");
    free(event);
    CU_ASSERT_PTR_NULL(xs_check_watch(watcher));
    CU_ASSERT_EQUAL(errno, EAGAIN);
    CU_ASSERT_FALSE(is_readable(fd, 0));

    /* An event that arrives while this handle makes a request is kept. */
    xs_write(other, XBT_NULL, "/w/1", "", 0);
    free(xs_read(watcher, XBT_NULL, "/w/1", NULL));
    CU_ASSERT_TRUE(is_readable(fd, 1000));
    unsigned int count;
    event = xs_read_watch(watcher, &count);
    CU_ASSERT_PTR_NOT_NULL_FATAL(event);
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_STRING_EQUAL(event[XS_WATCH_PATH], "/w/1");
    free(event);

    xs_write(other, XBT_NULL, "/w/2", "", 0);
    CU_ASSERT_TRUE(is_readable(fd, 1000));
    CU_ASSERT_TRUE(xs_unwatch(watcher, "/w", "token"));
    CU_ASSERT_PTR_NULL(xs_check_watch(watcher)); /* filtered */
    CU_ASSERT_FALSE(is_readable(fd, 0));
    CU_ASSERT_FALSE(xs_unwatch(watcher, "/w", "token"));
    CU_ASSERT_EQUAL(errno, ENOENT);
    xs_close(other);
    xs_close(watcher);
}

static void domains_and_control(void)
{
    char *path = xs_get_domain_path(handle, 7);
    CU_ASSERT_STRING_EQUAL(path, "/local/domain/7");
    free(path);
    CU_ASSERT_TRUE(xs_is_domain_introduced(handle, 0));
    CU_ASSERT_FALSE(xs_is_domain_introduced(handle, 7));
    CU_ASSERT_FALSE(xs_introduce_domain(handle, 7, 1, 1));
    CU_ASSERT_EQUAL(errno, ENOSYS);
    CU_ASSERT_FALSE(xs_release_domain(handle, 7));
    CU_ASSERT_FALSE(xs_resume_domain(handle, 7));
    CU_ASSERT_FALSE(xs_set_target(handle, 7, 8));
    CU_ASSERT_FALSE(xs_restrict(handle, 7));
    char *text = xs_control_command(handle, "check", NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_STRING_EQUAL(text, "OK");
    free(text);
    CU_ASSERT_PTR_NULL(xs_control_command(handle, "nonsense", NULL, 0));
    CU_ASSERT_EQUAL(errno, EINVAL);
}

/* What the answers of a batch were. */
struct answers {
    unsigned count, wrong;
    int errors[8];
    char text[8][16];
};

static void take_answer(void *context, unsigned index, int error, const char *value, size_t size)
{
    struct answers *answers = context;
    answers->wrong += index != answers->count || size > XENSTORE_PAYLOAD_MAX || value[size] != '\0';
    if (index < 8) {
        answers->errors[index] = error;
        snprintf(answers->text[index], sizeof(answers->text[index]), "%s", value);
    }
    answers->count++;
}

static void a_batch_is_answered_in_order(void)
{
    struct xs_permissions owner = {.id = 4, .perms = XS_PERM_NONE};
    struct answers answers = {0};
    unsigned int count;
    xs_transaction_t tx = xs_transaction_start(handle);
    struct store_batch *batch = store_batch_open(handle, tx);
    store_batch_read(batch, "/batch/none");
    store_batch_write(batch, "/batch/a", "first", 5);
    store_batch_mkdir(batch, "/batch/b");
    store_batch_set_permissions(batch, "/batch/b", &owner, 1);
    store_batch_write_below(batch, "/batch/b", "c", "", 0);
    store_batch_read(batch, "/batch/a");
    store_batch_remove(batch, "/none/none");
    store_batch_introduce(batch, 7, 1, 1);
    CU_ASSERT_EQUAL(store_batch_run(batch, take_answer, &answers), ENOENT);
    CU_ASSERT_EQUAL(answers.count, 8);
    CU_ASSERT_EQUAL(answers.wrong, 0);
    const int errors[8] = {ENOENT, 0, 0, 0, 0, 0, ENOENT, ENOSYS};
    CU_ASSERT_EQUAL(memcmp(answers.errors, errors, sizeof(errors)), 0);
    CU_ASSERT_STRING_EQUAL(answers.text[5], "first");
    CU_ASSERT_PTR_NULL(xs_read(handle, XBT_NULL, "/batch/a", NULL));
    CU_ASSERT_TRUE(xs_transaction_end(handle, tx, false));
    struct xs_permissions *got = xs_get_permissions(handle, XBT_NULL, "/batch/b/c", &count);
    CU_ASSERT_PTR_NOT_NULL_FATAL(got);
    CU_ASSERT_EQUAL(got[0].id, 4);
    free(got);
    xs_rm(handle, XBT_NULL, "/batch");
}

/* More requests than go together, with long values, while events come between the answers. */
static void a_long_batch_arrives_whole(void)
{
    enum { NODES = 1000, SIZE = 3000 };
    static char value[SIZE];
    char path[64];
    struct xs_handle *watcher = xs_open(0);
    struct answers answers = {0};
    CU_ASSERT_TRUE(xs_watch(watcher, "/batch", "t"));
    free(xs_read_watch(watcher, NULL));
    memset(value, 'x', sizeof(value));
    struct store_batch *batch = store_batch_open(watcher, XBT_NULL);
    for (int i = 0; i < NODES; i++) {
        snprintf(path, sizeof(path), "/batch/%d", i);
        store_batch_write(batch, path, value, sizeof(value));
        store_batch_read(batch, path);
    }
    CU_ASSERT_EQUAL(store_batch_run(batch, take_answer, &answers), 0);
    CU_ASSERT_EQUAL(answers.count, 2 * NODES);
    CU_ASSERT_EQUAL(answers.wrong, 0);
    for (int i = 0; i < NODES; i++) {
        snprintf(path, sizeof(path), "/batch/%d", i);
        char **event = xs_read_watch(watcher, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(event);
        CU_ASSERT_STRING_EQUAL(event[XS_WATCH_PATH], path);
        free(event);
    }
    xs_close(watcher);
    xs_rm(handle, XBT_NULL, "/batch");
}

static void a_batch_that_cannot_be_made_is_not_sent(void)
{
    static char value[XENSTORE_PAYLOAD_MAX];
    struct xs_permissions nonsense = {.perms = 0x40};
    struct answers answers = {0};
    struct store_batch *batch = store_batch_open(handle, XBT_NULL);
    store_batch_write(batch, "/batch/a", "", 0);
    store_batch_write(batch, "/batch/b", value, sizeof(value));
    CU_ASSERT_EQUAL(store_batch_run(batch, take_answer, &answers), E2BIG);
    batch = store_batch_open(handle, XBT_NULL);
    store_batch_write(batch, "/batch/a", "", 0);
    store_batch_set_permissions(batch, "/batch/a", &nonsense, 1);
    CU_ASSERT_EQUAL(store_batch_run(batch, take_answer, &answers), EINVAL);
    CU_ASSERT_EQUAL(store_batch_run(store_batch_open(handle, XBT_NULL), take_answer, &answers), 0);
    CU_ASSERT_EQUAL(answers.count, 0);
    CU_ASSERT_PTR_NULL(xs_read(handle, XBT_NULL, "/batch/a", NULL));
}

/* A server that answers a batch wrongly: byte for byte, too long a message, or not to the end. */
static const char *server_answers;
static size_t server_answers_size;

static void *serve_badly(void *argument)
{
    int listening = (int)(intptr_t)argument, fd = accept(listening, NULL, NULL);
    char request[256];
    if (recv(fd, request, sizeof(request), 0) < 0)
        abort();
    for (size_t i = 0; i < server_answers_size; i++)
        if (send(fd, server_answers + i, 1, MSG_NOSIGNAL) < 0)
            break;
    close(fd);
    return NULL;
}

static int read_two_from(const char *bytes, size_t size, struct answers *answers)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    pthread_t thread;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/bad", directory);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1))
        abort();
    setenv("XENSTORED_PATH", address.sun_path, 1);
    server_answers = bytes;
    server_answers_size = size;
    struct xs_handle *bad = xs_open(0);
    pthread_create(&thread, NULL, serve_badly, (void *)(intptr_t)fd);
    struct store_batch *batch = store_batch_open(bad, XBT_NULL);
    store_batch_read(batch, "/a");
    store_batch_read(batch, "/b");
    *answers = (struct answers){0};
    int error = store_batch_run(batch, take_answer, answers);
    pthread_join(thread, NULL);
    xs_close(bad);
    close(fd);
    unlink(address.sun_path);
    setenv("XENSTORED_PATH", socket_path, 1);
    return error;
}

static void bad_answers_end_a_batch(void)
{
    struct {
        struct xsd_sockmsg first;
        char one[4];
        struct xsd_sockmsg second;
        char two[4];
    } good = {{.type = XS_READ, .len = 4}, "good", {.type = XS_READ, .len = 4}, "fine"}, bad = good;
    struct answers answers;
    CU_ASSERT_EQUAL(read_two_from((char *)&good, sizeof(good), &answers), 0);
    CU_ASSERT_EQUAL(answers.count, 2);
    CU_ASSERT_STRING_EQUAL(answers.text[1], "fine");
    CU_ASSERT_EQUAL(read_two_from((char *)&good, sizeof(good) - 1, &answers), EIO);
    CU_ASSERT_EQUAL(answers.count, 0);
    bad.second.len = XENSTORE_PAYLOAD_MAX + 1;
    CU_ASSERT_EQUAL(read_two_from((char *)&bad, sizeof(bad), &answers), EIO);
    bad = good;
    bad.second.type = XS_WRITE;
    CU_ASSERT_EQUAL(read_two_from((char *)&bad, sizeof(bad), &answers), EIO);
    CU_ASSERT_EQUAL(answers.errors[0], 0);
    CU_ASSERT_EQUAL(answers.errors[1], EIO);
}

enum { THREADS = 8, ROUNDS = 200 };
static struct xs_handle *shared;

static void *hammer(void *argument)
{
    long number = (long)(intptr_t)argument, wrong = 0;
    char path[32], text[32];
    snprintf(path, sizeof(path), "/threads/%ld", number);
    for (int i = 0; i < ROUNDS; i++) {
        int size = snprintf(text, sizeof(text), "%ld-%d", number, i);
        wrong += !xs_write(shared, XBT_NULL, path, text, (unsigned int)size);
        char *value = xs_read(shared, XBT_NULL, path, NULL);
        wrong += !value || strcmp(value, text) != 0;
        free(value);
    }
    return (void *)(intptr_t)wrong;
}

static void *take_events(void *argument)
{
    long events = 0;
    for (;; events++) {
        char **event = xs_read_watch(shared, NULL);
        bool last = !event || strcmp(event[XS_WATCH_PATH], "/threads/end") == 0;
        free(event);
        if (last)
            return (void *)(intptr_t)events;
    }
}

static void many_threads_share_a_handle(void)
{
    pthread_t threads[THREADS], taker;
    shared = xs_open(0);
    CU_ASSERT_TRUE(xs_watch(shared, "/threads", "t"));
    pthread_create(&taker, NULL, take_events, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, hammer, (void *)(intptr_t)i);
    for (int i = 0; i < THREADS; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        CU_ASSERT_PTR_NULL(wrong);
    }
    xs_write(shared, XBT_NULL, "/threads/end", "", 0);
    void *events;
    pthread_join(taker, &events);
    CU_ASSERT_EQUAL((long)(intptr_t)events, 1 + THREADS * ROUNDS);
    xs_close(shared);
}

static void no_daemon_is_an_error(void)
{
    setenv("XENSTORED_PATH", "/tmp/store-test-nobody-listens", 1);
    struct xs_handle *none = access("/dev/xen/xenbus", F_OK) == 0 ? NULL : xs_open(0);
    CU_ASSERT_PTR_NULL(none);
    /* A socket that nobody serves: no waiting inside the kernel for a daemon that may never come. */
    char stale[96];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(stale, sizeof(stale), "%s/stale", directory);
    strcpy(address.sun_path, stale);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
    setenv("XENSTORED_PATH", stale, 1);
    CU_ASSERT_PTR_NULL(xs_open(0));
    CU_ASSERT_EQUAL(errno, ECONNREFUSED);
    unlink(stale);
    setenv("XENSTORED_PATH", socket_path, 1);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"the socket is its owner's alone, and served once", the_socket_is_the_owners_alone},
        {"nodes are written, read, listed and removed", nodes_are_written_read_and_listed},
        {"a long directory arrives whole", long_directories_arrive_whole},
        {"permissions pass both ways", permissions_pass_both_ways},
        {"transactions commit, and say EAGAIN", transactions_commit_and_conflict},
        {"watches are polled, read and filtered", watches_are_polled_and_read},
        {"domains and control", domains_and_control},
        {"many threads share a handle", many_threads_share_a_handle},
        {"a batch is answered in order", a_batch_is_answered_in_order},
        {"a long batch arrives whole", a_long_batch_arrives_whole},
        {"a batch that cannot be made is not sent", a_batch_that_cannot_be_made_is_not_sent},
        {"bad answers end a batch", bad_answers_end_a_batch},
        {"without a daemon there is an error", no_daemon_is_an_error},
    };
    start_daemon();
    int status = RUN_TESTS("client", tests);
    stop_daemon();
    return status;
}
