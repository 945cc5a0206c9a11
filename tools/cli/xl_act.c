/* SPDX-License-Identifier: MIT */
/* What `xl` does to domains: the verbs of ctl, with xl's options and exit statuses. */
#include "config_argument.h"
#include "console.h"
#include "interruption.h"
#include "stop.h"
#include "xl.h"
#include "xl_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 64
#define LOOK_INTERVAL_NS 100000000L

/*
 * Runs the verb of the command's name on its arguments, behind this option of the verb's own if there is one. Its
 * sentences are ctl's; returns one of ctl's statuses.
 */
static int act(struct xl *xl, char *option)
{
    char *words[WORDS_MAX + 2] = { option ? option : "--", "--" };
    int count = xl->cli.arguments_count, before = option ? 2 : 1;
    uint32_t domid;

    if (count > WORDS_MAX || !xl_find(xl, xl->cli.arguments[0], &domid))
        return CLI_USAGE;
    memcpy(words + before, xl->cli.arguments, (size_t)count * sizeof(words[0]));
    xl->cli.verb = cli_verb_find(xl->command->name);
    int status = cli_parse(&xl->cli, count + before, words);

    return status == CLI_DONE ? xl->cli.verb->run(&xl->cli) : status;
}

/* For disks, xl looks for the domain in another way, and tells less. */
int xl_block_attach(struct xl *xl)
{
    const char *name = xl->cli.arguments[0];
    uint32_t domid;

    if (cli_is_domid(name, &domid) || ctl_domain_find(xl->cli.ctl, name, &domid) == 0)
        return xl_act(xl);
    fprintf(xl->cli.err, "%s is an invalid domain identifier\n", name);
    return XL_FAILED;
}

/* More vCPUs than CPUs only with --ignore-host. */
int xl_vcpu_set(struct xl *xl)
{
    unsigned long wanted = strtoul(xl->cli.arguments[1], NULL, 10);
    struct ctl_host host;
    uint32_t domid;

    if (!xl_find(xl, xl->cli.arguments[0], &domid))
        return XL_FAILED;
    if (ctl_host_get(xl->cli.ctl, &host) < 0)
        return xl_fail(xl);
    if (xl->given['i'] || wanted <= host.cpus_online)
        return xl_act(xl);
    fprintf(xl->cli.err, "You are overcommmitting! You have %u physical CPUs and want %lu vCPUs! Aborting, use "
            "--ignore-host to continue\n", host.cpus_online, wanted);
    return XL_FAILED;
}

int xl_act(struct xl *xl)
{
    return act(xl, NULL) == CLI_DONE ? 0 : XL_FAILED;
}

int xl_ask(struct xl *xl)
{
    return act(xl, NULL) == CLI_USAGE ? XL_FAILED : 0;
}

int xl_detach(struct xl *xl)
{
    return act(xl, xl->given['f'] ? "--force" : NULL) == CLI_DONE ? 0 : XL_FAILED;
}

int xl_debug_keys(struct xl *xl)
{
    int result = ctl_debug_keys(xl->cli.ctl, xl->cli.arguments[0]);

    return result < 0 ? xl_fail(xl) : 0;
}

int xl_top(struct xl *xl)
{
    xl->cli.verb = cli_verb_find("top");
    return xl->cli.verb->run(&xl->cli) == CLI_DONE ? 0 : XL_FAILED;
}

int xl_console(struct xl *xl)
{
    uint32_t domid;

    if (!xl_find(xl, xl->cli.arguments[0], &domid))
        return XL_FAILED;
    xl->cli.verb = cli_verb_find("console");
    return console_run(&xl->cli, domid, NULL) == CLI_DONE ? 0 : XL_FAILED;
}

/* --- shutdown and reboot ------------------------------------------------------------------------------------- */

