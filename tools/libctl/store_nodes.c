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

#define ATTEMPTS_MAX 100
#define CONFIG_PIECE 3000u /* a store message holds 4096 bytes, path and all */
#define CONFIG_PIECES_MAX 64u

/* Writing in one transaction; after the first failure nothing more is tried. */
struct writer {
    struct ctl *ctl;
    struct xs_handle *store;
    xs_transaction_t transaction;
    const struct store_domain *domain;
    char root[CTL_STORE_PATH_MAX]; /* what node() puts before a path */
    int error;
};

static void set_permissions(struct writer *writer, const char *path, unsigned owner, int reader)
{
    struct xs_permissions permissions[2] = { { .id = owner, .perms = XS_PERM_NONE },
                                             { .id = (unsigned)reader, .perms = XS_PERM_READ } };

    if (!writer->error &&
        !xs_set_permissions(writer->store, writer->transaction, path, permissions, reader < 0 ? 1 : 2))
        writer->error = errno;
}

static void node(struct writer *writer, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void node(struct writer *writer, const char *path, const char *format, ...)
{
    char at[CTL_STORE_PATH_MAX], value[CTL_STORE_PATH_MAX];
    va_list arguments;

    if (writer->error)
        return;
    va_start(arguments, format);
    vsnprintf(value, sizeof(value), format, arguments);
    va_end(arguments);
    ctl_path(at, "%s/%s", writer->root, path);
    if (!xs_write(writer->store, writer->transaction, at, value, (unsigned)strlen(value)))
        writer->error = errno;
}

/* A directory that dom0 owns and the guest may read; what is written below inherits that. */
static void root(struct writer *writer, const char *path)
{
    ctl_path(writer->root, "%s", path);
    if (!writer->error && !xs_mkdir(writer->store, writer->transaction, path))
        writer->error = errno;
    set_permissions(writer, path, 0, (int)writer->domain->domid);
}

/* A node that the guest owns. */
static void guest_node(struct writer *writer, const char *path)
{
    char at[CTL_STORE_PATH_MAX];

    node(writer, path, "%s", "");
    ctl_path(at, "%s/%s", writer->root, path);
    set_permissions(writer, at, writer->domain->domid, -1);
}

static void domain_nodes(struct writer *writer)
{
    static const char *const guest_nodes[] = {
        "control/shutdown", "control/feature-poweroff", "control/feature-reboot", "control/feature-suspend",
        "control/sysrq", "device/suspend/event-channel", "data", "drivers", "feature", "attr", "error",
    };
    const struct store_domain *domain = writer->domain;
    const struct ctl_config *config = domain->config;
    char path[CTL_STORE_PATH_MAX], uuid[CTL_UUID_TEXT];

    ctl_uuid_text(domain->uuid, uuid);
    ctl_path(path, "/local/domain/%u", domain->domid);
    root(writer, path);
    node(writer, "vm", "/vm/%s", uuid);
    node(writer, "name", "%s", config->name);
    node(writer, "domid", "%u", domain->domid);
    for (uint32_t vcpu = 0; vcpu < config->max_vcpus; vcpu++) {
        ctl_path(path, "cpu/%u/availability", vcpu);
        node(writer, path, vcpu < config->vcpus ? "online" : "offline");
    }
    /*
     * Linux takes static-max for the memory that it was booted with, and what it finds less than that for missing for
     * good. So the ceiling, which is not there at the start, has a node of its own.
     */
    node(writer, "memory/static-max", "%llu", (unsigned long long)config->memory_kib);
    node(writer, "keel/creating", "1");
    node(writer, "keel/memory-max", "%llu", (unsigned long long)config->max_memory_kib);
    node(writer, "memory/target", "%llu", (unsigned long long)config->memory_kib);
    node(writer, "memory/videoram", "0");
    node(writer, "control/platform-feature-multiprocessor-suspend", "1");
    node(writer, "control/platform-feature-xs_reset_watches", "1");
    for (size_t i = 0; i < sizeof(guest_nodes) / sizeof(guest_nodes[0]); i++)
        guest_node(writer, guest_nodes[i]);
    node(writer, "store/port", "%u", domain->store_port);
    node(writer, "store/ring-ref", "%llu", (unsigned long long)domain->store_gfn);
    node(writer, "console/backend-id", "0");
    node(writer, "console/limit", "1048576");
    node(writer, "console/type", "xenconsoled");
    node(writer, "console/output", "pty");
    node(writer, "console/tty", "%s", "");
    node(writer, "console/port", "%u", domain->console_port);
    node(writer, "console/ring-ref", "%llu", (unsigned long long)domain->console_gfn);
}

static void machine_nodes(struct writer *writer)
{
    const struct store_domain *domain = writer->domain;
    char path[CTL_STORE_PATH_MAX], uuid[CTL_UUID_TEXT];
    struct timespec now;

    ctl_uuid_text(domain->uuid, uuid);
    clock_gettime(CLOCK_REALTIME, &now);
    ctl_path(path, "/vm/%s", uuid);
    root(writer, path);
    node(writer, "name", "%s", domain->config->name);
    node(writer, "uuid", "%s", uuid);
    node(writer, "start_time", "%lld.%02ld", (long long)now.tv_sec, now.tv_nsec / 10000000);
}

/* What xl looks for before it touches a domain. */
static void xl_nodes(struct writer *writer)
{
    ctl_path(writer->root, "/libxl/%u", writer->domain->domid);
    node(writer, "type", "pvh");
    node(writer, "dm-version", "qemu_xen");
}

bool store_config_write(struct ctl *ctl, xs_transaction_t transaction, const char *directory, const char *json)
{
    struct xs_permissions owner = { .id = 0, .perms = XS_PERM_NONE };
    size_t length = strlen(json);
    char path[CTL_STORE_PATH_MAX];

    ctl_path(path, "%s/config", directory);
    if (length > CONFIG_PIECES_MAX * CONFIG_PIECE) {
        errno = E2BIG;
        return false;
    }
    if (!xs_mkdir(ctl->store, transaction, path) || !xs_set_permissions(ctl->store, transaction, path, &owner, 1))
        return false;
    for (size_t at = 0; at < length; at += CONFIG_PIECE) {
        size_t piece = length - at < CONFIG_PIECE ? length - at : CONFIG_PIECE;

        ctl_path(path, "%s/config/%zu", directory, at / CONFIG_PIECE);
        if (!xs_write(ctl->store, transaction, path, json + at, (unsigned)piece))
            return false;
    }
    return true;
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

int store_nodes_write(struct ctl *ctl, const struct store_domain *domain)
{
    struct writer writer = { .ctl = ctl, .store = ctl_store(ctl), .domain = domain };
    char *json, directory[CTL_STORE_PATH_MAX];
    int attempts = 0;

    if (!writer.store)
        return -ENOENT;
    json = ctl_config_to_json(domain->config);
    if (!json)
        return ctl_fail(ctl, ENOMEM, "there is no memory for the configuration of \"%s\"", domain->config->name);
    ctl_path(directory, "/local/domain/%u/keel", domain->domid);
    do {
        writer.error = 0;
        writer.transaction = xs_transaction_start(writer.store);
        if (writer.transaction == XBT_NULL) {
            writer.error = errno;
            break;
        }
        if (names_taken(ctl, writer.transaction, domain->config->name, domain->domid))
            writer.error = EEXIST;
        else
            writer.error = names_claim(ctl, writer.transaction, domain->config->name, domain->domid);
        domain_nodes(&writer);
        machine_nodes(&writer);
        xl_nodes(&writer);
        if (!writer.error && !store_config_write(ctl, writer.transaction, directory, json))
            writer.error = errno;
        if (!xs_transaction_end(writer.store, writer.transaction, writer.error != 0) && !writer.error)
            writer.error = errno;
    } while (writer.error == EAGAIN && ++attempts < ATTEMPTS_MAX);
    free(json);
    if (writer.error == EEXIST)
        return ctl_fail(ctl, EEXIST, "a domain named \"%s\" already exists", domain->config->name);
    if (writer.error)
        return ctl_fail(ctl, writer.error, "cannot write the store entries of \"%s\": %s", domain->config->name,
                        strerror(writer.error));
    return 0;
}

int store_introduce(struct ctl *ctl, const struct store_domain *domain)
{
    struct xs_handle *store = ctl_store(ctl);

    if (!store)
        return -ENOENT;
    if (!xs_introduce_domain(store, domain->domid, domain->store_gfn, domain->store_port))
        return ctl_fail(ctl, errno, "the store does not take domain \"%s\": %s", domain->config->name,
                        strerror(errno));
    return 0;
}
