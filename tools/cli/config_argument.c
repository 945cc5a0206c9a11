/* SPDX-License-Identifier: MIT */
/* A configuration as the command line gives it; see config_argument.h. */
#include "config_argument.h"

#include "libctl/device_nodes.h"
#include "twin.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An argument that sets a key, as in memory=256 or cpus+="0"; anything else is a file. */
static bool is_setting(const char *argument)
{
    const char *c = argument;

    while (islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_' || *c == '.' ||
           (*c == ' ' && c > argument))
        c++;
    return c > argument && islower((unsigned char)*argument) && (*c == '=' || (c[0] == '+' && c[1] == '='));
}

/*
 * Parts the arguments from `first` on: settings move to the front of them, in order. Returns their count, or -1 with
 * the error printed.
 */
static int part_arguments(struct cli *cli, int first, const char **file)
{
    int settings = 0;

    *file = cli_value(cli, 'f');
    for (int i = first; i < cli->arguments_count; i++) {
        char *argument = cli->arguments[i];

        if (is_setting(argument)) {
            cli->arguments[first + settings++] = argument;
        } else if (*file && strchr(argument, '=')) {
            cli_usage_error(cli, "\"%s\" is no setting: a key is made of small letters, digits and _, and begins it",
                            argument);
            return -1;
        } else if (*file) {
            cli_usage_error(cli, "there are two configuration files, \"%s\" and \"%s\"", *file, argument);
            return -1;
        } else {
            *file = argument;
        }
    }
    if (!*file && settings == 0) {
        cli_usage_error(cli, "%s needs a configuration file", cli->verb->name);
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
    if (result == 0)
        cli_explain(cli, "the configuration is good; %zu warnings", messages->count);
    if (result < 0 && !error_told)
        cli_fail(cli, -result, "the configuration cannot be read: %s", strerror(-result));
    return result < 0 ? CLI_FAILED : CLI_DONE;
}

void config_file_prepare(const char *file)
{
    struct stat properties;

    if (stat(file, &properties) == 0 && !S_ISREG(properties.st_mode)) /* is read only once, and may be XML */
        twin_become();
}

int config_file_read(struct cli *cli, const char *file, const char *const *settings, size_t count,
                     struct ctl_config *config)
{
    static const char nothing[] = "# no file\n";
    struct ctl_config_messages messages;
    int result, status;

    if (file && strcmp(file, "-") == 0)
        file = "/dev/stdin";
    if (file && *file == '\0')
        return cli_fail(cli, ENOENT, "the name of the configuration file is empty");
    if (file)
        config_file_prepare(file);
    if (file)
        result = ctl_config_read(config, file, settings, count, &messages);
    else
        result = ctl_config_parse(config, "command line", nothing, strlen(nothing), settings, count, &messages);
    status = report_messages(cli, &messages, result);
    ctl_config_messages_free(&messages);
    return status;
}

int config_argument_read(struct cli *cli, int first, struct ctl_config *config)
{
    const char *file;
    int settings = part_arguments(cli, first, &file);

    ctl_config_init(config);
    if (settings < 0)
        return CLI_USAGE;
    return config_file_read(cli, file, (const char *const *)cli->arguments + first, (size_t)settings, config);
}

static int check_readable(struct cli *cli, const char *source, const char *key, const char *path)
{
    struct stat properties;
    int error = 0;

    if (!path)
        return CLI_DONE;
    if (access(path, R_OK) < 0 || stat(path, &properties) < 0)
        error = errno;
    else if (S_ISDIR(properties.st_mode))
        error = EISDIR;
    if (!error)
        return CLI_DONE;
    return cli_fail(cli, error, "%s: key \"%s\": %s cannot be read: %s", source, key, path, strerror(error));
}

/* Devices that no backend serves, and disks whose file or device is not there. */
static int check_devices(struct cli *cli, const struct ctl_config *config)
{
    char why[DEVICE_WHY_MAX];
    int status = CLI_DONE;

    for (size_t i = 0; i < config->disks_count && status == CLI_DONE; i++) {
        const struct ctl_disk *disk = &config->disks[i];

        if (!device_disk_possible(disk, why))
            status = cli_fail(cli, EOPNOTSUPP, "%s: disk %s: %s", config->source, disk->vdev, why);
        else if (*disk->target == '/')
            status = check_readable(cli, config->source, "disk", disk->target);
    }
    for (size_t i = 0; i < config->nics_count && status == CLI_DONE; i++) {
        if (!device_nic_possible(&config->nics[i], why))
            status = cli_fail(cli, EOPNOTSUPP, "%s: vif %zu: %s", config->source, i, why);
    }
    return status;
}

int config_check_files(struct cli *cli, const struct ctl_config *config)
{
    int kernel = check_readable(cli, config->source, "kernel", config->kernel);
    int ramdisk = check_readable(cli, config->source, "ramdisk", config->ramdisk);
    int devices = check_devices(cli, config);

    return kernel != CLI_DONE ? kernel : ramdisk != CLI_DONE ? ramdisk : devices;
}
