/* SPDX-License-Identifier: MIT */
/* What is written of the monitor: manual page and schema have all that there is, the dashboard only what there is. */
#include "sample_case.h"
#include "top/columns.h"
#include "top/fields.h"
#include "top/metrics.h"
#include "top/source.h"

#include <ctype.h>
#include <stdlib.h>
#include <yajl/yajl_tree.h>

/* A file without backslashes before hyphens; the tests run in the root of the tree. */
static char *read_text(const char *path, bool unescape)
{
    FILE *file = fopen(path, "r");
    char *text = malloc(1 << 17);
    size_t length = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (int c; (c = fgetc(file)) != EOF && length < (1 << 17) - 1;) {
        if (c != '\\' || !unescape)
            text[length++] = (char)c;
    }
    text[length] = '\0';
    fclose(file);
    return text;
}

static bool is_part_of_name(char character)
{
    return isalnum((unsigned char)character) || character == '_';
}

static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
        if ((at == text || !is_part_of_name(at[-1])) && !is_part_of_name(at[length]))
            return true;
    }
    fprintf(stderr, "not described: %s\n", word);
    return false;
}

static void columns_are_described(void)
{
    char *page = read_text("docs/man/ctl-top.1", true);
    const char *section = strstr(page, ".SH COLUMNS");

    CU_ASSERT_PTR_NOT_NULL_FATAL(section);
    for (size_t i = 0; i < columns_count; i++)
        CU_ASSERT(has_word(section, columns[i].heading));
    free(page);
}

static char *metrics_text(void)
{
    const char *error;
    struct source *fake = source_fake_open(2, SECOND_NS, &error);
    struct sample sample = { 0 };
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    CU_ASSERT_EQUAL(fake->next(fake, &sample), 1);
    metrics_print(file, &sample);
    fclose(file);
    sample_free(&sample);
    fake->close(fake);
    return text;
}

static void metrics_are_described(void)
{
    char *page = read_text("docs/man/ctl-top.1", true), *text = metrics_text();
    unsigned count = 0;

    for (const char *at = strstr(text, "# TYPE "); at; at = strstr(at + 1, "# TYPE ")) {
        char name[128];

        CU_ASSERT_EQUAL(sscanf(at, "# TYPE %127s", name), 1);
        CU_ASSERT(has_word(page, name));
        count++;
    }
    CU_ASSERT(count > 20);
    free(page);
    free(text);
}

/* The members of a table in the schema, at a path that ends with NULL. */
static void schema_has(yajl_val schema, const struct field *fields, const char *const *path)
{
    static const char *const types[] = { "integer", "boolean", "string", "number" };
    yajl_val properties = yajl_tree_get(schema, (const char **)(uintptr_t)path, yajl_t_object);

    CU_ASSERT_PTR_NOT_NULL_FATAL(properties);
    for (; fields->name; fields++) {
        const char *type[] = { fields->name, "type", NULL };
        yajl_val value = yajl_tree_get(properties, type, yajl_t_string);

        CU_ASSERT_PTR_NOT_NULL(value);
        if (value) {
            CU_ASSERT_STRING_EQUAL(value->u.string, types[fields->kind]);
        } else {
            fprintf(stderr, "not in the schema: %s\n", fields->name);
        }
    }
}

#define IN(...) (const char *const[]){ "properties", __VA_ARGS__, "properties", NULL }

static void schema(void)
{
    char *text = read_text("docs/schema/top-1.json", false), why[256];
    yajl_val tree = yajl_tree_parse(text, why, sizeof(why));

    CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
    schema_has(tree, fields_host, IN("host"));
    schema_has(tree, fields_cpu, IN("cpus", "items"));
    schema_has(tree, fields_rates_cpu, IN("cpus", "items"));
    schema_has(tree, fields_pool, IN("pools", "items"));
    schema_has(tree, fields_domain, IN("domains", "items"));
    schema_has(tree, fields_rates_domain, IN("domains", "items"));
    schema_has(tree, fields_vcpu, IN("domains", "items", "properties", "vcpus", "items"));
    schema_has(tree, fields_rates_vcpu, IN("domains", "items", "properties", "vcpus", "items"));
    schema_has(tree, fields_network, IN("domains", "items", "properties", "networks", "items"));
    schema_has(tree, fields_rates_network, IN("domains", "items", "properties", "networks", "items"));
    schema_has(tree, fields_disk, IN("domains", "items", "properties", "disks", "items"));
    schema_has(tree, fields_rates_disk, IN("domains", "items", "properties", "disks", "items"));
    yajl_tree_free(tree);
    free(text);
}

static void dashboard(void)
{
    char *board = read_text("docs/grafana-dashboard.json", false), *text = metrics_text(), why[256];
    yajl_val tree = yajl_tree_parse(board, why, sizeof(why));
    unsigned count = 0;

    CU_ASSERT_PTR_NOT_NULL(tree);
    yajl_tree_free(tree);
    for (const char *at = strstr(board, "keel_"); at; at = strstr(at + 1, "keel_")) {
        char name[128] = "# TYPE ";
        size_t length = strlen(name);

        for (size_t i = 0; is_part_of_name(at[i]) && length < sizeof(name) - 2; i++)
            name[length++] = at[i];
        name[length] = '\0';
        CU_ASSERT(has_word(text, name));
        count++;
    }
    CU_ASSERT(count > 10);
    free(board);
    free(text);
}

TEST_MAIN("documents", { "columns_are_described", columns_are_described },
          { "metrics_are_described", metrics_are_described }, { "schema", schema },
          { "dashboard", dashboard })
