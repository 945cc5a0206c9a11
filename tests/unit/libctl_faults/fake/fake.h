/* SPDX-License-Identifier: MIT */
/*
 * A host for libctl without a machine: a hypervisor behind /dev/xen/privcmd (fake_hypervisor.c), a store behind
 * libxenstore's calls (fake_store.c), and faults at any point where libctl leaves itself (fake_faults.c).
 *
 * Each hypercall, each request of the store and each allocation is a point, counted from 0 since the last fault_arm.
 * A kill is what SIGKILL is to a process: from its point on nothing has an effect any more. Safe for many threads.
 */
#ifndef KEEL_TEST_FAKE_H
#define KEEL_TEST_FAKE_H

#include "libctl/ctl.h"

enum fault {
    FAULT_NONE,       /* points are only counted */
    FAULT_HYPERCALL,  /* the hypercall at that point fails */
    FAULT_STORE,      /* the store's request at that point fails */
    FAULT_STORE_LOST, /* from that point on all requests of the store fail */
    FAULT_STORE_FULL, /* from that point on the store takes nothing more, but gives and removes */
    FAULT_ALLOCATION, /* the allocation at that point finds no memory */
    FAULT_KILL,       /* from that point on no hypercall and no request does anything */
};

/* What kind of point it is that comes. */
enum point { POINT_HYPERCALL, POINT_STORE_READ, POINT_STORE_WRITE, POINT_STORE_REMOVE, POINT_ALLOCATION };

void fault_arm(enum fault fault, unsigned at);
/* Disarms; true when the fault was met, that is, there was such a point. */
bool fault_disarm(void);
/* Whether what comes now fails. */
bool fault_here(enum point point);

/* Begins anew, with domain 0 and an empty store. */
void fake_start(uint64_t memory_kib);
void fake_end(void);
/* All that there is, as text to compare: domains, free memory, the store. Free it. */
char *fake_inventory(void);
/* The domain's kernel has called shutdown. */
void fake_shut_down(uint32_t domid, enum ctl_shutdown reason);
/* Whoever had it suspended lets it run again. */
void fake_go_on(uint32_t domid);
/* Something of the domain is held: destroyed, it stays as one that is dying, until it is let go. */
void fake_hold(uint32_t domid, bool held);
/* Whether the domain is there, runs, and has a ring that the store serves. */
bool fake_is_whole(uint32_t domid);
bool fake_is_there(uint32_t domid);
/* How many domains there are beside domain 0. */
unsigned fake_guests(void);
/* The id that the next domain gets. */
uint32_t fake_next_domid(void);

/* So much time passes, which nobody waits for; negative: none. */
void fake_pass_ms(int64_t duration_ms);
/* How much has passed in all, in sleep too. */
int64_t fake_passed_ms(void);
/* Called once, after the next read of a node whose path ends so. */
void fake_after_read(const char *end, void (*call)(void));
/* Called once, when the next packed kernel has got its name. */
void fake_after_hash(void (*call)(void));
/* What stands for /etc/keel/auto; create.lock lies there too. */
const char *fake_auto_folder(void);
/* Something has happened: each handle with a watch has an event. */
void fake_store_event(void);
/* Others change what a transaction uses, however often it is begun. */
void fake_store_busy(bool busy);
/* The connections of watches are lost. */
void fake_store_lost(bool lost);

/* --- between the parts of the fake ---------------------------------------------------------------------------- */

bool fake_introduce(uint32_t domid, bool there);
/* A descriptor like one of /dev/xen/xenbus, on which an event of a watch has come. */
int fake_kernel_store(void);
void fake_store_start(void);
void fake_store_end(void);
struct fake_text;
void fake_store_print(void (*line)(void *context, const char *text), void *context);

#endif
