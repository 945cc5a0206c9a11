/* SPDX-License-Identifier: MIT */
/*
 * The files of docs/schema: each says what it is, each schema that the source names has one, and documents are as they
 * say: those that ctl makes without a hypervisor, and those in tests/unit/cli/documents, which it made on Debian's Xen.
 */
#include "../run_tests.h"
#include "cli/cli.h"
#include "schema_case.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void for_each_file(const char *folder, void (*visit)(const char *path, const char *name))
{
    DIR *directory = opendir(folder);
    char path[512];

    CU_ASSERT_PTR_NOT_NULL_FATAL(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            visit(path, entry->d_name);
    }
    closedir(directory);
}

static void check_schema(const char *path, const char *name)
{
    char *text = read_file(path), id[300];
    yajl_val schema;

    if (!strstr(name, ".json")) {
        free(text);
        return;
    }
    schema = parse(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(schema);
    snprintf(id, sizeof(id), "keel.%.*s/%s", (int)(strrchr(name, '-') - name), name, strrchr(name, '-') + 1);
    *strrchr(id, '.') = '\0';
    CU_ASSERT_STRING_EQUAL(string_of(member(schema, "$id")), id);
    CU_ASSERT_STRING_EQUAL(string_of(member(member(member(schema, "properties"), "schema"), "const")), id);
    CU_ASSERT_PTR_NOT_NULL(member(schema, "title"));
    yajl_tree_free(schema);
    free(text);
}

static void schemas(void)
{
    for_each_file("docs/schema", check_schema);
}

static void check_source(const char *path, const char *name)
{
    char *text = strstr(name, ".c") ? read_file(path) : NULL, file[512];

    for (char *at = text ? strstr(text, "\"keel.") : NULL; at; at = strstr(at + 1, "\"keel.")) {
        size_t length = strcspn(at + 6, "/\"");

        if (at[6 + length] != '/')
            continue;
        snprintf(file, sizeof(file), "docs/schema/%.*s-%c.json", (int)length, at + 6, at[7 + length]);
        CU_ASSERT_EQUAL(access(file, R_OK), 0);
        if (access(file, R_OK) != 0)
            fprintf(stderr, "%s names a schema without a file: %s\n", path, file);
    }
    free(text);
}

static void each_has_a_file(void)
{
    for_each_file("tools/cli", check_source);
    for_each_file("tools/libctl", check_source);
}

static void check_document(const char *path, const char *name)
{
    char *text = read_file(path);

    CU_ASSERT(is_as_its_schema(text, name));
    free(text);
}

static void recorded_documents(void)
{
    for_each_file("tests/unit/cli/documents", check_document);
}

/* Runs ctl and compares each line (lines) or the whole of one of its outputs. */
static void makes(const char *const *words, bool on_error, bool lines)
{
    char *texts[2], *copies[12] = { strdup("ctl") }, *argv[12];
    size_t sizes[2], count = 1;
    FILE *out = open_memstream(&texts[0], &sizes[0]), *err = open_memstream(&texts[1], &sizes[1]);

    for (; words[count - 1]; count++)
        copies[count] = strdup(words[count - 1]);
    memcpy(argv, copies, sizeof(argv));
    cli_main((int)count, argv, out, err);
    for (size_t i = 0; i < count; i++)
        free(copies[i]);
    fclose(out);
    fclose(err);
    char *text = texts[on_error];

    CU_ASSERT(*text != '\0');
    for (char *line = lines ? strtok(text, "\n") : text; line && *line; line = lines ? strtok(NULL, "\n") : NULL)
        CU_ASSERT(is_as_its_schema(line, words[0]));
    free(texts[0]);
    free(texts[1]);
}

#define MAKES(on_error, lines, ...) makes((const char *const[]){ __VA_ARGS__, NULL }, on_error, lines)

static void made_documents(void)
{
    char path[] = "/tmp/keel-schema-XXXXXX";
    int fd = mkstemp(path);

    CU_ASSERT_FATAL(fd >= 0);
    dprintf(fd, "name = \"g\"\nkernel = \"%s\"\nvnc = 1\ncpus = \"0-1\"\nuuid = \"12345678-1234-1234-1234-123456789abc\"\n"
            "disk = [ \"%s,,xvda\" ]\nvif = [ \"bridge=b\" ]\ncpu_weight = 5\nramdisk = \"%s\"\ncmdline = \"x\"\n", path,
            path, path);
    close(fd);
    MAKES(false, false, "version", "--json");
    MAKES(false, false, "help", "--json");
    MAKES(false, false, "check", "--json", path);
    MAKES(true, true, "check", "--json", path);
    MAKES(false, false, "create", "-n", "--json", path);
    MAKES(false, false, "config", "convert", "--json", path);
    MAKES(true, true, "list", "--json", "-Q");
    MAKES(true, true, "check", "--json", "/no/such/file");
    unlink(path);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(schemas),
        TEST_CASE(each_has_a_file),
        TEST_CASE(recorded_documents),
        TEST_CASE(made_documents),
    };
    return RUN_TESTS("schemas", tests);
}
