/* SPDX-License-Identifier: MIT */
/*
 * An example of libctl: lists the domains, then says what becomes of them, from a poll loop of its own, for as many
 * seconds as the command line says.
 *
 *   cc watch_domains.c $(pkg-config --cflags --libs libctl) -o watch_domains && ./watch_domains 10
 */
#include <keel/ctl.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int list(struct ctl *ctl)
{
    struct ctl_domain *domains;
    ssize_t count = ctl_domain_list(ctl, &domains);

    if (count < 0)
        return -1;
    for (ssize_t i = 0; i < count; i++)
        printf("domain %u: %s, %llu MiB\n", domains[i].domid, domains[i].name,
               (unsigned long long)domains[i].memory_kib >> 10);
    free(domains);
    return 0;
}

static int watch(struct ctl *ctl, struct ctl_events *events, time_t end)
{
    struct pollfd ready = { .fd = ctl_events_fd(events), .events = POLLIN };
    struct ctl_event event;
    int result = 0;

    while (time(NULL) < end && result >= 0) {
        poll(&ready, 1, 200);
        while ((result = ctl_events_next(ctl, events, &event)) > 0)
            printf("domain %u (%s): %s\n", event.domid, event.name, ctl_event_word(event.kind));
    }
    return result;
}

int main(int argc, char **argv)
{
    struct ctl_events *events = NULL;
    struct ctl *ctl;
    int status = 1;

    if (ctl_open(&ctl) < 0) {
        fprintf(stderr, "watch_domains: %s\n", ctl_error(NULL));
        return 1;
    }
    if (list(ctl) == 0 && ctl_events_open(ctl, &events) == 0 &&
        watch(ctl, events, time(NULL) + (argc > 1 ? atoi(argv[1]) : 0)) >= 0)
        status = 0;
    else
        fprintf(stderr, "watch_domains: %s\n", ctl_error(ctl));
    ctl_events_close(events);
    ctl_close(ctl);
    return status;
}
