/* SPDX-License-Identifier: MIT */
/* ctl store read: the values of nodes, one a line. */
#include "store_session.h"
#include "verbs.h"

#include <stdlib.h>

static int print(struct cli *cli, const char *path, const char *value, size_t size)
{
    if (cli_given(cli, 'p'))
        fprintf(cli->out, "%s: ", path);
    if (cli_given(cli, 'R')) {
        fwrite(value, 1, size, cli->out);
        return CLI_DONE;
    }
    char *text = store_escape(value, size);

    fprintf(cli->out, "%s\n", text ? text : "");
    free(text);
    return text ? CLI_DONE : CLI_FAILED;
}

static int read_one(struct store_session *session, const char *path)
{
    unsigned size;
    char *value = xs_read(session->handle, session->transaction, path, &size);
    int status = CLI_DONE;

    if (!value)
        return store_fail(session, "read", path);
    if (session->cli->json) {
        json_object_open(session->json);
        json_text(session->json, "path", path);
        store_json_value(session->json, value, size);
        json_object_close(session->json);
    } else {
        status = print(session->cli, path, value, size);
    }
    free(value);
    return status;
}

static int read_all(struct store_session *session)
{
    return store_each_path(session, "keel.store-read/1", read_one);
}

static int run(struct cli *cli)
{
    return store_read_only(cli, read_all);
}

static const struct cli_option options[] = {
    { 'p', "prefix", NULL, "the path in front of each value" },
    { 'R', "raw", NULL, "the bytes as they are, with no line's end" },
    { 0 },
};

const struct cli_verb verb_store_read = {
    .name = "store read", .arguments = "PATH...", .arguments_least = 1, .arguments_most = -1,
    .summary = "Show the values of nodes",
    .details = "The values are all of one state of the store. Bytes that are not printable ASCII are shown as\n"
               "\\n, \\r, \\t, \\\\, \\ooo or \\xhh.",
    .options = options, .run = run,
};
