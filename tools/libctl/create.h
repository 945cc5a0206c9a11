/* SPDX-License-Identifier: MIT */
/*
 * The two halves of a domain's creation. The plan may fail in many ways and changes nothing; what it finds is all that
 * the second half, which changes much, needs to know.
 */
#ifndef KEEL_CTL_CREATE_H
#define KEEL_CTL_CREATE_H

#include "config.h"
#include "cpu_state.h"
#include "hypercall.h"
#include "kernel.h"
#include "layout.h"
#include "store_nodes.h"

struct create_plan {
    const struct ctl_config *config;
    int lock;                /* of the name, and of creations */
    uint8_t uuid[16];
    uint32_t scheduler;      /* XEN_SCHEDULER_... */
    bool grant_v2;           /* the hypervisor knows version 2 of grant tables */
    bool real_mode_pages;    /* the CPU may need the two pages that layout.h speaks of */
    uint64_t paging_size;    /* bytes of the hypervisor's pool for the guest's nested page tables */
    struct kernel kernel;
    const uint8_t *ramdisk;
    size_t ramdisk_size;
    struct layout layout;
};

/* Sets the sentence. End with create_plan_free, also after a failure. */
int create_plan_make(struct ctl *ctl, const struct ctl_config *config, struct create_plan *plan);
void create_plan_free(struct create_plan *plan);

/* What the second half has made so far. */
struct creation {
    struct ctl *ctl;
    const struct create_plan *plan;
    uint32_t domid;
    struct store_domain store;
};

/* Sets the sentence: the hypervisor refuses `what`; returns result. */
int create_refused(struct creation *creation, int result, const char *what);
/* Whether the hypervisor has no such call. */
bool create_is_absent(int result);
/* Gives the domain its memory; sets the sentence. */
int create_memory_populate(struct creation *creation);
/* The kernel, the ramdisk and what the guest reads at its start; sets the sentence. */
int create_memory_fill(struct creation *creation, const struct cpu_context *context);

#endif
