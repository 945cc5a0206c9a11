/* SPDX-License-Identifier: MIT */
/* ctl store rm: nodes with all below them, all of them or none. */
#include "store_session.h"
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Nothing below it and no value. */
static bool is_empty(struct store_session *session, const char *path)
{
    unsigned children = 1, size = 1;

    free(xs_directory(session->handle, session->transaction, path, &children));
    if (children > 0)
        return false;
    free(xs_read(session->handle, session->transaction, path, &size));
    return size == 0;
}

/* Removes what has become empty above `path`. */
static int tidy(struct store_session *session, const char *path)
{
    char *parent = strdup(path);
    int status = parent ? CLI_DONE : CLI_FAILED;

    while (status == CLI_DONE) {
        char *slash = strrchr(parent, '/');

        if (!slash || slash == parent)
            break;
        *slash = '\0';
        if (!is_empty(session, parent))
            break;
        if (!xs_rm(session->handle, session->transaction, parent))
            status = store_fail(session, "remove", parent);
    }
    free(parent);
    return status;
}

static int remove_all(struct store_session *session)
{
    struct cli *cli = session->cli;
    int status = CLI_DONE;

    for (int i = 0; status == CLI_DONE && i < cli->arguments_count; i++) {
        if (!xs_rm(session->handle, session->transaction, cli->arguments[i]))
            status = store_fail(session, "remove", cli->arguments[i]);
        else if (cli_given(cli, 't'))
            status = tidy(session, cli->arguments[i]);
    }
    return status;
}

static int run(struct cli *cli)
{
    return store_change(cli, remove_all);
}

static const struct cli_option options[] = {
    { 't', "tidy", NULL, "also what becomes empty above them" },
    { 0 },
};

const struct cli_verb verb_store_rm = {
    .name = "store rm", .arguments = "PATH...", .arguments_least = 1, .arguments_most = -1,
    .summary = "Remove nodes and all below them",
    .details = "A node that is not there is no error if the one above it is. All are removed or none.",
    .options = options, .run = run,
};
