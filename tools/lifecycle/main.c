/* SPDX-License-Identifier: MIT */
/*
 * ctld: gives domains that shut down what their configuration says (on_poweroff, on_reboot, on_crash, on_watchdog).
 *
 *   ctld                    serves, until it is killed
 *   ctld --stop [SECONDS]   stops all guests, for a shutdown of the host; they have SECONDS (60) to end by themselves
 *
 * It also starts the guests that come with the host (auto.h).
 *
 * One process for all domains, and no truth of its own: which domains have shut down says the hypervisor, what is to
 * be done says the store (docs/libctl.md). Killed at any instant and started again it does what is left to be done.
 * Domains that libctl did not make have no configuration in the store and are left alone.
 */
#include "action.h"
#include "auto.h"
#include "cli/standard_files.h"
#include "libctl/internal.h"
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xenstore.h>

#define RECONNECT_NS 200000000L
#define STOP_TIMEOUT_S 60
#define STOP_TIMEOUT_MAX_S 86400u

/* After how many milliseconds there is something to be looked at again; -1: nothing. */
static int look(struct ctl *ctl, struct xs_handle *store)
{
    struct ctl_domain *list;
    int again_ms = -1;
    ssize_t count;

    if (auto_is_stopping(ctl)) /* who stops the host ends the guests */
        return RESTART_AGAIN_MS;
    count = ctl_domain_list(ctl, &list);

    if (count < 0) {
        fprintf(stderr, "ctld: %s\n", ctl_error(ctl));
        return RESTART_AGAIN_MS;
    }
    for (ssize_t i = 0; i < count; i++)
        if (list[i].domid && list[i].shutdown && !list[i].dying)
            again_ms = restart_sooner(again_ms, action_shut_down(ctl, store, &list[i]));
    free(list);
    return restart_sooner(again_ms, restart_resume(ctl, store));
}

/* Ends what a ctld, or another creator, that was killed has left half made. */
static void mend(struct ctl *ctl)
{
    struct ctl_finding *list;
    ssize_t count = ctl_fsck(ctl, true, &list);

    if (count < 0)
        fprintf(stderr, "ctld: %s\n", ctl_error(ctl));
    for (ssize_t i = 0; i < count; i++)
        fprintf(stderr, "ctld: %s%s\n", list[i].text, list[i].mended ? ": mended" : "");
    if (count >= 0)
        free(list);
}

/* Works until the store is lost. */
static void serve(struct ctl *ctl, struct xs_handle *store)
{
    if (!xs_watch(store, "@releaseDomain", "domains"))
        return;
    mend(ctl);
    auto_start(ctl);
    for (int again_ms = -1;;) {
        struct pollfd ready = { .fd = xs_fileno(store), .events = POLLIN };
        bool any = false;
        char **event;

        while ((event = xs_check_watch(store))) {
            any = true;
            free(event);
        }
        if (errno != EAGAIN)
            return;
        if (any || poll(&ready, 1, again_ms) == 0)
            again_ms = look(ctl, store);
    }
}

/* A number of seconds; false for what is none. */
static bool parse_seconds(const char *text, unsigned *seconds)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    *seconds = (unsigned)value;
    return isdigit((unsigned char)*text) && *end == '\0' && value <= STOP_TIMEOUT_MAX_S;
}

static int stop(const char *text)
{
    unsigned seconds = STOP_TIMEOUT_S;
    struct ctl *ctl;
    int status;

    if (text && !parse_seconds(text, &seconds)) {
        fprintf(stderr, "ctld: \"%s\" is no number of seconds (0 to %u) for the guests to end by themselves\n", text,
                STOP_TIMEOUT_MAX_S);
        return EXIT_FAILURE;
    }
    if (ctl_open(&ctl) < 0) {
        fprintf(stderr, "ctld: %s\n", ctl_error(NULL));
        return EXIT_FAILURE;
    }
    status = auto_stop(ctl, seconds);
    ctl_close(ctl);
    return status ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const struct timespec pause = { .tv_nsec = RECONNECT_NS };
    struct ctl *ctl;

    standard_files_take();
    if (argc > 1 && argc <= 3 && strcmp(argv[1], "--stop") == 0)
        return stop(argv[2]);
    if (argc > 1) {
        fputs("usage: ctld [--stop [SECONDS]]\n", stderr);
        return strcmp(argv[1], "--help") ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    signal(SIGPIPE, SIG_IGN);
    if (ctl_open(&ctl) < 0) {
        fprintf(stderr, "ctld: cannot start: %s\n", ctl_error(NULL));
        return EXIT_FAILURE;
    }
    for (;;) {
        struct xs_handle *store = ctl_store_open_socket();

        if (store) {
            serve(ctl, store);
            xs_close(store);
        }
        /* The handle's own connection to the store is lost too. */
        ctl_close(ctl);
        do
            nanosleep(&pause, NULL);
        while (ctl_open(&ctl) < 0);
    }
}
