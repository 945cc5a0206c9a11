/* SPDX-License-Identifier: MIT */
/*
 * Domains as they are: listing, finding by name, pausing, their vCPUs.
 * The hypervisor says which domains there are; the store knows their names.
 */
#include "hypercall.h"
#include "store/client/batch.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#define LIST_FEW 16u   /* that many domains are asked for first, as memory for hypercalls is dear */
#define LIST_MANY 256u /* and then at a time */

_Static_assert(sizeof(struct xen_domctl_getdomaininfo) == 112, "getdomaininfo has the ABI's size");

static void domain_fill(struct ctl_domain *domain, const struct xen_domctl_getdomaininfo *info)
{
    memset(domain, 0, sizeof(*domain));
    domain->domid = info->domain;
    memcpy(domain->uuid, info->handle, sizeof(domain->uuid));
    domain->running = info->flags & XEN_DOMINF_running;
    domain->blocked = info->flags & XEN_DOMINF_blocked;
    domain->paused = info->flags & XEN_DOMINF_paused;
    domain->shutdown = info->flags & XEN_DOMINF_shutdown;
    domain->dying = info->flags & XEN_DOMINF_dying;
    domain->shutdown_reason =
        (enum ctl_shutdown)(info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask);
    domain->memory_kib = info->tot_pages << (CTL_PAGE_SHIFT - 10);
    domain->max_memory_kib = info->max_pages << (CTL_PAGE_SHIFT - 10);
    domain->vcpus_online = info->nr_online_vcpus;
    domain->vcpus_max = info->max_vcpu_id == XEN_INVALID_MAX_VCPU_ID ? 0 : info->max_vcpu_id + 1;
    domain->cpu_time_ns = info->cpu_time;
    domain->pool = info->cpupool;
    domain->ssid = info->ssidref;
}

void ctl_domain_read_name(struct ctl *ctl, struct ctl_domain *domain)
{
    char *name = ctl_store_read(ctl, XBT_NULL, "/local/domain/%u/name", domain->domid);

    if (name)
        snprintf(domain->name, sizeof(domain->name), "%s", name);
    free(name);
}

/* Where the answers are put. */
struct reading {
    struct ctl_domain *next;
    int error;
};

static void take_name(void *context, unsigned index, int error, const char *value, size_t size)
{
    struct reading *reading = context;

    while (*reading->next->name)
        reading->next++;
    if (!error)
        snprintf(reading->next->name, sizeof(reading->next->name), "%s", value);
    else if (error != ENOENT) /* a domain without one */
        reading->error = error;
    reading->next++;
}

int ctl_domain_read_names(struct ctl *ctl, struct ctl_domain *list, size_t count)
{
    struct reading reading = { .next = list };
    struct xs_handle *store = ctl_store(ctl);
    struct store_batch *batch;
    int error;

    if (!store)
        return -ENOENT;
    batch = store_batch_open(store, XBT_NULL);
    for (size_t i = 0; i < count; i++) {
        char path[CTL_STORE_PATH_MAX];

        if (*list[i].name)
            continue;
        ctl_path(path, "/local/domain/%u/name", list[i].domid);
        store_batch_read(batch, path);
    }
    error = store_batch_run(batch, take_name, &reading);
    if (!reading.error && error && error != ENOENT)
        reading.error = error;
    return reading.error ? ctl_fail(ctl, reading.error, "the store does not tell the domains' names: %s",
                                    strerror(reading.error))
                         : 0;
}

