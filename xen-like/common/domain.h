/* SPDX-License-Identifier: MIT */
/*
 * What a domain and a vCPU are, and their life.
 *
 * A domain is created paused, gets memory and vCPUs, runs, shuts down with a reason (its vCPUs stop for good, its
 * memory stays for the tools), and is destroyed: a continuable walk gives back mappings, ports, timers and pages. The
 * structure itself is freed when the last reference (domain_put) is dropped.
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
    uint16_t offset;      /* of the area's first byte in page[0] */
};

struct vcpu {
    struct domain *domain;
    uint32_t id;

    /* Written by the vCPU itself or while it is paused. */
    vcpu_info_t *info;        /* never NULL: in shared_info, registered, or private_info */
    vcpu_info_t private_info; /* of a vCPU that shared_info has no room for, and of a dying domain */
    struct guest_area info_area, runstate_area, time_area;
    bool is_initialised; /* has a register state; may be brought up */

    _Atomic bool is_up;             /* VCPUOP_up / startup IPI; a vCPU that is down never runs */
    _Atomic bool is_blocked;        /* sleeps until an event or interrupt */
    _Atomic bool is_polling;        /* in SCHEDOP_poll; domain.polling_vcpus counts them */
    _Atomic evtchn_port_t poll_port; /* the only port polled; 0: several */

    struct timer singleshot_timer, periodic_timer, poll_timer;
    uint64_t periodic_period_ns;

    struct vcpu_runstate_info runstate; /* guarded by the run queue's lock of its CPU */
    struct scheduler_vcpu scheduler;    /* scheduler.c */
    uint16_t virq_to_port[NR_VIRQS];    /* guarded by domain.event.lock; 0: unbound */

    _Atomic uint64_t wakeups;             /* times that it slept and was woken */
    uint64_t hypercalls[HYPERCALL_COUNT]; /* by Xen's number; of those that exist, those within a multicall too */
    struct arch_vcpu arch;
};

#define DOMAIN_WATCHDOGS 2u

struct domain_watchdog {
    struct domain *domain;
    struct timer timer;
    bool is_in_use; /* guarded by domain.lock */
};

struct domain {
    domid_t id;
    _Atomic uint32_t references; /* domain_get / domain_put */
    struct list link;            /* all domains by rising id; guarded by the list's lock (domain_list.c) */
    bool is_privileged;          /* domain 0 */
    bool is_hap;
    uint32_t create_flags;       /* XEN_DOMCTL_CDF_* */
    xen_domain_handle_t handle;
    uint32_t ssidref;

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

    struct shared_info *shared_info; /* one PAGE_SPECIAL page in the direct map; NULL once the pages are given back */
    int64_t time_offset_s;       /* of the domain's wall clock from UTC (XEN_DOMCTL_settimeoffset) */
    _Atomic uint32_t vm_assist;  /* bits of VMASST_TYPE_* */
    struct domain_watchdog watchdogs[DOMAIN_WATCHDOGS];
    struct timer lingering_timer; /* set when it is destroyed: who refers to its pages after that is named */
    _Atomic uint32_t polling_vcpus;

