/* SPDX-License-Identifier: MIT */
/* ctl events: what becomes of domains, a line each, as it happens. */
#include "json.h"
#include "verbs.h"

#include "libctl/internal.h"
#include "top/text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define WAKE_INTERVAL_MS 500  /* to look whether the time is over */
#define STORE_INTERVAL_MS 200 /* to look whether the store is back */

static void print(struct cli *cli, const struct ctl_event *event)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (cli->json) {
        yajl_gen json = json_open_line("keel.event/1");
        char uuid[37];

        cli_uuid_print(event->uuid, uuid);
        json_text(json, "event", ctl_event_word(event->kind));
        json_number(json, "time_ns", (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
        json_number(json, "domid", event->domid);
        json_text(json, "name", event->name);
        json_text(json, "uuid", uuid);
        if (event->kind == CTL_EVENT_SHUTDOWN)
            json_text(json, "reason", cli_shutdown_word(event->reason));
        json_close(cli, json, cli->out);
    } else {
        struct tm local;
        char clock[32], name[CTL_NAME_MAX + 1];

        localtime_r(&now.tv_sec, &local);
        strftime(clock, sizeof(clock), "%F %T", &local);
        text_plain(event->name, name, sizeof(name));
        fprintf(cli->out, "%s %s %u %s%s%s\n", clock, ctl_event_word(event->kind), event->domid, name,
                event->kind == CTL_EVENT_SHUTDOWN ? " " : "",
                event->kind == CTL_EVENT_SHUTDOWN ? cli_shutdown_word(event->reason) : "");
    }
    fflush(cli->out); /* a reader waits for each line */
}

static bool reader_has_gone(struct cli *cli)
{
    struct pollfd reader = { .fd = fileno(cli->out) };

    return ferror(cli->out) || poll(&reader, 1, 0) > 0;
}

/* After a failure: waits for a store whose daemon is being started again. False when it was not that. */
static bool outlive_store(struct cli *cli, struct ctl_events *events, int failure, uint64_t deadline_ns)
{
    if (failure != -EPIPE && !ctl_store_renew(cli->ctl))
        return false;
    cli_explain(cli, "the store is gone; waiting for its daemon");
    while (ctl_events_reopen(cli->ctl, events) < 0) {
        if (cli_now_ns() >= deadline_ns || reader_has_gone(cli))
            return false;
        poll(NULL, 0, STORE_INTERVAL_MS);
    }
    return true;
}

/* Until the time is over, so many have come, or the reader has gone. */
static int follow(struct cli *cli, struct ctl_events *events, uint64_t deadline_ns, uint32_t most)
{
    uint32_t told = 0;

    while (!reader_has_gone(cli)) {
        struct ctl_event event;
        int result = ctl_events_next(cli->ctl, events, &event);

        if (result < 0) {
            if (!outlive_store(cli, events, result, deadline_ns))
                return reader_has_gone(cli) ? CLI_DONE : cli_fail_ctl(cli, result);
            continue;
        }
        if (result > 0) {
            print(cli, &event);
            if (++told == most)
                return CLI_DONE;
            continue;
        }
        if (cli_now_ns() >= deadline_ns)
            return most ? cli_fail(cli, ETIMEDOUT, "only %u of %u events have come", told, most) : CLI_DONE;
        struct pollfd ready[] = { { .fd = ctl_events_fd(events), .events = POLLIN }, { .fd = fileno(cli->out) } };

        poll(ready, 2, WAKE_INTERVAL_MS);
    }
    return CLI_DONE;
}

static int run(struct cli *cli)
{
    const char *count = cli_value(cli, 'n');
    struct ctl_events *events;
    uint64_t seconds, deadline_ns;
    uint32_t most = 0;

    if (!cli_timeout(cli, &seconds) || (count && !cli_number(cli, "count of events", count, 1, UINT32_MAX, &most)))
        return CLI_USAGE;
    if (!cli_open(cli))
        return CLI_FAILED;
    int result = ctl_events_open(cli->ctl, &events);

    if (result < 0)
        return cli_fail_ctl(cli, result);
    deadline_ns = cli_value(cli, 't') ? cli_now_ns() + seconds * 1000000000u : UINT64_MAX;
    int status = follow(cli, events, deadline_ns, most);

    ctl_events_close(events);
    return status;
}

static const struct cli_option options[] = {
    { 't', "timeout", "SECONDS", "end after so long" },
    { 'n', "number", "COUNT", "end after so many; with -t, fewer of them give status 4" },
    { 0 },
};

const struct cli_verb verb_events = {
    .name = "events", .arguments = "", .summary = "Tell what becomes of domains, as it happens",
    .details = "A line each: created, renamed, shutdown (with its reason), destroyed. With --json each line is a\n"
               "document of its own.",
    .options = options, .run = run,
};
