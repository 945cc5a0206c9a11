/* SPDX-License-Identifier: MIT */
/* A disk in xl's words: positional (target, format, vdev, access), by key=value, or with the old prefixes. */
#include "config_devices.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const formats[] = {
    [CTL_DISK_RAW] = "raw", [CTL_DISK_QCOW] = "qcow", [CTL_DISK_QCOW2] = "qcow2", [CTL_DISK_VHD] = "vhd",
    [CTL_DISK_QED] = "qed", [CTL_DISK_EMPTY] = "empty",
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))
static const char *const backends[] = {
    [CTL_DISK_ANY] = "", [CTL_DISK_PHY] = "phy", [CTL_DISK_TAP] = "tap", [CTL_DISK_QDISK] = "qdisk",
    [CTL_DISK_STANDALONE] = "standalone",
};
#define BACKENDS (sizeof(backends) / sizeof(backends[0]))

enum position { TARGET, FORMAT, VDEV, ACCESS, NONE };

struct reading {
    struct ctl_disk *disk;
    char *why;
    enum position next;    /* what a word without a key is */
    bool read_only_set;
    bool failed;
};

const char *config_disk_format(const struct ctl_disk *disk)
{
    return formats[disk->format];
}

const char *config_disk_backend(const struct ctl_disk *disk)
{
    return disk->backend_type == CTL_DISK_ANY ? NULL : backends[disk->backend_type];
}

static bool fail(struct reading *reading, const char *what, const char *value, const char *advice)
{
    snprintf(reading->why, CONFIG_WHY_MAX, "\"%.60s\" is no %s; %s", value, what, advice);
    reading->failed = true;
    return false;
}

static bool set_text(struct reading *reading, char **field, const char *value)
{
    if (config_field_set(field, value))
        return true;
    snprintf(reading->why, CONFIG_WHY_MAX, "there is no memory for it");
    reading->failed = true;
    return false;
}

static bool set_format(struct reading *reading, const char *value)
{
    if (*value == '\0')
        return true;
    for (size_t i = 0; i < FORMATS; i++) {
        if (strcmp(formats[i], value) == 0) {
            reading->disk->format = (enum ctl_disk_format)i;
            return true;
        }
    }
    return fail(reading, "format of a disk", value, "write raw, qcow, qcow2, vhd, qed or empty");
}

static bool set_access(struct reading *reading, const char *value)
{
    static const struct { const char *word; bool writable; } words[] = {
        { "r", false }, { "ro", false }, { "w", true }, { "rw", true }, { "", true },
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].word, value) == 0) {
            reading->disk->writable = words[i].writable;
            return true;
        }
    }
    return fail(reading, "access to a disk", value, "write r or w");
}

/* xvda1, hdc, sdb2, d5p3 or a number, as in xen-vbd-interface(7). */
static bool is_vdev(const char *text)
{
    const char *letters;

    if (isdigit((unsigned char)*text))
        return text[strspn(text, "0123456789")] == '\0' ||
               (strncmp(text, "0x", 2) == 0 && text[2] && text[2 + strspn(text + 2, "0123456789abcdefABCDEF")] == '\0');
    if (text[0] == 'd' && isdigit((unsigned char)text[1])) {
        text += 1 + strspn(text + 1, "0123456789");
        return *text == '\0' || (*text == 'p' && text[1] && text[1 + strspn(text + 1, "0123456789")] == '\0');
    }
    letters = strncmp(text, "xvd", 3) == 0 ? text + 3
            : strncmp(text, "hd", 2) == 0 || strncmp(text, "sd", 2) == 0 ? text + 2 : "";
    size_t length = strspn(letters, "abcdefghijklmnopqrstuvwxyz");

    return length > 0 && letters[length + strspn(letters + length, "0123456789")] == '\0';
}

static bool set_devtype(struct reading *reading, const char *value)
{
    if (strcmp(value, "cdrom") != 0 && strcmp(value, "disk") != 0)
        return fail(reading, "kind of device", value, "write disk or cdrom");
    reading->disk->cdrom = *value == 'c';
    return true;
}

/* "hdc" or, as of old, "hdc:cdrom". */
static bool set_vdev(struct reading *reading, const char *value)
{
    char vdev[CONFIG_WORD_MAX];
    const char *colon = strchr(value, ':');

    snprintf(vdev, sizeof(vdev), "%.*s", (int)(colon ? colon - value : (ptrdiff_t)strlen(value)), value);
    if (*vdev == '\0')
        return true;
    if (!is_vdev(vdev))
        return fail(reading, "virtual disk", vdev, "write it as in xvda");
    if (colon && !set_devtype(reading, colon + 1))
        return false;
    return set_text(reading, &reading->disk->vdev, vdev);
}

static bool set_backend_type(struct reading *reading, const char *value)
{
    for (size_t i = 1; i < BACKENDS; i++) {
        if (strcmp(backends[i], value) == 0) {
            reading->disk->backend_type = (enum ctl_disk_backend)i;
            return true;
        }
    }
    return fail(reading, "backend of a disk", value, "write phy, tap, qdisk or standalone");
}

static bool is_prefix(const char *text, size_t length)
{
    return length > 0 && length < 32 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == length;
}

