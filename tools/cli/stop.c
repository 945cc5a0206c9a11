/* SPDX-License-Identifier: MIT */
/* Asks domains to stop and waits for them; see stop.h. */
#include "stop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_INTERVAL_NS 100000000L

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* 1: it has stopped, 0: it runs on, -1: failed with the error printed. */
static int has_stopped(struct cli *cli, uint32_t domid)
{
    struct ctl_domain domain;
    int result = ctl_domain_get(cli->ctl, domid, &domain);

    if (result == -ESRCH)
        return 1;
    if (result < 0) {
        cli_fail_ctl(cli, result);
        return -1;
    }
    return cli_given(cli, 'w') == 1 && (domain.shutdown || domain.dying);
}

static int wait_for(struct cli *cli, uint32_t domid, const char *name, uint64_t deadline_ns)
{
    const struct timespec interval = { 0, LOOK_INTERVAL_NS };
    int stopped;

    while ((stopped = has_stopped(cli, domid)) == 0) {
        if (now_ns() >= deadline_ns)
            return cli_fail(cli, ETIMEDOUT,
                            "domain %u (%s) has been asked but runs on; `ctl destroy %u` ends it at once", domid, name,
                            domid);
        nanosleep(&interval, NULL);
    }
    return stopped > 0 ? CLI_DONE : CLI_FAILED;
}

/* The time until which to wait; false with the error printed. */
static bool read_deadline(struct cli *cli, uint64_t *deadline_ns)
{
    const char *text = cli_value(cli, 't');
    char *end;

    *deadline_ns = UINT64_MAX;
    if (!text)
        return true;
    unsigned long seconds = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end || seconds > 31536000) {
        cli_usage_error(cli, "\"%s\" is no number of seconds up to a year", text);
        return false;
    }
    *deadline_ns = now_ns() + seconds * 1000000000u;
    return true;
}

static int ask_and_wait(struct cli *cli, enum ctl_shutdown how, struct ctl_domain *list, ssize_t count,
                        uint64_t deadline_ns)
{
    int status = CLI_DONE;

    for (ssize_t i = 0; i < count; i++) {
        int result = ctl_domain_shutdown(cli->ctl, list[i].domid, how);

        if (result < 0)
            status = cli_fail_ctl(cli, result);
        list[i].dying = result < 0; /* not waited for */
    }
    for (ssize_t i = 0; i < count && cli_given(cli, 'w'); i++) {
        if (!list[i].dying && wait_for(cli, list[i].domid, list[i].name, deadline_ns) != CLI_DONE)
            status = CLI_FAILED;
    }
    return status;
}

int cli_stop(struct cli *cli, enum ctl_shutdown how)
{
    bool all = cli_given(cli, 'a') > 0;
    struct ctl_domain *list;
    uint64_t deadline_ns;
    ssize_t count, guests = 0;

    if (all && cli->arguments_count > 0)
        return cli_usage_error(cli, "give either -a or domains");
    if (!all && cli->arguments_count == 0)
        return cli_usage_error(cli, "%s needs a domain, or -a for all guests", cli->verb->name);
    if (!read_deadline(cli, &deadline_ns))
        return CLI_USAGE;
    count = cli_domains(cli, &list);
    if (count < 0)
        return CLI_FAILED;
    for (ssize_t i = 0; i < count; i++) {
        if (!all || (list[i].domid != 0 && !list[i].shutdown && !list[i].dying))
            list[guests++] = list[i];
    }
    int status = ask_and_wait(cli, how, list, guests, deadline_ns);

    free(list);
    return status;
}
