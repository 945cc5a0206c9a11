/* SPDX-License-Identifier: MIT */
/* Reads a configuration: a file or text in memory, then the settings of a command line that override it. */
#include "config_devices.h"
#include "config_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_MEMORY_MIB 128
#define OVERRIDE_SHOWN_MAX 60

void ctl_config_init(struct ctl_config *config)
{
    *config = (struct ctl_config){
        .memory_kib = DEFAULT_MEMORY_MIB << 10, .max_memory_kib = DEFAULT_MEMORY_MIB << 10,
        .vcpus = 1, .max_vcpus = 1,
        .on_poweroff = CTL_ACTION_DESTROY, .on_reboot = CTL_ACTION_RESTART, .on_crash = CTL_ACTION_DESTROY,
        .on_watchdog = CTL_ACTION_DESTROY, .on_soft_reset = CTL_ACTION_SOFT_RESET,
    };
}

void ctl_config_free(struct ctl_config *config)
{
    free(config->source);
    free(config->name);
    free(config->kernel);
    free(config->ramdisk);
    free(config->command_line);
    free(config->cpus.vcpus);
    free(config->cpus_soft.vcpus);
    for (size_t i = 0; i < config->disks_count; i++)
        config_disk_free(&config->disks[i]);
    free(config->disks);
    for (size_t i = 0; i < config->nics_count; i++)
        config_nic_free(&config->nics[i]);
    free(config->nics);
    ctl_config_init(config);
}

static bool is_text(struct config_log *log, const char *source, const char *text, size_t length)
{
    const struct config_place whole = { source, 0, 0 };
    size_t left;

    if (length > CONFIG_TEXT_MAX) {
        config_error(log, whole, "larger than %u KiB: not a configuration", CONFIG_TEXT_MAX >> 10);
        return false;
    }
    for (left = length; left > 0; left--) {
        unsigned char byte = (unsigned char)text[length - left];

        if ((byte < 0x20 && !strchr("\t\n\v\f\r", byte)) || byte == 0 || byte == 0x7f) {
            config_error(log, whole, "not a text file: byte 0x%02x at offset %zu", byte, length - left);
            return false;
        }
    }
    if (length == 0 || strspn(text, " \t\n\v\f\r") >= length) {
        config_error(log, whole, "empty: a configuration needs at least name and kernel");
        return false;
    }
    return true;
}

/* "command line "vcpus = 0"", what messages name an override by; NULL: no memory. */
static char *name_override(const char *text)
{
    char *name = NULL;

    if (asprintf(&name, "command line \"%.*s%s\"", OVERRIDE_SHOWN_MAX, text,
                 strlen(text) > OVERRIDE_SHOWN_MAX ? "..." : "") < 0)
        return NULL;
    return name;
}

static void read_overrides(struct config_settings *settings, struct config_log *log, const char *const *overrides,
                           size_t count, char **names)
{
    for (size_t i = 0; i < count; i++) {
        const struct config_place place = { "command line", 0, 0 };

        if (strlen(overrides[i]) > CONFIG_TEXT_MAX) {
            config_error(log, place, "setting %zu is larger than %u KiB", i + 1, CONFIG_TEXT_MAX >> 10);
            return;
        }
        names[i] = name_override(overrides[i]);
        if (!names[i]) {
            config_out_of_memory(log);
            return;
        }
        config_settings_read(settings, log, CONFIG_OVERRIDE, names[i], overrides[i], strlen(overrides[i]));
    }
}

int ctl_config_parse(struct ctl_config *config, const char *source, const char *text, size_t length,
                     const char *const *overrides, size_t overrides_count, struct ctl_config_messages *messages)
{
    struct config_log log;
    struct config_settings settings = { 0 };
    struct config_builder builder = { .config = config, .log = &log, .settings = &settings };
    char **names = calloc(overrides_count + 1, sizeof(*names));
    char *copy = malloc(length + 1);

    config_log_init(&log, messages);
    ctl_config_init(config);
    config->source = strdup(source);
    if (!names || !copy || !config->source) {
        config_out_of_memory(&log);
        goto out;
    }
    if (length > 0)
        memcpy(copy, text, length);
    copy[length] = '\0';
    if (!is_text(&log, source, copy, length))
        goto out;
    config_settings_read(&settings, &log, CONFIG_FILE, source, copy, length);
    read_overrides(&settings, &log, overrides, overrides_count, names);
    /* A sentence about a missing key would only repeat that its line could not be read. */
    unsigned syntax_errors = log.errors;

    config_apply_all(&builder);
    if (syntax_errors == 0)
        config_complete(&builder, source);
out:
    config_settings_free(&settings);
    for (size_t i = 0; names && i < overrides_count; i++)
        free(names[i]);
    free(names);
    free(copy);
    return config_log_status(&log);
}

