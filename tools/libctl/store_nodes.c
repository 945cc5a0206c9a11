/* SPDX-License-Identifier: MIT */
/*
 * The store entries that a domain is born with. They are those that Xen's tools write for a PVH guest, as far as
 * a guest's kernel, the console daemon or xl read them, and below keel/ the configuration.
 */
#include "store_nodes.h"
#include "destroy.h"
#include "names.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONFIG_PIECE 3000u /* a store message holds 4096 bytes, path and all */
#define CONFIG_PIECES_MAX 64u

/* Requests of one batch, and what became of them. */
struct writer {
    const struct store_domain *domain;
    struct store_batch *batch;
    char root[CTL_STORE_PATH_MAX]; /* what node() puts before a path */
    unsigned introduction;         /* the request after all nodes; one more takes the note away */
    int nodes_error, introduction_error, note_error;
};

/* The owner may do everything, the reader (none if < 0) may read, nobody else anything. */
static void set_permissions(struct writer *writer, const char *path, unsigned owner, int reader)
{
    const struct xs_permissions permissions[2] = { { .id = owner, .perms = XS_PERM_NONE },
                                                   { .id = (unsigned)reader, .perms = XS_PERM_READ } };

    store_batch_set_permissions(writer->batch, path, permissions, reader < 0 ? 1 : 2);
}

static void node(struct writer *writer, const char *path, const char *text)
{
    store_batch_write_below(writer->batch, writer->root, path, text, strlen(text));
}

static void number_node(struct writer *writer, const char *path, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    node(writer, path, text);
}

/* A directory that dom0 owns and the guest may read; what is written below inherits that. */
static void root(struct writer *writer, const char *path)
{
    ctl_path(writer->root, "%s", path);
    store_batch_mkdir(writer->batch, path);
    set_permissions(writer, path, 0, (int)writer->domain->domid);
}

/*
 * The nodes that the guest owns. What is made inherits its parent's permissions, and one request a node is less than
 * two: so the domain's directory is the guest's while they are made, and those above them are given back afterwards.
 */
static void guest_nodes(struct writer *writer)
{
    static const char *const nodes[] = {
        "control/shutdown", "control/feature-poweroff", "control/feature-reboot", "control/feature-suspend",
        "control/sysrq", "device/suspend/event-channel", "data", "drivers", "feature", "attr", "error",
    };
    static const char *const above[] = { "control", "device", "device/suspend" };
    char path[CTL_STORE_PATH_MAX];
    uint32_t domid = writer->domain->domid;

    set_permissions(writer, writer->root, domid, -1);
    for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
        node(writer, nodes[i], "");
    for (size_t i = 0; i < sizeof(above) / sizeof(above[0]); i++) {
        ctl_path(path, "/local/domain/%u/%s", domid, above[i]);
        set_permissions(writer, path, 0, (int)domid);
    }
    set_permissions(writer, writer->root, 0, (int)domid);
}

static void domain_nodes(struct writer *writer)
{
    const struct store_domain *domain = writer->domain;
    const struct ctl_config *config = domain->config;
    char path[CTL_STORE_PATH_MAX], uuid[CTL_UUID_TEXT];

    ctl_uuid_text(domain->uuid, uuid);
    ctl_path(writer->root, "/local/domain/%u", domain->domid);
    node(writer, "keel/creating", "1"); /* before anything by which the domain could be taken for a whole one */
    guest_nodes(writer);
    ctl_path(path, "/vm/%s", uuid);
    node(writer, "vm", path);
    node(writer, "name", config->name);
    number_node(writer, "domid", domain->domid);
    for (uint32_t vcpu = 0; vcpu < config->max_vcpus; vcpu++) {
        ctl_path(path, "cpu/%u/availability", vcpu);
        node(writer, path, vcpu < config->vcpus ? "online" : "offline");
    }
    /*
     * Linux takes static-max for the memory that it was booted with, and what it finds less than that for missing for
     * good. So the ceiling, which is not there at the start, has a node of its own.
     */
    number_node(writer, "memory/static-max", config->memory_kib);
    number_node(writer, "keel/memory-max", config->max_memory_kib);
    number_node(writer, "memory/target", config->memory_kib);
    node(writer, "memory/videoram", "0");
    node(writer, "control/platform-feature-multiprocessor-suspend", "1");
    node(writer, "control/platform-feature-xs_reset_watches", "1");
    number_node(writer, "store/port", domain->store_port);
    number_node(writer, "store/ring-ref", domain->store_gfn);
    node(writer, "console/backend-id", "0");
    node(writer, "console/limit", "1048576");
    node(writer, "console/type", "xenconsoled");
    node(writer, "console/output", "pty");
    node(writer, "console/tty", "");
    number_node(writer, "console/port", domain->console_port);
    number_node(writer, "console/ring-ref", domain->console_gfn);
}

