/* SPDX-License-Identifier: MIT */
/* ctl store write: values into nodes, all of them or none. */
#include "store_session.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

static int write_one(struct store_session *session, const char *path, const char *value)
{
    char *bytes = strdup(value);
    ptrdiff_t size;

    if (!bytes)
        return cli_fail(session->cli, ENOMEM, "there is no memory for the value of %s", path);
    size = cli_given(session->cli, 'R') ? (ptrdiff_t)strlen(bytes) : store_unescape(bytes);
    bool written = xs_write(session->handle, session->transaction, path, bytes, (unsigned)size);

    free(bytes);
    return written ? CLI_DONE : store_fail(session, "write", path);
}

static int write_all(struct store_session *session)
{
    struct cli *cli = session->cli;
    int status = CLI_DONE;

    for (int i = 0; status == CLI_DONE && i < cli->arguments_count; i += 2)
        status = write_one(session, cli->arguments[i], cli->arguments[i + 1]);
    return status;
}

/* Whether the escapes of a value are such, before anything is sent. */
static bool is_value(const char *text)
{
    char *copy = strdup(text);
    bool good = copy && store_unescape(copy) >= 0;

    free(copy);
    return good;
}

static int run(struct cli *cli)
{
    if (cli->arguments_count % 2)
        return cli_usage_error(cli, "%s has no value: paths and values come in pairs",
                               cli->arguments[cli->arguments_count - 1]);
    for (int i = 1; i < cli->arguments_count && !cli_given(cli, 'R'); i += 2) {
        if (!is_value(cli->arguments[i]))
            return cli_usage_error(cli, "\"%s\" has an escape that is none; -R takes the value as it is",
                                   cli->arguments[i]);
    }
    return store_change(cli, write_all);
}

static const struct cli_option options[] = {
    { 'R', "raw", NULL, "take the values as they are, backslashes too" },
    { 0 },
};

const struct cli_verb verb_store_write = {
    .name = "store write", .arguments = "PATH VALUE [PATH VALUE...]", .arguments_least = 2, .arguments_most = -1,
    .summary = "Write values into nodes",
    .details = "Nodes that are not there are made, with those above them. All values are written or none. In a\n"
               "value \\n, \\r, \\t, \\ooo and \\xhh stand for one byte, and \\\\ for a backslash.",
    .options = options, .run = run,
};
