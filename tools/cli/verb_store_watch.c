/* SPDX-License-Identifier: MIT */
/* ctl store watch: the paths that change, one a line, as they change. It outlives a restart of the store's daemon. */
#include "store_session.h"
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define RECONNECT_ATTEMPTS 100
#define RECONNECT_INTERVAL_NS 100000000

static bool watch_all(struct store_session *session)
{
    struct cli *cli = session->cli;

    for (int i = 0; i < cli->arguments_count; i++) {
        if (!xs_watch(session->handle, cli->arguments[i], cli->arguments[i])) {
            store_fail(session, "watch", cli->arguments[i]);
            return false;
        }
    }
    return true;
}

/* The daemon has ended: waits for the next one. Each watch fires once then, as nobody knows what it missed. */
static bool reconnect(struct store_session *session)
{
    const struct timespec interval = { .tv_nsec = RECONNECT_INTERVAL_NS };
    struct xs_handle *handle = NULL;

    for (int i = 0; !handle && i < RECONNECT_ATTEMPTS; i++) {
        nanosleep(&interval, NULL);
        handle = xs_open(0);
    }
    if (!handle) {
        cli_fail(session->cli, EIO, "the connection to the store was lost, and no daemon has come back");
        return false;
    }
    xs_close(session->handle);
    session->handle = handle;
    return watch_all(session);
}

static void show(struct cli *cli, char **event)
{
    if (cli->json) {
        yajl_gen json = json_open_line("keel.store-watch/1");

        json_text(json, "path", event[XS_WATCH_PATH]);
        json_text(json, "watch", event[XS_WATCH_TOKEN]);
        json_close(cli, json, cli->out);
    } else {
        fprintf(cli->out, "%s\n", event[XS_WATCH_PATH]);
    }
}

static int watch(struct store_session *session)
{
    struct cli *cli = session->cli;
    const char *limit = cli_value(cli, 'n');
    unsigned long left = limit ? strtoul(limit, NULL, 10) : 0;

    if (!watch_all(session))
        return CLI_FAILED;
    for (;;) {
        unsigned count;
        char **event = xs_read_watch(session->handle, &count);

        if (!event) {
            if (!reconnect(session))
                return CLI_FAILED;
            continue;
        }
        show(cli, event);
        free(event);
        if (fflush(cli->out) != 0 || (limit && --left == 0))
            return CLI_DONE; /* a failed write is told at the program's end */
    }
}

static int run(struct cli *cli)
{
    const char *limit = cli_value(cli, 'n');
    char *end = NULL;

    if (limit && (*limit < '0' || *limit > '9' || strtoul(limit, &end, 10) == 0 || *end))
        return cli_usage_error(cli, "\"%s\" is no number of events", limit);
    return store_connected(cli, watch);
}

static const struct cli_option options[] = {
    { 'n', "number", "NUMBER", "end after so many events" },
    { 0 },
};

const struct cli_verb verb_store_watch = {
    .name = "store watch", .arguments = "PATH...", .arguments_least = 1, .arguments_most = -1,
    .summary = "Show what changes at or below nodes, as it does",
    .details = "Each PATH is shown once at the start, and again when the store's daemon was restarted. With --json\n"
               "each event is a document on a line of its own.",
    .options = options, .run = run,
};
