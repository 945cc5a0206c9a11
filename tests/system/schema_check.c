/* SPDX-License-Identifier: MIT */
/*
 * schema_check FOLDER [-l] FILE...: whether what ctl has written is as the schemas in FOLDER say: each file one
 * document, with -l each line one. Prints the names of the schemas that were met; the status is 0 when all is as they say.
 */
#include "../unit/cli/schema_case.h"

static bool check(const char *text, const char *path)
{
    yajl_val document = parse(text), name = document ? member(document, "schema") : NULL;

    if (name)
        printf("%s\n", string_of(name));
    else
        fprintf(stderr, "%s: no document that names its schema\n", path);
    yajl_tree_free(document);
    return is_as_its_schema(text, path);
}

int main(int argc, char **argv)
{
    bool good = argc > 2, lines = argc > 2 && strcmp(argv[2], "-l") == 0;

    schema_folder = argc > 1 ? argv[1] : "";
    for (int i = lines ? 3 : 2; i < argc; i++) {
        char *text = read_file(argv[i]);

        if (!text)
            fprintf(stderr, "%s: nothing in it\n", argv[i]);
        good &= text != NULL;
        for (char *line = text && lines ? strtok(text, "\n") : text; line; line = lines ? strtok(NULL, "\n") : NULL)
            good &= check(line, argv[i]);
        free(text);
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
