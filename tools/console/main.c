/* SPDX-License-Identifier: MIT */
/*
 * consoled: serves the consoles of all guests, each on a terminal whose path is in the store (console/tty).
 *
 *   consoled [--log DIR] [--run DIR]
 *
 * It keeps nothing that it could not find again: which domains there are says the hypervisor, where their rings are
 * says the store, and what was put out lies in the run directory. Killed at any instant and started again it goes on
 * where it was; a terminal that somebody had open hangs up, and the new one shows all that is kept.
 */
#include "guest.h"
#include "libctl/internal.h"
#include "store/client/batch.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xenstore.h>

#define RUN_DIRECTORY "/run/keel/console"
#define EVENTS_MAX 64
#define PORTS_MAX 256
#define RECONNECT_MS 200
#define NEW_MS 5      /* those who make domains have the CPU first; many births are one scan */
#define RESCAN_MS 100

struct daemon {
    struct console_host host;
    struct guest *guests;    /* by rising domid */
    struct ctl *ctl;         /* also for requests to the store */
    struct xs_handle *store; /* for watches; NULL while it cannot be reached */
    uint32_t *awaited;       /* domains whose console/port is watched */
    size_t awaited_count;
    int64_t scan_new_ms;     /* when new domains are to be looked for; 0: nothing asks for it */
    int64_t rescan_ms;       /* when all domains are to be looked at; likewise */
};

/* What epoll hands back where it is not a guest. */
static char event_channels_mark, store_mark;

/* Tokens of watches. */
#define WATCH_BORN "born"
#define WATCH_GONE "gone"
#define WATCH_PORT "port"

static void say(const char *what, const char *why)
{
    fprintf(stderr, "consoled: %s: %s\n", what, why);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static struct guest *guest_find(struct daemon *daemon, uint32_t domid)
{
    for (struct guest *guest = daemon->guests; guest; guest = guest->next)
        if (guest->domid == domid)
            return guest;
    return NULL;
}

/* What the store says of a domain's console, in the order of the requests. */
enum { ANSWER_PORT, ANSWER_TYPE, ANSWER_NAME, ANSWERS };
struct answers {
    char text[ANSWERS][CTL_NAME_MAX + 1];
    int errors[ANSWERS];
};

static void take_answer(void *context, unsigned index, int error, const char *value, size_t size)
{
    struct answers *answers = context;

    answers->errors[index] = error;
    snprintf(answers->text[index], sizeof(answers->text[index]), "%s", value);
}

static void ask(struct daemon *daemon, uint32_t domid, struct answers *answers)
{
    static const char *const nodes[ANSWERS] = { "console/port", "console/type", "name" };
    struct xs_handle *store = ctl_store(daemon->ctl);
    struct store_batch *batch;
    char path[128];

    for (unsigned i = 0; i < ANSWERS; i++) {
        answers->errors[i] = EIO;
        answers->text[i][0] = '\0';
    }
    if (!store)
        return;
    batch = store_batch_open(store, XBT_NULL);
    for (unsigned i = 0; i < ANSWERS; i++) {
        snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, nodes[i]);
        store_batch_read(batch, path);
    }
    store_batch_run(batch, take_answer, answers);
}

static bool parse_number(const char *text, uint32_t *value)
{
    unsigned long number;
    char *end;

    errno = 0;
    number = strtoul(text, &end, 10);
    *value = (uint32_t)number;
    return end != text && !*end && !errno && number <= UINT32_MAX;
}

static void show_tty(struct daemon *daemon, const struct guest *guest)
{
    char path[128];
    int error;

    if (!ctl_store(daemon->ctl))
        return;
    snprintf(path, sizeof(path), "/local/domain/%u/console/tty", guest->domid);
    error = ctl_store_write(daemon->ctl, XBT_NULL, path, guest->tty);
    if (error)
        say(path, strerror(error));
}