    struct event_channels event;
    struct grant_table grant;
    struct scheduler_domain scheduler;
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

/* The list keeps one reference. -XEN_EEXIST if the id is taken. */
int domain_list_add(struct domain *d);
void domain_list_remove(struct domain *d);
/* An id that no domain has, the next above the last one given; DOMID_INVALID: all are taken. */
domid_t domain_list_free_id(void);

/* --- life ---------------------------------------------------------------------------------------------------- */

/*
 * A new, paused domain without vCPUs or memory, in the list, with one reference for the list. Checks the
 * configuration.
 */
int domain_create(domid_t id, const struct xen_domctl_createdomain *config, bool is_privileged, struct domain **out);
int vcpu_create(struct domain *d, uint32_t id, struct vcpu **out);
/* For domain.c: v is nowhere any more. Its timers can be killed before, when it stops for good. */
void vcpu_kill_timers(struct vcpu *v);
void vcpu_free(struct vcpu *v);
/*
 * One slice of destruction: 0 when the domain is gone from all lists, -XEN_ERESTART when the caller shall call again.
 * Foreign references only delay the freeing of pages. The domain is paused and dying from the first call. One CPU at a
 * time; the caller holds a reference.
 */
int domain_destroy(struct domain *d);
/* Ends a shutdown: the vCPUs go on where they were (XEN_DOMCTL_resumedomain). */
void domain_resume(struct domain *d);
/* Writes the wall clock into shared_info. */
void domain_update_wallclock(struct domain *d);
/*
 * Stops all vCPUs of d with a reason and tells the tools (VIRQ_DOM_EXC). Safe from any context, also for the running
 * domain.
 */
void domain_shutdown(struct domain *d, uint32_t reason);
/*
 * The guest has done what cannot go on: shut down with SHUTDOWN_crash, with one line in the log saying why and, if one
 * of its vCPUs is loaded on this CPU, that one's registers.
 */
void domain_crash(struct domain *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Pauses nest. May be called while d->lock is held. They take effect at once for the scheduler, and as soon as a
 * running vCPU can be kicked out.
 */
void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);
/* True when no vCPU of d (other than the caller's own) is on a CPU: its register state may be read and written. */
bool domain_is_quiescent(const struct domain *d);

/* Up, not blocked, domain not paused: may be on a run queue. */
static inline bool vcpu_is_runnable(const struct vcpu *v)
{
    return v->is_up && !v->is_blocked && !v->domain->pause_count;
}
/* Startup and its opposite (VCPUOP_up, VCPUOP_down). A vCPU that is not initialised must not be brought up. */
void vcpu_bring_up(struct vcpu *v);
void vcpu_bring_down(struct vcpu *v);
/* The same for good: the last vCPU to go takes the domain with it, as powered off. d->lock is not held. */
void vcpu_retire(struct vcpu *v);
/* The vCPU sleeps until vcpu_wake; returns at once if an event or interrupt is pending already. Caller: itself. */
void vcpu_block(struct vcpu *v);
/* Ends sleeping (block, poll) and lets the scheduler run it. Any CPU, any time, no lock of the scheduler held. */
void vcpu_wake(struct vcpu *v);
/* An event or interrupt for v was made pending: wakes it, or makes it leave the guest so that it is seen. */
void vcpu_notify(struct vcpu *v);

/* v's timers fire on the CPU that runs it. Called by that CPU before it runs v. */
void vcpu_move_timers(struct vcpu *v, uint32_t cpu);
/*
 * Sets v->info to the area (guest frame and offset), carrying pending state over; once in a vCPU's life. v is the
 * caller or is not on a CPU. -XEN_EINVAL: it has one already, bad offset, no such page; -XEN_EBUSY: v is running.
 */
int vcpu_register_info(struct vcpu *v, gfn_t gfn, uint32_t offset);
/* The registered areas are let go; v->info becomes private. v does not run any more. */
void vcpu_release_areas(struct vcpu *v);
/* v's times in the runstate area, as the guest sees them. On v's CPU, which holds no lock. */
void vcpu_write_runstate(struct vcpu *v);
/* A consistent copy of v's times: as of the state's entry, or up to this moment. */
void vcpu_copy_runstate(struct vcpu *v, struct vcpu_runstate_info *runstate);
void vcpu_get_runstate(struct vcpu *v, struct vcpu_runstate_info *runstate);
/*
 * Pins `size` bytes at a guest-virtual address of the running vCPU v. What was registered before is let go.
 * -XEN_EFAULT.
 */
int guest_area_register(struct guest_area *area, struct vcpu *v, uint64_t guest_address, size_t size);
void guest_area_unregister(struct guest_area *area);
static inline bool guest_area_is_registered(const struct guest_area *area) { return area->page[0] != NULL; }
/* Writes size bytes at an offset; the area was registered with at least offset + size bytes. */
void guest_area_write_at(struct guest_area *area, size_t offset, const void *from, size_t size);
static inline void guest_area_write(struct guest_area *area, const void *from, size_t size)
{
    guest_area_write_at(area, 0, from, size);
}

/* --- the CPU's loop ------------------------------------------------------------------------------------------ */

/* Once for each CPU, after timers_init_cpu. */
void cpu_loop_init_cpu(uint32_t cpu);
/* Never returns: timers, scheduling, running vCPUs, idling. Every CPU ends here. */
void cpu_loop(void) __attribute__((noreturn));
/* One turn of it. */
void cpu_loop_step(void);
/* The vCPU whose state is loaded on this CPU, or NULL. */
struct vcpu *cpu_loaded_vcpu(void);

/* --- what the tools see: XEN_DOMCTL_getdomaininfo and XEN_SYSCTL_getdomaininfolist give the same (domain_info.c) -- */

/*
 * Fills all of *info. d is referenced; it may be running: what changes meanwhile is from some moment during the call.
 */
void domain_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info);
/*
 * Lines "NAME NUMBER" of all that is counted of v (docs/abi.md names them). Always terminated; returns the length that
 * the whole text has, as keel_snprintf does. v's domain is referenced; no lock of the scheduler is held.
 */
size_t vcpu_counters_text(struct vcpu *v, char *buffer, size_t size);

/* --- hypercalls ---------------------------------------------------------------------------------------------- */

/* Runs one hypercall of the vCPU on this CPU. The result is its guest's, unless call->continued is set. */
static inline long hypercall_dispatch(uint64_t number, struct hypercall *call)
{
    if (unlikely(number >= HYPERCALL_COUNT || !hypercall_table[number]))
        return -XEN_ENOSYS;
    call->vcpu->hypercalls[number]++;
    return hypercall_table[number](call);
}

#endif
