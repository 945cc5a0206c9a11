/* SPDX-License-Identifier: MIT */
/* CPUs that are wanted for vCPUs, and those that they have; see affinity.h. */
#include "affinity.h"

#include "libctl/config_keys.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t all[CTL_CPUMAP_BYTES] = { [0 ... CTL_CPUMAP_BYTES - 1] = 0xff };

const uint8_t *affinity_wanted(const struct ctl_affinity *affinity, uint32_t vcpu)
{
    const uint8_t *map = config_affinity_of(affinity, vcpu);

    return map ? map : all;
}

static const uint8_t *live_of(const struct affinity_live *live, uint32_t index)
{
    return live->soft ? live->vcpus[index].soft_affinity : live->vcpus[index].hard_affinity;
}

/* Whether both name the same of the machine's CPUs. */
static bool is_same(const struct affinity_live *live, const uint8_t *one, const uint8_t *other)
{
    for (uint32_t cpu = 0; cpu < live->host_cpus && cpu < CTL_CPUMAP_BYTES * 8; cpu++)
        if (((one[cpu / 8] ^ other[cpu / 8]) >> cpu % 8) & 1)
            return false;
    return true;
}

static bool hold_list(struct ctl_affinity *held, uint32_t count)
{
    held->vcpus = calloc(count, sizeof(*held->vcpus));
    held->vcpus_count = held->vcpus ? count : 0;
    return held->vcpus != NULL;
}

bool affinity_hold(struct ctl_affinity *held, const struct ctl_affinity *wanted, const struct affinity_live *live)
{
    bool as_wanted = true, alike = true;

    for (uint32_t i = 0; i < live->count; i++) {
        as_wanted &= is_same(live, live_of(live, i), affinity_wanted(wanted, live->vcpus[i].id));
        alike &= is_same(live, live_of(live, i), live_of(live, 0));
    }
    free(held->vcpus);
    *held = (struct ctl_affinity){ 0 };
    if (as_wanted) {
        held->set = wanted->set;
        memcpy(held->all, wanted->all, CTL_CPUMAP_BYTES);
        if (wanted->vcpus_count && !hold_list(held, wanted->vcpus_count))
            return false;
        for (uint32_t i = 0; i < wanted->vcpus_count; i++)
            memcpy(held->vcpus[i], wanted->vcpus[i], CTL_CPUMAP_BYTES);
    } else if (alike) {
        held->set = !is_same(live, live_of(live, 0), all);
        memcpy(held->all, live_of(live, 0), CTL_CPUMAP_BYTES);
    } else {
        if (!hold_list(held, live->count))
            return false;
        for (uint32_t i = 0; i < live->count; i++)
            memcpy(held->vcpus[i], is_same(live, live_of(live, i), all) ? all : live_of(live, i), CTL_CPUMAP_BYTES);
    }
    return true;
}