static void insert(struct daemon *daemon, struct guest *guest)
{
    struct guest **at = &daemon->guests;

    while (*at && (*at)->domid < guest->domid)
        at = &(*at)->next;
    guest->next = *at;
    *at = guest;
}

static bool port_watch(struct daemon *daemon, uint32_t domid, bool (*change)(struct xs_handle *store, const char *path,
                                                                             const char *token))
{
    char path[128];

    snprintf(path, sizeof(path), "/local/domain/%u/console/port", domid);
    return change(daemon->store, path, WATCH_PORT);
}

/*
 * A domain without a console yet: the store tells when it gets one. Of one that is not introduced so far it will tell
 * anyway.
 */
static void await_port(struct daemon *daemon, uint32_t domid)
{
    uint32_t *grown;

    for (size_t i = 0; i < daemon->awaited_count; i++)
        if (daemon->awaited[i] == domid)
            return;
    if (!xs_is_domain_introduced(daemon->ctl->store, domid))
        return;
    grown = reallocarray(daemon->awaited, daemon->awaited_count + 1, sizeof(*grown));
    if (!grown)
        return;
    daemon->awaited = grown;
    if (port_watch(daemon, domid, xs_watch))
        grown[daemon->awaited_count++] = domid;
}

/* Domains that have their console now, or are gone, are no longer awaited. */
static void await_no_longer(struct daemon *daemon, const struct ctl_domain *list, ssize_t count)
{
    for (size_t i = 0; i < daemon->awaited_count;) {
        uint32_t domid = daemon->awaited[i];
        bool there = false;

        for (ssize_t j = 0; j < count && !there; j++)
            there = list[j].domid == domid && !list[j].dying;
        if (there && !guest_find(daemon, domid)) {
            i++;
        } else {
            port_watch(daemon, domid, xs_unwatch);
            daemon->awaited[i] = daemon->awaited[--daemon->awaited_count];
        }
    }
}

/* Serves the domain's console, if it is one for a daemon in domain 0 and not for a device model. */
static void attach(struct daemon *daemon, struct ctl_domain *domain)
{
    struct answers answers;
    struct guest *guest;
    uint32_t port;

    ask(daemon, domain->domid, &answers);
    if (!parse_number(answers.text[ANSWER_PORT], &port)) {
        await_port(daemon, domain->domid);
        return;
    }
    if (!answers.errors[ANSWER_TYPE] && strcmp(answers.text[ANSWER_TYPE], "xenconsoled") != 0)
        return;
    snprintf(domain->name, sizeof(domain->name), "%s", answers.text[ANSWER_NAME]);
    guest = guest_attach(&daemon->host, domain, port);
    if (!guest) {
        fprintf(stderr, "consoled: the console of domain %u cannot be served: %s\n", domain->domid,
                errno == EBUSY ? "another daemon has it" : strerror(errno));
        return;
    }
    insert(daemon, guest);
    show_tty(daemon, guest);
}

/*
 * Compares the domains there are with the consoles that are served; both by rising id. Of domains below `first` nothing
 * is looked at.
 */
static void scan(struct daemon *daemon, uint32_t first)
{
    struct guest **at = &daemon->guests;
    struct ctl_domain *list;
    ssize_t count = ctl_domain_list_bare(daemon->ctl, first, &list);

    if (count < 0) {
        say("the domains cannot be listed", ctl_error(daemon->ctl));
        return;
    }
    while (*at && (*at)->domid < first)
        at = &(*at)->next;
    for (ssize_t i = 0; *at;) {
        struct guest *guest = *at;

        while (i < count && list[i].domid < guest->domid)
            i++;
        if (i < count && list[i].domid == guest->domid && !list[i].dying &&
            !memcmp(guest->uuid, list[i].uuid, sizeof(guest->uuid))) {
            at = &guest->next;
            continue;
        }
        *at = guest->next;
        guest_detach(guest, true);
    }
    for (ssize_t i = 0; i < count; i++)
        if (list[i].domid && !list[i].dying && !guest_find(daemon, list[i].domid))
            attach(daemon, &list[i]);
    if (first == 0)
        await_no_longer(daemon, list, count);
    free(list);
}

