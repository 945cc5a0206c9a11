/* SPDX-License-Identifier: MIT */
/*
 * The console of one guest.
 */
#include "guest.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>

#define PAGE 4096u

/* --- what a guest is made of -------------------------------------------------------------------------------- */

static int ring_map(struct guest *guest)
{
    struct ioctl_gntdev_map_grant_ref map = { .count = 1 };
    struct ioctl_gntdev_unmap_grant_ref unmap = { .count = 1 };
    void *page;
    int error;

    map.refs[0].domid = guest->domid;
    map.refs[0].ref = GNTTAB_RESERVED_CONSOLE;
    if (ioctl(guest->host->grants, IOCTL_GNTDEV_MAP_GRANT_REF, &map) < 0)
        return -errno;
    page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, guest->host->grants, (off_t)map.index);
    if (page == MAP_FAILED) {
        error = errno;
        unmap.index = map.index;
        ioctl(guest->host->grants, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap);
        return -error;
    }
    guest->ring = page;
    guest->ring_index = map.index;
    return 0;
}

static void ring_unmap(struct guest *guest)
{
    struct ioctl_gntdev_unmap_grant_ref unmap = { .index = guest->ring_index, .count = 1 };

    munmap(guest->ring, PAGE);
    ioctl(guest->host->grants, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap);
}

static int port_bind(struct guest *guest, uint32_t remote_port)
{
    struct ioctl_evtchn_bind_interdomain bind = { .remote_domain = guest->domid, .remote_port = remote_port };
    int port = ioctl(guest->host->events, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind);

    if (port < 0)
        return errno == EINVAL ? -EBUSY : -errno;
    guest->port = (uint32_t)port;
    return 0;
}

static void port_unbind(struct guest *guest)
{
    struct ioctl_evtchn_unbind unbind = { .port = guest->port };

    ioctl(guest->host->events, IOCTL_EVTCHN_UNBIND, &unbind);
}

static void port_notify(struct guest *guest)
{
    struct ioctl_evtchn_notify notify = { .port = guest->port };

    ioctl(guest->host->events, IOCTL_EVTCHN_NOTIFY, &notify);
}

