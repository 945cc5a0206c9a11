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

static const char *const protocols[] = {
    [CTL_PROTOCOL_DEFAULT] = "", [CTL_PROTOCOL_XEN] = "xen", [CTL_PROTOCOL_VIRTIO] = "virtio",
};

/* A word without a key is the first of these that has not been given yet, by its place or by its key. */
enum position { TARGET, FORMAT, VDEV, ACCESS, POSITIONS };

struct reading {
    struct ctl_disk *disk;
    char *why;
    bool passed[POSITIONS], given[POSITIONS]; /* its place is taken; it has a value, too */
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

const char *config_disk_protocol(const struct ctl_disk *disk)
{
    return disk->protocol == CTL_PROTOCOL_DEFAULT ? NULL : protocols[disk->protocol];
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

/* What is given twice cannot both be meant; an empty value is none. */
static bool is_first(struct reading *reading, enum position position, const char *what, const char *value)
{
    bool first = !reading->given[position];

    if (*value == '\0')
        return false;
    reading->passed[position] = reading->given[position] = true;
    if (!first) {
        snprintf(reading->why, CONFIG_WHY_MAX, "its %s is given twice, the second time as \"%.60s\"; write one", what,
                 value);
        reading->failed = true;
    }
    return first;
}

static bool set_format(struct reading *reading, const char *value)
{
    if (!is_first(reading, FORMAT, "format", value))
        return !reading->failed;
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
    if (!is_first(reading, VDEV, "vdev", vdev))
        return !reading->failed;
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

static bool set_protocol(struct reading *reading, const char *value)
{
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        if (strcmp(protocols[i], value) == 0) {
            reading->disk->protocol = (enum ctl_disk_protocol)i;
            return true;
        }
    }
    return fail(reading, "specification of a disk", value, "write xen or virtio");
}

static bool is_among(const char *word, size_t length, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
            return true;
    }
    return false;
}

/* The target by its place. Of old it may begin with prefixes: of no meaning, of a format, or of a script. */
static bool take_target(struct reading *reading, const char *value)
{
    static const char *const idle[] = { "file", "phy", "tap", "tap2", "tapdisk", "aio", "ioemu" };
    static const char *const scripts[] = { "iscsi", "nbd", "enbd", "drbd" };
    static const char *const formed[] = { "raw", "qcow", "qcow2", "vhd" };
    const char *colon;

    while ((colon = strchr(value, ':'))) {
        size_t length = (size_t)(colon - value);
        char word[CONFIG_WORD_MAX];
        bool has_script = is_among(value, length, scripts, sizeof(scripts) / sizeof(scripts[0]));

        snprintf(word, sizeof(word), "%s%.*s", has_script ? "block-" : "", (int)length, value);
        if (has_script && !set_text(reading, &reading->disk->script, word))
            return false;
        if (is_among(value, length, formed, sizeof(formed) / sizeof(formed[0]))) {
            if (!set_format(reading, word))
                return false;
        } else if (!has_script && !is_among(value, length, idle, sizeof(idle) / sizeof(idle[0]))) {
            break;
        }
        reading->passed[FORMAT] = true; /* behind a prefix there is no format */
        value = colon + 1;
        if (has_script)
            break;
    }
    reading->given[TARGET] |= *value != '\0';
    return set_text(reading, &reading->disk->target, value);
}

static bool no_replication(struct reading *reading, const char *parameter)
{
    snprintf(reading->why, CONFIG_WHY_MAX, "%.20s is refused: disks are not replicated to another host (COLO); leave "
             "it out", parameter);
    reading->failed = true;
    return false;
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
    else if (strcmp(flag, "colo") == 0)
        return no_replication(reading, flag);
    else
        *taken = config_trust_take(flag, &disk->trust) || strcmp(flag, "no-colo") == 0;
    return true;
}

static bool take_pair(struct reading *reading, const struct config_word *word)
{
    static const char *const replication[] = { "colo-host", "colo-port", "colo-export", "active-disk", "hidden-disk" };
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
    if (strcmp(word->key, "specification") == 0)
        return set_protocol(reading, word->value);
    if (is_among(word->key, strlen(word->key), replication, sizeof(replication) / sizeof(replication[0])))
        return no_replication(reading, word->key);
    return fail(reading, "parameter of a disk", word->key,
                "there are target, format, vdev, access, devtype, backend, backendtype, script, specification, cdrom, "
                "discard, no-discard, direct-io-safe, trusted and untrusted");
}

static bool take_position(struct reading *reading, const struct config_word *word)
{
    enum position position = TARGET;

    while (position < POSITIONS && reading->passed[position])
        position++;
    /* ",hdc:cdrom,r" is an empty CD drive in xend's words: neither target nor format. */
    if (position == FORMAT && strchr(word->key, ':') && !reading->given[TARGET]) {
        reading->passed[FORMAT] = true;
        position = VDEV;
    }
    if (position == POSITIONS)
        return fail(reading, "fifth thing that a disk has", word->key, "parameters behind access have names");
    reading->passed[position] = true;
    switch (position) {
    case TARGET: return take_target(reading, word->key);
    case FORMAT: return set_format(reading, word->key);
    case VDEV: return set_vdev(reading, word->key);
    default: return set_access(reading, word->key);
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
    if (disk->cdrom && (!disk->target || !*disk->target))
        disk->format = CTL_DISK_EMPTY;
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
            if (is_first(&reading, TARGET, "target", rest + 7))
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
    const char *protocol = config_disk_protocol(disk), *trust = config_trust_word(disk->trust);
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    if (!file)
        return NULL;
    fprintf(file, "format=%s, vdev=%s, access=%s%s", formats[disk->format], disk->vdev, disk->writable ? "rw" : "ro",
            disk->cdrom ? ", devtype=cdrom" : "");
    if (backend)
        fprintf(file, ", backendtype=%s", backend);
    if (disk->backend)
        fprintf(file, ", backend=%s", disk->backend);
    if (disk->script)
        fprintf(file, ", script=%s", disk->script);
    if (protocol)
        fprintf(file, ", specification=%s", protocol);
    fprintf(file, "%s%s%s%s, target=%s", discard[disk->discard], disk->direct_io_safe ? ", direct-io-safe" : "",
            trust ? ", " : "", trust ? trust : "", disk->target);
    if (fclose(file) == 0)
        return text;
    free(text);
    return NULL;
}
