/* SPDX-License-Identifier: MIT */
/*
 * The two halves of a domain's creation. The plan may fail in many ways and changes nothing; what it finds is all that
 * the second half, which changes much, needs to know.
 */
#ifndef KEEL_CTL_CREATE_H
#define KEEL_CTL_CREATE_H

#include "config.h"
#include "hypercall.h"
#include "kernel.h"
#include "layout.h"

struct create_plan {
    const struct ctl_config *config;
    uint8_t uuid[16];
    uint32_t scheduler;      /* XEN_SCHEDULER_... */
    bool grant_v2;           /* the hypervisor knows version 2 of grant tables */
    uint64_t paging_size;    /* bytes of the hypervisor's pool for the guest's nested page tables */
    struct kernel kernel;
    const uint8_t *ramdisk;
    size_t ramdisk_size;
    struct layout layout;
};

/* Sets the sentence. End with create_plan_free, also after a failure. */
int create_plan_make(struct ctl *ctl, const struct ctl_config *config, struct create_plan *plan);
void create_plan_free(struct create_plan *plan);

#endif
