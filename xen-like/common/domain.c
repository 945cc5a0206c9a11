/* SPDX-License-Identifier: MIT */
/* The life of a domain: creation, pauses, shutdown, destruction. */
#include "domain.h"

#include "arch.h"
#include "panic.h"
#include "printk.h"
#include "string.h"

#define DEFAULT_GRANT_FRAMES 64u
#define DEFAULT_MAPTRACK_FRAMES 1024u
#define LINGERING_NS NS_PER_S
#define HIGHEST_GRANT_VERSION 2u /* a limit that the tools set; the table is version 1 whatever they allow */
#define FLAGS_KNOWN (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap | XEN_DOMCTL_CDF_s3_integrity | XEN_DOMCTL_CDF_oos_off | \
                     XEN_DOMCTL_CDF_xs_domain | XEN_DOMCTL_CDF_iommu | XEN_DOMCTL_CDF_nested_virt | XEN_DOMCTL_CDF_vpmu)

/* --- creation ---------------------------------------------------------------------------------------------------- */

static int check_config(const struct xen_domctl_createdomain *config)
{
    uint32_t grant_version = XEN_DOMCTL_GRANT_version(config->grant_opts);

    if ((config->flags & ~FLAGS_KNOWN) || !config->max_vcpus || config->max_vcpus > DOMAIN_MAX_VCPUS)
        return -XEN_EINVAL;
    if (!grant_version || grant_version > HIGHEST_GRANT_VERSION ||
        (config->grant_opts & ~XEN_DOMCTL_GRANT_version_mask))
        return -XEN_EINVAL;
    if (config->vmtrace_size || config->cpupool_id)
        return -XEN_EOPNOTSUPP;
    return arch_domain_check_config(config);
}

static uint32_t limit_or_default(int32_t limit, uint32_t default_limit)
{
    return limit < 0 ? default_limit : (uint32_t)limit;
}

static void watchdog_expired(void *data)
{
    struct domain_watchdog *watchdog = data;
    log_error("domain %u: its watchdog was not fed in time", watchdog->domain->id);
    domain_shutdown(watchdog->domain, SHUTDOWN_watchdog);
}

/* Who still refers to pages of a domain that was destroyed a while ago. */
static void report_lingering(void *data)
{
    grant_table_report_foreign(data);
    page_report_domain(data);
}

static void set_up_fields(struct domain *d, domid_t id, const struct xen_domctl_createdomain *config,
                          bool is_privileged)
{
    d->id = id;
    d->references = 1;
    list_init(&d->link);
    d->is_privileged = is_privileged;
    d->is_hap = config->flags & XEN_DOMCTL_CDF_hap;
    d->create_flags = config->flags;
    memcpy(d->handle, config->handle, sizeof(d->handle));
    d->ssidref = config->ssidref;
    d->max_vcpus = config->max_vcpus;
    d->pause_count = d->controller_pause_count = 1;
    spin_lock_init(&d->lock, "domain", LOCK_RANK_DOMAIN);
    page_init_domain(d);
    event_channels_init(d, config->max_evtchn_port);
    scheduler_domain_init(d);
    timer_init(&d->lingering_timer, report_lingering, d, id % arch_cpu_count());
    for (uint32_t i = 0; i < DOMAIN_WATCHDOGS; i++) {
        d->watchdogs[i].domain = d;
        timer_init(&d->watchdogs[i].timer, watchdog_expired, &d->watchdogs[i], id % arch_cpu_count());
    }
}

int domain_create(domid_t id, const struct xen_domctl_createdomain *config, bool is_privileged, struct domain **out)
{
    int error = check_config(config);
    if (error)
        return error;
    struct domain *d = object_allocate(sizeof(*d));
    if (!d)
        return -XEN_ENOMEM;
    set_up_fields(d, id, config, is_privileged);
    error = -XEN_ENOMEM;
    d->vcpus = object_allocate(d->max_vcpus * sizeof(*d->vcpus));
    if (!d->vcpus)
        goto free_domain;
    error = grant_table_init(d, limit_or_default(config->max_grant_frames, DEFAULT_GRANT_FRAMES),
                             limit_or_default(config->max_maptrack_frames, DEFAULT_MAPTRACK_FRAMES));
    if (error)
        goto free_vcpus;
    error = arch_domain_create(d, config);
    if (error)
        goto free_grant_table;
    error = -XEN_ENOMEM;
    struct page *page = page_allocate_special(d);
    if (!page)
        goto free_arch;
    d->shared_info = page_to_virtual(page);
    domain_update_wallclock(d);
    error = domain_list_add(d);
    if (error)
        goto free_shared_info;
    *out = d;
    return 0;

free_shared_info:
    d->dying = DOMAIN_DYING;
    page_release_allocation(page);
free_arch:
    arch_domain_free(d);
free_grant_table:
    grant_table_free(d);
free_vcpus:
    object_free(d->vcpus);
free_domain:
    scheduler_domain_remove(d);
    object_free(d);
    return error;
}

void domain_update_wallclock(struct domain *d)
{
    struct shared_info *shared = d->shared_info;
    uint64_t seconds;
    uint32_t nanoseconds;

    arch_wallclock(&seconds, &nanoseconds);
    seconds += (uint64_t)d->time_offset_s;
    /* Odd while the fields change, as readers know it from vcpu_time_info. */
    uint32_t version = shared->wc_version | 1;
    __atomic_store_n(&shared->wc_version, version, __ATOMIC_SEQ_CST);
    shared->wc_sec = (uint32_t)seconds;
    shared->wc_sec_hi = (uint32_t)(seconds >> 32);
    shared->wc_nsec = nanoseconds;
    __atomic_store_n(&shared->wc_version, version + 1, __ATOMIC_SEQ_CST);
}

