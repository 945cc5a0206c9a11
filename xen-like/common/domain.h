/* SPDX-License-Identifier: MIT */
/*
 * What a domain and a vCPU are, and their life.
 *
 * A domain is created paused, gets memory and vCPUs, runs, shuts down with a reason (its vCPUs stop for good, its memory
 * stays for the tools), and is destroyed: a continuable walk gives back mappings, ports, timers and pages. The structure
 * itself is freed when the last reference (domain_put) is dropped.
 */
#ifndef KEEL_DOMAIN_H
#define KEEL_DOMAIN_H

#include "event_channel.h"
#include "grant_table.h"
#include "hypercall.h"
#include "list.h"
#include "lock.h"
#include "page.h"
#include "scheduler.h"
#include "timer.h"
#include "types.h"
#include "xen_abi.h"

#include <arch_domain.h> /* the architecture's struct arch_domain and struct arch_vcpu */

#define DOMAIN_MAX_VCPUS 128u
#define DOMAIN_MAX 32752u /* DOMID_FIRST_RESERVED */

enum domain_dying { DOMAIN_ALIVE, DOMAIN_DYING, DOMAIN_DEAD };

/*
 * A guest-supplied area that the hypervisor writes (vcpu_info, runstate, time): pinned when registered, so that writing
 * it later needs no walk of guest page tables and cannot fail. An area crosses at most one page boundary.
 */
struct guest_area {
    struct page *page[2]; /* references held; NULL: not registered */
    void *mapped;         /* the area's first byte in the direct map */
    uint16_t first_size;  /* bytes of it in the first page */
};

struct vcpu {
    struct domain *domain;
    uint32_t id;

    /* Written by the vCPU itself or while it is paused. */
    vcpu_info_t *info; /* never NULL: in shared_info, registered, or a private dummy page */
    struct guest_area info_area, runstate_area, time_area;
    bool is_initialised; /* has a register state; may be brought up */

    _Atomic bool is_up;             /* VCPUOP_up / startup IPI; a vCPU that is down never runs */
    _Atomic bool is_blocked;        /* sleeps until an event or interrupt */
    _Atomic uint32_t pause_count;   /* own pauses; the domain's are in domain.pause_count */
    _Atomic bool is_polling;        /* in SCHEDOP_poll */
    evtchn_port_t poll_port;        /* the only port polled; 0: several */

    struct timer singleshot_timer, periodic_timer, poll_timer;
    uint64_t periodic_period_ns;

    struct vcpu_runstate_info runstate; /* guarded by the run queue's lock of its CPU */
    struct scheduler_vcpu scheduler;    /* scheduler.c */
    uint16_t virq_to_port[NR_VIRQS];    /* guarded by domain.event.lock; 0: unbound */

    uint64_t hypercall_count;
    struct arch_vcpu arch;
};

struct domain {
    domid_t id;
    _Atomic uint32_t references; /* domain_get / domain_put */
    struct list link;            /* all domains by rising id; guarded by domain_list_lock */
    bool is_privileged;          /* domain 0 */
    bool is_hap, is_32bit;
    uint32_t create_flags;       /* XEN_DOMCTL_CDF_* */
    xen_domain_handle_t handle;
    uint32_t ssidref;
    domid_t target;              /* XEN_DOMCTL_set_target; DOMID_INVALID: none */

    uint32_t max_vcpus;
    struct vcpu **vcpus;         /* [max_vcpus], NULL where not allocated yet */

    struct spinlock lock;        /* life cycle: shutdown, dying, pause transitions */
    enum domain_dying dying;
    bool is_shut_down;
    uint32_t shutdown_code;      /* SHUTDOWN_*, valid if is_shut_down */
    _Atomic uint32_t pause_count;     /* all pauses; runnable only at 0 */
    uint32_t controller_pause_count;  /* XEN_DOMCTL_pausedomain's share of it */
    uint32_t destroy_step;            /* progress of destruction */

    struct spinlock physmap_lock; /* what a gfn holds does not change between looking and changing it (physmap.c) */
    struct spinlock page_lock;   /* page_list, special_list, and the counts */
    struct list page_list, special_list;
    uint64_t total_pages, max_pages, outstanding_pages;

