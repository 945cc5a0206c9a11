/* SPDX-License-Identifier: MIT */
/* ctl store mkdir: nodes without a value, all of them or none. */
#include "store_session.h"
#include "verbs.h"

static int make_all(struct store_session *session)
{
    struct cli *cli = session->cli;

    for (int i = 0; i < cli->arguments_count; i++) {
        if (!xs_mkdir(session->handle, session->transaction, cli->arguments[i]))
            return store_fail(session, "make", cli->arguments[i]);
    }
    return CLI_DONE;
}

static int run(struct cli *cli)
{
    return store_change(cli, make_all);
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_store_mkdir = {
    .name = "store mkdir", .arguments = "PATH...", .arguments_least = 1, .arguments_most = -1,
    .summary = "Make nodes without a value",
    .details = "A node that is there stays as it is. All are made or none.", .options = options, .run = run,
};
