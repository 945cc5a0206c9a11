/* SPDX-License-Identifier: MIT */
/* ctl store exists: whether nodes are there, as the exit status. */
#include "store_session.h"
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>

static int look_at(struct store_session *session, const char *path)
{
    void *value = xs_read(session->handle, session->transaction, path, NULL);
    bool exists = value;

    free(value);
    if (!exists && errno != ENOENT)
        return store_fail(session, "look for", path);
    json_object_open(session->json);
    json_text(session->json, "path", path);
    json_bool(session->json, "exists", exists);
    json_object_close(session->json);
    return exists ? CLI_DONE : CLI_FAILED;
}

static int look_at_all(struct store_session *session)
{
    return store_each_path(session, "keel.store-exists/1", look_at);
}

static int run(struct cli *cli)
{
    return store_read_only(cli, look_at_all);
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_store_exists = {
    .name = "store exists", .arguments = "PATH...", .arguments_least = 1, .arguments_most = -1,
    .summary = "Tell by the exit status whether nodes are there",
    .details = "0: all of them are. 1: one is not, or could not be looked for; only the latter is told.",
    .options = options, .run = run,
};