/* Adds up to `room` domains from id *first on to the list, and moves that behind them; how many, or -errno. */
static int list_some(struct ctl *ctl, uint32_t *first, uint32_t room, struct ctl_domain **list, size_t *count)
{
    struct xen_domctl_getdomaininfo *infos = hypercall_alloc(ctl, room * sizeof(*infos));
    struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_getdomaininfolist };
    struct ctl_domain *grown = infos ? reallocarray(*list, *count + room, sizeof(*grown)) : NULL;
    int result;

    if (!grown) {
        result = ctl_fail(ctl, ENOMEM, "there is no memory for the list of domains");
        goto free_infos;
    }
    *list = grown;
    sysctl.u.getdomaininfolist.first_domain = (domid_t)*first;
    sysctl.u.getdomaininfolist.max_domains = room;
    set_xen_guest_handle(sysctl.u.getdomaininfolist.buffer, infos);
    result = hypercall_sysctl(ctl, &sysctl);
    if (result < 0) {
        ctl_fail(ctl, -result, "the hypervisor does not list its domains: %s", strerror(-result));
        goto free_infos;
    }
    for (result = 0; (uint32_t)result < sysctl.u.getdomaininfolist.num_domains && (uint32_t)result < room; result++) {
        domain_fill(&grown[(*count)++], &infos[result]);
        *first = infos[result].domain + 1u;
    }

free_infos:
    hypercall_free(ctl, infos, room * sizeof(*infos));
    return result;
}

ssize_t ctl_domain_list_bare(struct ctl *ctl, uint32_t first, struct ctl_domain **list)
{
    size_t count = 0;
    uint32_t room = LIST_FEW;
    int result;

    *list = NULL;
    while ((result = list_some(ctl, &first, room, list, &count)) == (int)room && first < DOMID_FIRST_RESERVED)
        room = LIST_MANY;
    if (result >= 0)
        return (ssize_t)count;
    free(*list);
    *list = NULL;
    return result;
}

ssize_t ctl_domain_list(struct ctl *ctl, struct ctl_domain **list)
{
    ssize_t count = ctl_domain_list_bare(ctl, 0, list);

    if (count > 0)
        ctl_domain_read_names(ctl, *list, (size_t)count); /* who has no name is shown without */
    return count;
}

int ctl_domain_get(struct ctl *ctl, uint32_t domid, struct ctl_domain *domain)
{
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_getdomaininfo, .domain = (domid_t)domid };
    int result;

    if (domid >= DOMID_FIRST_RESERVED)
        return ctl_fail(ctl, ESRCH, "there is no domain %u", domid);
    result = hypercall_domctl(ctl, &domctl);
    if (result < 0)
        return result == -ESRCH ? ctl_fail(ctl, ESRCH, "there is no domain %u", domid)
                                : ctl_fail(ctl, -result, "cannot look at domain %u: %s", domid, strerror(-result));
    if (domctl.u.getdomaininfo.domain != domid) /* the call answers with the next domain there is */
        return ctl_fail(ctl, ESRCH, "there is no domain %u", domid);
    domain_fill(domain, &domctl.u.getdomaininfo);
    ctl_domain_read_name(ctl, domain);
    return 0;
}

static bool parse_domid(const char *text, uint32_t *domid)
{
    unsigned long value;
    char *end;

    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    value = strtoul(text, &end, 10);
    if (*end || errno || value >= DOMID_FIRST_RESERVED)
        return false;
    *domid = (uint32_t)value;
    return true;
}

int ctl_domain_find(struct ctl *ctl, const char *name_or_id, uint32_t *domid)
{
    struct ctl_domain *list;
    ssize_t count = ctl_domain_list_bare(ctl, 0, &list);
    uint32_t number = 0;
    bool is_number = parse_domid(name_or_id, &number);
    int named, result = -ESRCH;

    if (count < 0)
        return (int)count;
    named = ctl_domain_read_names(ctl, list, (size_t)count);
    for (ssize_t i = 0; i < count && result && *name_or_id; i++) { /* "" is what one without a name has */
        if (!strcmp(list[i].name, name_or_id)) {
            *domid = list[i].domid;
            result = 0;
        }
    }
    for (ssize_t i = 0; i < count && result && is_number; i++) {
        if (list[i].domid == number) {
            *domid = number;
            result = 0;
        }
    }
    free(list);
    if (result < 0 && named < 0) /* it may be there, under a name that the store does not tell */
        return named;
    return result ? ctl_fail(ctl, ESRCH, "there is no domain \"%s\"", name_or_id) : 0;
}

