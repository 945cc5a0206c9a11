/* SPDX-License-Identifier: MIT */
/* Asks domains to stop and waits for them; see stop.h. */
#include "stop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_INTERVAL_NS 100000000L

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
        if (cli_now_ns() >= deadline_ns)
            return cli_fail(cli, ETIMEDOUT,
                            "domain %u (%s) has been asked but runs on; `ctl destroy %u` ends it at once", domid, name,
                            domid);
        nanosleep(&interval, NULL);
    }
    return stopped > 0 ? CLI_DONE : CLI_FAILED;
}

/* Asks one domain; with -F presses the power button where its kernel has not said that it listens. */
static int ask(struct cli *cli, const struct ctl_domain *domain, enum ctl_shutdown how)
{
    int result = ctl_domain_shutdown(cli->ctl, domain->domid, how);

    if (result == -ENOENT && cli_given(cli, 'F'))
        result = ctl_trigger(cli->ctl, domain->domid, CTL_TRIGGER_POWER, 0);
    if (result > 0)
        cli_warn(cli, "domain %u (%s) cannot be asked, and is a PVH guest, which has no power button: it runs on; "
                 "`ctl destroy %u` ends it", domain->domid, domain->name, domain->domid);
    return result;
}

static int ask_and_wait(struct cli *cli, enum ctl_shutdown how, struct ctl_domain *list, ssize_t count,
                        uint64_t deadline_ns)
{
    int status = CLI_DONE;

    for (ssize_t i = 0; i < count; i++) {
        int result = ask(cli, &list[i], how);

        if (result == -ESRCH && cli_given(cli, 'a')) { /* it has ended by itself */
            list[i].dying = true;
            continue;
        }
        if (result < 0)
            status = cli_fail_ctl(cli, result);
        list[i].dying = result < 0; /* not waited for */
    }
    for (ssize_t i = 0; i < count && cli_given(cli, 'w'); i++) {
        int waited = list[i].dying ? CLI_DONE : wait_for(cli, list[i].domid, list[i].name, deadline_ns);

        if (status == CLI_DONE)
            status = waited;
    }
    return status;
}

int cli_stop(struct cli *cli, enum ctl_shutdown how)
{
    bool all = cli_given(cli, 'a') > 0;
    struct ctl_domain *list;
    uint64_t seconds, deadline_ns;
    ssize_t count, guests = 0;

    if (all && cli->arguments_count > 0)
        return cli_usage_error(cli, "give either -a or domains");
    if (!all && cli->arguments_count == 0)
        return cli_usage_error(cli, "%s needs a domain, or -a for all guests", cli->verb->name);
    if (!cli_timeout(cli, &seconds))
        return CLI_USAGE;
    deadline_ns = cli_value(cli, 't') ? cli_now_ns() + seconds * 1000000000u : UINT64_MAX;
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
