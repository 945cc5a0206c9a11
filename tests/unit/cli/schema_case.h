/* SPDX-License-Identifier: MIT */
/* Comparing a JSON document with the schema that it names, as far as the files of docs/schema use JSON Schema. */
#ifndef KEEL_TEST_SCHEMA_CASE_H
#define KEEL_TEST_SCHEMA_CASE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_tree.h>

static const char *schema_folder = "docs/schema"; /* the tests run in the root of the tree */

static inline char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;

    if (!file)
        return NULL;
    if (getdelim(&text, &size, '\0', file) < 0) {
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

static inline yajl_val parse(const char *text)
{
    char error[256] = "";
    yajl_val value = text ? yajl_tree_parse(text, error, sizeof(error)) : NULL;

    if (!value)
        fprintf(stderr, "not JSON: %s\n%s\n", error, text ? text : "");
    return value;
}

static inline yajl_val member(yajl_val object, const char *name)
{
    return yajl_tree_get(object, (const char *[]){ name, NULL }, yajl_t_any);
}

/* "" for what is no string. */
static inline const char *string_of(yajl_val value)
{
    const char *text = YAJL_GET_STRING(value);

    return text ? text : "";
}

static inline bool has_type(yajl_val value, const char *type)
{
    return (strcmp(type, "object") == 0 && YAJL_IS_OBJECT(value)) ||
           (strcmp(type, "array") == 0 && YAJL_IS_ARRAY(value)) ||
           (strcmp(type, "string") == 0 && YAJL_IS_STRING(value)) ||
           (strcmp(type, "integer") == 0 && YAJL_IS_INTEGER(value)) ||
           (strcmp(type, "number") == 0 && YAJL_IS_NUMBER(value)) ||
           (strcmp(type, "null") == 0 && YAJL_IS_NULL(value)) ||
           (strcmp(type, "boolean") == 0 && (YAJL_IS_TRUE(value) || YAJL_IS_FALSE(value)));
}

static inline bool is_one_of(yajl_val value, yajl_val list)
{
    for (size_t i = 0; i < list->u.array.len; i++)
        if (YAJL_IS_STRING(value) && strcmp(string_of(value), string_of(list->u.array.values[i])) == 0)
            return true;
    return false;
}

static inline bool no(const char *path, const char *why)
{
    fprintf(stderr, "%s: %s\n", path, why);
    return false;
}

static inline bool type_fits(yajl_val type, yajl_val value)
{
    bool fits = !type || (YAJL_IS_STRING(type) && has_type(value, string_of(type)));

    for (size_t i = 0; type && YAJL_IS_ARRAY(type) && i < type->u.array.len; i++)
        fits |= has_type(value, string_of(type->u.array.values[i]));
    return fits;
}

/* Whether the value is as this part of a schema says: type, const, enum, required, properties, items. */
static inline bool fits(yajl_val schema, yajl_val value, const char *path)
{
    yajl_val constant = member(schema, "const"), choices = member(schema, "enum"), items = member(schema, "items");
    yajl_val required = member(schema, "required"), properties = member(schema, "properties");
    char below[512];
    bool good = true;

    if (!type_fits(member(schema, "type"), value))
        return no(path, "another type");
    if (constant && (!YAJL_IS_STRING(value) || strcmp(string_of(value), string_of(constant)) != 0))
        return no(path, "another constant");
    if (choices && !is_one_of(value, choices))
        return no(path, "none of the words that there are");
    for (size_t i = 0; items && YAJL_IS_ARRAY(value) && i < value->u.array.len; i++) {
        snprintf(below, sizeof(below), "%s[%zu]", path, i);
        good &= fits(items, value->u.array.values[i], below);
    }
    for (size_t i = 0; required && i < required->u.array.len; i++)
        if (!member(value, string_of(required->u.array.values[i])))
            good = no(path, string_of(required->u.array.values[i]));
    for (size_t i = 0; YAJL_IS_OBJECT(value) && i < value->u.object.len; i++) {
        yajl_val part = properties ? member(properties, value->u.object.keys[i]) : NULL;

        snprintf(below, sizeof(below), "%s.%s", path, value->u.object.keys[i]);
        if (part)
            good &= fits(part, value->u.object.values[i], below);
        else if (properties && properties->u.object.len > 1)
            good = no(below, "not in the schema");
    }
    return good;
}

/* Compares a document with the schema that it names, in schema_folder. */
static inline bool is_as_its_schema(const char *text, const char *path)
{
    yajl_val document = parse(text), name = document ? member(document, "schema") : NULL, schema;
    char file[512], *schema_text;
    bool good = false;

    if (name && YAJL_IS_STRING(name) && strncmp(string_of(name), "keel.", 5) == 0) {
        const char *slash = strchr(string_of(name), '/');

        snprintf(file, sizeof(file), "%s/%.*s-%s.json", schema_folder, (int)(slash - string_of(name) - 5),
                 string_of(name) + 5, slash + 1);
        schema_text = read_file(file);
        schema = parse(schema_text);
        good = schema && fits(schema, document, path);
        yajl_tree_free(schema);
        free(schema_text);
    }
    yajl_tree_free(document);
    return good;
}

#endif