    struct shared_info *shared_info; /* one PAGE_SPECIAL page in the direct map */
    struct event_channels event;
    struct grant_table grant;
    struct arch_domain arch;
};

/* --- finding ------------------------------------------------------------------------------------------------- */

extern struct domain *domain_zero;
/* The domain with a reference taken, or NULL. DOMID_SELF is resolved by domain_get_target only. */
struct domain *domain_get(domid_t id);
static inline void domain_get_again(struct domain *d) { d->references++; }
void domain_put(struct domain *d);
/* As domain_get, with DOMID_SELF meaning the caller's. */
struct domain *domain_get_target(const struct vcpu *caller, domid_t id);
/* The first domain with an id >= id, referenced, or NULL: how lists are walked without holding a lock. */
struct domain *domain_get_next(domid_t id);
static inline struct vcpu *domain_vcpu(const struct domain *d, uint32_t id)
{
    return id < d->max_vcpus ? d->vcpus[id] : NULL;
}
#define DOMAIN_FOR_EACH_VCPU(d, v) \
    for (uint32_t v##_id = 0; v##_id < (d)->max_vcpus; v##_id++) \
        for (struct vcpu *v = (d)->vcpus[v##_id]; v; v = NULL)

/* --- life ---------------------------------------------------------------------------------------------------- */

/* A new, paused domain without vCPUs or memory, in the list, with one reference for the list. Checks the configuration. */
int domain_create(domid_t id, const struct xen_domctl_createdomain *config, bool is_privileged, struct domain **out);
int vcpu_create(struct domain *d, uint32_t id, struct vcpu **out);
/*
 * One slice of destruction: 0 when the domain is gone from all lists, -XEN_ERESTART when the caller shall call again,
 * -XEN_EBUSY... never: foreign references only delay the freeing of pages. The domain is paused and dying from the first call.
 */
int domain_destroy(struct domain *d);
/* Stops all vCPUs of d with a reason and tells the tools (VIRQ_DOM_EXC). Safe from any context, also for the running domain. */
void domain_shutdown(struct domain *d, uint32_t reason);
/* The guest has done what cannot go on: shut down with SHUTDOWN_crash, with one line in the log saying why. */
void domain_crash(struct domain *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Pauses nest. They take effect at once for the scheduler, and as soon as a running vCPU can be kicked out. */
void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);
void vcpu_pause(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);
/* True when no vCPU of d (other than the caller's own) is on a CPU: its register state may be read and written. */
bool domain_is_quiescent(const struct domain *d);

/* Up, not blocked, not paused, domain not paused: may be on a run queue. */
static inline bool vcpu_is_runnable(const struct vcpu *v)
{
    return v->is_up && !v->is_blocked && !v->pause_count && !v->domain->pause_count;
}
/* The vCPU sleeps until vcpu_wake; returns at once if an event or interrupt is pending already. Caller: itself. */
void vcpu_block(struct vcpu *v);
/* Ends sleeping (block, poll) and lets the scheduler run it. Any CPU, any time, no lock of the scheduler held. */
void vcpu_wake(struct vcpu *v);
/* An event or interrupt for v was made pending: wakes it, or makes it leave the guest so that it is seen. */
void vcpu_notify(struct vcpu *v);

/* Sets v->info to the area (guest frame and offset), carrying pending state over. -XEN_EINVAL, -XEN_EFAULT. */
int vcpu_register_info(struct vcpu *v, gfn_t gfn, uint32_t offset);
/* Pins `size` bytes at a guest-virtual address of the running vCPU. */
int guest_area_register(struct guest_area *area, struct vcpu *v, uint64_t guest_address, size_t size);
void guest_area_unregister(struct guest_area *area);
void guest_area_write(struct guest_area *area, const void *from, size_t size);

/* --- the CPU's loop ------------------------------------------------------------------------------------------ */

/* Never returns: timers, scheduling, running vCPUs, idling. Every CPU ends here. */
void cpu_loop(void) __attribute__((noreturn));

#endif
