/* SPDX-License-Identifier: MIT */
/*
 * The creation of a domain: plan, apply, and on a failure at any point everything undone in reverse.
 */
#include "config_keys.h"
#include "create.h"
#include "creation_lock.h"
#include "destroy.h"
#include "device.h"
#include "names.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/event_channel.h>
#include <xen/hvm/e820.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>

#define EVENT_CHANNEL_PORT_MAX 1023
#define E820_ENTRY_BYTES 20u
#define TIMER_MODE_NO_DELAY 1u /* missed ticks are delivered late, the guest's time is always right */

int create_refused(struct creation *creation, int result, const char *what)
{
    return ctl_fail(creation->ctl, -result, "cannot create \"%s\": the hypervisor refuses %s: %s",
                    creation->plan->config->name, what, strerror(-result));
}

bool create_is_absent(int result)
{
    return result == -ENOSYS || result == -EOPNOTSUPP;
}

/* --- the domain and its limits ------------------------------------------------------------------------------ */

static int create_domain(struct creation *creation)
{
    const struct create_plan *plan = creation->plan;
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_createdomain };
    struct xen_domctl_createdomain *create = &domctl.u.createdomain;
    int result;

    memcpy(create->handle, plan->uuid, sizeof(create->handle));
    create->flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
    create->max_vcpus = plan->config->max_vcpus;
    create->max_evtchn_port = EVENT_CHANNEL_PORT_MAX;
    create->max_grant_frames = -1;
    create->max_maptrack_frames = -1;
    create->grant_opts = XEN_DOMCTL_GRANT_version(plan->grant_v2 ? 2 : 1);
    create->arch.emulation_flags = XEN_X86_EMU_LAPIC;
    result = hypercall_domctl(creation->ctl, &domctl);
    if (result < 0)
        return create_refused(creation, result, "a new domain");
    creation->domid = domctl.domain;
    return 0;
}

static int set_limits(struct creation *creation)
{
    const struct create_plan *plan = creation->plan;
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_max_vcpus, .domain = (domid_t)creation->domid };
    int result;

    domctl.u.max_vcpus.max = plan->config->max_vcpus;
    result = hypercall_domctl(creation->ctl, &domctl);
    if (result < 0)
        return create_refused(creation, result, "its vCPUs");

    domctl.cmd = XEN_DOMCTL_set_paging_mempool_size;
    memset(&domctl.u, 0, sizeof(domctl.u));
    domctl.u.paging_mempool.size = plan->paging_size;
    do
        result = hypercall_domctl(creation->ctl, &domctl);
    while (result == -EAGAIN || result == -EINTR);
    if (create_is_absent(result)) {
        domctl.cmd = XEN_DOMCTL_shadow_op;
        memset(&domctl.u, 0, sizeof(domctl.u));
        domctl.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION;
        domctl.u.shadow_op.mb = (uint32_t)((plan->paging_size + 0xfffff) >> 20);
        do
            result = hypercall_domctl(creation->ctl, &domctl);
        while (result == -EAGAIN || result == -EINTR);
    }
    /* A hypervisor without such a pool takes its page tables from elsewhere. */
    if (result < 0 && !create_is_absent(result))
        return create_refused(creation, result, "memory for its page tables");

    domctl.cmd = XEN_DOMCTL_max_mem;
    memset(&domctl.u, 0, sizeof(domctl.u));
    domctl.u.max_mem.max_memkb = plan->config->max_memory_kib + CTL_MEMORY_SLACK_KIB;
    result = hypercall_domctl(creation->ctl, &domctl);
    return result < 0 ? create_refused(creation, result, "its memory limit") : 0;
}

static int set_vcpu_affinity(struct creation *creation, uint32_t vcpu, const uint8_t *hard, const uint8_t *soft,
                             uint8_t *maps)
{
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_setvcpuaffinity, .domain = (domid_t)creation->domid };
    struct xen_domctl_vcpuaffinity *affinity = &domctl.u.vcpuaffinity;
    int result;

    if (hard)
        memcpy(maps, hard, CTL_CPUMAP_BYTES);
    if (soft)
        memcpy(maps + CTL_CPUMAP_BYTES, soft, CTL_CPUMAP_BYTES);
    affinity->vcpu = vcpu;
    affinity->flags = (hard ? XEN_VCPUAFFINITY_HARD : 0) | (soft ? XEN_VCPUAFFINITY_SOFT : 0);
    set_xen_guest_handle(affinity->cpumap_hard.bitmap, maps);
    affinity->cpumap_hard.nr_bits = CTL_CPUMAP_BYTES * 8;
    set_xen_guest_handle(affinity->cpumap_soft.bitmap, maps + CTL_CPUMAP_BYTES);
    affinity->cpumap_soft.nr_bits = CTL_CPUMAP_BYTES * 8;
    result = hypercall_domctl(creation->ctl, &domctl);
    if (result == -EINVAL)
        return ctl_fail(creation->ctl, EINVAL, "cpus of guest \"%s\" leaves vCPU %u none of the CPUs that domains run on; "
                        "`ctl cpupool-list -c` lists them", creation->plan->config->name, vcpu);
    return result < 0 ? create_refused(creation, result, "its CPU affinity (cpus, cpus_soft)") : 0;
}

