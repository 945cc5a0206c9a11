/* SPDX-License-Identifier: MIT */
/*
 * The one order in which locks are taken: a CPU that holds a lock takes only locks that stand further down. Two locks
 * of the same rank are taken in order of their addresses (spin_lock_pair does). Debug builds check it at each lock.
 * A new kind of lock gets a line here, between what is held when it is taken and what is taken while it is held.
 */
#ifndef KEEL_LOCK_ORDER_H
#define KEEL_LOCK_ORDER_H

enum lock_rank {
    LOCK_RANK_NONE,        /* an uninitialised lock: BUG in debug builds */
    LOCK_RANK_DOMAIN_CONTROL, /* one domctl at a time changes the set of domains */
    LOCK_RANK_DOMAIN_LIST, /* the list of all domains; references are taken under it */
    LOCK_RANK_DOMAIN,      /* struct domain: life cycle, pause transitions */
    LOCK_RANK_GRANT,       /* a domain's grant table; a pair of them in copies between domains */
    LOCK_RANK_PHYSMAP,     /* a look at a domain's physical map and the change that follows from it */
    LOCK_RANK_EVENT,       /* a domain's event channels; a pair of them for an interdomain channel; wakes vCPUs */
    LOCK_RANK_P2M,         /* a domain's physical map; allocates pages */
    LOCK_RANK_DOMAIN_PAGES, /* a domain's page list and counts */
    LOCK_RANK_RUN_QUEUE,   /* a CPU's run queue; a pair of them to move a vCPU; sets timers */
    LOCK_RANK_TIMER,       /* a CPU's heap of deadlines */
    LOCK_RANK_INTERRUPT,   /* a device interrupt's routing, virtual interrupt controllers */
    LOCK_RANK_SLAB,        /* small objects; takes pages */
    LOCK_RANK_PAGE_ALLOCATOR, /* the buddy allocator */
    LOCK_RANK_CONSOLE_INPUT, /* what was typed for domain 0 and not read yet */
    LOCK_RANK_HARDWARE,    /* one register pair of the machine: I/O APIC, configuration space, CMOS */
    LOCK_RANK_CONSOLE,     /* innermost: anything may print while holding anything */
};

#endif
