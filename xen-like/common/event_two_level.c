/* SPDX-License-Identifier: MIT */
/*
 * 2-level delivery: a pending and a mask bit for each port in shared_info, a selector bit for each word of 64 ports in
 * vcpu_info, and the vCPU's upcall flag. Each step goes on only if its bit changed from clear to set, so an event that
 * is pending already costs one instruction.
 */
#include "event_channel_private.h"

#define WORD(port) ((port) / 64)
#define BIT(port) (1ull << (port) % 64)

_Static_assert(sizeof(xen_ulong_t) == 8, "64-bit guests");
_Static_assert(EVTCHN_2L_NR_CHANNELS == EVENT_CHANNEL_MAX_PORTS, "two levels reach every port");

/* The guest changes these words at the same time: every access is atomic. */
static bool test_and_set(xen_ulong_t *word, uint64_t bit)
{
    return __atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST) & bit;
}

static bool test(const xen_ulong_t *word, uint64_t bit) { return __atomic_load_n(word, __ATOMIC_SEQ_CST) & bit; }

static void select_word(struct vcpu *v, evtchn_port_t port)
{
    if (!test_and_set(&v->info->evtchn_pending_sel, BIT(WORD(port))))
        event_raise_upcall(v);
}

static void set_pending(struct vcpu *v, evtchn_port_t port)
{
    struct shared_info *shared = v->domain->shared_info;

    if (test_and_set(&shared->evtchn_pending[WORD(port)], BIT(port)))
        return;
    if (!test(&shared->evtchn_mask[WORD(port)], BIT(port)))
        select_word(v, port);
}

static void clear_pending(struct domain *d, evtchn_port_t port)
{
    __atomic_fetch_and(&d->shared_info->evtchn_pending[WORD(port)], ~BIT(port), __ATOMIC_SEQ_CST);
}

static void unmask(struct vcpu *v, evtchn_port_t port)
{
    struct shared_info *shared = v->domain->shared_info;
    uint64_t old = __atomic_fetch_and(&shared->evtchn_mask[WORD(port)], ~BIT(port), __ATOMIC_SEQ_CST);

    if ((old & BIT(port)) && test(&shared->evtchn_pending[WORD(port)], BIT(port)))
        select_word(v, port);
}

static bool is_pending(const struct domain *d, evtchn_port_t port)
{
    return test(&d->shared_info->evtchn_pending[WORD(port)], BIT(port));
}

static void mark_everything(struct vcpu *v)
{
    __atomic_store_n(&v->info->evtchn_pending_sel, ~0ull, __ATOMIC_SEQ_CST);
    event_raise_upcall(v);
}

const struct event_delivery event_two_level = {
    .set_pending = set_pending,
    .clear_pending = clear_pending,
    .unmask = unmask,
    .is_pending = is_pending,
    .mark_everything = mark_everything,
};
