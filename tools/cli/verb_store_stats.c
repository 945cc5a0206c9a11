/* SPDX-License-Identifier: MIT */
/*
 * ctl store stats: what the store's daemon counts. The daemon answers with one JSON document; as text, its numbers are
 * lines, and its arrays of objects tables, whatever they are called: a daemon may count more than this program knows.
 */
#include "store_session.h"
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_tree.h>

#define CELL_MAX 64

static void cell(yajl_val value, char text[CELL_MAX])
{
    if (YAJL_IS_STRING(value))
        snprintf(text, CELL_MAX, "%s", YAJL_GET_STRING(value));
    else if (YAJL_IS_NUMBER(value))
        snprintf(text, CELL_MAX, "%s", YAJL_GET_NUMBER(value));
    else if (YAJL_IS_TRUE(value) || YAJL_IS_FALSE(value))
        snprintf(text, CELL_MAX, "%s", YAJL_IS_TRUE(value) ? "yes" : "no");
    else
        snprintf(text, CELL_MAX, "-");
}

/* The member of that name, or NULL. */
static yajl_val member(yajl_val object, const char *name)
{
    const char *path[] = { name, NULL };

    return YAJL_IS_OBJECT(object) ? yajl_tree_get(object, path, yajl_t_any) : NULL;
}

/* A table with a column for each member of the first row. */
static void print_table(FILE *out, const char *title, yajl_val array)
{
    yajl_val first = array->u.array.values[0];
    char text[CELL_MAX];

    fprintf(out, "\n%s:\n", title);
    for (size_t row = 0; row <= array->u.array.len; row++) {
        for (size_t column = 0; column < first->u.object.len; column++) {
            const char *name = first->u.object.keys[column];
            size_t width = strlen(name);

            for (size_t i = 0; i < array->u.array.len; i++) {
                cell(member(array->u.array.values[i], name), text);
                width = strlen(text) > width ? strlen(text) : width;
            }
            if (row > 0)
                cell(member(array->u.array.values[row - 1], name), text);
            /* the first column is what the row is about */
            fprintf(out, column ? "  %*s" : "  %-*s", (int)width, row ? text : name);
        }
        fputc('\n', out);
    }
}

static void print_object(FILE *out, const char *prefix, yajl_val object)
{
    char name[2 * CELL_MAX], text[CELL_MAX];

    for (int tables = 0; tables < 2; tables++) {
        for (size_t i = 0; i < object->u.object.len; i++) {
            yajl_val value = object->u.object.values[i];
            bool is_table = YAJL_IS_ARRAY(value) && value->u.array.len && YAJL_IS_OBJECT(value->u.array.values[0]);

            snprintf(name, sizeof(name), "%s%s", prefix, object->u.object.keys[i]);
            if (tables) {
                if (is_table)
                    print_table(out, name, value);
            } else if (YAJL_IS_OBJECT(value)) {
                strncat(name, ".", sizeof(name) - strlen(name) - 1);
                print_object(out, name, value);
            } else if (!YAJL_IS_ARRAY(value) && strcmp(name, "schema") != 0) {
                cell(value, text);
                fprintf(out, "%-36s %s\n", name, text);
            }
        }
    }
}

static int show(struct store_session *session)
{
    struct cli *cli = session->cli;
    char why[128], *text = xs_control_command(session->handle, "stats", NULL, 0);

    if (!text && (errno == EINVAL || errno == ENOSYS))
        return cli_fail(cli, errno, "the store's daemon keeps no statistics that it would tell: it is none of Keel's");
    if (!text)
        return store_fail(session, "read", "the statistics");
    yajl_val tree = yajl_tree_parse(text, why, sizeof(why));
    int status = CLI_DONE;

    if (!YAJL_IS_OBJECT(tree))
        status = cli_fail(cli, EPROTO, "the store's daemon answers with something else than a JSON document");
    else if (cli->json)
        fprintf(cli->out, "%s%s", text, text[strlen(text) - 1] == '\n' ? "" : "\n");
    else
        print_object(cli->out, "", tree);
    yajl_tree_free(tree);
    free(text);
    return status;
}

static int run(struct cli *cli)
{
    return store_connected(cli, show);
}

static const struct cli_option options[] = { { 0 } };

const struct cli_verb verb_store_stats = {
    .name = "store stats", .arguments = "", .summary = "Show what the store's daemon counts",
    .details = "Of Keel's store daemon only.", .options = options, .run = run,
};
