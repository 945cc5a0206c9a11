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

/* What a reply says of itself, not of the store. */
static bool is_administration(const char *name)
{
    return strcmp(name, "schema") == 0 || strncmp(name, "more_", strlen("more_")) == 0;
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
            } else if (!YAJL_IS_ARRAY(value) && !is_administration(name)) {
                cell(value, text);
                fprintf(out, "%-36s %s\n", name, text);
            }
        }
    }
}

/*
 * Asks the daemon for what the words say, zero-terminated strings of `size` bytes in all. NULL with the error printed and
 * its status in *status.
 */
static yajl_val ask(struct store_session *session, const char *words, size_t size, int *status)
{
    char why[128], *text = xs_control_command(session->handle, "stats", (void *)words, (unsigned)size);

    *status = CLI_FAILED;
    if (!text && (errno == EINVAL || errno == ENOSYS))
        *status = cli_fail(session->cli, EOPNOTSUPP, "the store's daemon keeps no statistics that it would tell: it is none of Keel's");
    else if (!text)
        store_fail(session, "read", "the statistics");
    if (!text)
        return NULL;
    yajl_val tree = yajl_tree_parse(text, why, sizeof(why));

    free(text);
    if (YAJL_IS_OBJECT(tree))
        return tree;
    yajl_tree_free(tree);
    cli_fail(session->cli, EPROTO, "the store's daemon answers with something else than a JSON document");
    return NULL;
}

/* How many elements of the list a reply had no room for. */
static long long left_of(yajl_val tree, const char *list)
{
    char name[CELL_MAX];

    snprintf(name, sizeof(name), "more_%s", list);
    yajl_val more = member(tree, name);

    return YAJL_IS_INTEGER(more) ? YAJL_GET_INTEGER(more) : 0;
}

/* Moves the elements of `from` to the end of `to`. */
static bool append(yajl_val to, yajl_val from)
{
    size_t count = to->u.array.len + from->u.array.len;
    yajl_val *values = realloc(to->u.array.values, count * sizeof(*values));

    if (!values)
        return false;
    memcpy(values + to->u.array.len, from->u.array.values, from->u.array.len * sizeof(*values));
    to->u.array.values = values;
    to->u.array.len = count;
    from->u.array.len = 0;
    return true;
}

/* A reply has room for a part of a long list: asks for the rest of it. */
static bool complete(struct store_session *session, yajl_val tree, const char *list)
{
    yajl_val whole = member(tree, list), part;
    char words[CELL_MAX];
    bool good = true;
    int status; /* of this one, whatever it is: the whole fails */

    for (long long left = left_of(tree, list); good && left > 0 && YAJL_IS_ARRAY(whole);) {
        /* two strings, as the protocol has them */
        int length = snprintf(words, sizeof(words), "%s%c%zu", list, '\0', whole->u.array.len);

        part = ask(session, words, (size_t)length + 1, &status);
        if (!part)
            return false;
        left = left_of(part, list);
        yajl_val more = member(part, list);

        /* the list may have become shorter meanwhile */
        if (!YAJL_IS_ARRAY(more) || more->u.array.len == 0)
            left = 0;
        else
            good = append(whole, more);
        yajl_tree_free(part);
    }
    if (!good)
        cli_fail(session->cli, ENOMEM, "there is no memory for the statistics");
    return good;
}

static void put(yajl_gen json, yajl_val value);

/* The members of an object but those that only say that a list goes on, and the schema, which stands first anyway. */
static void put_members(yajl_gen json, yajl_val object)
{
    for (size_t i = 0; i < object->u.object.len; i++) {
        const char *key = object->u.object.keys[i];

        if (is_administration(key))
            continue;
        yajl_gen_string(json, (const unsigned char *)key, strlen(key));
        put(json, object->u.object.values[i]);
    }
}

static void put(yajl_gen json, yajl_val value)
{
    if (YAJL_IS_OBJECT(value)) {
        yajl_gen_map_open(json);
        put_members(json, value);
        yajl_gen_map_close(json);
    } else if (YAJL_IS_ARRAY(value)) {
        yajl_gen_array_open(json);
        for (size_t i = 0; i < value->u.array.len; i++)
            put(json, value->u.array.values[i]);
        yajl_gen_array_close(json);
    } else if (YAJL_IS_STRING(value)) {
        yajl_gen_string(json, (const unsigned char *)value->u.string, strlen(value->u.string));
    } else if (YAJL_IS_NUMBER(value)) {
        yajl_gen_number(json, value->u.number.r, strlen(value->u.number.r));
    } else if (YAJL_IS_NULL(value)) {
        yajl_gen_null(json);
    } else {
        yajl_gen_bool(json, YAJL_IS_TRUE(value));
    }
}

static int print_json(struct cli *cli, yajl_val tree)
{
    char schema[CELL_MAX];

    cell(member(tree, "schema"), schema);
    yajl_gen json = json_open(schema);

    if (json)
        put_members(json, tree);
    return json_close(cli, json, cli->out);
}

static int show(struct store_session *session)
{
    int status;
    yajl_val tree = ask(session, NULL, 0, &status);

    if (tree && complete(session, tree, "domains") && complete(session, tree, "connections")) {
        status = CLI_DONE;
        if (session->cli->json)
            status = print_json(session->cli, tree);
        else
            print_object(session->cli->out, "", tree);
    }
    yajl_tree_free(tree);
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
