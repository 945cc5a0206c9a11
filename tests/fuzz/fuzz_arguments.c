/* SPDX-License-Identifier: MIT */
/*
 * Any words as the arguments of ctl and of xl: no crash, a status of the table, and one that is not 0 comes with a sentence.
 * Runs where there is no hypervisor: verbs get as far as their arguments. Those that would read files, serve or show a
 * screen are only parsed.
 */
#include "cli/cli.h"
#include "cli/xl.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const parsed_only[] = {
    "create", "check", "apply", "config-update", "config convert", "top", "metrics", "store ls", "store read",
    "store write", "store mkdir", "store rm", "store list", "store exists", "store chmod", "store watch", "store stats",
    "block-attach", "network-attach",
};

static bool runs(const char *name)
{
    for (size_t i = 0; i < sizeof(parsed_only) / sizeof(parsed_only[0]); i++)
        if (strcmp(parsed_only[i], name) == 0)
            return false;
    return true;
}

static void ends_well(int status, int last, const char *said)
{
    if (status < 0 || status > last || (status != 0 && *said == '\0'))
        abort();
}

static void as_ctl(int count, char **words)
{
    char *text, *said;
    size_t text_size, said_size;
    int used;
    FILE *out = open_memstream(&text, &text_size), *err = open_memstream(&said, &said_size);
    const struct cli_verb *verb = cli_verb_find_words(count, words, &used);
    struct cli cli = { .verb = verb, .out = out, .err = err };
    int status;

    if (verb && !runs(verb->name)) {
        status = cli_parse(&cli, count - used, words + used);
        status = status < 0 ? 0 : status; /* help was asked for */
    } else {
        char *argv[WORDS_MAX + 2] = { "ctl" };

        memcpy(argv + 1, words, (size_t)count * sizeof(words[0]));
        status = cli_main(count + 1, argv, out, err);
    }
    fclose(out);
    fclose(err);
    ends_well(status, CLI_LATE, said);
    free(text);
    free(said);
}

static void as_xl(int count, char **words)
{
    char *argv[WORDS_MAX + 2] = { "xl" }, *text, *said;
    size_t text_size, said_size;
    FILE *out, *err;

    for (int i = 0; i < count; i++)
        if (strcmp(words[i], "create") == 0 || strcmp(words[i], "config-update") == 0)
            return;
    out = open_memstream(&text, &text_size), err = open_memstream(&said, &said_size);
    memcpy(argv + 1, words, (size_t)count * sizeof(words[0]));
    int status = xl_main(count + 1, argv, out, err);

    fclose(out);
    fclose(err);
    if (status < 0 || status > 3 || (status != 0 && *said == '\0' && *text == '\0'))
        abort();
    free(text);
    free(said);
}

/* The first byte says whose arguments they are; the words are parted by zero bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *words[WORDS_MAX + 1] = { 0 }, *copy;
    int count = 0;

    if (size < 2 || access("/dev/xen/privcmd", F_OK) == 0)
        return 0;
    copy = calloc(1, size);
    memcpy(copy, data + 1, size - 1);
    for (char *at = copy; at < copy + size - 1 && count < WORDS_MAX; at += strlen(at) + 1)
        words[count++] = at;
    if (*data & 1)
        as_xl(count, words);
    else
        as_ctl(count, words);
    free(copy);
    return 0;
}