static int stop_one(struct xl *xl, uint32_t domid, enum ctl_shutdown how)
{
    fprintf(xl->cli.err, "%s domain %u\n", how == CTL_SHUTDOWN_REBOOT ? "Rebooting" : "Shutting down", domid);
    int result = ctl_domain_shutdown(xl->cli.ctl, domid, how);

    if (result == -ENOENT && xl->given['F'])
        result = ctl_trigger(xl->cli.ctl, domid, how == CTL_SHUTDOWN_REBOOT ? CTL_TRIGGER_RESET : CTL_TRIGGER_POWER, 0);
    return result < 0 ? xl_fail(xl) : 0;
}

static void wait_one(struct xl *xl, uint32_t domid)
{
    const struct timespec interval = { 0, LOOK_INTERVAL_NS };
    struct ctl_domain domain;

    for (;;) {
        int result = ctl_domain_get(xl->cli.ctl, domid, &domain);

        if (result < 0 || domain.dying) {
            fprintf(xl->cli.err, "Domain %u has been destroyed\n", domid);
            return;
        }
        if (domain.shutdown) {
            fprintf(xl->cli.err, "Domain %u has been shut down, reason code %u\n", domid,
                    (unsigned)domain.shutdown_reason);
            return;
        }
        nanosleep(&interval, NULL);
    }
}

static int stop_all(struct xl *xl, enum ctl_shutdown how)
{
    struct ctl_domain *list;
    ssize_t count = ctl_domain_list(xl->cli.ctl, &list), asked = 0;

    if (count < 0)
        return xl_fail(xl);
    for (ssize_t i = 0; i < count; i++)
        if (list[i].domid != 0 && stop_one(xl, list[i].domid, how) == 0)
            list[asked++] = list[i];
    if (xl->given['w']) {
        fprintf(xl->cli.err, "Waiting for %zd domains\n", asked);
        for (ssize_t i = 0; i < asked; i++)
            wait_one(xl, list[i].domid);
    }
    free(list);
    return 0;
}

int xl_stop(struct xl *xl)
{
    enum ctl_shutdown how = strcmp(xl->command->name, "reboot") == 0 ? CTL_SHUTDOWN_REBOOT : CTL_SHUTDOWN_POWEROFF;
    uint32_t domid;

    if (!xl->given['a'] == !xl->cli.arguments_count) {
        fprintf(xl->cli.err, xl->given['a'] ? "You may not give a domain id with -a.\n\n"
                                            : "You must specify -a or a domain id.\n\n");
        return XL_FAILED;
    }
    if (xl->given['a'])
        return stop_all(xl, how);
    if (!xl_find(xl, xl->cli.arguments[0], &domid) || stop_one(xl, domid, how))
        return XL_FAILED;
    if (xl->given['w']) {
        fprintf(xl->cli.err, "Waiting for 1 domains\n");
        wait_one(xl, domid);
    }
    return 0;
}

/* --- create -------------------------------------------------------------------------------------------------- */

static int print_config(struct xl *xl, struct ctl_config *config)
{
    yajl_gen json = xl_json_open();

    if (!config->uuid_set && getrandom(config->uuid, sizeof(config->uuid), 0) == sizeof(config->uuid)) {
        config->uuid[6] = (config->uuid[6] & 0x0f) | 0x40;
        config->uuid[8] = (config->uuid[8] & 0x3f) | 0x80;
    }
    xl_json_config(json, config, NULL);
    return xl_json_close(json, xl->cli.out) ? 0 : XL_FAILED;
}

/* With signals held back, so that an interrupted creation is undone whole; they stay held back, as ctl create says. */
static int create_whole(struct xl *xl, const struct ctl_config *config, unsigned flags, uint32_t *domid,
                        struct interruption *interruption)
{
    int status = 0;

    interruption_hold(interruption);
    if (ctl_domain_create(xl->cli.ctl, config, flags, domid) < 0) {
        xl_fail(xl);
        status = XL_ERROR;
    } else if (interruption_came(interruption)) {
        status = XL_ERROR;
        if (ctl_domain_destroy(xl->cli.ctl, *domid) < 0)
            xl_fail(xl);
        else
            fprintf(xl->cli.err, "xl: creation of \"%s\" was interrupted; nothing is left of it\n", config->name);
    }
    return status;
}

