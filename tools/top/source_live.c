/* SPDX-License-Identifier: MIT */
/*
 * Samples of this host: domains, vCPUs and CPUs from the hypervisor through libctl, devices from domain 0's kernel,
 * store requests from the store's daemon.
 *
 * Names come from the store, which is asked when a domain is seen for the first time and again every NAMES_SECONDS, so
 * that a sample costs few hypercalls and few messages. How long vCPUs wait, how often they wake and what they leave the
 * guest for, Keel tells (live_counters.h). Xen's interface tells a domain how long its own vCPUs wait, and no more.
 */
#include "source.h"

#include "clock.h"
#include "libctl/internal.h"
#include "live_counters.h"
#include "live_devices.h"
#include "live_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMES_SECONDS 10
#define CPUS_MAX 512
#define VCPUS_MAX 512
#define NO_LIMIT_KIB (((uint64_t)UINT32_MAX) << 2) /* the hypervisor's counter of pages is full: nobody set a limit */

struct known_name {
    uint64_t domid, asked_ns;
    char uuid[40], name[SAMPLE_NAME_SIZE];
};

struct source_live {
    struct source source;
    struct ctl *ctl;
    struct sample_array names; /* struct known_name, of the domains of the last sample, by id */
    struct sample_array pools; /* struct sample_pool, as they were at pools_asked_ns */
    uint64_t pools_asked_ns;
    struct ctl_vcpu_time *vcpus;
    bool has_counters;    /* the hypervisor counts exits and the like */
    bool store_is_silent; /* its daemon does not tell what it counts */
};

static struct source_live *live_of(struct source *source)
{
    return (struct source_live *)source;
}

static int fail_ctl(struct source_live *live, int result)
{
    snprintf(live->source.error, sizeof(live->source.error), "%s", ctl_error(live->ctl));
    return result;
}

static int fail_memory(struct source_live *live)
{
    snprintf(live->source.error, sizeof(live->source.error), "there is no memory for a sample");
    return -ENOMEM;
}

static int read_host(struct source_live *live, struct sample_host *host)
{
    struct ctl_host told;
    int result = ctl_host_get(live->ctl, &told);

    if (result < 0)
        return fail_ctl(live, result);
    host->time_ns = clock_ns(CLOCK_MONOTONIC);
    host->wall_time_ms = clock_ns(CLOCK_REALTIME) / 1000000;
    host->parts = live->source.parts;
    host->cpus = told.cpus_online;
    host->cpu_khz = told.cpu_khz;
    host->memory_kib = told.total_kib;
    host->free_kib = told.free_kib;
    snprintf(host->hypervisor, sizeof(host->hypervisor), "Xen %u.%u%.40s", told.xen_major, told.xen_minor,
             told.xen_extra);
    if (gethostname(host->name, sizeof(host->name)) != 0)
        host->name[0] = '\0';
    host->name[sizeof(host->name) - 1] = '\0';
    return 0;
}

/* Asks for the pools again when it is time; what is kept of them is untouched when that fails. */
static int look_at_pools(struct source_live *live)
{
    struct ctl_pool *list;
    ssize_t count = ctl_pool_list(live->ctl, &list);

    if (count < 0)
        return 0; /* a hypervisor that does not tell: pools have numbers alone */
    live->pools.count = 0;
    for (ssize_t i = 0; i < count; i++) {
        struct sample_pool *pool = sample_array_add(&live->pools, sizeof(*pool));

        if (!pool) {
            free(list);
            return fail_memory(live);
        }
        pool->id = list[i].id;
        snprintf(pool->name, sizeof(pool->name), "%s", list[i].name);
        snprintf(pool->scheduler, sizeof(pool->scheduler), "%s", list[i].scheduler_name);
    }
    free(list);
    return 0;
}

static int read_pools(struct source_live *live, struct sample *sample)
{
    const struct sample_pool *pools;

    if (!live->pools_asked_ns || sample->host.time_ns - live->pools_asked_ns >= NAMES_SECONDS * 1000000000ull) {
        int result = look_at_pools(live);

        if (result < 0)
            return result;
        live->pools_asked_ns = sample->host.time_ns;
    }
    pools = live->pools.items;
    for (size_t i = 0; i < live->pools.count; i++) {
        struct sample_pool *pool = sample_array_add(&sample->pools, sizeof(*pool));

        if (!pool)
            return fail_memory(live);
        *pool = pools[i];
    }
    return 0;
}

