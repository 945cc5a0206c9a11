/* SPDX-License-Identifier: MIT */
/*
 * The state in which a PVH guest's first vCPU starts, and what the hypervisor tells about the others.
 */
#ifndef KEEL_CTL_CPU_STATE_H
#define KEEL_CTL_CPU_STATE_H

#include "hypercall.h"

/*
 * A domain's saved state as the hypervisor gives it: records, each behind a descriptor (xen/hvm/save.h). The records
 * are checked to lie within the size.
 */
struct cpu_context {
    uint8_t *data; /* from hypercall_alloc */
    uint32_t size, capacity;
};

/* Sets no sentence. End with cpu_context_free, in the reverse order of other hypercall memory. */
int cpu_context_get(struct ctl *ctl, uint32_t domid, struct cpu_context *context);
void cpu_context_free(struct ctl *ctl, struct cpu_context *context);
/* The APIC id of each of `count` vCPUs; of one that the context does not tell, twice its number, as Xen has it. */
void cpu_context_apic_ids(const struct cpu_context *context, uint32_t *ids, uint32_t count);
/* vCPU 0 to the state that the PVH boot protocol asks for, memory write-back by default. Sets no sentence. */
int cpu_context_start(struct ctl *ctl, uint32_t domid, const struct cpu_context *context, uint32_t entry,
                      uint32_t start_info);

#endif
