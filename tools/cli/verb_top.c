/* SPDX-License-Identifier: MIT */
/* ctl top: what domains use, on the screen or as text; all of it is in tools/top. */
#include "verbs.h"

#include "top/columns.h"
#include "top/top.h"
#include "top/view.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DELAY_MAX_S 86400
#define GUESTS_MAX 10000

/* A whole number of an option, not above `most`; false with the error printed. */
static bool whole_number(struct cli *cli, char letter, unsigned long most, unsigned long *number)
{
    const char *text = cli_value(cli, letter);
    char *end;

    if (!text)
        return true;
    errno = 0;
    *number = strtoul(text, &end, 10);
    if (!errno && end != text && !*end && *text != '-' && *number <= most)
        return true;
    cli_usage_error(cli, "\"%s\" is no number from 0 to %lu", text, most);
    return false;
}

static bool delay(struct cli *cli, uint64_t *delay_ns)
{
    const char *text = cli_value(cli, 'd');
    char *end;
    double seconds = text ? strtod(text, &end) : 1;

    if (text && (end == text || *end || !(seconds >= 0.1) || seconds > DELAY_MAX_S)) {
        cli_usage_error(cli, "\"%s\" is no time from 0.1 to %d seconds", text, DELAY_MAX_S);
        return false;
    }
    *delay_ns = (uint64_t)llround(seconds * 1e9);
    return true;
}

static bool read_options(struct cli *cli, struct top_options *options, unsigned long *fake)
{
    if (!delay(cli, &options->delay_ns) || !whole_number(cli, 'i', 1000000000, &options->iterations) ||
        !whole_number(cli, 'F', GUESTS_MAX, fake))
        return false;
    if (cli->json)
        options->output = TOP_JSON;
    else if (cli_given(cli, 'C'))
        options->output = TOP_CSV;
    else if (cli_given(cli, 'b'))
        options->output = TOP_BATCH;
    options->batch = (struct batch_options){
        .full_name = cli_given(cli, 'f'), .networks = cli_given(cli, 'n'), .disks = cli_given(cli, 'x'),
        .vcpus = cli_given(cli, 'v'), .repeat_header = cli_given(cli, 'r'),
    };
    options->sort = cli_value(cli, 'S');
    options->filter = cli_value(cli, 'G');
    if (cli_given(cli, 'P') && cli_given(cli, 'F')) {
        cli_usage_error(cli, "samples come from a recording or are made up, not both");
        return false;
    }
    if (options->sort && columns_find(options->sort) == columns_count) {
        cli_usage_error(cli, "there is no column \"%s\"; ? on the screen lists them", options->sort);
        return false;
    }
    if (options->output != TOP_SCREEN && (options->sort || options->filter)) {
        cli_usage_error(cli, "--sort and --filter are for the screen: what is printed are all domains");
        return false;
    }
    if (options->filter && strlen(options->filter) >= VIEW_FILTER_SIZE) {
        cli_usage_error(cli, "no domain has a name as long as that filter");
        return false;
    }
    if (options->output == TOP_SCREEN && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))) {
        cli_usage_error(cli, "standard input or output is no terminal: use --batch, --json or --csv");
        return false;
    }
    return true;
}

/* NULL with the error printed. */
static struct source *open_source(struct cli *cli, const struct top_options *options, unsigned long fake)
{
    const char *path = cli_value(cli, 'P'), *error = NULL;
    struct source *source = NULL;

    if (path) {
        FILE *file = fopen(path, "re");

        if (!file) {
            cli_fail(cli, errno, "%s: cannot open it: %s", path, strerror(errno));
            return NULL;
        }
        source = source_recording_open(file, path, &error);
        if (!source)
            fclose(file);
    } else if (cli_given(cli, 'F')) {
        source = source_fake_open((unsigned)fake, options->delay_ns, &error);
    } else if (cli_open(cli)) {
        source = source_live_open(cli->ctl, &error);
    }
    if (error)
        cli_fail(cli, ENOMEM, "%s", error);
    return source;
}

static int run(struct cli *cli)
{
    struct top_options options = { .output = TOP_SCREEN, .record_name = cli_value(cli, 'R') };
    unsigned long fake = 0;
    char error[SOURCE_ERROR_MAX];
    int result = 0, status = CLI_DONE;

    if (!read_options(cli, &options, &fake))
        return CLI_USAGE;
    struct source *source = open_source(cli, &options, fake);

    if (!source)
        return CLI_FAILED;
    if (options.record_name) {
        options.record = fopen(options.record_name, "we");
        if (!options.record)
            status = cli_fail(cli, errno, "%s: cannot write it: %s", options.record_name, strerror(errno));
    }
    if (status == CLI_DONE)
        result = top_run(&options, source, cli->out, error, sizeof(error));
    if (options.record)
        fclose(options.record);
    source->close(source);
    return result < 0 ? cli_fail(cli, -result, "%s", error) : status;
}

static const struct cli_option options[] = {
    { 'b', "batch", NULL, "print xentop's columns, sample after sample" },
    { 'C', "csv", NULL, "print comma-separated values" },
    { 'd', "delay", "SECONDS", "between samples (1)" },
    { 'i', "iterations", "N", "end after so many samples" },
    { 'f', "full-name", NULL, "with --batch: do not cut names" },
    { 'n', "networks", NULL, "show networks" },
    { 'x', "vbds", NULL, "show disks" },
    { 'v', "vcpus", NULL, "show vCPUs" },
    { 'r', "repeat-header", NULL, "with --batch: the heading before each domain" },
    { 'S', "sort", "COLUMN", "on the screen: by this column" },
    { 'G', "filter", "TEXT", "on the screen: domains whose name has this in it" },
    { 'R', "record", "FILE", "write all samples to a file too" },
    { 'P', "replay", "FILE", "show a recording, not this host" },
    { 'F', "fake", "GUESTS", "show a made-up machine with so many guests" },
    { 0 },
};

const struct cli_verb verb_top = {
    .name = "top", .arguments = "", .summary = "Watch what domains use; ctl-top(1) explains screen and columns",
    .details = "With --json, a line of JSON a sample: a recording is made of such lines too.\n"
               "On the screen, ? lists the keys.",
    .options = options, .run = run,
};