static void machine_nodes(struct writer *writer)
{
    const struct store_domain *domain = writer->domain;
    char path[CTL_STORE_PATH_MAX], uuid[CTL_UUID_TEXT], start_time[40];
    struct timespec now;

    ctl_uuid_text(domain->uuid, uuid);
    clock_gettime(CLOCK_REALTIME, &now);
    ctl_path(path, "/vm/%s", uuid);
    root(writer, path);
    node(writer, "name", domain->config->name);
    node(writer, "uuid", uuid);
    snprintf(start_time, sizeof(start_time), "%lld.%02ld", (long long)now.tv_sec, now.tv_nsec / 10000000);
    node(writer, "start_time", start_time);
}

/* What xl looks for before it touches a domain. */
static void xl_nodes(struct writer *writer)
{
    ctl_path(writer->root, "/libxl/%u", writer->domain->domid);
    node(writer, "type", "pvh");
    node(writer, "dm-version", "qemu_xen");
}

static bool config_fits(const char *json)
{
    return strlen(json) <= CONFIG_PIECES_MAX * CONFIG_PIECE;
}

int store_config_add(struct store_batch *batch, const char *directory, const char *json)
{
    const struct xs_permissions owner = { .id = 0, .perms = XS_PERM_NONE };
    size_t length = strlen(json);
    char path[CTL_STORE_PATH_MAX];

    if (!config_fits(json))
        return E2BIG;
    ctl_path(path, "%s/config", directory);
    store_batch_mkdir(batch, path);
    store_batch_set_permissions(batch, path, &owner, 1);
    for (size_t at = 0; at < length; at += CONFIG_PIECE) {
        size_t piece = length - at < CONFIG_PIECE ? length - at : CONFIG_PIECE;

        ctl_path(path, "%s/config/%zu", directory, at / CONFIG_PIECE);
        store_batch_write(batch, path, json + at, piece);
    }
    return 0;
}

bool store_config_write(struct ctl *ctl, xs_transaction_t transaction, const char *directory, const char *json)
{
    struct store_batch *batch = store_batch_open(ctl->store, transaction);
    int too_big = store_config_add(batch, directory, json), error = store_batch_run(batch, NULL, NULL);

    errno = too_big ? too_big : error;
    return !too_big && !error;
}

/* All pieces there are, as they are at this moment; NULL with errno set when there are none or one cannot be read. */
static char *read_pieces(struct ctl *ctl, xs_transaction_t transaction, const char *directory)
{
    char *json = NULL, *piece;
    size_t length = 0;

    for (unsigned i = 0; i < CONFIG_PIECES_MAX; i++) {
        piece = ctl_store_read(ctl, transaction, "%s/config/%u", directory, i);
        if (!piece) {
            if (errno == ENOENT)
                break;
            int error = errno;

            free(json);
            errno = error;
            return NULL;
        }
        size_t piece_length = strlen(piece);
        char *grown = realloc(json, length + piece_length + 1);

        if (!grown) {
            free(piece);
            free(json);
            errno = ENOMEM;
            return NULL;
        }
        json = grown;
        memcpy(json + length, piece, piece_length + 1);
        length += piece_length;
        free(piece);
        if (piece_length < CONFIG_PIECE) /* the last one */
            break;
    }
    return json;
}

struct config_reading {
    const char *directory;
    char *json;
};

static int read_whole(struct ctl *ctl, xs_transaction_t transaction, void *context)
{
    struct config_reading *reading = context;

    free(reading->json);
    reading->json = read_pieces(ctl, transaction, reading->directory);
    return reading->json ? 0 : errno;
}