static int domain_simple(struct ctl *ctl, uint32_t domid, uint32_t command, const char *what)
{
    int result = domid < DOMID_FIRST_RESERVED ? hypercall_domctl_plain(ctl, domid, command) : -ESRCH;

    if (result == -ESRCH)
        return ctl_fail(ctl, ESRCH, "there is no domain %u", domid);
    if (result < 0)
        return ctl_fail(ctl, -result, "cannot %s domain %u: %s", what, domid, strerror(-result));
    return 0;
}

int ctl_domain_pause(struct ctl *ctl, uint32_t domid)
{
    return domain_simple(ctl, domid, XEN_DOMCTL_pausedomain, "pause");
}

int ctl_domain_unpause(struct ctl *ctl, uint32_t domid)
{
    return domain_simple(ctl, domid, XEN_DOMCTL_unpausedomain, "unpause");
}

static int vcpu_get(struct ctl *ctl, uint32_t domid, uint32_t id, uint8_t *maps, struct ctl_vcpu *vcpu)
{
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_getvcpuinfo, .domain = (domid_t)domid };
    struct xen_domctl_vcpuaffinity *affinity = &domctl.u.vcpuaffinity;
    int result;

    domctl.u.getvcpuinfo.vcpu = id;
    result = hypercall_domctl(ctl, &domctl);
    if (result < 0)
        return result;
    memset(vcpu, 0, sizeof(*vcpu));
    vcpu->id = id;
    vcpu->cpu = domctl.u.getvcpuinfo.cpu;
    vcpu->online = domctl.u.getvcpuinfo.online;
    vcpu->running = domctl.u.getvcpuinfo.running;
    vcpu->blocked = domctl.u.getvcpuinfo.blocked;
    vcpu->cpu_time_ns = domctl.u.getvcpuinfo.cpu_time;

    memset(&domctl.u, 0, sizeof(domctl.u));
    memset(maps, 0, 2 * CTL_CPUMAP_BYTES);
    domctl.cmd = XEN_DOMCTL_getvcpuaffinity;
    affinity->vcpu = id;
    affinity->flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;
    set_xen_guest_handle(affinity->cpumap_hard.bitmap, maps);
    affinity->cpumap_hard.nr_bits = CTL_CPUMAP_BYTES * 8;
    set_xen_guest_handle(affinity->cpumap_soft.bitmap, maps + CTL_CPUMAP_BYTES);
    affinity->cpumap_soft.nr_bits = CTL_CPUMAP_BYTES * 8;
    result = hypercall_domctl(ctl, &domctl);
    if (result < 0)
        return result;
    memcpy(vcpu->hard_affinity, maps, CTL_CPUMAP_BYTES);
    memcpy(vcpu->soft_affinity, maps + CTL_CPUMAP_BYTES, CTL_CPUMAP_BYTES);
    return 0;
}

ssize_t ctl_vcpu_list(struct ctl *ctl, uint32_t domid, struct ctl_vcpu **list)
{
    struct ctl_domain domain;
    struct ctl_vcpu *vcpus;
    uint8_t *maps;
    ssize_t count = 0;
    int result;

    *list = NULL;
    result = ctl_domain_get(ctl, domid, &domain);
    if (result < 0)
        return result;
    vcpus = calloc(domain.vcpus_max + 1, sizeof(*vcpus));
    maps = hypercall_alloc(ctl, 2 * CTL_CPUMAP_BYTES);
    if (!vcpus || !maps) {
        result = ctl_fail(ctl, ENOMEM, "there is no memory for the vCPUs of domain %u", domid);
        goto free_all;
    }
    for (uint32_t id = 0; id < domain.vcpus_max; id++) {
        result = vcpu_get(ctl, domid, id, maps, &vcpus[count]);
        if (result == -ESRCH) /* a number that the domain does not use */
            continue;
        if (result < 0) {
            ctl_fail(ctl, -result, "cannot look at vCPU %u of domain %u: %s", id, domid, strerror(-result));
            goto free_all;
        }
        count++;
    }
    hypercall_free(ctl, maps, 2 * CTL_CPUMAP_BYTES);
    *list = vcpus;
    return count;

free_all:
    hypercall_free(ctl, maps, 2 * CTL_CPUMAP_BYTES);
    free(vcpus);
    return result;
}