static void rescan(struct daemon *daemon)
{
    daemon->rescan_ms = daemon->scan_new_ms = 0;
    scan(daemon, 0);
}

/*
 * Domains were made: almost always those with the highest ids, and looking at all of them each time would take longer
 * the more there are. What this does not see (ids that begin anew, two creations that pass each other), the scan of all
 * does that follows.
 */
static void scan_new(struct daemon *daemon)
{
    uint32_t highest = 0;

    for (struct guest *guest = daemon->guests; guest; guest = guest->next)
        highest = guest->domid;
    daemon->scan_new_ms = 0;
    scan(daemon, highest + 1);
    if (!daemon->rescan_ms)
        daemon->rescan_ms = now_ms() + RESCAN_MS;
}

/* Removes the scrollback of domains that ended while no daemon ran. */
static void sweep(struct daemon *daemon)
{
    DIR *directory = opendir(daemon->host.run_directory);
    struct dirent *entry;

    while (directory && (entry = readdir(directory))) {
        char *end;
        unsigned long domid = strtoul(entry->d_name, &end, 10);

        if (end != entry->d_name && !*end && !guest_find(daemon, (uint32_t)domid))
            unlinkat(dirfd(directory), entry->d_name, 0);
    }
    if (directory)
        closedir(directory);
}

/* --- the store ---------------------------------------------------------------------------------------------- */

static void store_lose(struct daemon *daemon)
{
    xs_close(daemon->store);
    daemon->store = NULL;
    daemon->awaited_count = 0;
    /* The handle's own connection is to the same daemon. */
    ctl_close(daemon->ctl);
    daemon->ctl = NULL;
}

/* Connects and looks around; false to be tried again. */
static bool store_connect(struct daemon *daemon)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = &store_mark };

    if (!daemon->ctl && ctl_open(&daemon->ctl) < 0)
        return false;
    daemon->store = ctl_store_open_socket();
    if (!daemon->store)
        return false;
    if (!xs_watch(daemon->store, "@introduceDomain", WATCH_BORN) ||
        !xs_watch(daemon->store, "@releaseDomain", WATCH_GONE) ||
        epoll_ctl(daemon->host.poll, EPOLL_CTL_ADD, xs_fileno(daemon->store), &event) < 0) {
        xs_close(daemon->store);
        daemon->store = NULL;
        return false;
    }
    rescan(daemon);
    /* A store that lost its tree, or a terminal written while it was away: say all of them again. */
    for (struct guest *guest = daemon->guests; guest; guest = guest->next)
        show_tty(daemon, guest);
    return true;
}

static void store_events(struct daemon *daemon)
{
    bool born = false, other = false;
    char **event;

    while ((event = xs_check_watch(daemon->store))) {
        bool is_birth = !strcmp(event[XS_WATCH_TOKEN], WATCH_BORN);

        born |= is_birth;
        other |= !is_birth;
        free(event);
    }
    if (errno != EAGAIN)
        store_lose(daemon);
    else if (other)
        rescan(daemon);
    else if (born && !daemon->scan_new_ms)
        daemon->scan_new_ms = now_ms() + NEW_MS;
}

/* --- events ------------------------------------------------------------------------------------------------- */

static void event_channels(struct daemon *daemon)
{
    uint32_t ports[PORTS_MAX];
    ssize_t size = read(daemon->host.events, ports, sizeof(ports));

    for (ssize_t i = 0; i < size / (ssize_t)sizeof(ports[0]); i++) {
        struct guest *guest = daemon->guests;

        while (guest && guest->port != ports[i])
            guest = guest->next;
        /* Unmasked before looking, so that what comes later is told again. */
        if (write(daemon->host.events, &ports[i], sizeof(ports[i])) < 0 && guest)
            say("an event channel cannot be unmasked", strerror(errno));
        if (guest)
            guest_move(guest);
    }
}

