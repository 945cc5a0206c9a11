/* SPDX-License-Identifier: MIT */
/*
 * The console of one guest: its ring, its event channel, its terminal (a pty), its scrollback and its log.
 *
 * Output goes ring -> scrollback (and log) -> pty. It never waits for a reader: what a pty without reader does not
 * take stays in the scrollback, and beyond SCROLLBACK_SIZE the oldest bytes go. Input goes pty -> ring, and is only
 * read when the ring has room.
 */
#ifndef KEEL_CONSOLE_GUEST_H
#define KEEL_CONSOLE_GUEST_H

#include "libctl/ctl.h"
#include "ring.h"
#include "scrollback.h"

/* What all guests share. */
struct console_host {
    int events;                /* /dev/xen/evtchn */
    int grants;                /* /dev/xen/gntdev */
    int poll;                  /* epoll; a pty's events carry its guest as data */
    const char *run_directory; /* for scrollback files */
    const char *log_directory; /* NULL: no logs */
};

struct guest {
    struct guest *next;
    const struct console_host *host;
    uint32_t domid;
    uint8_t uuid[16];
    uint32_t port;               /* of this domain */
    struct xencons_interface *ring;
    uint64_t ring_index;         /* gntdev's name of the mapping */
    struct scrollback_file *scrollback;
    uint64_t shown;              /* number of the first byte that the pty has not taken */
    int master, slave, log;      /* log: -1 without one */
    uint32_t polled;             /* the pty's events that epoll waits for */
    char tty[64];
};

/* Takes over a console; NULL with errno set, EBUSY where another daemon has it. The tty is not yet in the store. */
struct guest *guest_attach(const struct console_host *host, const struct ctl_domain *domain, uint32_t remote_port);
/* `gone`: the domain is no more, and so its scrollback need not be kept. */
void guest_detach(struct guest *guest, bool gone);
/* Moves bytes both ways as far as they go; to be called on each event of the port or the pty. */
void guest_move(struct guest *guest);

#endif
