/* SPDX-License-Identifier: MIT */
/* CPUs that a configuration wants for vCPUs, beside those that they have. */
#ifndef KEEL_CLI_AFFINITY_H
#define KEEL_CLI_AFFINITY_H

#include "cli.h"

/* The CPUs that the vCPUs of a domain have: the hard ones or the soft ones. */
struct affinity_live {
    const struct ctl_vcpu *vcpus;
    uint32_t count, host_cpus;
    bool soft;
};

/* What a configuration says of a vCPU; all CPUs where it says nothing. */
const uint8_t *affinity_wanted(const struct ctl_affinity *affinity, uint32_t vcpu);
/*
 * Writes what vCPUs have into *held, which is the caller's to free. When that is what is wanted, on the CPUs that there
 * are, *held becomes the same as *wanted, word for word. False: there is no memory.
 */
bool affinity_hold(struct ctl_affinity *held, const struct ctl_affinity *wanted, const struct affinity_live *live);

#endif
