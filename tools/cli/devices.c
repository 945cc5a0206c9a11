/* SPDX-License-Identifier: MIT */
/* Disks and network interfaces of domains; see devices.h. */
#include "devices.h"
#include "live.h"

#include "libctl/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *name_of(enum device_kind kind)
{
    return kind == DEVICE_DISK ? "vbd" : "vif";
}

/* A text of the store, or "". */
static void read_text(struct ctl *ctl, char *text, size_t size, const char *directory, const char *node)
{
    char *held = ctl_store_read(ctl, XBT_NULL, "%s/%s", directory, node);

    snprintf(text, size, "%s", held ? held : "");
    free(held);
}

/* False when it has no backend: it is no device. */
static bool read_device(struct ctl *ctl, uint32_t domid, enum device_kind kind, const char *number,
                        struct device *device)
{
    char ours[CTL_STORE_PATH_MAX], frontend[CTL_STORE_PATH_MAX];

    ctl_path(ours, "/libxl/%u/device/%s/%s", domid, name_of(kind), number);
    ctl_path(frontend, "/local/domain/%u/device/%s/%s", domid, name_of(kind), number);
    *device = (struct device){ .number = (uint32_t)strtoul(number, NULL, 10) };
    read_text(ctl, device->backend, sizeof(device->backend), ours, "backend");
    read_text(ctl, device->mac, sizeof(device->mac), ours, "mac");
    if (*device->mac == '\0')
        strcpy(device->mac, "00:00:00:00:00:00");
    device->backend_domid = (int)live_number(ctl, frontend, "backend-id", -1);
    device->state = (int)live_number(ctl, frontend, "state", -1);
    device->port = (int)live_number(ctl, frontend, "event-channel", -1);
    device->ring = (int)live_number(ctl, frontend, kind == DEVICE_DISK ? "ring-ref" : "tx-ring-ref", -1);
    device->receive_ring = kind == DEVICE_DISK ? -1 : (int)live_number(ctl, frontend, "rx-ring-ref", -1);
    return *device->backend != '\0';
}

ssize_t devices_read(struct ctl *ctl, uint32_t domid, enum device_kind kind, struct device **list)
{
    struct xs_handle *store = ctl_store(ctl);
    char directory[CTL_STORE_PATH_MAX];
    unsigned names_count = 0;
    ssize_t count = 0;

    *list = NULL;
    if (!store)
        return -ENOENT;
    ctl_path(directory, "/libxl/%u/device/%s", domid, name_of(kind));
    char **names = xs_directory(store, XBT_NULL, directory, &names_count);

    if (!names && errno != ENOENT)
        return ctl_fail(ctl, errno, "the devices of domain %u cannot be read from the store: %s", domid, strerror(errno));
    *list = calloc(names_count + 1, sizeof(**list));
    for (unsigned i = 0; *list && names && i < names_count; i++)
        count += read_device(ctl, domid, kind, names[i], &(*list)[count]);
    free(names);
    return *list ? count : ctl_fail(ctl, ENOMEM, "there is no memory for the devices of domain %u", domid);
}

void devices_print_header(FILE *out, enum device_kind kind)
{
    if (kind == DEVICE_DISK)
        fprintf(out, "%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n", "Vdev", "BE", "handle", "state", "evt-ch", "ring-ref",
                "BE-path");
    else
        fprintf(out, "%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-11s %-30s\n", "Idx", "BE", "Mac Addr.", "handle", "state",
                "evt-ch", "tx-", "rx-ring-ref", "BE-path");
}

void devices_print(FILE *out, enum device_kind kind, uint32_t domid, const struct device *device)
{
    if (kind == DEVICE_DISK)
        fprintf(out, "%-5u %-3d %-6u %-5d %-6d %-8d %-30s\n", device->number, device->backend_domid, domid,
                device->state, device->port, device->ring, device->backend);
    else
        fprintf(out, "%-3u %-2d %-17s %5u %5d %6d %5d/%-11d %-30s\n", device->number, device->backend_domid,
                device->mac, device->number, device->state, device->port, device->ring, device->receive_ring,
                device->backend);
}

static void put_number(yajl_gen json, const char *member, int number)
{
    if (number >= 0)
        json_number(json, member, (uint64_t)number);
}

static void put(yajl_gen json, enum device_kind kind, uint32_t domid, const struct device *device)
{
    json_object_open(json);
    json_number(json, "domid", domid);
    json_number(json, kind == DEVICE_DISK ? "vdev" : "devid", device->number);
    if (kind == DEVICE_NIC)
        json_text(json, "mac", device->mac);
    put_number(json, "backend_domid", device->backend_domid);
    put_number(json, "state", device->state);
    put_number(json, "event_channel", device->port);
    put_number(json, kind == DEVICE_DISK ? "ring_ref" : "tx_ring_ref", device->ring);
    put_number(json, "rx_ring_ref", device->receive_ring);
    json_text(json, "backend", device->backend);
    json_object_close(json);
}

static int show(struct cli *cli, enum device_kind kind, const char *name, yajl_gen json)
{
    struct device *list;
    uint32_t domid;

    if (!cli_find(cli, name, &domid))
        return CLI_FAILED;
    ssize_t count = devices_read(cli->ctl, domid, kind, &list);

    if (count < 0)
        return cli_fail_ctl(cli, (int)count);
    for (ssize_t i = 0; i < count; i++) {
        if (json)
            put(json, kind, domid, &list[i]);
        else
            devices_print(cli->out, kind, domid, &list[i]);
    }
    free(list);
    return CLI_DONE;
}

int devices_run(struct cli *cli, enum device_kind kind)
{
    yajl_gen json = NULL;
    int status = CLI_DONE;

    if (cli->json) {
        json = json_open(kind == DEVICE_DISK ? "keel.block-list/1" : "keel.network-list/1");
        json_array_open(json, "devices");
    } else {
        devices_print_header(cli->out, kind);
    }
    for (int i = 0; i < cli->arguments_count && status == CLI_DONE; i++)
        status = show(cli, kind, cli->arguments[i], json);
    json_array_close(json);
    if (status == CLI_DONE && cli->json)
        return json_close(cli, json, cli->out);
    if (json)
        yajl_gen_free(json);
    return status;
}
