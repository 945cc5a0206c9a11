/* SPDX-License-Identifier: MIT */
/*
 * The program ctl: one table of verbs (verbs.c), one file a verb (verb_*.c). A verb says what options and arguments it
 * takes; parsing, usage and help follow from that. Exit statuses: see enum cli_status.
 */
#ifndef KEEL_CLI_H
#define KEEL_CLI_H

#include "libctl/config.h"

#include <stdio.h>

#define CLI_VERSION "0.1"
#define CLI_OPTIONS_MAX 16

enum cli_status {
    CLI_DONE = 0,
    CLI_FAILED = 1, /* it could not be done; one sentence on standard error says why */
    CLI_USAGE = 2,  /* the command line is wrong */
    CLI_ABSENT = 3, /* the hypervisor, or this program, does not have it */
    CLI_LATE = 4,   /* what was waited for did not happen in time */
};

/* All of them, for help and the manual page. Ends with a NULL. */
struct cli_status_text {
    enum cli_status status;
    const char *word, *meaning;
};
extern const struct cli_status_text cli_statuses[];

/* An option of a verb. A table of them ends with an empty entry. */
struct cli_option {
    char letter;
    const char *word;
    const char *argument; /* what its argument is called; NULL: it has none */
    const char *help;
};

struct cli;

struct cli_verb {
    const char *name;      /* of one word, or of two with one space, as "store ls" */
    const char *arguments; /* as usage shows them; "" for none */
    int arguments_least, arguments_most; /* most < 0: any number */
    const char *summary;   /* a line, without a full stop */
    const char *details;   /* more for `ctl help VERB`, lines broken; NULL: nothing */
    const struct cli_option *options;
    int (*run)(struct cli *cli);
    /* What a terminal is told when it takes longer than half a second; NULL: the verb tells what it does itself. */
    const char *busy;
};

extern const struct cli_verb *const cli_verbs[]; /* ends with NULL */

/* One run of the program. */
struct cli {
    const struct cli_verb *verb;
    bool json;
    bool as_xl;          /* called by that name: sentences begin with it, and digits are a domain's number, never its name */
    bool quiet;          /* neither warnings nor progress */
    bool verbose;        /* standard error tells what is found, and how long it takes */
    bool colour;         /* standard error is a terminal that is to have colours */
    struct progress *progress; /* the one that is shown; NULL: none */
    unsigned counts[CLI_OPTIONS_MAX]; /* how often each option of the verb was given */
    const char *values[CLI_OPTIONS_MAX];
    bool worded[CLI_OPTIONS_MAX]; /* given as a word, --like-this */
    char **arguments;
    int arguments_count;
    FILE *out, *err;
    struct ctl *ctl; /* opened by cli_open */
};

/* --- command line (options.c) ------------------------------------------------------------------------------- */

/*
 * Reads the options of cli->verb from `words` (those behind the verb) and leaves the rest as arguments, in `words`
 * itself. Returns CLI_DONE, CLI_USAGE with its error printed, or -1 when help was asked for.
 */
int cli_parse(struct cli *cli, int count, char **words);
unsigned cli_given(const struct cli *cli, char letter);
/* Whether an option was given as its word, not as its letter. */
bool cli_worded(const struct cli *cli, char letter);
/* An option's argument; NULL when it was not given. */
const char *cli_value(const struct cli *cli, char letter);
const struct cli_verb *cli_verb_find(const char *name);
/* The verb that the first word names, or the first two; *used says how many. NULL: none. */
const struct cli_verb *cli_verb_find_words(int count, char **words, int *used);
/* "there is no such verb", with the nearest one, or with the second words that the first can have; CLI_USAGE. */
int cli_verb_unknown(struct cli *cli, int count, char **words);
/* Runs the whole program; argv[0] is its name. */
int cli_main(int argc, char **argv, FILE *out, FILE *err);

/* --- what is told to people and programs (report.c) --------------------------------------------------------- */

/*
 * One sentence on standard error, as text or as one line of JSON. Returns the exit status that belongs to the
 * (positive) errno: CLI_ABSENT for EOPNOTSUPP, CLI_LATE for ETIMEDOUT, else CLI_FAILED.
 */
int cli_fail(struct cli *cli, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The sentence of the handle's last failure, for the negative errno `result`; returns the status as cli_fail does. */
int cli_fail_ctl(struct cli *cli, int result);
/* The same for a wrong command line, with the verb's usage; returns CLI_USAGE. */
int cli_usage_error(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cli_warn(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Takes the progress of cli_verb.busy from the terminal, for what is printed there next. */
void cli_end_progress(struct cli *cli);
/* With --verbose, and not as JSON: one line on standard error. */
void cli_explain(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cli_print_usage(FILE *file, const struct cli_verb *verb);
void cli_print_help(FILE *file, const struct cli_verb *verb);
void cli_print_verbs(FILE *file);
/* The document keel.help/1, of one verb or (NULL) of all (verb_help.c). */
int help_print_json(struct cli *cli, const struct cli_verb *only);

/* --- domains (domains.c) ------------------------------------------------------------------------------------ */

/* Opens the handle, once; false with the error printed when this is no control domain. */
bool cli_open(struct cli *cli);
/* The number of the domain of that name or number; false with the error printed. */
bool cli_find(struct cli *cli, const char *name_or_id, uint32_t *domid);
/* Whether this is all digits, as xl takes numbers of domains; UINT32_MAX where it is too large for one. */
bool cli_is_domid(const char *text, uint32_t *domid);
/* Does the same to each domain of the arguments; goes on after a failure and returns the first one's status then. */
int cli_for_each(struct cli *cli, int (*action)(struct cli *cli, uint32_t domid));
/* Warns when none of these domains has a name because the store does not tell them. */
void cli_warn_of_names(struct cli *cli, const struct ctl_domain *list, ssize_t count);
/* What the domains of the arguments, or all without arguments, are; free *list. -1: failed, with the error printed. */
ssize_t cli_domains(struct cli *cli, struct ctl_domain **list);
/* The number of seconds that option t holds, 0 without it; false with the usage error printed. */
bool cli_timeout(struct cli *cli, uint64_t *seconds);
/* Now, of a clock that is never set, in ns. */
uint64_t cli_now_ns(void);
/* A whole number from `least` to `most`; false with the usage error printed, which calls it `what`. */
bool cli_number(struct cli *cli, const char *what, const char *text, uint32_t least, uint32_t most, uint32_t *number);
/* An amount of memory as xl takes it, MiB or with one of bkmgt behind it, in KiB; false with the error printed. */
bool cli_memory(struct cli *cli, const char *text, uint64_t *kib);
/* "poweroff", "crash", ...; never NULL. */
const char *cli_shutdown_word(enum ctl_shutdown reason);
/* CPUs of a bitmap as xl prints them: "all" if those of 0..cpus-1 are in it, "none", or ranges. */
#define CLI_CPUS_TEXT_MAX (CTL_CPUMAP_BYTES * 8 * 4)
void cli_cpus_print(const uint8_t bitmap[CTL_CPUMAP_BYTES], uint32_t cpus, char text[CLI_CPUS_TEXT_MAX]);
void cli_uuid_print(const uint8_t uuid[16], char text[37]);

#endif
