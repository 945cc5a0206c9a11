/* SPDX-License-Identifier: MIT */
/*
 * Kernels use their rings while the daemon, a child of this program, is killed again and again, on a file system with
 * room, without, and with and without by turns. Each kernel sees one stream of replies: to each request one, in order,
 * with what a plain model says, as if nobody had been killed. STORE_RING_KILLS_SEED and STORE_RING_KILLS choose the
 * run; the seed is printed.
 */
#define DOMAINS_SHARED
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <xenstore.h>

#include "fake_hypervisor.h"
#include "small_file_system.h"
#include "store/journal.h"
#include "store/log.h"

enum { KERNELS = 4, KEYS = 3, PENDING = 64, STREAM = 64 * 1024, LARGE = 3500 };

/* What a kernel has asked and not been answered yet; what it has sent of its bytes and received of the daemon's. */
struct kernel {
    struct {
        uint32_t id, type;
        unsigned int key, value;
    } pending[PENDING];
    unsigned int first, count; /* of `pending`, a ring itself */
    uint32_t last_id;
    unsigned int values[KEYS]; /* as the replies so far say; 0: the node is not there */
    bool watched[KEYS];
    char out[STREAM], in[STREAM];
    size_t out_size, in_size;
    unsigned long replies, refused, events;
};

static struct kernel kernels[DOMAINS];
static char base[] = "/tmp/store-ring-kills-XXXXXX", socket_path[64], state_path[64], log_path[64], filler_path[64];
static int mount_error, event_fd;
static pid_t child;
static unsigned long kills, filled, reconnections, churned;

static uint64_t random_state;
static unsigned int random_below(unsigned int bound)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned int)((random_state >> 33) % bound);
}

/* --- the daemon ------------------------------------------------------------------------------------------------- */

static unsigned int all_pending(struct hypervisor *unused, event_port_t *ports, unsigned int count)
{
    uint64_t times;
    unsigned int taken = 0;
    if (read(event_fd, &times, sizeof(times)) < 0)
        return 0;
    ports[taken++] = 99;
    for (domid_t domain = 0; domain < DOMAINS; domain++)
        if (domains[domain].bound)
            ports[taken++] = domain + 100u;
    return taken;
}

static void serve(int ready_fd)
{
    static struct daemon daemon;
    static struct socket_listener listener;
    static struct hypervisor_operations child_operations;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < DOMAINS; i++)
        domains[i].bound = false;
    child_operations = operations;
    child_operations.pending = all_pending;
    hypervisor.operations = &child_operations;
    hypervisor.event_fd = event_fd;
    if (daemon_create(&daemon) || !journal_open(&daemon, state_path) ||
        socket_listen(&listener, &daemon, socket_path) || domains_open(&daemon, &hypervisor) ||
        domains_connect_own(&daemon))
        _exit(1);
    journal_restore_domains(daemon.journal);
    domains_check_life(&daemon);
    if (write(ready_fd, "", 1) != 1)
        _exit(1);
    loop_run(&daemon.loop);
    _exit(1);
}

/* Starts it; with `wait` it serves when this returns. */
static void start(bool wait)
{
    int ready[2];
    char byte;
    if (pipe(ready) < 0)
        abort();
    child = fork();
    if (child == 0)
        serve(ready[1]);
    close(ready[1]);
    if (wait)
        CU_ASSERT_EQUAL_FATAL(read(ready[0], &byte, 1), 1);
    close(ready[0]);
}

