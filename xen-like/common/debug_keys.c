/* SPDX-License-Identifier: MIT */
/* 'q': domains and their vCPUs. Read without stopping anybody, so the figures may be of slightly different moments. */

#include "arch.h"
#include "console.h"
#include "domain.h"
#include "event_channel_private.h"
#include "printk.h"

static const char *life_of(const struct domain *d)
{
    if (d->dying != DOMAIN_ALIVE)
        return "dying";
    if (d->is_shut_down)
        return "shut down";
    return d->pause_count ? "paused" : "alive";
}

static void dump_vcpu(const struct vcpu *v)
{
    printk(LOG_ALWAYS, "  vCPU %u: %s%s%s, CPU %u, events %s%s", v->id, v->is_up ? "up" : "down",
           v->is_blocked ? ", blocked" : "", v->scheduler.is_on_cpu ? ", running" : "", v->scheduler.cpu,
           v->info->evtchn_upcall_pending ? "pending" : "none",
           v->info->evtchn_upcall_mask ? ", masked" : "");
    if (v->singleshot_timer.is_queued)
        printk(LOG_ALWAYS, "  its timer is due at %lu ns on CPU %u", v->singleshot_timer.deadline_ns,
               (uint32_t)v->singleshot_timer.cpu);
    arch_vcpu_dump(v);
}

/* Ports that are pending, each with the vCPU it is bound to. */
static void dump_events(struct domain *d)
{
    for (evtchn_port_t port = 1; d->shared_info && port < EVENT_CHANNEL_MAX_PORTS; port++) {
        const struct event_channel *channel = event_channel_of(d, port);
        if (channel && d->shared_info->evtchn_pending[port / 64] >> port % 64 & 1)
            printk(LOG_ALWAYS, "  port %u is pending for vCPU %u%s", port, channel->notify_vcpu,
                   d->shared_info->evtchn_mask[port / 64] >> port % 64 & 1 ? ", masked" : "");
    }
}

static void dump_domains(char key)
{
    struct domain *d;

    printk(LOG_ALWAYS, "domains at %lu ns; %lu of %lu pages are free:", arch_time_ns(), page_free_count(),
           page_total_count());
    for (uint32_t id = 0; id < DOMAIN_MAX && (d = domain_get_next((domid_t)id)); id = d->id + 1u, domain_put(d)) {
        printk(LOG_ALWAYS, "domain %u: %s, %lu of %lu pages, pauses %u, references %u", d->id, life_of(d),
               d->total_pages, d->max_pages, d->pause_count, d->references - 1);
        DOMAIN_FOR_EACH_VCPU(d, v)
            dump_vcpu(v);
        dump_events(d);
    }
}

void debug_keys_init(void) { register_debug_key('q', "domains and their vCPUs", dump_domains); }
