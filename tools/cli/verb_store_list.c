/* SPDX-License-Identifier: MIT */
/* ctl store list: the names of the nodes right below others, one a line. */
#include "store_session.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

static int list_one(struct store_session *session, const char *path)
{
    struct cli *cli = session->cli;
    bool prefix = cli_given(cli, 'p');
    unsigned count;
    char **names = xs_directory(session->handle, session->transaction, path, &count);

    if (!names)
        return store_fail(session, "list", path);
    json_object_open(session->json);
    json_text(session->json, "path", path);
    json_array_open(session->json, "children");
    for (unsigned i = 0; i < count; i++) {
        if (session->json)
            yajl_gen_string(session->json, (const unsigned char *)names[i], strlen(names[i]));
        else
            fprintf(cli->out, "%s%s%s\n", prefix ? path : "", prefix && strcmp(path, "/") != 0 ? "/" : "", names[i]);
    }
    json_array_close(session->json);
    json_object_close(session->json);
    free(names);
    return CLI_DONE;
}

static int list_all(struct store_session *session)
{
    return store_each_path(session, "keel.store-list/1", list_one);
}

static int run(struct cli *cli)
{
    return store_read_only(cli, list_all);
}

static const struct cli_option options[] = {
    { 'p', "prefix", NULL, "whole paths" },
    { 0 },
};

const struct cli_verb verb_store_list = {
    .name = "store list", .arguments = "PATH...", .arguments_least = 1, .arguments_most = -1,
    .summary = "Show the names right below nodes", .options = options, .run = run,
};
