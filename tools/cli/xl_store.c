/* SPDX-License-Identifier: MIT */
/* What xl reads from the store; see xl_store.h. */
#include "xl.h"
#include "xl_store.h"

#include "libctl/internal.h"

#include <stdlib.h>
#include <string.h>

/* A number in the store; `otherwise` when there is none. */
static int64_t read_number(struct ctl *ctl, const char *directory, const char *node, int64_t otherwise)
{
    char *text = ctl_store_read(ctl, XBT_NULL, "%s/%s", directory, node);
    int64_t number = text && *text ? strtoll(text, NULL, 10) : otherwise;

    free(text);
    return number;
}

static uint32_t read_online(struct ctl *ctl, const struct ctl_domain *domain)
{
    uint32_t online = 0;

    for (uint32_t vcpu = 0; vcpu < domain->vcpus_max; vcpu++) {
        char *text = ctl_store_read(ctl, XBT_NULL, "/local/domain/%u/cpu/%u/availability", domain->domid, vcpu);

        online += text && strcmp(text, "online") == 0;
        free(text);
    }
    return online;
}

bool xl_store_live(struct ctl *ctl, const struct ctl_domain *domain, struct xl_live *live)
{
    char memory[CTL_STORE_PATH_MAX], ceiling[CTL_STORE_PATH_MAX];
    struct ctl_pool *pools;
    ssize_t count = ctl_pool_list(ctl, &pools);

    *live = (struct xl_live){ .domain = *domain };
    for (ssize_t i = 0; i < count; i++) {
        if (pools[i].id != domain->pool)
            continue;
        live->scheduler = pools[i].scheduler == CTL_SCHEDULER_CREDIT ? "credit" : "credit2";
        if (ctl_share_get(ctl, domain->domid, pools[i].scheduler, &live->share) < 0) {
            free(pools);
            return false;
        }
    }
    if (count >= 0)
        free(pools);
    ctl_path(memory, "/local/domain/%u/memory", domain->domid);
    live->target_kib = (uint64_t)read_number(ctl, memory, "target", (int64_t)domain->memory_kib);
    ctl_path(ceiling, "/local/domain/%u/keel", domain->domid);
    live->max_kib = (uint64_t)read_number(ctl, ceiling, "memory-max",
                                          read_number(ctl, memory, "static-max", (int64_t)domain->max_memory_kib));
    live->video_kib = read_number(ctl, memory, "videoram", -1);
    live->online = read_online(ctl, domain);
    return true;
}

/* --- devices ------------------------------------------------------------------------------------------------- */

static void print_disk(struct xl *xl, uint32_t domid, const char *device)
{
    char *backend = ctl_store_read(xl->cli.ctl, XBT_NULL, "/libxl/%u/device/vbd/%s/backend", domid, device);
    char frontend[CTL_STORE_PATH_MAX];

    ctl_path(frontend, "/local/domain/%u/device/vbd/%s", domid, device);
    if (backend)
        fprintf(xl->cli.out, "%-5d %-3d %-6d %-5d %-6d %-8d %-30s\n", atoi(device),
                (int)read_number(xl->cli.ctl, frontend, "backend-id", -1), (int)domid,
                (int)read_number(xl->cli.ctl, frontend, "state", -1),
                (int)read_number(xl->cli.ctl, frontend, "event-channel", -1),
                (int)read_number(xl->cli.ctl, frontend, "ring-ref", -1), backend);
    free(backend);
}

static void print_interface(struct xl *xl, uint32_t domid, const char *device)
{
    char *backend = ctl_store_read(xl->cli.ctl, XBT_NULL, "/libxl/%u/device/vif/%s/backend", domid, device);
    char *mac = ctl_store_read(xl->cli.ctl, XBT_NULL, "/libxl/%u/device/vif/%s/mac", domid, device);
    char frontend[CTL_STORE_PATH_MAX];

    ctl_path(frontend, "/local/domain/%u/device/vif/%s", domid, device);
    if (backend)
        fprintf(xl->cli.out, "%-3d %-2d %-17s %6d %5d %6d %5d/%-11d %-30s\n", atoi(device),
                (int)read_number(xl->cli.ctl, frontend, "backend-id", -1), mac ? mac : "00:00:00:00:00:00",
                atoi(device), (int)read_number(xl->cli.ctl, frontend, "state", -1),
                (int)read_number(xl->cli.ctl, frontend, "event-channel", -1),
                (int)read_number(xl->cli.ctl, frontend, "tx-ring-ref", -1),
                (int)read_number(xl->cli.ctl, frontend, "rx-ring-ref", -1), backend);
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
