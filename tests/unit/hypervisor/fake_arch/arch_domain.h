/* SPDX-License-Identifier: MIT */
/* The fake architecture's parts of a domain and a vCPU: common/ knows nothing that is in them. */
#ifndef KEEL_FAKE_ARCH_DOMAIN_H
#define KEEL_FAKE_ARCH_DOMAIN_H

struct arch_vcpu {
    char unused;
};

struct arch_domain {
    char unused;
};

#endif