/* The slave end stays open here too, so that a reader who leaves does not hang the terminal up. */
static int pty_open(struct guest *guest)
{
    struct termios attributes;
    int error;

    guest->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (guest->master < 0)
        return -errno;
    if (grantpt(guest->master) < 0 || unlockpt(guest->master) < 0 ||
        ptsname_r(guest->master, guest->tty, sizeof(guest->tty)))
        goto close_master;
    guest->slave = open(guest->tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (guest->slave < 0)
        goto close_master;
    if (tcgetattr(guest->slave, &attributes) < 0)
        goto close_slave;
    cfmakeraw(&attributes);
    if (tcsetattr(guest->slave, TCSANOW, &attributes) < 0)
        goto close_slave;
    return 0;

close_slave:
    error = errno;
    close(guest->slave);
    errno = error;
close_master:
    error = errno;
    close(guest->master);
    return -error;
}

/* A guest's name may hold anything but is one file of the directory. */
static int log_open(const struct console_host *host, const char *name)
{
    char path[4096], file[CTL_NAME_MAX + 1];

    if (!host->log_directory)
        return -1;
    snprintf(file, sizeof(file), "%s", name[0] ? name : "unnamed");
    for (char *at = file; *at; at++)
        if (*at == '/' || (at == file && *at == '.'))
            *at = '_';
    if ((size_t)snprintf(path, sizeof(path), "%s/%s.log", host->log_directory, file) >= sizeof(path))
        return -1;
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static void scrollback_path(const struct guest *guest, char *path, size_t size)
{
    snprintf(path, size, "%s/%u", guest->host->run_directory, guest->domid);
}

static void poll_update(struct guest *guest)
{
    uint32_t wanted = (ring_room(guest->ring) ? EPOLLIN : 0u) |
                      (guest->shown != guest->scrollback->total ? EPOLLOUT : 0u);
    struct epoll_event event = { .events = wanted, .data.ptr = guest };

    if (wanted == guest->polled)
        return;
    epoll_ctl(guest->host->poll, EPOLL_CTL_MOD, guest->master, &event);
    guest->polled = wanted;
}

struct guest *guest_attach(const struct console_host *host, const struct ctl_domain *domain, uint32_t remote_port)
{
    struct guest *guest = calloc(1, sizeof(*guest));
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = guest };
    struct stat status;
    char path[4096];
    int result;

    if (!guest)
        return NULL;
    guest->host = host;
    guest->domid = domain->domid;
    memcpy(guest->uuid, domain->uuid, sizeof(guest->uuid));
    result = port_bind(guest, remote_port);
    if (result < 0)
        goto free_guest;
    result = ring_map(guest);
    if (result < 0)
        goto unbind_port;
    scrollback_path(guest, path, sizeof(path));
    guest->scrollback = scrollback_open(path, guest->uuid, __atomic_load_n(&guest->ring->out_cons, __ATOMIC_RELAXED));
    if (!guest->scrollback) {
        result = -errno;
        goto unmap_ring;
    }
    guest->shown = scrollback_oldest(guest->scrollback);
    result = pty_open(guest);
    if (result < 0)
        goto close_scrollback;
    guest->polled = event.events;
    if (epoll_ctl(host->poll, EPOLL_CTL_ADD, guest->master, &event) < 0) {
        result = -errno;
        goto close_pty;
    }
    guest->log = log_open(host, domain->name);
    if (guest->log >= 0 && !fstat(guest->log, &status))
        scrollback_log_opened(guest->scrollback, (uint64_t)status.st_size);
    guest_move(guest);
    return guest;

close_pty:
    close(guest->slave);
    close(guest->master);
close_scrollback:
    scrollback_close(guest->scrollback);
unmap_ring:
    ring_unmap(guest);
unbind_port:
    port_unbind(guest);
free_guest:
    free(guest);
    errno = -result;
    return NULL;
}

void guest_detach(struct guest *guest, bool gone)
{
    char path[4096];

    epoll_ctl(guest->host->poll, EPOLL_CTL_DEL, guest->master, NULL);
    if (guest->log >= 0)
        close(guest->log);
    close(guest->slave);
    close(guest->master);
    scrollback_close(guest->scrollback);
    if (gone) {
        scrollback_path(guest, path, sizeof(path));
        unlink(path);
    }
    ring_unmap(guest);
    port_unbind(guest);
    free(guest);
}

/* --- moving bytes ------------------------------------------------------------------------------------------- */

/* Scrollback to log. */
static void log_output(struct guest *guest)
{
    const uint8_t *bytes;
    size_t size;

    while (guest->log >= 0 && (size = scrollback_stretch(guest->scrollback, guest->scrollback->logged, &bytes))) {
        ssize_t written = write(guest->log, bytes, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            fprintf(stderr, "consoled: the log of domain %u cannot be written and is given up: %s\n", guest->domid,
                    strerror(errno));
            close(guest->log);
            guest->log = -1;
            return;
        }
        scrollback_log_written(guest->scrollback, (uint64_t)written);
    }
}

/* Ring to scrollback; true when the guest has room that it had not before. */
static bool take_output(struct guest *guest)
{
    uint8_t output[RING_OUTPUT_MAX];
    uint32_t resync, consumed = scrollback_consumer(guest->scrollback);
    size_t size = ring_peek(guest->ring, consumed, output, &resync);

    if (resync != consumed) {
        scrollback_rebase(guest->scrollback, resync);
    } else if (size) {
        scrollback_append(guest->scrollback, output, size);
    }
    consumed = scrollback_consumer(guest->scrollback);
    if (__atomic_load_n(&guest->ring->out_cons, __ATOMIC_RELAXED) == consumed)
        return false;
    ring_consume(guest->ring, consumed);
    return true;
}

/* Scrollback to pty. */
static void show_output(struct guest *guest)
{
    const uint8_t *bytes;
    size_t size;

    if (guest->shown < scrollback_oldest(guest->scrollback)) {
        /* Nobody has read for long: what the terminal still holds is older than what is kept, so that goes too. */
        tcflush(guest->slave, TCIFLUSH);
        guest->shown = scrollback_oldest(guest->scrollback);
    }
    while ((size = scrollback_stretch(guest->scrollback, guest->shown, &bytes))) {
        ssize_t written = write(guest->master, bytes, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        guest->shown += (uint64_t)written;
    }
}

/* Pty to ring; true when the guest has bytes to read. */
static bool give_input(struct guest *guest)
{
    uint8_t input[sizeof(guest->ring->in)];
    size_t room = ring_room(guest->ring);
    ssize_t size;

    if (!room)
        return false;
    size = read(guest->master, input, room < sizeof(input) ? room : sizeof(input));
    if (size <= 0)
        return false;
    ring_put(guest->ring, input, (size_t)size);
    return true;
}

void guest_move(struct guest *guest)
{
    bool took = take_output(guest), gave = give_input(guest);

    log_output(guest);
    show_output(guest);
    if (took || gave)
        port_notify(guest);
    poll_update(guest);
}
