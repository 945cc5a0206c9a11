/* SPDX-License-Identifier: MIT */
/* Guests that come and go with the host; see auto.h. */
#include "auto.h"
#include "libctl/creation_lock.h"
#include "libctl/destroy.h"
#include "libctl/internal.h"
#include "libctl/sha256.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FOLDER "/etc/keel/auto"
#define NOTES "/keel/auto/started"
#define STOPPING "/keel/auto/stopping"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_MAX 64
#define LOOK_INTERVAL_NS 100000000L
#define NAME_AS_IT_IS_MAX 100u
#define CREATORS_WAIT_MS 10000
#define GONE_WAIT_NS 1000000000ll /* for one; what others hold of it ends with the host */

/* This boot of domain 0's kernel, which is this boot of the host. */
static bool read_boot(char boot[BOOT_ID_MAX])
{
    FILE *file = fopen(BOOT_ID, "re");
    bool good = file && fgets(boot, BOOT_ID_MAX, file);

    if (file)
        fclose(file);
    if (good)
        boot[strcspn(boot, "\n")] = '\0';
    return good;
}

/* Whether the node says that it was written in this boot; where the store does not tell, nothing is begun. */
static bool is_noted(struct ctl *ctl, const char *path)
{
    char boot[BOOT_ID_MAX], *held = ctl_store_read(ctl, XBT_NULL, "%s", path);
    bool noted = held ? read_boot(boot) && strcmp(held, boot) == 0 : errno != ENOENT;

    free(held);
    return noted;
}

static void note(struct ctl *ctl, const char *path)
{
    struct xs_permissions owner = { .id = 0, .perms = XS_PERM_NONE };
    char boot[BOOT_ID_MAX];

    if (!read_boot(boot) || ctl_store_write(ctl, XBT_NULL, path, boot) != 0)
        fprintf(stderr, "ctld: %s cannot be written in the store: %s\n", path, strerror(errno));
    else
        xs_set_permissions(ctl->store, XBT_NULL, path, &owner, 1);
}

bool auto_is_stopping(struct ctl *ctl)
{
    return is_noted(ctl, STOPPING);
}

int auto_create(struct ctl *ctl, const struct ctl_config *config, uint32_t *domid)
{
    int lock = creation_lock(), result; /* who stops the host waits for those that hold it */

    if (auto_is_stopping(ctl))
        result = ctl_fail(ctl, ECANCELED, "\"%s\" is not started: the host is going down", config->name);
    else
        result = ctl_domain_create(ctl, config, 0, domid);
    creation_unlock(lock);
    return result;
}

/* A file name as the name of a node, which has letters, digits and -_@ alone; of a long one its hash. */
static void note_path(const char *name, char path[CTL_STORE_PATH_MAX])
{
    size_t used = strlen(NOTES "/"), length = strlen(name);
    const uint8_t *bytes = (const uint8_t *)name;
    uint8_t digest[SHA256_BYTES];

    ctl_path(path, NOTES "/");
    if (length > NAME_AS_IT_IS_MAX) {
        sha256(bytes, length, digest);
        bytes = digest;
        length = sizeof(digest);
        path[used++] = 's';
    }
    for (size_t i = 0; i < length; i++)
        used += (size_t)snprintf(path + used, CTL_STORE_PATH_MAX - used, "%02x", bytes[i]);
}

/* A file, or a link to one: of a pipe the writer would be waited for, by all guests. */
static bool is_file(const char *path)
{
    int descriptor = open(path, O_PATH | O_CLOEXEC);
    struct stat status;
    bool is = descriptor >= 0 && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);

    if (descriptor >= 0)
        close(descriptor);
    return is;
}

static bool read_config(const char *path, struct ctl_config *config)
{
    struct ctl_config_messages messages;
    int result;

    if (!is_file(path)) {
        fprintf(stderr, "ctld: %s: no file that can be read\n", path);
        ctl_config_init(config);
        return false;
    }
    result = ctl_config_read(config, path, NULL, 0, &messages);

    for (size_t i = 0; i < messages.count; i++)
        fprintf(stderr, "ctld: %s%s\n", messages.list[i].is_error ? "" : "warning: ", messages.list[i].text);
    ctl_config_messages_free(&messages);
    return result == 0;
}

/* The guest of that name, which is not half made: ends one that is. As ctl_domain_find. */
static int find_whole(struct ctl *ctl, const char *name, uint32_t *domid)
{
    struct ctl_finding *findings;
    char *creating = NULL;
    int result = ctl_domain_find(ctl, name, domid);

    if (result == 0)
        creating = ctl_store_read(ctl, XBT_NULL, "/local/domain/%u/keel/creating", *domid);
    if (creating) { /* by a ctld that was killed, or by somebody at this moment, for whom this waits */
        ssize_t count = ctl_fsck(ctl, true, &findings);

        if (count >= 0)
            free(findings);
        result = count < 0 ? (int)count : ctl_domain_find(ctl, name, domid);
    }
    free(creating);
    return result;
}

