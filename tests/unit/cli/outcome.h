/* SPDX-License-Identifier: MIT */
/* What a whole program has answered: its exit status, and what it wrote. */
#ifndef KEEL_TEST_CLI_OUTCOME_H
#define KEEL_TEST_CLI_OUTCOME_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTCOME_WORDS_MAX 16u

struct outcome {
    int status;
    char *out, *err; /* free with end() */
};

/* Runs a program by this name with these words behind it, at most OUTCOME_WORDS_MAX - 1; end them with NULL. */
static inline struct outcome outcome_of(int (*program)(int, char **, FILE *, FILE *), const char *name,
                                        const char *const *words)
{
    struct outcome outcome = { 0 };
    size_t sizes[2], count = 1;
    FILE *out = open_memstream(&outcome.out, &sizes[0]), *err = open_memstream(&outcome.err, &sizes[1]);
    char *copies[OUTCOME_WORDS_MAX + 1] = { strdup(name) }, *argv[OUTCOME_WORDS_MAX + 1];

    for (; count < OUTCOME_WORDS_MAX && words[count - 1]; count++)
        copies[count] = strdup(words[count - 1]);
    memcpy(argv, copies, sizeof(argv)); /* parsing moves arguments about in argv */
    outcome.status = program((int)count, argv, out, err);
    for (size_t i = 0; i < count; i++)
        free(copies[i]);
    fclose(out);
    fclose(err);
    return outcome;
}

static inline void end(struct outcome *outcome)
{
    free(outcome->out);
    free(outcome->err);
}

#endif
