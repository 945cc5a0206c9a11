/* SPDX-License-Identifier: MIT */
/*
 * Where a domain's console is: the node console/tty, which the console daemon writes when it serves the domain.
 */
#include "internal.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static bool read_tty(struct ctl *ctl, const char *node, char *path, size_t size)
{
    char *tty = ctl_store_read(ctl, XBT_NULL, "%s", node);
    bool found = tty && tty[0];

    if (found)
        snprintf(path, size, "%s", tty);
    free(tty);
    return found;
}

int ctl_console_path(struct ctl *ctl, uint32_t domid, int timeout_ms, char *path, size_t size)
{
    int64_t deadline_ms = now_ms() + timeout_ms;
    char node[CTL_STORE_PATH_MAX];
    struct ctl_domain domain;
    int result = ctl_domain_get(ctl, domid, &domain);
    bool found;

    if (result < 0)
        return result;
    if (!ctl_store(ctl))
        return -ENOENT;
    ctl_path(node, "/local/domain/%u/console/tty", domid);
    if (read_tty(ctl, node, path, size))
        return 0;
    if (!xs_watch(ctl->store, node, "tty"))
        return ctl_fail(ctl, errno, "cannot watch %s in the store: %s", node, strerror(errno));
    while (!(found = read_tty(ctl, node, path, size)) && now_ms() < deadline_ms) {
        struct pollfd ready = { .fd = xs_fileno(ctl->store), .events = POLLIN };
        int64_t left_ms = deadline_ms - now_ms();
        char **event;

        poll(&ready, 1, left_ms > 0 ? (int)left_ms : 0);
        while ((event = xs_check_watch(ctl->store)))
            free(event);
        if (errno != EAGAIN)
            return ctl_fail(ctl, EPIPE, "the store was lost while the console of domain %u was waited for", domid);
    }
    xs_unwatch(ctl->store, node, "tty");
    if (!found)
        return ctl_fail(ctl, ETIMEDOUT, "no console daemon serves domain %u: %s is empty in the store", domid, node);
    return 0;
}
