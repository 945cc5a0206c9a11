/* SPDX-License-Identifier: MIT */
/* ctl store chmod: the owner and the permissions of nodes, of all of them or none. */
#include "store_session.h"
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct permission_list {
    unsigned count;
    struct xs_permissions entries[];
};

/* Sets those of the session's context. */
static bool set(struct store_session *session, const char *path)
{
    struct permission_list *list = session->context;

    return xs_set_permissions(session->handle, session->transaction, path, list->entries, list->count);
}

static int set_below(struct store_session *session, const char *path)
{
    unsigned count;
    char **names = xs_directory(session->handle, session->transaction, path, &count);
    int status = CLI_DONE;

    if (!names)
        return store_fail(session, "list", path);
    for (unsigned i = 0; status == CLI_DONE && i < count; i++) {
        char *child = store_child(session, path, names[i]);

        if (!child)
            status = CLI_FAILED;
        else if (!set(session, child))
            status = store_fail(session, "set the permissions of", child);
        else
            status = set_below(session, child);
        free(child);
    }
    free(names);
    return status;
}

static int set_above(struct store_session *session, const char *path)
{
    char *parent = strdup(path);
    int status = parent ? CLI_DONE : CLI_FAILED;

    while (status == CLI_DONE) {
        char *slash = strrchr(parent, '/');

        if (!slash || slash == parent)
            break;
        *slash = '\0';
        if (!set(session, parent))
            status = store_fail(session, "set the permissions of", parent);
    }
    free(parent);
    return status;
}

/* The permissions of the command line: malloc. NULL with the error printed and its status in *status. */
static struct permission_list *parse(struct cli *cli, int *status)
{
    unsigned count = (unsigned)cli->arguments_count - 1;
    struct permission_list *list = calloc(1, sizeof(*list) + count * sizeof(list->entries[0]));

    if (!list) {
        *status = cli_fail(cli, ENOMEM, "there is no memory for the permissions");
        return NULL;
    }
    for (; list->count < count; list->count++) {
        const char *word = cli->arguments[list->count + 1];

        if (!xs_strings_to_perms(&list->entries[list->count], 1, word)) {
            *status = cli_usage_error(cli, "\"%s\" is no permission: n, r, w or b and a domain's number, as in r5",
                                      word);
            free(list);
            return NULL;
        }
    }
    return list;
}

static int set_all(struct store_session *session)
{
    const char *path = session->cli->arguments[0];
    int status = CLI_FAILED;

    session->context = parse(session->cli, &status);
    if (!session->context)
        return status;
    status = set(session, path) ? CLI_DONE : store_fail(session, "set the permissions of", path);
    if (status == CLI_DONE && cli_given(session->cli, 'r'))
        status = set_below(session, path);
    if (status == CLI_DONE && cli_given(session->cli, 'u'))
        status = set_above(session, path);
    free(session->context);
    return status;
}

static int run(struct cli *cli)
{
    int status = CLI_FAILED;
    struct permission_list *list = parse(cli, &status);

    if (!list)
        return status;
    free(list); /* it is good: a wrong command line needs no store to be told */
    return store_change(cli, set_all);
}

static const struct cli_option options[] = {
    { 'r', "recursive", NULL, "of all nodes below it as well" },
    { 'u', "upwards", NULL, "of all nodes above it as well, but the root" },
    { 0 },
};

const struct cli_verb verb_store_chmod = {
    .name = "store chmod", .arguments = "PATH PERMISSION...", .arguments_least = 2, .arguments_most = -1,
    .summary = "Set the owner and the permissions of a node",
    .details = "A permission is a letter (n none, r read, w write, b both) and the number of a domain. The first\n"
               "names the owner, and what the domains that no other one names may do.",
    .options = options, .run = run,
};
