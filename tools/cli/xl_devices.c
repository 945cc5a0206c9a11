/* SPDX-License-Identifier: MIT */
/* Devices as xl lists them, from the store. */
#include "live.h"
#include "xl.h"

#include "libctl/internal.h"

#include <stdlib.h>

static void print_disk(struct xl *xl, uint32_t domid, const char *device)
{
    char *backend = ctl_store_read(xl->cli.ctl, XBT_NULL, "/libxl/%u/device/vbd/%s/backend", domid, device);
    char frontend[CTL_STORE_PATH_MAX];

    ctl_path(frontend, "/local/domain/%u/device/vbd/%s", domid, device);
    if (backend)
        fprintf(xl->cli.out, "%-5d %-3d %-6d %-5d %-6d %-8d %-30s\n", atoi(device),
                (int)live_number(xl->cli.ctl, frontend, "backend-id", -1), (int)domid,
                (int)live_number(xl->cli.ctl, frontend, "state", -1),
                (int)live_number(xl->cli.ctl, frontend, "event-channel", -1),
                (int)live_number(xl->cli.ctl, frontend, "ring-ref", -1), backend);
    free(backend);
}

static void print_interface(struct xl *xl, uint32_t domid, const char *device)
{
    char *backend = ctl_store_read(xl->cli.ctl, XBT_NULL, "/libxl/%u/device/vif/%s/backend", domid, device);
    char *mac = ctl_store_read(xl->cli.ctl, XBT_NULL, "/libxl/%u/device/vif/%s/mac", domid, device);
    char frontend[CTL_STORE_PATH_MAX];

    ctl_path(frontend, "/local/domain/%u/device/vif/%s", domid, device);
    if (backend)
        fprintf(xl->cli.out, "%-3d %-2d %-17s %5d %5d %6d %5d/%-11d %-30s\n", atoi(device),
                (int)live_number(xl->cli.ctl, frontend, "backend-id", -1), mac ? mac : "00:00:00:00:00:00",
                atoi(device), (int)live_number(xl->cli.ctl, frontend, "state", -1),
                (int)live_number(xl->cli.ctl, frontend, "event-channel", -1),
                (int)live_number(xl->cli.ctl, frontend, "tx-ring-ref", -1),
                (int)live_number(xl->cli.ctl, frontend, "rx-ring-ref", -1), backend);
    free(backend);
    free(mac);
}

static void for_each_device(struct xl *xl, uint32_t domid, const char *kind,
                            void (*print)(struct xl *xl, uint32_t domid, const char *device))
{
    struct xs_handle *store = ctl_store(xl->cli.ctl);
    char directory[CTL_STORE_PATH_MAX];
    unsigned count = 0;

    ctl_path(directory, "/libxl/%u/device/%s", domid, kind);
    char **devices = store ? xs_directory(store, XBT_NULL, directory, &count) : NULL;

    for (unsigned i = 0; devices && i < count; i++)
        print(xl, domid, devices[i]);
    free(devices);
}

int xl_block_list(struct xl *xl)
{
    uint32_t domid;

    fprintf(xl->cli.out, "%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n", "Vdev", "BE", "handle", "state", "evt-ch", "ring-ref",
            "BE-path");
    for (int i = 0; i < xl->cli.arguments_count; i++) {
        if (ctl_domain_find(xl->cli.ctl, xl->cli.arguments[i], &domid) < 0)
            fprintf(xl->cli.err, "%s is an invalid domain identifier\n", xl->cli.arguments[i]);
        else
            for_each_device(xl, domid, "vbd", print_disk);
    }
    return 0;
}

int xl_network_list(struct xl *xl)
{
    uint32_t domid;

    fprintf(xl->cli.out, "%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-11s %-30s\n", "Idx", "BE", "Mac Addr.", "handle",
            "state", "evt-ch", "tx-", "rx-ring-ref", "BE-path");
    for (int i = 0; i < xl->cli.arguments_count; i++) {
        if (!xl_find(xl, xl->cli.arguments[i], &domid))
            return XL_FAILED;
        for_each_device(xl, domid, "vif", print_interface);
    }
    return 0;
}