char *store_config_read(struct ctl *ctl, xs_transaction_t transaction, const char *directory)
{
    struct config_reading reading = { .directory = directory };
    char *first;
    int error;

    if (transaction != XBT_NULL)
        return read_pieces(ctl, transaction, directory);
    first = ctl_store_read(ctl, XBT_NULL, "%s/config/0", directory);
    if (!first || strlen(first) < CONFIG_PIECE)
        return first;
    free(first);
    /* Of more than one, all have to be of one writing. */
    error = ctl_store_transact(ctl, read_whole, &reading);
    if (error) {
        free(reading.json);
        errno = error;
        return NULL;
    }
    return reading.json;
}

static void creating_path(const struct store_domain *domain, char path[CTL_STORE_PATH_MAX])
{
    ctl_path(path, "/local/domain/%u/keel/creating", domain->domid);
}

static void add_requests(struct ctl *ctl, struct writer *writer, const char *json, bool whole)
{
    const struct store_domain *domain = writer->domain;
    char path[CTL_STORE_PATH_MAX];

    domain_nodes(writer);
    names_claim(ctl, writer->batch, domain->config->name, domain->domid);
    machine_nodes(writer);
    xl_nodes(writer);
    ctl_path(path, "/local/domain/%u/keel", domain->domid);
    store_config_add(writer->batch, path, json);
    writer->introduction = store_batch_count(writer->batch);
    store_batch_introduce(writer->batch, domain->domid, domain->store_gfn, domain->store_port);
    creating_path(domain, path);
    if (whole)
        store_batch_remove(writer->batch, path);
}

static void take_answer(void *context, unsigned index, int error, const char *value, size_t size)
{
    struct writer *writer = context;

    if (index > writer->introduction)
        writer->note_error = error == ENOENT ? 0 : error;
    else if (index == writer->introduction)
        writer->introduction_error = error;
    else if (!writer->nodes_error)
        writer->nodes_error = error;
}

static int creating_stays(struct ctl *ctl, const char *path, int error)
{
    return ctl_fail(ctl, error, "cannot remove %s from the store: %s", path, strerror(error));
}

int store_nodes_write(struct ctl *ctl, const struct store_domain *domain, bool whole)
{
    struct writer writer = { .domain = domain, .introduction_error = EIO, .note_error = whole ? EIO : 0 };
    const char *name = domain->config->name;
    char *json = ctl_config_to_json(domain->config), path[CTL_STORE_PATH_MAX];
    int error;

    if (!json)
        return ctl_fail(ctl, ENOMEM, "there is no memory for the configuration of \"%s\"", name);
    if (!config_fits(json)) {
        free(json);
        return ctl_fail(ctl, E2BIG, "cannot write the store entries of \"%s\": %s", name, strerror(E2BIG));
    }
    writer.batch = store_batch_open(ctl->store, XBT_NULL);
    add_requests(ctl, &writer, json, whole);
    free(json);
    error = store_batch_run(writer.batch, take_answer, &writer);
    if (writer.nodes_error || (error && writer.introduction_error == EIO)) {
        error = writer.nodes_error ? writer.nodes_error : error;
        return ctl_fail(ctl, error, "cannot write the store entries of \"%s\": %s", name, strerror(error));
    }
    if (writer.introduction_error)
        return ctl_fail(ctl, writer.introduction_error, "the store does not take domain \"%s\": %s", name,
                        strerror(writer.introduction_error));
    creating_path(domain, path);
    return writer.note_error ? creating_stays(ctl, path, writer.note_error) : 0;
}

int store_is_half_made(struct ctl *ctl, uint32_t domid)
{
    char path[CTL_STORE_PATH_MAX];
    int is;

    ctl_path(path, "/local/domain/%u/keel/creating", domid);
    is = ctl_store_has(ctl, XBT_NULL, path);
    if (is)
        return is;
    ctl_path(path, "/local/domain/%u/name", domid);
    is = ctl_store_has(ctl, XBT_NULL, path);
    return is < 0 ? is : !is;
}

int store_forget_creating(struct ctl *ctl, const struct store_domain *domain)
{
    char path[CTL_STORE_PATH_MAX];

    creating_path(domain, path);
    if (xs_rm(ctl->store, XBT_NULL, path) || errno == ENOENT)
        return 0;
    return creating_stays(ctl, path, errno);
}