static int set_affinity(struct creation *creation)
{
    const struct ctl_config *config = creation->plan->config;
    uint8_t *maps;
    int result = 0;

    if (!config_affinity_of(&config->cpus, 0) && !config_affinity_of(&config->cpus_soft, 0))
        return 0;
    maps = hypercall_alloc(creation->ctl, 2 * CTL_CPUMAP_BYTES);
    if (!maps)
        return ctl_fail(creation->ctl, ENOMEM, "there is no memory for the affinity of \"%s\"", config->name);
    for (uint32_t vcpu = 0; vcpu < config->max_vcpus && !result; vcpu++) {
        const uint8_t *hard = config_affinity_of(&config->cpus, vcpu);
        const uint8_t *soft = config_affinity_of(&config->cpus_soft, vcpu);

        if (hard || soft)
            result = set_vcpu_affinity(creation, vcpu, hard, soft, maps);
    }
    hypercall_free(creation->ctl, maps, 2 * CTL_CPUMAP_BYTES);
    return result;
}

static int set_share(struct creation *creation)
{
    const struct ctl_config *config = creation->plan->config;
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_scheduler_op, .domain = (domid_t)creation->domid };
    struct xen_domctl_scheduler_op *op = &domctl.u.scheduler_op;
    int result;

    if (!config->cpu_weight && !config->cap)
        return 0;
    op->sched_id = creation->plan->scheduler;
    op->cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    if (op->sched_id != XEN_SCHEDULER_CREDIT && op->sched_id != XEN_SCHEDULER_CREDIT2)
        return ctl_fail(creation->ctl, EOPNOTSUPP, "cpu_weight and cap of guest \"%s\" mean nothing to the "
                        "hypervisor's scheduler: leave them out", config->name);
    result = hypercall_domctl(creation->ctl, &domctl);
    if (result >= 0) {
        op->cmd = XEN_DOMCTL_SCHEDOP_putinfo;
        /* Both schedulers have the two fields in the same place. */
        if (config->cpu_weight)
            op->u.credit2.weight = (uint16_t)config->cpu_weight;
        op->u.credit2.cap = (uint16_t)config->cap;
        result = hypercall_domctl(creation->ctl, &domctl);
    }
    if (result == -EINVAL && config->cap > 100 * config->max_vcpus)
        return ctl_fail(creation->ctl, EINVAL, "cap of guest \"%s\" is %u, but at most %u: 100 for each of its vCPUs",
                        config->name, config->cap, 100 * config->max_vcpus);
    return result < 0 ? create_refused(creation, result, "its share of the CPUs (cpu_weight, cap)") : 0;
}

static int set_memory_map(struct creation *creation)
{
    const struct layout *layout = &creation->plan->layout;
    size_t size = LAYOUT_REGIONS_MAX * E820_ENTRY_BYTES;
    struct xen_foreign_memory_map map = { .domid = (domid_t)creation->domid };
    uint8_t *entries = hypercall_alloc(creation->ctl, size);
    int result;

    if (!entries)
        return ctl_fail(creation->ctl, ENOMEM, "there is no memory for the memory map of a guest");
    for (unsigned i = 0; i < layout->regions_count; i++) {
        uint32_t type = layout->regions[i].kind;

        memcpy(entries + i * E820_ENTRY_BYTES, &layout->regions[i].start, 8);
        memcpy(entries + i * E820_ENTRY_BYTES + 8, &layout->regions[i].size, 8);
        memcpy(entries + i * E820_ENTRY_BYTES + 16, &type, 4);
    }
    map.map.nr_entries = layout->regions_count;
    set_xen_guest_handle(map.map.buffer, entries);
    result = hypercall_memory(creation->ctl, XENMEM_set_memory_map, &map, sizeof(map));
    hypercall_free(creation->ctl, entries, size);
    /* The guest has the same map in its boot information. */
    return result < 0 && !create_is_absent(result) ? create_refused(creation, result, "its memory map") : 0;
}

/* --- its first vCPU, its parameters ------------------------------------------------------------------------- */

static int build_guest(struct creation *creation)
{
    const struct create_plan *plan = creation->plan;
    struct cpu_context context;
    int result = cpu_context_get(creation->ctl, creation->domid, &context);

    if (result < 0)
        return create_refused(creation, result, "the state of its vCPUs");
    result = create_memory_fill(creation, &context);
    if (result < 0)
        goto free_context;
    result = cpu_context_start(creation->ctl, creation->domid, &context, plan->kernel.elf.entry,
                               (uint32_t)plan->layout.boot_start);
    if (result < 0)
        create_refused(creation, result, "the first state of its vCPU");

free_context:
    cpu_context_free(creation->ctl, &context);
    return result;
}