static void end(void)
{
    int status;
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    CU_ASSERT_TRUE_FATAL(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    kills++;
}

static struct xs_handle *open_handle(void)
{
    struct xs_handle *handle = NULL;
    for (int i = 0; i < 2000 && !(handle = xs_open(0)); i++)
        usleep(1000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(handle);
    return handle;
}

/* --- the kernels ------------------------------------------------------------------------------------------------ */

static void tell_daemon(void)
{
    uint64_t one = 1;
    CU_ASSERT_EQUAL(write(event_fd, &one, sizeof(one)), sizeof(one));
}

/* Moves bytes between a kernel's streams and its page, no more than `limit` of them; whether any moved. */
static bool move(domid_t domain, size_t limit)
{
    struct kernel *kernel = &kernels[domain];
    struct xenstore_domain_interface *page = &domains[domain].page;
    uint32_t producer = page->req_prod, room;
    size_t moved = 0, taken = 0;
    room = XENSTORE_RING_SIZE - (producer - __atomic_load_n(&page->req_cons, __ATOMIC_ACQUIRE));
    for (; moved < kernel->out_size && moved < room && moved < limit; moved++)
        page->req[MASK_XENSTORE_IDX(producer++)] = kernel->out[moved];
    __atomic_store_n(&page->req_prod, producer, __ATOMIC_RELEASE);
    memmove(kernel->out, kernel->out + moved, kernel->out_size -= moved);

    uint32_t consumer = page->rsp_cons, end = __atomic_load_n(&page->rsp_prod, __ATOMIC_ACQUIRE);
    CU_ASSERT_TRUE(end - consumer <= XENSTORE_RING_SIZE);
    for (; consumer != end && taken < limit && kernel->in_size < STREAM; taken++)
        kernel->in[kernel->in_size++] = page->rsp[MASK_XENSTORE_IDX(consumer++)];
    __atomic_store_n(&page->rsp_cons, consumer, __ATOMIC_RELEASE);
    return moved || taken;
}

static size_t path_of(char *to, domid_t domain, unsigned int key)
{
    return (size_t)sprintf(to, "/local/domain/%u/key%u", domain, key) + 1;
}

/* Values of key 0 are long, so that replies are longer than a ring. */
static size_t value_text(char *to, unsigned int key, unsigned int value)
{
    size_t size = (size_t)sprintf(to, "%u.", value);
    if (key == 0)
        while (size < LARGE - value % 700)
            to[size++] = (char)('a' + value % 26);
    return size;
}

static void ask(domid_t domain)
{
    struct kernel *kernel = &kernels[domain];
    char body[XENSTORE_PAYLOAD_MAX];
    unsigned int key = random_below(KEYS), what = random_below(8), at = (kernel->first + kernel->count) % PENDING;
    struct xsd_sockmsg header = {.type = what < 4 ? XS_READ : what < 6 ? XS_WRITE : what < 7 ? XS_WATCH : XS_UNWATCH};
    size_t size = path_of(body, domain, key);
    unsigned int value = 1 + random_below(1000000);
    if (kernel->count == PENDING || kernel->out_size > STREAM / 2)
        return;
    if (header.type == XS_WRITE)
        size += value_text(body + size, key, value);
    else if (header.type != XS_READ)
        size += (size_t)sprintf(body + size, "token%u", key) + 1;
    header.len = (uint32_t)size;
    header.req_id = ++kernel->last_id;
    memcpy(kernel->out + kernel->out_size, &header, sizeof(header));
    memcpy(kernel->out + kernel->out_size + sizeof(header), body, size);
    kernel->out_size += sizeof(header) + size;
    kernel->pending[at].id = header.req_id;
    kernel->pending[at].type = header.type;
    kernel->pending[at].key = key;
    kernel->pending[at].value = value;
    kernel->count++;
}

static bool is(const char *body, const char *text)
{
    return strcmp(body, text) == 0;
}

/* The one reply to the first request that waits for one. */
static void take_reply(struct kernel *kernel, const struct xsd_sockmsg *header, const char *body)
{
    char text[XENSTORE_PAYLOAD_MAX];
    CU_ASSERT_TRUE_FATAL(kernel->count > 0);
    unsigned int key = kernel->pending[kernel->first].key, value = kernel->values[key];
    uint32_t type = kernel->pending[kernel->first].type;
    CU_ASSERT_EQUAL(header->req_id, kernel->pending[kernel->first].id);
    CU_ASSERT_TRUE(header->type == type || header->type == XS_ERROR);
    bool done = header->type == type, refused = is(body, "ENOSPC");
    if (type == XS_READ && value == 0) {
        CU_ASSERT_STRING_EQUAL(body, "ENOENT");
    } else if (type == XS_READ) {
        size_t size = value_text(text, key, value);
        CU_ASSERT_EQUAL(header->len, size);
        CU_ASSERT_TRUE(memcmp(body, text, size) == 0);
    } else if (type == XS_WRITE) {
        CU_ASSERT_TRUE(done || refused);
        if (done)
            kernel->values[key] = kernel->pending[kernel->first].value;
    } else {
        bool set = type == XS_WATCH;
        CU_ASSERT_TRUE(kernel->watched[key] == set ? is(body, set ? "EEXIST" : "ENOENT") : done || refused);
        if (done)
            kernel->watched[key] = set;
    }
    kernel->refused += refused;
    kernel->replies++;
    kernel->first = (kernel->first + 1) % PENDING;
    kernel->count--;
}

/* Takes the messages out of what a kernel has received. */
static void take_messages(struct kernel *kernel)
{
    struct xsd_sockmsg header;
    static char body[XENSTORE_PAYLOAD_MAX + 1];
    for (;;) {
        if (kernel->in_size < sizeof(header))
            return;
        memcpy(&header, kernel->in, sizeof(header));
        CU_ASSERT_TRUE_FATAL(header.len <= XENSTORE_PAYLOAD_MAX);
        size_t size = sizeof(header) + header.len;
        if (kernel->in_size < size)
            return;
        memcpy(body, kernel->in + sizeof(header), header.len);
        body[header.len] = '\0';
        memmove(kernel->in, kernel->in + size, kernel->in_size -= size);
        if (header.type == XS_WATCH_EVENT)
            kernel->events++;
        else
            take_reply(kernel, &header, body);
    }
}

static bool all_answered(void)
{
    for (domid_t domain = 0; domain < KERNELS; domain++)
        if (kernels[domain].count > 0 || kernels[domain].out_size > 0 || kernels[domain].in_size > 0)
            return false;
    return true;
}

/* Each kernel moves what it can, and asks now and then. */
static void go_round(bool asking)
{
    bool moved = false;
    for (domid_t domain = 0; domain < KERNELS; domain++) {
        if (asking && random_below(4) == 0)
            ask(domain);
        moved |= move(domain, random_below(4) ? STREAM : random_below(200));
        take_messages(&kernels[domain]);
    }
    if (moved)
        tell_daemon();
    else
        usleep(20);
}

static void go_on(unsigned int rounds)
{
    for (unsigned int i = 0; i < rounds && CU_get_number_of_failures() == 0; i++)
        go_round(true);
}

/* Until all is answered. */
static bool come_to_rest(unsigned int seconds)
{
    for (time_t limit = time(NULL) + (time_t)seconds; CU_get_number_of_failures() == 0 && time(NULL) <= limit;) {
        go_round(false);
        if (all_answered())
            return true;
    }
    return false;
}

/* A kernel starts over in the middle of whatever is under way. */
static void reconnect(domid_t domain)
{
    struct kernel *kernel = &kernels[domain];
    struct xenstore_domain_interface *page = &domains[domain].page;
    CU_ASSERT_TRUE_FATAL(come_to_rest(60)); /* what is not answered may have happened or not */
    put(domain, "half a request", 10);
    tell_daemon();
    usleep(random_below(100));
    __atomic_store_n(&page->connection, XENSTORE_RECONNECT, __ATOMIC_SEQ_CST);
    tell_daemon();
    if (random_below(2)) {
        usleep(random_below(200));
        end();
        start(false);
    }
    for (int i = 0; i < 50000 && __atomic_load_n(&page->connection, __ATOMIC_SEQ_CST) != XENSTORE_CONNECTED; i++)
        usleep(100);
    CU_ASSERT_EQUAL_FATAL(page->connection, XENSTORE_CONNECTED);
    memset(kernel->watched, 0, sizeof(kernel->watched));
    kernel->in_size = 0;
    reconnections++;
}

/* Takes all room away, of the journal too, or gives it back. */
static void fill(struct xs_handle *handle, bool full)
{
    char value[2000];
    memset(value, 'f', sizeof(value));
    unlink(filler_path);
    if (!full)
        return;
    take_room(filler_path, 1 << 20);
    for (size_t size = sizeof(value); size > 0; size /= 2)
        for (int i = 0; i < 2000 && xs_write(handle, XBT_NULL, "/fill", value, (unsigned int)size); i++)
            ;
    filled++;
}

static void make_homes(struct xs_handle *handle)
{
    char path[32];
    for (domid_t domain = 1; domain < KERNELS; domain++) {
        struct xs_permissions permissions = {.id = domain, .perms = XS_PERM_NONE};
        snprintf(path, sizeof(path), "/local/domain/%u", domain);
        CU_ASSERT_TRUE(xs_mkdir(handle, XBT_NULL, path));
        CU_ASSERT_TRUE(xs_set_permissions(handle, XBT_NULL, path, &permissions, 1));
        /* Indices that wrap soon, and some that lie anywhere. */
        struct xenstore_domain_interface *page = &domains[domain].page;
        page->req_cons = page->req_prod = domain == 1 ? UINT32_MAX - 2000 : random_below(100000);
        page->rsp_cons = page->rsp_prod = domain == 1 ? UINT32_MAX - 100 : random_below(100000);
        CU_ASSERT_TRUE(xs_introduce_domain(handle, domain, 77, 3));
    }
}

static bool set_up(void)
{
    if (mount_error) {
        printf("(skipped: no file system can be mounted here: %s) ", strerror(mount_error));
        return false;
    }
    memset(domains, 0, DOMAINS * sizeof(domains[0]));
    memset(kernels, 0, sizeof(kernels));
    unlink(filler_path);
    char command[80];
    snprintf(command, sizeof(command), "rm -rf %s", state_path);
    CU_ASSERT_EQUAL(system(command), 0);
    start(true);
    return true;
}

/* A domain comes and goes while the daemon is killed: it is there with its ring and all it owns, or nothing is left. */
static void churn(void)
{
    char path[96], text[16] = "";
    static bool expected;
    struct xs_handle *handle = open_handle();
    struct xs_permissions permissions = {.id = 4, .perms = XS_PERM_NONE};
    unsigned int size;
    unsigned int delay_us = random_below(4000);
    pid_t killer = fork();
    if (killer == 0) { /* at any instant of what follows */
        usleep(delay_us);
        kill(child, SIGKILL);
        _exit(0);
    }
    for (int round = 0; round < 100; round++) {
        bool was = expected;
        if (!was) {
            domains[4] = (struct fake_domain){.life = DOMAIN_RUNNING};
            memset(&kernels[4], 0, sizeof(kernels[4]));
        }
        if (was ? !xs_release_domain(handle, 4)
                : (!xs_write(handle, XBT_NULL, "/local/domain/4", "home", 4) ||
                   !xs_set_permissions(handle, XBT_NULL, "/local/domain/4", &permissions, 1) ||
                   !xs_introduce_domain(handle, 4, 77, 3) || !xs_introduce_domain(handle, 4, 77, 5)))
            break;
        expected = !was;
    }
    xs_close(handle);
    waitpid(killer, NULL, 0);
    end();
    start(false);
    handle = open_handle();
    bool introduced = xs_is_domain_introduced(handle, 4);
    char *value = xs_read(handle, XBT_NULL, "/local/domain/4", &size);
    CU_ASSERT_TRUE(!introduced || (value && strcmp(value, "home") == 0));
    CU_ASSERT_TRUE(introduced || !expected || !value); /* else it was on its way in, or out with all of it */
    free(value);
    if (introduced) {
        struct xsd_sockmsg header = {.type = XS_READ, .req_id = 9, .len = 2};
        put(4, &header, sizeof(header));
        put(4, "x", 2);
        tell_daemon();
        for (int i = 0; i < 20000 && domains[4].page.rsp_prod == domains[4].page.rsp_cons; i++)
            usleep(100);
        struct message reply;
        CU_ASSERT_EQUAL(get(4, &reply, sizeof(reply)), sizeof(reply.header) + sizeof("ENOENT"));
        CU_ASSERT_TRUE(xs_release_domain(handle, 4));
        churned++;
    }
    expected = false;
    CU_ASSERT_FALSE(xs_is_domain_introduced(handle, 4));
    snprintf(path, sizeof(path), "stat -c %%s %s/rings", state_path);
    FILE *file = popen(path, "r");
    CU_ASSERT_PTR_NOT_NULL(fgets(text, sizeof(text), file));
    pclose(file);
    CU_ASSERT_EQUAL(atoi(text), KERNELS * RING_SLOT_SIZE); /* no slot is lost */
    xs_rm(handle, XBT_NULL, "/local/domain/4");
    xs_close(handle);
}

static void log_has_no(const char *expression)
{
    char command[160];
    snprintf(command, sizeof(command), "grep -E '%s' %s", expression, log_path);
    CU_ASSERT_NOT_EQUAL(system(command), 0);
}

static void kernels_see_no_kill(void)
{
    const char *seed = getenv("STORE_RING_KILLS_SEED"), *wanted = getenv("STORE_RING_KILLS");
    unsigned long limit = wanted ? strtoul(wanted, NULL, 10) : 100;
    if (!set_up())
        return;
    random_state = seed ? strtoull(seed, NULL, 10) : 5;
    printf("seed %llu ", (unsigned long long)random_state);
    fflush(stdout);
    struct xs_handle *handle = open_handle();
    make_homes(handle);
    bool full = true;
    fill(handle, full);
    xs_close(handle);
    while (kills < limit && CU_get_number_of_failures() == 0) {
        unsigned int what = random_below(24);
        go_on(random_below(40));
        if (what < 16) {
            usleep(random_below(300));
            end();
            go_on(random_below(10)); /* nobody serves, which the kernels do not see */
            start(false);
        } else if (what < 18) {
            CU_ASSERT_TRUE_FATAL(come_to_rest(60));
            handle = open_handle();
            full = !full;
            fill(handle, full);
            xs_close(handle);
        } else if (what < 23 && !full) {
            churn();
        } else {
            reconnect((domid_t)random_below(KERNELS));
        }
    }
    CU_ASSERT_TRUE(come_to_rest(60));
    unsigned long replies = 0, refused = 0;
    for (domid_t domain = 0; domain < KERNELS; domain++) {
        replies += kernels[domain].replies;
        refused += kernels[domain].refused;
        CU_ASSERT_TRUE(kernels[domain].replies > 100);
    }
    printf("%lu kills, %lu times full, %lu reconnections, %lu introductions cut, %lu replies, %lu refusals ", kills,
           filled, reconnections, churned, replies, refused);
    CU_ASSERT_TRUE(filled > 0 && refused > 0);
    end();
    log_has_no("damaged|older than|no state|cannot be connected");
}

/* One request of a kernel and its reply, whoever serves meanwhile. */
static const char *call(domid_t domain, uint32_t type, const char *body, size_t size)
{
    static char reply[XENSTORE_PAYLOAD_MAX + 1];
    struct kernel *kernel = &kernels[domain];
    struct xsd_sockmsg header = {.type = type, .req_id = ++kernel->last_id, .len = (uint32_t)size};
    memcpy(kernel->out, &header, sizeof(header));
    memcpy(kernel->out + sizeof(header), body, size);
    kernel->out_size = sizeof(header) + size;
    for (int i = 0; i < 50000; i++) {
        if (move(domain, STREAM))
            tell_daemon();
        else
            usleep(100);
        if (kernel->in_size < sizeof(header))
            continue;
        memcpy(&header, kernel->in, sizeof(header));
        if (kernel->in_size < sizeof(header) + header.len)
            continue;
        memcpy(reply, kernel->in + sizeof(header), header.len);
        reply[header.len] = '\0';
        memmove(kernel->in, kernel->in + sizeof(header) + header.len, kernel->in_size -= sizeof(header) + header.len);
        if (header.type != XS_WATCH_EVENT) {
            CU_ASSERT_EQUAL(header.req_id, kernel->last_id);
            return reply;
        }
        kernel->events++;
    }
    return "no reply";
}
#define KERNEL_CALL(domain, type, literal) call(domain, type, literal, sizeof(literal))

static struct xs_handle *kill_and_start(struct xs_handle *handle)
{
    xs_close(handle);
    end();
    start(true);
    return open_handle();
}

/* What ends something, without room to record that. */
static void without_room_no_end_is_acknowledged_and_lost(void)
{
    unsigned int size;
    if (!set_up())
        return;
    struct xs_handle *handle = open_handle();
    make_homes(handle);
    for (domid_t domain = 1; domain < KERNELS; domain++) {
        CU_ASSERT_STRING_EQUAL(KERNEL_CALL(domain, XS_WRITE, "old\0value"), "OK");
        CU_ASSERT_STRING_EQUAL(KERNEL_CALL(domain, XS_WATCH, "old\0token"), "OK");
        CU_ASSERT_STRING_EQUAL(KERNEL_CALL(domain, XS_WATCH, "other\0token"), "OK");
    }
    CU_ASSERT_TRUE(xs_set_target(handle, 1, 3));
    for (domid_t domain = 4; domain <= 6; domain++)
        CU_ASSERT_TRUE(xs_introduce_domain(handle, domain, 77, 3));
    fill(handle, true);
    CU_ASSERT_STRING_EQUAL(KERNEL_CALL(1, XS_UNWATCH, "other\0token"), "ENOSPC");
    CU_ASSERT_STRING_EQUAL(KERNEL_CALL(1, XS_RESET_WATCHES, ""), "ENOSPC");
    CU_ASSERT_FALSE(xs_release_domain(handle, 2));
    CU_ASSERT_EQUAL(errno, ENOSPC);
    CU_ASSERT_TRUE(xs_is_domain_introduced(handle, 2));
    CU_ASSERT_FALSE(xs_introduce_domain(handle, 2, 77, 4)); /* again: it goes on as it was */
    CU_ASSERT_EQUAL(errno, ENOSPC);
    CU_ASSERT_STRING_EQUAL(KERNEL_CALL(2, XS_READ, "old"), "value");
    /* The first of these ends may find some last bytes; their slots give no room back, as that of domain 6 is last. */
    for (domid_t domain = 5; domain >= 3; domain--) {
        domains[domain].life = DOMAIN_GONE;
        tell_daemon();
        CU_ASSERT_STRING_EQUAL(KERNEL_CALL(0, XS_READ, "/x"), "ENOENT");
    }
    CU_ASSERT_STRING_EQUAL(KERNEL_CALL(0, XS_READ, "/local/domain/3/old"), "ENOENT");

    kernels[1].events = kernels[2].events = 0;
    handle = kill_and_start(handle); /* as full as it was */
    CU_ASSERT_STRING_EQUAL(KERNEL_CALL(1, XS_READ, "old"), "value");
    CU_ASSERT_STRING_EQUAL(KERNEL_CALL(2, XS_READ, "old"), "value");
    CU_ASSERT_EQUAL(kernels[1].events, 2); /* the watches are there, and each has fired */
    CU_ASSERT_EQUAL(kernels[2].events, 2);
    CU_ASSERT_FALSE(xs_is_domain_introduced(handle, 3));
    CU_ASSERT_PTR_NULL(xs_read(handle, XBT_NULL, "/local/domain/3/old", &size));
    CU_ASSERT_EQUAL(errno, ENOENT);
    domains[3] = (struct fake_domain){.life = DOMAIN_RUNNING}; /* the next one of that number */
    memset(&kernels[3], 0, sizeof(kernels[3]));
    CU_ASSERT_FALSE(xs_introduce_domain(handle, 3, 77, 3));
    CU_ASSERT_EQUAL(errno, ENOSPC);
    CU_ASSERT_STRING_EQUAL(KERNEL_CALL(0, XS_READ, "/local/domain/3"), "ENOENT");

    fill(handle, false);
    struct xs_permissions permissions = {.id = 3, .perms = XS_PERM_NONE};
    CU_ASSERT_TRUE(xs_mkdir(handle, XBT_NULL, "/local/domain/3"));
    CU_ASSERT_TRUE(xs_set_permissions(handle, XBT_NULL, "/local/domain/3", &permissions, 1));
    CU_ASSERT_TRUE(xs_mkdir(handle, XBT_NULL, "/local/domain/3/new"));
    CU_ASSERT_TRUE(xs_introduce_domain(handle, 3, 77, 3));
    CU_ASSERT_STRING_EQUAL(KERNEL_CALL(1, XS_WRITE, "/local/domain/3/old\0v"), "EACCES"); /* no target any more */
    CU_ASSERT_STRING_EQUAL(KERNEL_CALL(1, XS_RESET_WATCHES, ""), "OK");
    CU_ASSERT_TRUE(xs_release_domain(handle, 2));
    for (int round = 0; round < 2; round++) {
        CU_ASSERT_STRING_EQUAL(KERNEL_CALL(3, XS_READ, "old"), "ENOENT");
        CU_ASSERT_STRING_EQUAL(KERNEL_CALL(3, XS_DIRECTORY, "new"), "");
        CU_ASSERT_STRING_EQUAL(KERNEL_CALL(1, XS_WRITE, "/local/domain/3/old\0v"), "EACCES");
        CU_ASSERT_FALSE(xs_is_domain_introduced(handle, 2));
        CU_ASSERT_PTR_NULL(xs_read(handle, XBT_NULL, "/local/domain/2/old", &size));
        kernels[1].events = 0;
        handle = kill_and_start(handle);
        CU_ASSERT_STRING_EQUAL(KERNEL_CALL(1, XS_READ, "old"), "value");
        CU_ASSERT_EQUAL(kernels[1].events, 0);
    }
    xs_close(handle);
    end();
    log_has_no("damaged|older than|no state");
}

/* The event of a request is lost with the daemon that it was for. */
static void a_request_whose_event_is_lost_is_answered(void)
{
    struct xsd_sockmsg header = {.type = XS_READ, .req_id = 5, .len = 3};
    struct message message = {0};
    uint64_t times;
    if (!set_up())
        return;
    struct xs_handle *handle = open_handle();
    CU_ASSERT_TRUE(xs_write(handle, XBT_NULL, "/x", "v", 1));
    xs_close(handle);
    end();
    CU_ASSERT_TRUE(read(event_fd, &times, sizeof(times)) > 0 || errno == EAGAIN);
    put(0, &header, sizeof(header));
    put(0, "/x", 3);
    start(true);
    for (int i = 0; i < 50000 && domains[0].page.rsp_prod == 0; i++)
        usleep(100);
    CU_ASSERT_EQUAL(get(0, &message, sizeof(message)), sizeof(message.header) + 1);
    CU_ASSERT_STRING_EQUAL(message.body, "v");
    end();
}

/* Without room at the very first start even the host's own kernel has to wait; sockets are served, and it is told. */
static void the_hosts_kernel_waits_for_room(void)
{
    char path[128];
    if (!set_up())
        return;
    struct xs_handle *handle = open_handle();
    CU_ASSERT_TRUE(xs_write(handle, XBT_NULL, "/x", "v", 1));
    xs_close(handle);
    end();
    start(true); /* gives the room back that the journal had ahead, and needs none */
    end();
    snprintf(path, sizeof(path), "%s/rings", state_path);
    CU_ASSERT_EQUAL(truncate(path, 0), 0); /* it has no slot: as at a first start */
    take_room(filler_path, 1 << 20);
    start(true);
    handle = open_handle();
    free(xs_read(handle, XBT_NULL, "/x", NULL));
    struct xsd_sockmsg header = {.type = XS_READ, .req_id = 5, .len = 3};
    put(0, &header, sizeof(header));
    put(0, "/x", 3);
    tell_daemon();
    usleep(100000);
    const struct xenstore_domain_interface *page = &domains[0].page;
    CU_ASSERT_NOT_EQUAL(page->req_cons, page->req_prod);
    CU_ASSERT_EQUAL(page->rsp_prod, page->rsp_cons);
    snprintf(path, sizeof(path), "grep -q 'no room for the state' %s", log_path);
    CU_ASSERT_EQUAL(system(path), 0);
    CU_ASSERT_EQUAL(unlink(filler_path), 0);
    struct message message = {0};
    for (int i = 0; i < 600 && page->rsp_prod == 0; i++)
        usleep(100000); /* it is looked for once a second */
    CU_ASSERT_EQUAL(get(0, &message, sizeof(message)), sizeof(message.header) + 1);
    CU_ASSERT_EQUAL(message.header.req_id, 5);
    CU_ASSERT_STRING_EQUAL(message.body, "v");
    xs_close(handle);
    end();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"kernels see no kill, with room and without", kernels_see_no_kill},
        {"without room no end is acknowledged and lost", without_room_no_end_is_acknowledged_and_lost},
        {"a request whose event is lost is answered", a_request_whose_event_is_lost_is_answered},
        {"the host's own kernel waits for room", the_hosts_kernel_waits_for_room},
    };
    if (!mkdtemp(base))
        return 1;
    domains = mmap(NULL, DOMAINS * sizeof(domains[0]), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    event_fd = eventfd(0, EFD_NONBLOCK);
    snprintf(log_path, sizeof(log_path), "%s.log", base);
    snprintf(socket_path, sizeof(socket_path), "%s/socket", base);
    snprintf(state_path, sizeof(state_path), "%s/state", base);
    snprintf(filler_path, sizeof(filler_path), "%s/filler", base);
    setenv("XENSTORED_PATH", socket_path, 1);
    signal(SIGPIPE, SIG_IGN);
    log_to_file(log_path);
    mount_error = mount_small(base);
    int status = RUN_TESTS("ring kills", tests);
    if (!mount_error)
        umount(base);
    rmdir(base);
    unlink(log_path);
    return status;
}
