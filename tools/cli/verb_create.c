/* SPDX-License-Identifier: MIT */
/* ctl create: a guest from its configuration, or (-n) only a check of it. Interrupted, it leaves nothing behind. */
#include "config_argument.h"
#include "console.h"
#include "create_many.h"
#include "create_whole.h"
#include "json.h"
#include "progress.h"
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* -n: says what would be created. */
static int check_only(struct cli *cli, const struct ctl_config *config)
{
    if (cli->json) {
        char *json = ctl_config_to_json(config);

        if (!json)
            return cli_fail(cli, ENOMEM, "there is no memory for the configuration as JSON");
        fputs(json, cli->out);
        free(json);
    } else if (!cli_given(cli, 'q')) {
        fprintf(cli->out, "%s: good: guest \"%s\", %llu MiB, %u vCPU%s\n", config->source, config->name,
                (unsigned long long)(config->memory_kib >> 10), config->vcpus, config->vcpus > 1 ? "s" : "");
    }
    return CLI_DONE;
}

int create_whole(struct cli *cli, const struct ctl_config *config, uint32_t *domid, struct interruption *interruption)
{
    unsigned flags = cli_given(cli, 'p') || cli_given(cli, 'c') ? CTL_CREATE_PAUSED : 0;
    struct progress progress;
    char what[CTL_NAME_MAX + 16];
    int result, status = CLI_DONE;

    snprintf(what, sizeof(what), "creating %s", config->name);
    interruption_hold(interruption);
    if (!cli_given(cli, 'q') && !cli->json)
        progress_begin(&progress, cli->err, what);
    else
        progress.started = false;
    result = ctl_domain_create(cli->ctl, config, flags, domid);
    progress_end(&progress);
    if (result < 0) {
        status = cli_fail_ctl(cli, result);
    } else if (interruption_came(interruption)) {
        result = ctl_domain_destroy(cli->ctl, *domid);
        status = result < 0
                     ? cli_fail_ctl(cli, result)
                     : cli_fail(cli, EINTR, "creation of \"%s\" was interrupted; nothing is left of it", config->name);
    }
    return status;
}

static int tell(struct cli *cli, const struct ctl_config *config, uint32_t domid)
{
    if (cli->json) {
        yajl_gen json = json_open("keel.create/1");

        json_number(json, "domid", domid);
        json_text(json, "name", config->name);
        json_bool(json, "paused", cli_given(cli, 'p') > 0);
        return json_close(cli, json, cli->out);
    }
    if (!cli_given(cli, 'q'))
        fprintf(cli->out, "created domain %u: %s%s\n", domid, config->name, cli_given(cli, 'p') ? ", paused" : "");
    fflush(cli->out);
    return CLI_DONE;
}

static int start(struct cli *cli, uint32_t domid)
{
    int result = ctl_domain_unpause(cli->ctl, domid);

    return result < 0 ? cli_fail_ctl(cli, result) : CLI_DONE;
}

/*
 * `create -n 200 FILE`: -n is followed by a number, which stands first among the arguments then. Behind --dry-run it is a
 * file like any other: who writes that wants nothing created.
 */
static bool take_count(struct cli *cli)
{
    const char *first = cli->arguments_count ? cli->arguments[0] : "";

    if (cli_given(cli, 'n') != 1 || cli_worded(cli, 'n') || *first == '\0' || first[strspn(first, "0123456789")] != '\0')
        return false;
    cli->arguments++;
    cli->arguments_count--;
    return true;
}

static int create_one(struct cli *cli, const struct ctl_config *config)
{
    struct interruption interruption;
    uint32_t domid;
    int status = create_whole(cli, config, &domid, &interruption);

    if (status == CLI_DONE)
        status = tell(cli, config, domid);
    if (status != CLI_DONE || !cli_given(cli, 'c'))
        return status;
    /* signals are held back until the session takes them: the guest would be left paused */
    status = console_run(cli, domid, cli_given(cli, 'p') ? NULL : start);
    interruption_release(&interruption);
    return status;
}

static int run(struct cli *cli)
{
    const char *count_text = cli->arguments_count ? cli->arguments[0] : NULL;
    bool many = take_count(cli);
    struct ctl_config config;
    uint32_t count = 1;

    if (many && !cli_number(cli, "count of guests", count_text, 1, CREATE_MANY_MAX, &count))
        return CLI_USAGE;
    if (many && cli_given(cli, 'c'))
        return cli_usage_error(cli, "one console cannot be attached to many guests; leave -c out");
    int status = config_argument_read(cli, 0, &config);

    if (status == CLI_DONE)
        status = config_check_files(cli, &config);
    if (status == CLI_DONE && cli_given(cli, 'n') && !many)
        status = check_only(cli, &config);
    else if (status == CLI_DONE && !cli_open(cli))
        status = CLI_FAILED;
    else if (status == CLI_DONE)
        status = many ? create_many(cli, &config, count) : create_one(cli, &config);
    ctl_config_free(&config);
    return status;
}

static const struct cli_option options[] = {
    { 'p', "paused", NULL, "leave it paused" },
    { 'c', "console", NULL, "attach to its console" },
    { 'q', "quiet", NULL, "print errors only" },
    { 'n', "dry-run", NULL, "check the configuration, create nothing; -n NUMBER: so many guests" },
    { 'f', "defconfig", "FILE", "the configuration file" },
    { 0 },
};

const struct cli_verb verb_create = {
    .name = "create", .arguments = "[FILE] [KEY=VALUE...]", .arguments_most = -1,
    .summary = "Create a guest, or many, from a configuration",
    .details = "FILE is as in guest.cfg(5). Settings of the command line replace those of the file; one may\n"
               "hold several, parted by \";\", and a string needs no quotes: memory=256 'extra=quiet ro'.\n"
               "create -n 200 FILE makes 200 guests at once, named NAME-1 to NAME-200: all of them, or none.",
    .options = options, .run = run,
};