/* --- pauses ------------------------------------------------------------------------------------------------------ */

static void sleep_all(struct domain *d)
{
    DOMAIN_FOR_EACH_VCPU(d, v)
        scheduler_sleep(v);
}

static void wake_all(struct domain *d)
{
    DOMAIN_FOR_EACH_VCPU(d, v)
        scheduler_wake(v);
}

void domain_pause(struct domain *d)
{
    d->pause_count++;
    sleep_all(d);
}

void domain_unpause(struct domain *d)
{
    if (atomic_fetch_sub(&d->pause_count, 1) == 1)
        wake_all(d);
}

static bool none_on_cpu_but(const struct domain *d, const struct vcpu *exception)
{
    DOMAIN_FOR_EACH_VCPU(d, v)
        if (v->scheduler.is_on_cpu && v != exception)
            return false;
    return true;
}

bool domain_is_quiescent(const struct domain *d) { return none_on_cpu_but(d, cpu_loaded_vcpu()); }

/* --- shutdown ---------------------------------------------------------------------------------------------------- */

/* What domain 0 makes of itself, the machine follows. */
static void end_machine(uint32_t reason) __attribute__((noreturn));
static void end_machine(uint32_t reason)
{
    if (reason == SHUTDOWN_poweroff) {
        log_info("Domain 0 has shut down: powering off");
        arch_machine_power_off();
    }
    if (reason == SHUTDOWN_reboot)
        log_info("Domain 0 has shut down: rebooting");
    else
        log_error("Domain 0 has failed (shutdown reason %u): rebooting", reason);
    arch_machine_reboot();
}

void domain_shutdown(struct domain *d, uint32_t reason)
{
    if (d == domain_zero)
        end_machine(reason);
    spin_lock(&d->lock);
    bool is_first = !d->is_shut_down && d->dying == DOMAIN_ALIVE;
    if (is_first) {
        d->shutdown_code = reason;
        d->is_shut_down = true;
        domain_pause(d);
    }
    spin_unlock(&d->lock);
    if (is_first)
        event_send_global_virq(VIRQ_DOM_EXC);
}

void domain_resume(struct domain *d)
{
    spin_lock(&d->lock);
    bool was_shut_down = d->is_shut_down && d->dying == DOMAIN_ALIVE;
    if (was_shut_down) {
        d->is_shut_down = false;
        domain_unpause(d);
    }
    spin_unlock(&d->lock);
}

void domain_crash(struct domain *d, const char *format, ...)
{
    char reason[256];
    va_list arguments;

    if (d->is_shut_down)
        return;
    va_start(arguments, format);
    keel_vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    log_error("domain %u crashed: %s", d->id, reason);
    const struct vcpu *culprit = cpu_loaded_vcpu();
    if (culprit && culprit->domain == d)
        arch_vcpu_dump(culprit);
    domain_shutdown(d, SHUTDOWN_crash);
}

/* --- destruction ------------------------------------------------------------------------------------------------- */

static int step_stop(struct domain *d) { return none_on_cpu_but(d, NULL) ? 0 : -XEN_ERESTART; }

static int step_kill_timers(struct domain *d)
{
    DOMAIN_FOR_EACH_VCPU(d, v)
        vcpu_kill_timers(v);
    for (uint32_t i = 0; i < DOMAIN_WATCHDOGS; i++)
        timer_kill(&d->watchdogs[i].timer);
    scheduler_domain_remove(d);
    return 0;
}

static int step_release_areas(struct domain *d)
{
    DOMAIN_FOR_EACH_VCPU(d, v)
        vcpu_release_areas(v);
    return 0;
}

static int step_release_pages(struct domain *d)
{
    d->shared_info = NULL;
    return page_release_domain(d);
}

/*
 * In this order; each may be called again after -XEN_ERESTART. Ports first: then nobody sends to the domain any more.
 */
static int (*const destroy_steps[])(struct domain *d) = {
    step_stop, event_channels_close_all, step_kill_timers, grant_table_release_mappings, arch_domain_release_memory,
    step_release_areas, step_release_pages,
};

int domain_destroy(struct domain *d)
{
    BUG_ON(d == domain_zero);
    spin_lock(&d->lock);
    if (d->dying == DOMAIN_ALIVE) {
        d->dying = DOMAIN_DYING;
        domain_pause(d);
    }
    spin_unlock(&d->lock);
    while (d->destroy_step < ARRAY_SIZE(destroy_steps)) {
        int error = destroy_steps[d->destroy_step](d);
        if (error)
            return error;
        d->destroy_step++;
        if (d->destroy_step < ARRAY_SIZE(destroy_steps) && hypercall_should_yield())
            return -XEN_ERESTART;
    }
    d->dying = DOMAIN_DEAD;
    /* The daemons let go when they are told, below; only what is held longer is worth a line. */
    timer_set(&d->lingering_timer, arch_time_ns() + LINGERING_NS);
    domain_list_remove(d);
    domain_put(d);
    event_send_global_virq(VIRQ_DOM_EXC);
    return 0;
}

void domain_put(struct domain *d)
{
    if (atomic_fetch_sub(&d->references, 1) != 1)
        return;
    timer_kill(&d->lingering_timer);
    for (uint32_t id = 0; id < d->max_vcpus; id++)
        if (d->vcpus[id])
            vcpu_free(d->vcpus[id]);
    event_channels_free(d);
    arch_domain_free(d);
    grant_table_free(d);
    object_free(d->vcpus);
    object_free(d);
}
