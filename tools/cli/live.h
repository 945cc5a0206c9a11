/* SPDX-License-Identifier: MIT */
/* How a domain stands now: what no configuration says, from the hypervisor and the store. */
#ifndef KEEL_CLI_LIVE_H
#define KEEL_CLI_LIVE_H

#include "cli.h"

struct live {
    struct ctl_domain domain;
    struct ctl_share share;
    enum ctl_scheduler scheduler;
    uint64_t target_kib, max_kib;       /* what the guest is asked to have, and may be */
    int64_t video_kib;                  /* -1: unknown */
    uint32_t online;                    /* so many vCPUs are to be online */
};

/* False when the domain is gone. */
bool live_read(struct ctl *ctl, const struct ctl_domain *domain, struct live *live);
/* A number in the store; `otherwise` when there is none. */
int64_t live_number(struct ctl *ctl, const char *directory, const char *node, int64_t otherwise);

#endif