static int read_cpus(struct source_live *live, struct sample *sample)
{
    uint64_t idle_ns[CPUS_MAX];
    ssize_t count = ctl_cpu_idle_times(live->ctl, idle_ns, CPUS_MAX);

    if (count < 0)
        return 0; /* a hypervisor that does not tell: no CPUs are shown */
    for (ssize_t i = 0; i < count; i++) {
        struct sample_cpu *cpu = sample_array_add(&sample->cpus, sizeof(*cpu));

        if (!cpu)
            return fail_memory(live);
        *cpu = (struct sample_cpu){ .id = (uint64_t)i, .idle_time_ns = idle_ns[i] };
    }
    return 0;
}

static void print_uuid(const uint8_t bytes[16], char text[40])
{
    for (int i = 0, at = 0; i < 16; i++)
        at += sprintf(text + at, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
}

static const struct known_name *find_name(const struct source_live *live, const struct sample_domain *domain)
{
    const struct known_name *names = live->names.items;

    for (size_t i = 0; i < live->names.count; i++) {
        if (names[i].domid == domain->domid && strcmp(names[i].uuid, domain->uuid) == 0)
            return &names[i];
    }
    return NULL;
}

/* Whether the name is to be asked for; where it is known from before, it is put into `name`. */
static bool is_due(const struct source_live *live, const struct sample *sample, const struct sample_domain *domain,
                   struct known_name *name)
{
    const struct known_name *known = find_name(live, domain);

    if (known)
        *name = *known;
    name->domid = domain->domid;
    memcpy(name->uuid, domain->uuid, sizeof(name->uuid));
    /* the hypervisor calls a new domain before its creator has written its name: asked again at the next sample */
    return !known || !known->name[0] || sample->host.time_ns - known->asked_ns >= NAMES_SECONDS * 1000000000ull;
}

/* Asks the store in one go for the names that are due; those of a store that is gone stay what they were. */
static int ask_names(struct source_live *live, const struct sample *sample, struct known_name *names,
                     const bool *due)
{
    size_t count = sample->domains.count, asked = 0;
    struct ctl_domain *list = calloc(count + 1, sizeof(*list));

    if (!list)
        return fail_memory(live);
    for (size_t i = 0; i < count; i++) {
        if (due[i])
            list[asked++].domid = (uint32_t)names[i].domid;
    }
    if (asked && ctl_domain_read_names(live->ctl, list, asked) == 0) {
        for (size_t i = 0, at = 0; i < count; i++) {
            if (!due[i])
                continue;
            names[i].asked_ns = sample->host.time_ns;
            if (*list[at].name) /* a domain on its way out keeps the one it had */
                snprintf(names[i].name, sizeof(names[i].name), "%.*s", (int)sizeof(names[i].name) - 1, list[at].name);
            at++;
        }
    }
    free(list);
    return 0;
}

/* Gives all domains of the sample their names, and keeps these for the next sample. */
static int name_domains(struct source_live *live, struct sample *sample)
{
    size_t count = sample->domains.count;
    struct sample_array names = { 0 };
    bool *due = calloc(count + 1, sizeof(*due));
    int result = due ? 0 : fail_memory(live);

    for (size_t i = 0; result == 0 && i < count; i++) {
        struct known_name *name = sample_array_add(&names, sizeof(*name));

        if (!name)
            result = fail_memory(live);
        else
            due[i] = is_due(live, sample, sample_domain(sample, i), name);
    }
    if (result == 0)
        result = ask_names(live, sample, names.items, due);
    free(due);
    if (result < 0) {
        free(names.items);
        return result;
    }
    for (size_t i = 0; i < count; i++)
        memcpy(sample_domain(sample, i)->name, ((struct known_name *)names.items)[i].name, SAMPLE_NAME_SIZE);
    free(live->names.items);
    live->names = names;
    return 0;
}

static int read_vcpus(struct source_live *live, struct sample *sample, struct sample_domain *domain)
{
    ssize_t count = ctl_vcpu_times(live->ctl, (uint32_t)domain->domid, (uint32_t)domain->vcpus_max, live->vcpus,
                                   VCPUS_MAX);

    if (count < 0)
        return fail_ctl(live, (int)count);
    domain->vcpus_first = sample->vcpus.count;
    domain->vcpus_count = (size_t)count;
    for (ssize_t i = 0; i < count; i++) {
        const struct ctl_vcpu_time *told = &live->vcpus[i];
        struct sample_vcpu *vcpu = sample_array_add(&sample->vcpus, sizeof(*vcpu));

        if (!vcpu)
            return fail_memory(live);
        *vcpu = (struct sample_vcpu){ .id = told->id, .cpu = told->cpu, .online = told->online,
                                      .running = told->running, .blocked = told->blocked,
                                      .cpu_time_ns = told->cpu_time_ns };
        sample_vcpu_unknown(vcpu);
    }
    return 0;
}

/* The waiting of this domain's own vCPUs, which are those of domain 0; left unknown where it is not told. */
static void read_own_wait(struct source_live *live, struct sample *sample, struct sample_domain *domain)
{
    uint64_t sum_ns = 0;

    for (uint32_t id = 0; id < domain->vcpus_max && id < VCPUS_MAX; id++) {
        uint64_t wait_ns;

        if (ctl_own_wait_time(live->ctl, id, &wait_ns) < 0)
            return;
        sum_ns += wait_ns;
        for (size_t i = 0; i < domain->vcpus_count; i++) {
            struct sample_vcpu *vcpu = sample_vcpu(sample, domain->vcpus_first + i);

            if (vcpu->id == id)
                vcpu->wait_time_ns = wait_ns;
        }
    }
    domain->wait_time_ns = sum_ns;
}

static int read_domains(struct source_live *live, struct sample *sample)
{
    struct ctl_domain *list;
    ssize_t count = ctl_domain_list_bare(live->ctl, 0, &list);
    int result = 0;

    if (count < 0)
        return fail_ctl(live, (int)count);
    for (ssize_t i = 0; i < count && result == 0; i++) {
        struct sample_domain *domain = sample_array_add(&sample->domains, sizeof(*domain));
        const struct ctl_domain *told = &list[i];

        if (!domain) {
            result = fail_memory(live);
            break;
        }
        *domain = (struct sample_domain){
            .domid = told->domid,
            .running = told->running, .blocked = told->blocked, .paused = told->paused, .shutdown = told->shutdown,
            .dying = told->dying, .crashed = told->shutdown && told->shutdown_reason == CTL_SHUTDOWN_CRASH,
            .pool = told->pool, .ssid = told->ssid, .vcpus_online = told->vcpus_online, .vcpus_max = told->vcpus_max,
            .memory_kib = told->memory_kib, .cpu_time_ns = told->cpu_time_ns,
        };
        sample_domain_unknown(domain);
        if (told->max_memory_kib < NO_LIMIT_KIB)
            domain->max_memory_kib = told->max_memory_kib;
        print_uuid(told->uuid, domain->uuid);
        if (live->source.parts & SAMPLE_VCPUS)
            result = read_vcpus(live, sample, domain);
        if (live->has_counters)
            live_counters_read(live->ctl, sample, domain);
        else if (domain->domid == 0)
            read_own_wait(live, sample, domain);
    }
    free(list);
    return result;
}

static int live_next(struct source *source, struct sample *sample)
{
    struct source_live *live = live_of(source);
    int result;

    sample_clear(sample);
    if (ctl_store_renew(live->ctl)) /* another daemon may tell what the last one did not */
        live->store_is_silent = false;
    result = read_host(live, &sample->host);
    if (result == 0)
        result = read_cpus(live, sample);
    if (result == 0)
        result = read_pools(live, sample);
    if (result == 0)
        result = read_domains(live, sample);
    if (result < 0)
        return result;
    sample_sort(sample);
    result = name_domains(live, sample);
    if (result < 0)
        return result;
    struct xs_handle *store = live->store_is_silent ? NULL : ctl_store(live->ctl);

    if (store)
        live->store_is_silent = !live_store_read(store, sample);
    if ((source->parts & SAMPLE_NETWORKS) && !live_networks_read(sample, ""))
        return fail_memory(live);
    if ((source->parts & SAMPLE_DISKS) && !live_disks_read(sample, ""))
        return fail_memory(live);
    return 1;
}

static void live_close(struct source *source)
{
    struct source_live *live = live_of(source);

    free(live->names.items);
    free(live->pools.items);
    free(live->vcpus);
    free(live);
}

struct source *source_live_open(struct ctl *ctl, const char **error)
{
    struct source_live *live = calloc(1, sizeof(*live));

    if (live)
        live->vcpus = calloc(VCPUS_MAX, sizeof(*live->vcpus));
    if (!live || !live->vcpus) {
        free(live);
        *error = "there is no memory for a sample";
        return NULL;
    }
    live->source = (struct source){ .next = live_next, .close = live_close, .is_live = true, .parts = SAMPLE_ALL };
    live->ctl = ctl;
    live->has_counters = live_counters_exist(ctl);
    return &live->source;
}
