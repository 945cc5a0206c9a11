/* SPDX-License-Identifier: MIT */
/* ctl create: a guest from its configuration, or (-n) only a check of it. Interrupted, it leaves nothing behind. */
#include "console.h"
#include "json.h"
#include "progress.h"
#include "verbs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An argument that sets a key, as in memory=256 or cpus+="0"; anything else is the file. */
static bool is_setting(const char *argument)
{
    const char *c = argument;

    while (islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_' || *c == '.' ||
           (*c == ' ' && c > argument))
        c++;
    return c > argument && islower((unsigned char)*argument) && (*c == '=' || (c[0] == '+' && c[1] == '='));
}

/* Parts the arguments: settings move to the front, in order. Returns their count, or -1 with the error printed. */
static int part_arguments(struct cli *cli, const char **file)
{
    int settings = 0;

    *file = cli_value(cli, 'f');
    for (int i = 0; i < cli->arguments_count; i++) {
        char *argument = cli->arguments[i];

        if (is_setting(argument)) {
            cli->arguments[settings++] = argument;
        } else if (*file) {
            cli_usage_error(cli, "there are two configuration files, \"%s\" and \"%s\"", *file, argument);
            return -1;
        } else {
            *file = argument;
        }
    }
    if (!*file && settings == 0) {
        cli_usage_error(cli, "create needs a configuration file");
        return -1;
    }
    return settings;
}

static int report_messages(struct cli *cli, const struct ctl_config_messages *messages, int result)
{
    bool error_told = false;

    for (size_t i = 0; i < messages->count; i++) {
        const struct ctl_config_message *message = &messages->list[i];

        if (message->is_error) {
            cli_fail(cli, -result, "%s", message->text);
            error_told = true;
        } else if (!cli_given(cli, 'q')) {
            cli_warn(cli, "%s", message->text);
        }
    }
    if (result < 0 && !error_told)
        cli_fail(cli, -result, "the configuration cannot be read: %s", strerror(-result));
    return result < 0 ? CLI_FAILED : CLI_DONE;
}

static int read_config(struct cli *cli, struct ctl_config *config)
{
    static const char nothing[] = "# no file\n";
    struct ctl_config_messages messages;
    const char *file;
    int settings = part_arguments(cli, &file), result, status;

    ctl_config_init(config);
    if (settings < 0)
        return CLI_USAGE;
    const char *const *overrides = (const char *const *)cli->arguments;

    if (file)
        result = ctl_config_read(config, file, overrides, (size_t)settings, &messages);
    else
        result =
            ctl_config_parse(config, "command line", nothing, strlen(nothing), overrides, (size_t)settings, &messages);
    status = report_messages(cli, &messages, result);
    ctl_config_messages_free(&messages);
    return status;
}

static int check_readable(struct cli *cli, const char *source, const char *key, const char *path)
{
    if (!path || access(path, R_OK) == 0)
        return CLI_DONE;
    return cli_fail(cli, errno, "%s: key \"%s\": %s cannot be read: %s", source, key, path, strerror(errno));
}

/* What is missing is told before work begins: unpacking a kernel may take seconds. */
static int check_files(struct cli *cli, const struct ctl_config *config)
{
    int kernel = check_readable(cli, config->source, "kernel", config->kernel);
    int ramdisk = check_readable(cli, config->source, "ramdisk", config->ramdisk);

    return kernel == CLI_DONE ? ramdisk : kernel;
}

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

static void ending_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGQUIT);
}

/* Whether one of the blocked signals that end the program has come; takes it. */
static bool was_interrupted(const sigset_t *set)
{
    const struct timespec at_once = { 0, 0 };

    return sigtimedwait(set, NULL, &at_once) > 0;
}

/* Creates the domain with signals held back, so that an interrupted creation is undone whole. */
static int create(struct cli *cli, const struct ctl_config *config, uint32_t *domid)
{
    unsigned flags = cli_given(cli, 'p') || cli_given(cli, 'c') ? CTL_CREATE_PAUSED : 0;
    struct progress progress;
    sigset_t set, before;
    char what[CTL_NAME_MAX + 16];
    int result, status = CLI_DONE;

    snprintf(what, sizeof(what), "creating %s", config->name);
    ending_signals(&set);
    sigprocmask(SIG_BLOCK, &set, &before);
    if (!cli_given(cli, 'q') && !cli->json)
        progress_begin(&progress, cli->err, what);
    else
        progress.started = false;
    result = ctl_domain_create(cli->ctl, config, flags, domid);
    progress_end(&progress);
    if (result < 0) {
        status = cli_fail_ctl(cli, result);
    } else if (was_interrupted(&set)) {
        result = ctl_domain_destroy(cli->ctl, *domid);
        status = result < 0
                     ? cli_fail_ctl(cli, result)
                     : cli_fail(cli, EINTR, "creation of \"%s\" was interrupted; nothing is left of it", config->name);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
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

static int run(struct cli *cli)
{
    struct ctl_config config;
    uint32_t domid;
    int status = read_config(cli, &config);

    if (status == CLI_DONE)
        status = check_files(cli, &config);
    if (status != CLI_DONE)
        goto out;
    if (cli_given(cli, 'n')) {
        status = check_only(cli, &config);
        goto out;
    }
    if (!cli_open(cli)) {
        status = CLI_FAILED;
        goto out;
    }
    status = create(cli, &config, &domid);
    if (status == CLI_DONE)
        status = tell(cli, &config, domid);
    if (status == CLI_DONE && cli_given(cli, 'c'))
        status = console_run(cli, domid, cli_given(cli, 'p') ? NULL : start);
out:
    ctl_config_free(&config);
    return status;
}

static const struct cli_option options[] = {
    { 'p', "paused", NULL, "leave it paused" },
    { 'c', "console", NULL, "attach to its console" },
    { 'q', "quiet", NULL, "print errors only" },
    { 'n', "dry-run", NULL, "check the configuration, create nothing" },
    { 'f', "defconfig", "FILE", "the configuration file" },
    { 0 },
};

const struct cli_verb verb_create = {
    .name = "create", .arguments = "[FILE] [KEY=VALUE...]", .arguments_most = -1,
    .summary = "Create a guest from a configuration",
    .details = "FILE is as in guest.cfg(5). Settings of the command line replace those of the file; one may\n"
               "hold several, parted by \";\", and a string needs no quotes: memory=256 'extra=quiet ro'.",
    .options = options, .run = run,
};
