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
#include <unistd.h>
#include <xenstore.h>

#define RUN_DIRECTORY "/run/keel/console"
#define EVENTS_MAX 64
#define PORTS_MAX 256
#define RECONNECT_MS 200

struct daemon {
    struct console_host host;
    struct guest *guests;
    struct ctl *ctl;
    struct xs_handle *store; /* NULL while it cannot be reached */
};

/* What epoll hands back where it is not a guest. */
static char event_channels_mark, store_mark;

static void say(const char *what, const char *why)
{
    fprintf(stderr, "consoled: %s: %s\n", what, why);
}

static struct guest *guest_find(struct daemon *daemon, uint32_t domid)
{
    for (struct guest *guest = daemon->guests; guest; guest = guest->next)
        if (guest->domid == domid)
            return guest;
    return NULL;
}

static bool read_number(struct daemon *daemon, const char *path, uint32_t *value)
{
    unsigned length;
    char *text = xs_read(daemon->store, XBT_NULL, path, &length), *end;
    unsigned long number;

    if (!text)
        return false;
    errno = 0;
    number = strtoul(text, &end, 10);
    *value = (uint32_t)number;
    end = end == text || *end || errno || number > UINT32_MAX ? NULL : end;
    free(text);
    return end;
}

/* Whether the console is one for a daemon in domain 0, as against one that a device model serves. */
static bool is_ours(struct daemon *daemon, uint32_t domid)
{
    char path[128], *type;
    unsigned length;
    bool ours;

    snprintf(path, sizeof(path), "/local/domain/%u/console/type", domid);
    type = xs_read(daemon->store, XBT_NULL, path, &length);
    ours = !type || !strcmp(type, "xenconsoled");
    free(type);
    return ours;
}

static void attach(struct daemon *daemon, const struct ctl_domain *domain)
{
    char path[128];
    struct guest *guest;
    uint32_t port;

    snprintf(path, sizeof(path), "/local/domain/%u/console/port", domain->domid);
    if (!read_number(daemon, path, &port)) {
        /* Its maker may not have come so far: the watch fires when the node appears. */
        xs_watch(daemon->store, path, "port");
        return;
    }
    xs_unwatch(daemon->store, path, "port");
    if (!is_ours(daemon, domain->domid))
        return;
    guest = guest_attach(&daemon->host, domain, port);
    if (!guest) {
        fprintf(stderr, "consoled: the console of domain %u cannot be served: %s\n", domain->domid,
                errno == EBUSY ? "another daemon has it" : strerror(errno));
        return;
    }
    guest->next = daemon->guests;
    guest->seen = true;
    daemon->guests = guest;
    snprintf(path, sizeof(path), "/local/domain/%u/console/tty", domain->domid);
    if (!xs_write(daemon->store, XBT_NULL, path, guest->tty, (unsigned)strlen(guest->tty)))
        say(path, strerror(errno));
}

static void drop_unseen(struct daemon *daemon)
{
    for (struct guest **at = &daemon->guests; *at;) {
        struct guest *guest = *at;

        if (guest->seen) {
            at = &guest->next;
            continue;
        }
        *at = guest->next;
        guest_detach(guest, true);
    }
}

/* Compares the domains there are with the consoles that are served. */
static void rescan(struct daemon *daemon)
{
    struct ctl_domain *list;
    ssize_t count = ctl_domain_list(daemon->ctl, &list);

    if (count < 0) {
        say("the domains cannot be listed", ctl_error(daemon->ctl));
        return;
    }
    for (struct guest *guest = daemon->guests; guest; guest = guest->next)
        guest->seen = false;
    for (ssize_t i = 0; i < count; i++) {
        struct guest *guest = guest_find(daemon, list[i].domid);

        if (guest && !list[i].dying && !memcmp(guest->uuid, list[i].uuid, sizeof(guest->uuid)))
            guest->seen = true;
    }
    drop_unseen(daemon);
    for (ssize_t i = 0; i < count; i++)
        if (list[i].domid && !list[i].dying && !guest_find(daemon, list[i].domid))
            attach(daemon, &list[i]);
    free(list);
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
    if (!xs_watch(daemon->store, "@introduceDomain", "domains") ||
        !xs_watch(daemon->store, "@releaseDomain", "domains") ||
        epoll_ctl(daemon->host.poll, EPOLL_CTL_ADD, xs_fileno(daemon->store), &event) < 0) {
        xs_close(daemon->store);
        daemon->store = NULL;
        return false;
    }
    rescan(daemon);
    /* A store that lost its tree, or a terminal written while it was away: say all of them again. */
    for (struct guest *guest = daemon->guests; guest; guest = guest->next) {
        char path[128];

        snprintf(path, sizeof(path), "/local/domain/%u/console/tty", guest->domid);
        xs_write(daemon->store, XBT_NULL, path, guest->tty, (unsigned)strlen(guest->tty));
    }
    return true;
}

static void store_events(struct daemon *daemon)
{
    bool any = false;
    char **event;

    while ((event = xs_check_watch(daemon->store))) {
        any = true;
        free(event);
    }
    if (errno != EAGAIN)
        store_lose(daemon);
    else if (any)
        rescan(daemon);
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

static int serve(struct daemon *daemon)
{
    struct epoll_event events[EVENTS_MAX];

    for (;;) {
        int count = epoll_wait(daemon->host.poll, events, EVENTS_MAX, daemon->store ? -1 : RECONNECT_MS);

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