static int create(struct xl *xl, const struct ctl_config *config)
{
    bool console = xl->given['c'] > 0;
    struct interruption interruption;
    uint32_t domid;

    if (config_check_files(&xl->cli, config) != CLI_DONE)
        return XL_ERROR;
    if (create_whole(xl, config, xl->given['p'] || console ? CTL_CREATE_PAUSED : 0, &domid, &interruption) != 0)
        return XL_ERROR;
    if (console || xl->given['F'])
        interruption_release(&interruption);
    if (console) {
        if (!xl->given['p'] && ctl_domain_unpause(xl->cli.ctl, domid) < 0)
            return xl_fail(xl);
        return console_run(&xl->cli, domid, NULL) == CLI_DONE ? 0 : XL_FAILED;
    }
    if (xl->given['F'])
        wait_one(xl, domid);
    return 0;
}

static bool is_readable(const char *file)
{
    struct stat properties;

    if (stat(file, &properties) < 0)
        return false;
    if (S_ISDIR(properties.st_mode)) {
        errno = EISDIR;
        return false;
    }
    return access(file, R_OK) == 0;
}

/*
 * Parts file and settings, as xl does: the first argument is the file unless -f names one. Without a file it says
 * `absent` and returns XL_INVALID.
 */
static int read_config(struct xl *xl, int first, const char *absent, struct ctl_config *config)
{
    const char *file = xl->values['f'];

    if (!file && xl->cli.arguments_count > first && !strchr(xl->cli.arguments[first], '='))
        file = xl->cli.arguments[first++];
    for (int i = first; i < xl->cli.arguments_count; i++) {
        if (!strchr(xl->cli.arguments[i], '=')) {
            xl_print_usage(xl->cli.out, xl->command);
            return XL_USAGE;
        }
    }
    if (!file) {
        fprintf(xl->cli.err, "%s\n", absent);
        return XL_INVALID;
    }
    if (!is_readable(file)) {
        fprintf(xl->cli.err, "Failed to read config file: %s: %s\n", file, strerror(errno));
        return XL_ERROR;
    }
    config_file_prepare(file); /* before anything is said: the program may begin anew */
    if (!xl->given['q'])
        fprintf(xl->cli.err, "Parsing config from %s\n", file);
    return config_file_read(&xl->cli, file, (const char *const *)xl->cli.arguments + first,
                            (size_t)(xl->cli.arguments_count - first), config) == CLI_DONE ? 0 : XL_FAILED;
}

int xl_create(struct xl *xl)
{
    struct ctl_config config;
    int status;

    ctl_config_init(&config);
    xl->cli.verb = cli_verb_find("create");
    status = read_config(xl, 0, "Config file not specified and none in save file", &config);
    if (status == 0)
        status = xl->dry_run || xl->given['n'] ? print_config(xl, &config) : create(xl, &config);
    ctl_config_free(&config);
    return status;
}

int xl_config_update(struct xl *xl)
{
    struct ctl_config config;
    uint32_t domid;
    int status;

    ctl_config_init(&config);
    xl->cli.verb = cli_verb_find("config-update");
    xl->given['q']++;
    status = xl_find(xl, xl->cli.arguments[0], &domid) ? read_config(xl, 1, "Config file not specified", &config)
                                                       : XL_FAILED;
    if (status == XL_INVALID)
        status = XL_FAILED;
    else if (status == XL_ERROR)
        status = -XL_ERROR & 0xff; /* what xl makes of it here */
    if (status == 0) {
        fprintf(xl->cli.err, "setting dom%u configuration\n", domid);
        status = ctl_domain_config_set(xl->cli.ctl, domid, &config) < 0 ? xl_fail(xl) : 0;
    }
    ctl_config_free(&config);
    return status;
}
