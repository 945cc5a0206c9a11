/* SPDX-License-Identifier: MIT */
/*
 * The fake architecture but for memory (fake_memory.h) and the host (fake_host.h): CPUs that run vCPUs in simulated
 * time, all in one thread, and a recorder of what the core has asked for.
 */
#ifndef KEEL_FAKE_ARCH_H
#define KEEL_FAKE_ARCH_H

#include "arch.h"
#include "fake_host.h"
#include "fake_memory.h"

#define FAKE_CPUS_MAX 8u

struct fake_cpu_state {
    uint64_t deadline_ns; /* ~0: off */
    bool is_requested;    /* arch_cpu_request_loop */
    uint32_t kicks;
    struct vcpu *running; /* in arch_vcpu_run; NULL: idling */
    uint64_t idle_ns;
};

extern struct fake_cpu_state fake_cpus[FAKE_CPUS_MAX];
extern uint32_t fake_cpu_count;
extern uint32_t fake_yield_every;      /* every that many times arch_should_yield says yes; 0: never */
extern int fake_domain_create_error, fake_vcpu_create_error; /* what these return, once */
extern uint32_t fake_domains_alive, fake_vcpus_alive;
extern uint32_t fake_domctl_last;      /* command that reached arch_domctl */

/*
 * A machine with that many CPUs and `pages` pages of memory, at time 1 s; its allocators, timers and scheduler are up.
 */
void fake_machine_start(uint32_t cpus, uint64_t pages);
/* The same with so many pages below and above 4 GiB. */
void fake_machine_start_zones(uint32_t cpus, uint64_t low_pages, uint64_t high_pages);
/* Destroys all domains of the machine; aborts if a page, domain or vCPU is left. fake_machine_start does it first. */
void fake_machine_stop(void);
/* Domain 0 with that many vCPUs, all down, unpaused; sets domain_zero. */
struct domain *fake_domain_zero(uint32_t vcpus);
/* Another domain with vCPUs that are down, paused as domain_create leaves it. Aborts on failure. */
struct domain *fake_domain(domid_t id, uint32_t vcpus);
struct xen_domctl_createdomain fake_config(uint32_t vcpus);
/* Brings v up with that behaviour (see arch_domain.h). */
void fake_vcpu_start(struct vcpu *v, uint64_t burst_ns, uint64_t sleep_ns);
/* Destroys d to the end; the number of slices it took. */
unsigned int fake_destroy(struct domain *d);

/* Lets all CPUs go through their loops, in order of time, until time_ns. */
void fake_run_until(uint64_t time_ns);
static inline void fake_run_for(uint64_t ns) { fake_run_until(fake_time_ns + ns); }

/* Executes a hypercall to its end, however often it continues. */
long fake_call(hypercall_handler *handler, struct vcpu *v, uint64_t a, uint64_t b, uint64_t c);

/* What a statement has made of the machine: 0 nothing, or one of these. */
enum { FAKE_POWERED_OFF = 1, FAKE_REBOOTED = 2 };
extern jmp_buf fake_machine_target;
#define FAKE_MACHINE_END(statement)                        \
    ({                                                     \
        int end_ = setjmp(fake_machine_target);            \
        if (!end_) {                                       \
            statement;                                     \
        } else {                                           \
            lock_forget_held();                            \
        }                                                  \
        end_;                                              \
    })

#endif