/*
 * Opens what can be a configuration: a file or a pipe. Returns the descriptor or -errno, with the error in the log; *size
 * is how long its text is, as far as that is known.
 */
static int open_source(struct config_log *log, const char *path, size_t *size)
{
    const struct config_place whole = { path, 0, 0 };
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), error = 0;

    if (fd < 0 || fstat(fd, &status) < 0) {
        error = errno;
        config_error(log, whole, "cannot be read: %s", strerror(error));
    } else if (S_ISDIR(status.st_mode)) {
        error = EISDIR;
        config_error(log, whole, "a directory, not a configuration file");
    } else if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) {
        error = EINVAL;
        config_error(log, whole, "a device, not a configuration file");
    } else if (status.st_size > CONFIG_TEXT_MAX) {
        error = EFBIG;
        config_error(log, whole, "%llu KiB large: not a configuration, which has at most %u KiB",
                     (unsigned long long)status.st_size >> 10, CONFIG_TEXT_MAX >> 10);
    } else {
        if (S_ISFIFO(status.st_mode)) { /* it is waited for; one with a name may have no writer yet */
            poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, -1);
            fcntl(fd, F_SETFL, 0);
        }
        *size = (size_t)status.st_size;
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -error;
}

/*
 * Reads up to one byte more than a configuration may have into *text, which is the caller's to free. `size` is what is
 * expected; the text has room for a zero byte behind it.
 */
static ssize_t read_all(int fd, size_t size, char **text)
{
    size_t length = 0, room = size + 1;

    *text = malloc(room + 1);
    while (*text && length <= CONFIG_TEXT_MAX) {
        ssize_t got = read(fd, *text + length, room - length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return (ssize_t)length;
        length += (size_t)got;
        if (length == room) { /* it is longer than it was */
            room = 2 * room > CONFIG_TEXT_MAX ? CONFIG_TEXT_MAX + 1 : 2 * room;
            char *grown = realloc(*text, room + 1);

            if (!grown)
                return -ENOMEM;
            *text = grown;
        }
    }
    return *text ? (ssize_t)length : -ENOMEM;
}

/* Whether it is JSON or XML: no setting begins so. */
static bool is_other(const char *text, size_t length)
{
    size_t at = 0;

    while (at < length && strchr(" \t\r\n", text[at]) && text[at])
        at++;
    return at < length && (text[at] == '{' || text[at] == '<');
}

/* JSON or XML: first as it is; with overrides, what that says in xl.cfg's grammar is read with them behind it. */
static int read_other(struct ctl_config *config, const char *path, char *text, size_t length,
                      const char *const *overrides, size_t count, struct ctl_config_messages *messages)
{
    struct ctl_config_messages more;
    char *source = strdup(path), *cfg;
    int result;

    text[length] = '\0';
    if (text[strspn(text, " \t\r\n")] == '<')
        result = ctl_config_from_xml(config, path, text, length, messages);
    else
        result = config_from_json(config, path, text, messages);
    free(config->source);
    config->source = source;
    if (result < 0 || count == 0)
        return result;
    cfg = ctl_config_to_cfg(config);
    if (!cfg)
        return -ENOMEM;
    ctl_config_free(config);
    result = ctl_config_parse(config, path, cfg, strlen(cfg), overrides, count, &more);
    free(cfg);
    ctl_config_messages_free(messages);
    *messages = more;
    return result;
}

int ctl_config_read(struct ctl_config *config, const char *path, const char *const *overrides, size_t overrides_count,
                    struct ctl_config_messages *messages)
{
    const struct config_place whole = { path, 0, 0 };
    struct config_log log;
    ssize_t length;

    config_log_init(&log, messages);
    ctl_config_init(config);
    size_t size = 0;
    int fd = open_source(&log, path, &size);
    if (fd < 0)
        return fd;
    char *text;

    length = read_all(fd, size, &text);
    close(fd);
    if (length < 0)
        config_error(&log, whole, "cannot be read: %s", strerror((int)-length));
    else if (length <= CONFIG_TEXT_MAX && is_other(text, (size_t)length))
        length = read_other(config, path, text, (size_t)length, overrides, overrides_count, messages);
    else
        length = ctl_config_parse(config, path, text, (size_t)length, overrides, overrides_count, messages);
    free(text);
    return (int)length;
}