static int alloc_port(struct creation *creation, uint32_t *port)
{
    struct evtchn_alloc_unbound unbound = { .dom = (domid_t)creation->domid, .remote_dom = 0 };
    int result = hypercall_event_channel(creation->ctl, EVTCHNOP_alloc_unbound, &unbound, sizeof(unbound));

    *port = unbound.port;
    return result < 0 ? create_refused(creation, result, "an event channel") : 0;
}

static int set_params(struct creation *creation)
{
    const bool real_mode = creation->plan->real_mode_pages;
    const struct { uint32_t index; bool optional; uint64_t value; } params[] = {
        { HVM_PARAM_STORE_PFN, false, LAYOUT_STORE_GFN },
        { HVM_PARAM_STORE_EVTCHN, false, creation->store.store_port },
        { HVM_PARAM_CONSOLE_PFN, false, LAYOUT_CONSOLE_GFN },
        { HVM_PARAM_CONSOLE_EVTCHN, false, creation->store.console_port },
        { HVM_PARAM_TIMER_MODE, true, TIMER_MODE_NO_DELAY },
        /* The last two: for Intel CPUs that cannot run a guest without paging or in real mode. */
        { HVM_PARAM_IDENT_PT, true, LAYOUT_IDENTITY_GFN << CTL_PAGE_SHIFT },
        { HVM_PARAM_VM86_TSS_SIZED, true, (uint64_t)CTL_PAGE_SIZE << 32 | LAYOUT_TSS_GFN << CTL_PAGE_SHIFT },
    };

    for (size_t i = 0; i < sizeof(params) / sizeof(params[0]) - (real_mode ? 0 : 2); i++) {
        int result = hypercall_hvm_param_set(creation->ctl, creation->domid, params[i].index, params[i].value);

        if (result < 0 && !params[i].optional)
            return create_refused(creation, result, "a parameter of the guest");
    }
    return 0;
}

/* Everything but the store, on a domain that exists. */
static int apply(struct creation *creation)
{
    static int (*const steps[])(struct creation *creation) = {
        set_limits, set_affinity, set_share, create_memory_populate, set_memory_map, build_guest,
    };
    int result;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        result = steps[i](creation);
        if (result < 0)
            return result;
    }
    result = alloc_port(creation, &creation->store.store_port);
    if (result < 0)
        return result;
    result = alloc_port(creation, &creation->store.console_port);
    if (result < 0)
        return result;
    return set_params(creation);
}

static void undo_domain(struct creation *creation)
{
    int result;

    do
        result = hypercall_domctl_plain(creation->ctl, creation->domid, XEN_DOMCTL_destroydomain);
    while (result == -EAGAIN || result == -EINTR);
}

int ctl_domain_create(struct ctl *ctl, const struct ctl_config *config, unsigned flags, uint32_t *domid)
{
    struct create_plan plan;
    struct creation creation = { .ctl = ctl, .plan = &plan };
    int result = create_plan_make(ctl, config, &plan);
    bool whole; /* once it is introduced */

    if (result < 0)
        goto free_plan;
    creation_lock_join(plan.lock);
    result = create_domain(&creation);
    if (result < 0)
        goto free_plan;
    creation.store.domid = creation.domid;
    creation.store.config = config;
    memcpy(creation.store.uuid, plan.uuid, sizeof(plan.uuid));
    creation.store.store_gfn = LAYOUT_STORE_GFN;
    creation.store.console_gfn = LAYOUT_CONSOLE_GFN;
    result = apply(&creation);
    if (result < 0)
        goto undo_domain;
    whole = (flags & CTL_CREATE_PAUSED) && !config->disks_count && !config->nics_count;
    result = store_nodes_write(ctl, &creation.store, whole);
    if (result < 0)
        goto undo_store;
    result = device_create_all(ctl, creation.domid, config);
    if (result < 0)
        goto undo_store;
    if (!(flags & CTL_CREATE_PAUSED)) {
        result = ctl_domain_unpause(ctl, creation.domid);
        if (result < 0)
            goto undo_store;
    }
    result = whole ? 0 : store_forget_creating(ctl, &creation.store);
    if (result < 0)
        goto undo_store;
    *domid = creation.domid;
    goto free_plan;

undo_store:
    xs_release_domain(ctl->store, creation.domid);
    names_release(ctl, XBT_NULL, config->name, creation.domid);
    ctl_store_forget_domain(ctl, creation.domid, plan.uuid);
undo_domain:
    undo_domain(&creation);
free_plan:
    create_plan_free(&plan);
    return result;
}