static bool is_guest(const struct daemon *daemon, const void *pointer)
{
    for (const struct guest *guest = daemon->guests; guest; guest = guest->next)
        if (guest == pointer)
            return true;
    return false;
}

/* How long nothing is to be done unless something happens; -1: for ever. */
static int patience_ms(const struct daemon *daemon)
{
    int64_t next_ms = daemon->scan_new_ms ? daemon->scan_new_ms : daemon->rescan_ms, left_ms;

    if (!daemon->store)
        return RECONNECT_MS;
    if (!next_ms)
        return -1;
    left_ms = next_ms - now_ms();
    return left_ms < 0 ? 0 : (int)left_ms;
}

static int serve(struct daemon *daemon)
{
    struct epoll_event events[EVENTS_MAX];

    for (;;) {
        int count = epoll_wait(daemon->host.poll, events, EVENTS_MAX, patience_ms(daemon));

        if (count < 0 && errno != EINTR) {
            say("cannot wait for events", strerror(errno));
            return EXIT_FAILURE;
        }
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &event_channels_mark)
                event_channels(daemon);
            else if (events[i].data.ptr == &store_mark)
                store_events(daemon);
            else if (is_guest(daemon, events[i].data.ptr)) /* one of the events before may have ended it */
                guest_move(events[i].data.ptr);
        }
        if (!daemon->store)
            store_connect(daemon);
        else if (daemon->rescan_ms && now_ms() >= daemon->rescan_ms)
            rescan(daemon);
        else if (daemon->scan_new_ms && now_ms() >= daemon->scan_new_ms)
            scan_new(daemon);
    }
}

static bool make_directory(const char *path)
{
    char at[4096];

    if ((size_t)snprintf(at, sizeof(at), "%s", path) >= sizeof(at))
        return false;
    for (char *slash = strchr(at + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(at, 0755);
        *slash = '/';
    }
    return !mkdir(at, 0700) || errno == EEXIST;
}

static bool host_open(struct console_host *host)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = &event_channels_mark };

    if (!make_directory(host->run_directory) || (host->log_directory && !make_directory(host->log_directory))) {
        say("a directory cannot be made", strerror(errno));
        return false;
    }
    host->events = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (host->events < 0) {
        say("/dev/xen/evtchn", strerror(errno));
        return false;
    }
    host->grants = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);
    if (host->grants < 0) {
        say("/dev/xen/gntdev", strerror(errno));
        return false;
    }
    host->poll = epoll_create1(EPOLL_CLOEXEC);
    if (host->poll < 0 || epoll_ctl(host->poll, EPOLL_CTL_ADD, host->events, &event) < 0) {
        say("epoll", strerror(errno));
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "log", required_argument, NULL, 'l' }, { "run", required_argument, NULL, 'r' },
        { "help", no_argument, NULL, 'h' }, { 0 },
    };
    struct daemon daemon = { .host.run_directory = RUN_DIRECTORY };
    int option;

    while ((option = getopt_long(argc, argv, "l:r:h", options, NULL)) != -1) {
        switch (option) {
        case 'l': daemon.host.log_directory = optarg; break;
        case 'r': daemon.host.run_directory = optarg; break;
        case 'h': puts("usage: consoled [--log DIR] [--run DIR]"); return EXIT_SUCCESS;
        default: fputs("usage: consoled [--log DIR] [--run DIR]\n", stderr); return EXIT_FAILURE;
        }
    }
    signal(SIGPIPE, SIG_IGN);
    if (ctl_open(&daemon.ctl) < 0) {
        say("cannot start", ctl_error(NULL));
        return EXIT_FAILURE;
    }
    if (!host_open(&daemon.host))
        return EXIT_FAILURE;
    if (store_connect(&daemon))
        sweep(&daemon);
    return serve(&daemon);
}
