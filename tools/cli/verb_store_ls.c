/* SPDX-License-Identifier: MIT */
/* ctl store ls: the nodes below others, in xenstore-ls' lines; values are never cut. */
#include "store_session.h"
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PERMISSIONS_COLUMN 60 /* dots lead the eye there */

struct node {
    const char *path, *name;
    int depth;
    char *value, *permissions;
    unsigned size;
};

static void print(struct cli *cli, const struct node *node)
{
    bool full = cli_given(cli, 'f');
    char *value = store_escape(node->value, node->size);
    int column = fprintf(cli->out, "%*s%s = \"%s\"", full ? 0 : node->depth, "", full ? node->path : node->name,
                         value ? value : "");

    free(value);
    if (node->permissions && (full || column >= PERMISSIONS_COLUMN)) {
        fprintf(cli->out, "   (%s)", node->permissions);
    } else if (node->permissions) {
        if (column % 2)
            column += fprintf(cli->out, " ");
        for (; column < PERMISSIONS_COLUMN; column += 2)
            fprintf(cli->out, " .");
        fprintf(cli->out, "  (%s)", node->permissions);
    }
    fputc('\n', cli->out);
}

static void put(yajl_gen json, const struct node *node)
{
    json_object_open(json);
    json_text(json, "path", node->path);
    store_json_value(json, node->value, node->size);
    if (node->permissions)
        json_text(json, "permissions", node->permissions);
    json_object_close(json);
}

/* False with errno. */
static bool load(struct store_session *session, struct node *node)
{
    node->value = xs_read(session->handle, session->transaction, node->path, &node->size);
    if (!node->value || !cli_given(session->cli, 'p'))
        return node->value;
    unsigned count;
    struct xs_permissions *permissions =
        xs_get_permissions(session->handle, session->transaction, node->path, &count);

    if (permissions)
        node->permissions = store_permissions_text(permissions, count);
    free(permissions);
    return node->permissions;
}

static int show_children(struct store_session *session, const char *path, int depth);

static int show_node(struct store_session *session, const char *path, const char *name, int depth)
{
    struct node node = { .path = path, .name = name, .depth = depth };
    int status = CLI_DONE;

    if (!load(session, &node))
        status = store_fail(session, "read", path);
    else if (session->cli->json)
        put(session->json, &node);
    else
        print(session->cli, &node);
    free(node.value);
    free(node.permissions);
    return show_children(session, path, depth + 1) == CLI_DONE ? status : CLI_FAILED;
}

/* Goes on after a node that cannot be read; CLI_FAILED then. */
static int show_children(struct store_session *session, const char *path, int depth)
{
    unsigned count;
    char **names = xs_directory(session->handle, session->transaction, path, &count);
    int status = CLI_DONE;

    if (!names)
        return store_fail(session, "list", path);
    for (unsigned i = 0; i < count; i++) {
        char *child = store_child(session, path, names[i]);

        if (!child || show_node(session, child, names[i], depth) != CLI_DONE)
            status = CLI_FAILED;
        free(child);
    }
    free(names);
    return status;
}

static int show_below(struct store_session *session, const char *path)
{
    return show_children(session, path, 0);
}

static int show(struct store_session *session)
{
    return store_each_path(session, "keel.store-ls/1", show_below);
}

static int run(struct cli *cli)
{
    static char root[] = "/";
    static char *everything[] = { root };

    if (cli->arguments_count == 0) {
        cli->arguments = everything;
        cli->arguments_count = 1;
    }
    return store_read_only(cli, show);
}

static const struct cli_option options[] = {
    { 'f', "full", NULL, "whole paths, and no indentation" },
    { 'p', "permissions", NULL, "the permissions as well" },
    { 0 },
};

const struct cli_verb verb_store_ls = {
    .name = "store ls", .arguments = "[PATH...]", .arguments_most = -1,
    .summary = "Show the nodes below these, or the whole store",
    .details = "The lines are those of xenstore-ls, all of one state of the store. Bytes of a value that are not\n"
               "printable ASCII are shown as \\n, \\r, \\t, \\\\, \\ooo or \\xhh.",
    .options = options, .run = run,
};