/* Prefixes of a target: raw:, tap:qcow2:, phy:, file:; any other names a script, block-NAME. */
static bool set_target(struct reading *reading, const char *value)
{
    static const char *const empty[] = { "file", "phy", "tap", "tap2", "aio", "ioemu", "raw" };
    const char *colon;

    while ((colon = strchr(value, ':')) && is_prefix(value, (size_t)(colon - value))) {
        char prefix[CONFIG_WORD_MAX], script[CONFIG_WORD_MAX + 8];
        bool known = false;

        snprintf(prefix, sizeof(prefix), "%.*s", (int)(colon - value), value);
        for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
            known |= strcmp(prefix, empty[i]) == 0;
        for (size_t i = 0; i < FORMATS && !known; i++) {
            if (strcmp(prefix, formats[i]) == 0 && i != CTL_DISK_EMPTY) {
                reading->disk->format = (enum ctl_disk_format)i;
                known = true;
            }
        }
        reading->next = VDEV; /* behind a prefix there is no format */
        value = colon + 1;
        if (known)
            continue;
        snprintf(script, sizeof(script), "block-%s", prefix);
        if (!set_text(reading, &reading->disk->script, script))
            return false;
        break;
    }
    return set_text(reading, &reading->disk->target, value);
}

static bool take_flag(struct reading *reading, const char *flag, bool *taken)
{
    struct ctl_disk *disk = reading->disk;

    *taken = true;
    if (strcmp(flag, "cdrom") == 0)
        disk->cdrom = true;
    else if (strcmp(flag, "discard") == 0 || strcmp(flag, "no-discard") == 0)
        disk->discard = *flag == 'd' ? CTL_DISCARD_ON : CTL_DISCARD_OFF;
    else if (strcmp(flag, "direct-io-safe") == 0)
        disk->direct_io_safe = true;
    else
        *taken = false;
    return true;
}

static bool take_pair(struct reading *reading, const struct config_word *word)
{
    struct ctl_disk *disk = reading->disk;

    if (strcmp(word->key, "format") == 0)
        return set_format(reading, word->value);
    if (strcmp(word->key, "vdev") == 0)
        return set_vdev(reading, word->value);
    if (strcmp(word->key, "access") == 0)
        return set_access(reading, word->value);
    if (strcmp(word->key, "devtype") == 0)
        return set_devtype(reading, word->value);
    if (strcmp(word->key, "backend") == 0)
        return set_text(reading, &disk->backend, word->value);
    if (strcmp(word->key, "backendtype") == 0)
        return set_backend_type(reading, word->value);
    if (strcmp(word->key, "script") == 0)
        return set_text(reading, &disk->script, word->value);
    return fail(reading, "parameter of a disk", word->key,
                "there are target, format, vdev, access, devtype, backend, backendtype, script, cdrom, discard, "
                "no-discard and direct-io-safe");
}

static bool take_position(struct reading *reading, const struct config_word *word)
{
    enum position position = reading->next++;

    switch (position) {
    case TARGET: return set_target(reading, word->key);
    case FORMAT: return set_format(reading, word->key);
    case VDEV: return set_vdev(reading, word->key);
    case ACCESS: return set_access(reading, word->key);
    default: return fail(reading, "fifth thing that a disk has", word->key, "parameters behind access have names");
    }
}

static bool check(struct reading *reading)
{
    struct ctl_disk *disk = reading->disk;

    if (!disk->vdev) {
        snprintf(reading->why, CONFIG_WHY_MAX, "no vdev: say what the guest is to call it, as in vdev=xvda");
        return false;
    }
    if (disk->cdrom)
        disk->writable = false;
    if ((!disk->target || !*disk->target) && !disk->cdrom) {
        snprintf(reading->why, CONFIG_WHY_MAX, "no target: say which file or device it is, as in target=/dev/vg/guest");
        return false;
    }
    if (disk->format == CTL_DISK_EMPTY && !disk->cdrom) {
        snprintf(reading->why, CONFIG_WHY_MAX, "only a CD drive can be empty; write devtype=cdrom");
        return false;
    }
    return disk->target || set_text(reading, &disk->target, "");
}

bool config_disk_parse(const char *text, struct ctl_disk *disk, char why[CONFIG_WHY_MAX])
{
    struct reading reading = { .disk = disk, .why = why };

    *disk = (struct ctl_disk){ .writable = true };
    while (text && !reading.failed) {
        const char *rest = text + strspn(text, " \t");
        struct config_word word;
        bool taken = false;

        if (strncmp(rest, "target=", 7) == 0) { /* reaches to the end, commas and all */
            set_text(&reading, &disk->target, rest + 7);
            break;
        }
        if (!config_word_take(&text, &word))
            return fail(&reading, "parameter", word.key, "it is too long");
        if (word.has_value)
            take_pair(&reading, &word);
        else if (take_flag(&reading, word.key, &taken) && !taken)
            take_position(&reading, &word);
    }
    return !reading.failed && check(&reading);
}

void config_disk_free(struct ctl_disk *disk)
{
    free(disk->target);
    free(disk->vdev);
    free(disk->script);
    free(disk->backend);
    *disk = (struct ctl_disk){ 0 };
}

char *config_disk_print(const struct ctl_disk *disk)
{
    static const char *const discard[] = { "", ", discard", ", no-discard" };
    const char *backend = config_disk_backend(disk);
    char *text = NULL;

    if (asprintf(&text, "format=%s, vdev=%s, access=%s%s%s%s%s%s%s%s%s, target=%s", formats[disk->format], disk->vdev,
                 disk->writable ? "rw" : "ro", disk->cdrom ? ", devtype=cdrom" : "", backend ? ", backendtype=" : "",
                 backend ? backend : "", disk->backend ? ", backend=" : "", disk->backend ? disk->backend : "",
                 disk->script ? ", script=" : "", disk->script ? disk->script : "", discard[disk->discard],
                 disk->target) < 0)
        return NULL;
    if (disk->direct_io_safe) {
        char *longer = NULL, *target = strstr(text, ", target=");

        if (asprintf(&longer, "%.*s, direct-io-safe%s", (int)(target - text), text, target) < 0)
            longer = NULL;
        free(text);
        text = longer;
    }
    return text;
}
