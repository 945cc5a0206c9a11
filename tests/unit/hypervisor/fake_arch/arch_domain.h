/* SPDX-License-Identifier: MIT */
/* The fake architecture's parts of a domain and a vCPU: common/ knows nothing that is in them; fake_arch.h says how tests do. */
#ifndef KEEL_FAKE_ARCH_DOMAIN_H
#define KEEL_FAKE_ARCH_DOMAIN_H

#include "timer.h"
#include "types.h"

#define FAKE_EXIT_KINDS 2u

struct arch_vcpu {
    uint64_t exits[FAKE_EXIT_KINDS]; /* what arch_vcpu_exit_count tells: exit_this, exit_that */
    bool is_loaded;          /* between switch_in and switch_out */
    bool interrupt_pending;  /* what arch_vcpu_interrupt_pending answers */
    uint32_t kicks, events;  /* arch_vcpu_kick, arch_vcpu_event_raised */
    uint32_t nmis;           /* arch_vcpu_raise_nmi */
    uint32_t time_updates;
    uint64_t context;        /* what VCPUOP_initialise has copied in */
    /* How it behaves in fake_run_until: runs burst_ns, then sleeps sleep_ns. burst_ns 0: it never sleeps. */
    uint64_t burst_ns, sleep_ns, burst_left_ns;
    struct timer sleep_timer;
    uint64_t ran_ns;         /* in all, by the fake's own account */
    uint64_t ran_on_ns[8];   /* by CPU */
    uint64_t woken_ns;       /* when sleep ended, until it runs: */
    uint64_t longest_wake_ns;
    uint64_t last_ran_ns, longest_wait_ns; /* the longest time without running while it could */
};

struct arch_domain {
    char unused;
};

#endif
