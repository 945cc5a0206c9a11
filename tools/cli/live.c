/* SPDX-License-Identifier: MIT */
/* How a domain stands now; see live.h. */
#include "live.h"

#include "libctl/internal.h"

#include <stdlib.h>
#include <string.h>

int64_t live_number(struct ctl *ctl, const char *directory, const char *node, int64_t otherwise)
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

bool live_read(struct ctl *ctl, const struct ctl_domain *domain, struct live *live)
{
    char memory[CTL_STORE_PATH_MAX], ceiling[CTL_STORE_PATH_MAX];
    struct ctl_pool *pools;
    ssize_t count = ctl_pool_list(ctl, &pools);

    *live = (struct live){ .domain = *domain };
    for (ssize_t i = 0; i < count; i++) {
        if (pools[i].id != domain->pool)
            continue;
        live->scheduler = pools[i].scheduler;
        if (ctl_share_get(ctl, domain->domid, pools[i].scheduler, &live->share) < 0) {
            free(pools);
            return false;
        }
    }
    if (count >= 0)
        free(pools);
    ctl_path(memory, "/local/domain/%u/memory", domain->domid);
    live->target_kib = (uint64_t)live_number(ctl, memory, "target", (int64_t)domain->memory_kib);
    ctl_path(ceiling, "/local/domain/%u/keel", domain->domid);
    live->max_kib = (uint64_t)live_number(ctl, ceiling, "memory-max",
                                          live_number(ctl, memory, "static-max", (int64_t)domain->max_memory_kib));
    live->video_kib = live_number(ctl, memory, "videoram", -1);
    live->online = read_online(ctl, domain);
    return true;
}
