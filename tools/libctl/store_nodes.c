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

/* Requests of one batch, inside a transaction. */
struct writer {
    const struct store_domain *domain;
    char *json; /* its configuration */
    struct store_batch *batch;
    char root[CTL_STORE_PATH_MAX]; /* what node() puts before a path */
    char note[16];                 /* who has the name: what the store says */
    int error;                     /* of the first request after that one that failed */
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

    ctl_path(writer->root, "/local/domain/%u", domid);
    store_batch_mkdir(writer->batch, writer->root);
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
    node(writer, "keel/creating", "1");
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

int store_config_add(struct store_batch *batch, const char *directory, const char *json)
{
    const struct xs_permissions owner = { .id = 0, .perms = XS_PERM_NONE };
    size_t length = strlen(json);
    char path[CTL_STORE_PATH_MAX];

    if (length > CONFIG_PIECES_MAX * CONFIG_PIECE)
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

char *store_config_read(struct ctl *ctl, const char *directory)
{
    char *json = NULL;
    size_t length = 0;

    for (unsigned i = 0; i < CONFIG_PIECES_MAX; i++) {
        char *piece = ctl_store_read(ctl, XBT_NULL, "%s/config/%u", directory, i), *grown;
        size_t piece_length;

        if (!piece)
            break;
        piece_length = strlen(piece);
        grown = realloc(json, length + piece_length + 1);
        if (!grown) {
            free(piece);
            free(json);
            return NULL;
        }
        json = grown;
        memcpy(json + length, piece, piece_length + 1);
        length += piece_length;
        free(piece);
    }
    return json;
}

/* The first request of the batch: who has the name. */
static void take_note(void *context, unsigned index, int error, const char *value, size_t size)
{
    struct writer *writer = context;

    if (index == 0)
        snprintf(writer->note, sizeof(writer->note), "%s", error ? "" : value);
    else if (!writer->error)
        writer->error = error;
}

/* One attempt: 0 or a positive errno. */
static int write_nodes(struct ctl *ctl, xs_transaction_t transaction, void *context)
{
    struct writer *writer = context;
    const struct store_domain *domain = writer->domain;
    char directory[CTL_STORE_PATH_MAX];
    int error;

    writer->error = 0;
    writer->note[0] = '\0';
    writer->batch = store_batch_open(ctl->store, transaction);
    names_ask(writer->batch, domain->config->name);
    names_claim(ctl, writer->batch, domain->config->name, domain->domid);
    domain_nodes(writer);
    machine_nodes(writer);
    xl_nodes(writer);
    ctl_path(directory, "/local/domain/%u/keel", domain->domid);
    error = store_config_add(writer->batch, directory, writer->json);
    if (error)
        writer->error = error;
    error = store_batch_run(writer->batch, take_note, writer);
    if (!writer->error && error != ENOENT) /* that was the note, or it is in writer->error */
        writer->error = error;
    if (names_held(ctl, transaction, writer->note, domain->config->name, domain->domid))
        return EEXIST;
    return writer->error;
}

int store_nodes_write(struct ctl *ctl, const struct store_domain *domain)
{
    struct writer writer = { .domain = domain, .json = ctl_config_to_json(domain->config) };
    int error;

    if (!writer.json)
        return ctl_fail(ctl, ENOMEM, "there is no memory for the configuration of \"%s\"", domain->config->name);
    if (!ctl_store(ctl)) {
        free(writer.json);
        return -ENOENT;
    }
    error = ctl_store_transact(ctl, write_nodes, &writer);
    free(writer.json);
    if (error == EEXIST)
        return ctl_fail(ctl, EEXIST, "a domain named \"%s\" already exists", domain->config->name);
    if (error)
        return ctl_fail(ctl, error, "cannot write the store entries of \"%s\": %s", domain->config->name,
                        strerror(error));
    return 0;
}

/* What the two requests of an introduction that completes a domain were answered. */
static void take_introduction(void *context, unsigned index, int error, const char *value, size_t size)
{
    int *errors = context;

    errors[index] = error;
}

static void creating_path(const struct store_domain *domain, char path[CTL_STORE_PATH_MAX])
{
    ctl_path(path, "/local/domain/%u/keel/creating", domain->domid);
}

static int creating_stays(struct ctl *ctl, const char *path, int error)
{
    return ctl_fail(ctl, error, "cannot remove %s from the store: %s", path, strerror(error));
}

int store_introduce(struct ctl *ctl, const struct store_domain *domain, bool whole)
{
    struct xs_handle *store = ctl_store(ctl);
    char path[CTL_STORE_PATH_MAX];
    int errors[2] = { EIO, whole ? EIO : 0 };
    struct store_batch *batch;

    if (!store)
        return -ENOENT;
    creating_path(domain, path);
    batch = store_batch_open(store, XBT_NULL);
    store_batch_introduce(batch, domain->domid, domain->store_gfn, domain->store_port);
    if (whole)
        store_batch_remove(batch, path);
    store_batch_run(batch, take_introduction, errors);
    if (errors[0])
        return ctl_fail(ctl, errors[0], "the store does not take domain \"%s\": %s", domain->config->name,
                        strerror(errors[0]));
    if (errors[1] && errors[1] != ENOENT) {
        xs_release_domain(store, domain->domid);
        return creating_stays(ctl, path, errors[1]);
    }
    return 0;
}

int store_forget_creating(struct ctl *ctl, const struct store_domain *domain)
{
    char path[CTL_STORE_PATH_MAX];

    creating_path(domain, path);
    if (xs_rm(ctl->store, XBT_NULL, path) || errno == ENOENT)
        return 0;
    return creating_stays(ctl, path, errno);
}