static void start_one(struct ctl *ctl, const char *name)
{
    char path[CTL_STORE_PATH_MAX], file[512];
    struct ctl_config config;
    uint32_t domid;
    int result;

    note_path(name, path);
    if (is_noted(ctl, path))
        return;
    snprintf(file, sizeof(file), FOLDER "/%s", name);
    if (!read_config(file, &config)) {
        ctl_config_free(&config);
        return;
    }
    result = find_whole(ctl, config.name, &domid);
    if (result == -ESRCH) {
        result = auto_create(ctl, &config, &domid);
        if (result == 0)
            fprintf(stderr, "ctld: \"%s\" is started with the host, as domain %u\n", config.name, domid);
    }
    if (result == 0)
        note(ctl, path);
    else
        fprintf(stderr, "ctld: %s: %s\n", file, ctl_error(ctl));
    ctl_config_free(&config);
}

static int is_configuration(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return entry->d_name[0] != '.' && entry->d_name[length - 1] != '~' && length < CTL_NAME_MAX;
}

void auto_start(struct ctl *ctl)
{
    struct dirent **entries;
    int count = scandir(FOLDER, &entries, is_configuration, alphasort);

    for (int i = 0; i < count; i++) {
        if (!auto_is_stopping(ctl))
            start_one(ctl, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

/* --- the host goes down -------------------------------------------------------------------------------------- */

static bool is_over(struct ctl *ctl, uint32_t domid)
{
    struct ctl_domain domain;
    int result = ctl_domain_get(ctl, domid, &domain);

    return result == -ESRCH || (result == 0 && (domain.shutdown || domain.dying));
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Whether it is over by then. */
static bool wait_for_end(struct ctl *ctl, uint32_t domid, double deadline_s)
{
    const struct timespec interval = { .tv_nsec = LOOK_INTERVAL_NS };

    while (!is_over(ctl, domid) && now_s() < deadline_s)
        nanosleep(&interval, NULL);
    return is_over(ctl, domid);
}

/*
 * Asks each guest to power off, those first that came last, and the next one when it is over or has had its part of the
 * time: what others need ends after them, and one that hangs does not take all of the time.
 */
static void ask_all(struct ctl *ctl, const struct ctl_domain *list, ssize_t count, unsigned timeout_s)
{
    unsigned asked = 0;

    for (ssize_t i = 0; i < count; i++)
        asked += list[i].domid && !list[i].shutdown;
    for (ssize_t i = count - 1; i >= 0; i--) {
        if (!list[i].domid || list[i].shutdown)
            continue;
        if (ctl_domain_shutdown(ctl, list[i].domid, CTL_SHUTDOWN_POWEROFF) < 0)
            fprintf(stderr, "ctld: %s\n", ctl_error(ctl));
        else
            wait_for_end(ctl, list[i].domid, now_s() + (double)timeout_s / asked);
    }
}

static bool stop_one(struct ctl *ctl, const struct ctl_domain *domain, double deadline_s)
{
    int result;

    if (!wait_for_end(ctl, domain->domid, deadline_s))
        fprintf(stderr, "ctld: domain %u (%s) does not end by itself and is destroyed\n", domain->domid, domain->name);
    result = destroy_within(ctl, domain->domid, GONE_WAIT_NS);
    if (result == 0 || result == -ESRCH) /* the running ctld may have been faster */
        return true;
    fprintf(stderr, "ctld: %s\n", ctl_error(ctl));
    return false;
}

int auto_stop(struct ctl *ctl, unsigned timeout_s)
{
    struct ctl_domain *list;
    double deadline_s = now_s() + timeout_s;
    ssize_t count;
    int status = 0;

    if (!ctl_store(ctl)) {
        fprintf(stderr, "ctld: %s\n", ctl_error(ctl));
        return 1;
    }
    note(ctl, STOPPING);
    /* Whoever has looked for the note before it was there has made his domain then; none comes after that. */
    creation_unlock(creation_lock_alone(CREATORS_WAIT_MS));
    count = ctl_domain_list(ctl, &list);
    if (count < 0) {
        fprintf(stderr, "ctld: %s\n", ctl_error(ctl));
        return 1;
    }
    ask_all(ctl, list, count, timeout_s);
    for (ssize_t i = count - 1; i >= 0; i--)
        if (list[i].domid && !stop_one(ctl, &list[i], deadline_s))
            status = 1;
    free(list);
    return status;
}
