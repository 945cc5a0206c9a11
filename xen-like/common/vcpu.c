/* SPDX-License-Identifier: MIT */
/* A vCPU: its making, sleeping and waking, pauses, and the areas that it registers. */
#include "arch.h"
#include "string.h"

_Static_assert(offsetof(struct shared_info, vcpu_info) == 0, "the legacy vcpu_info array heads shared_info");

/* --- timers of the ABI ------------------------------------------------------------------------------------------- */

static void timer_event(void *data) { event_send_virq(data, VIRQ_TIMER); }

static void periodic_event(void *data)
{
    struct vcpu *v = data;
    uint64_t period_ns = v->periodic_period_ns, now_ns = arch_time_ns();

    if (!period_ns)
        return;
    uint64_t next_ns = v->periodic_timer.deadline_ns + period_ns;
    if (next_ns <= now_ns) /* what was missed is not made up for */
        next_ns = now_ns + period_ns;
    timer_set(&v->periodic_timer, next_ns);
    event_send_virq(v, VIRQ_TIMER);
}

static void poll_timeout(void *data) { vcpu_wake(data); }

void vcpu_move_timers(struct vcpu *v, uint32_t cpu)
{
    if (likely(v->singleshot_timer.cpu == cpu))
        return;
    timer_migrate(&v->periodic_timer, cpu);
    timer_migrate(&v->poll_timer, cpu);
    timer_migrate(&v->singleshot_timer, cpu); /* the last: it tells that all are there */
}

void vcpu_kill_timers(struct vcpu *v)
{
    timer_kill(&v->singleshot_timer);
    timer_kill(&v->periodic_timer);
    timer_kill(&v->poll_timer);
}

/* --- making ------------------------------------------------------------------------------------------------------ */

static vcpu_info_t *initial_info(struct vcpu *v)
{
    return v->id < XEN_LEGACY_MAX_VCPUS ? &v->domain->shared_info->vcpu_info[v->id] : &v->private_info;
}

int vcpu_create(struct domain *d, uint32_t id, struct vcpu **out)
{
    if (id >= d->max_vcpus)
        return -XEN_EINVAL;
    if (d->vcpus[id])
        return -XEN_EEXIST;
    struct vcpu *v = object_allocate(sizeof(*v));
    if (!v)
        return -XEN_ENOMEM;
    v->domain = d;
    v->id = id;
    v->info = initial_info(v);
    scheduler_vcpu_init(v);
    timer_init(&v->singleshot_timer, timer_event, v, v->scheduler.cpu);
    timer_init(&v->periodic_timer, periodic_event, v, v->scheduler.cpu);
    timer_init(&v->poll_timer, poll_timeout, v, v->scheduler.cpu);
    int error = arch_vcpu_create(v);
    if (error) {
        object_free(v);
        return error;
    }
    /* Others find it from here on; it has no state to run with until it is initialised. */
    __atomic_store_n(&d->vcpus[id], v, __ATOMIC_RELEASE);
    arch_vcpu_update_time(v);
    if (out)
        *out = v;
    return 0;
}

void vcpu_free(struct vcpu *v)
{
    vcpu_kill_timers(v);
    v->domain->vcpus[v->id] = NULL;
    arch_vcpu_free(v);
    object_free(v);
}

/* --- running or not ---------------------------------------------------------------------------------------------- */

void vcpu_block(struct vcpu *v)
{
    /*
     * First asleep, then the look: who makes an event pending does it the other way round (vcpu_notify), and all four
     * are sequentially consistent, so one of the two sees the other.
     */
    v->is_blocked = true;
    if (event_is_pending(v->info) || arch_vcpu_interrupt_pending(v))
        v->is_blocked = false;
}

static void stop_polling(struct vcpu *v)
{
    if (atomic_exchange(&v->is_polling, false))
        v->domain->polling_vcpus--;
}

void vcpu_wake(struct vcpu *v)
{
    stop_polling(v);
    if (atomic_exchange(&v->is_blocked, false)) {
        atomic_fetch_add_explicit(&v->wakeups, 1, memory_order_relaxed);
        scheduler_wake(v);
    }
}

void vcpu_notify(struct vcpu *v)
{
    /* Orders what the caller made pending before the look at is_blocked; see vcpu_block. */
    atomic_thread_fence(memory_order_seq_cst);
    if (v->is_blocked)
        vcpu_wake(v);
    else
        arch_vcpu_kick(v);
}

void vcpu_bring_up(struct vcpu *v)
{
    v->is_blocked = false;
    v->is_up = true;
    scheduler_wake(v);
}

void vcpu_bring_down(struct vcpu *v)
{
    v->is_up = false;
    scheduler_sleep(v);
}

void vcpu_retire(struct vcpu *v)
{
    struct domain *d = v->domain;
    uint32_t up = 0;

    spin_lock(&d->lock);
    DOMAIN_FOR_EACH_VCPU(d, other)
        up += other->is_up && other != v;
    if (up)
        vcpu_bring_down(v);
    spin_unlock(&d->lock);
    if (!up)
        domain_shutdown(d, SHUTDOWN_poweroff);
}

/* --- areas ------------------------------------------------------------------------------------------------------- */

int vcpu_register_info(struct vcpu *v, gfn_t gfn, uint32_t offset)
{
    struct domain *d = v->domain;

    if (offset > PAGE_SIZE - sizeof(vcpu_info_t) || offset % sizeof(uint64_t))
        return -XEN_EINVAL;
    if (guest_area_is_registered(&v->info_area))
        return -XEN_EINVAL;
    if (v != cpu_loaded_vcpu() && v->scheduler.is_on_cpu)
        return -XEN_EBUSY;
    struct page *page = arch_p2m_get_page(d, gfn, true, NULL);
    if (!page)
        return -XEN_EINVAL;

    vcpu_info_t *info = (vcpu_info_t *)((char *)page_to_virtual(page) + offset);
    spin_lock(&d->event.lock);
    bool is_late = guest_area_is_registered(&v->info_area) || d->dying != DOMAIN_ALIVE;
    if (!is_late) {
        *info = *v->info;
        v->info_area.page[0] = page;
        v->info_area.offset = (uint16_t)offset;
        /* Who sends without our lock has set the port's pending bit before it reads v->info: what follows covers it. */
        __atomic_store_n(&v->info, info, __ATOMIC_SEQ_CST);
    }
    spin_unlock(&d->event.lock);
    if (is_late) {
        page_put(page);
        return -XEN_EINVAL;
    }
    arch_vcpu_update_time(v);
    event_mark_everything(v);
    return 0;
}

void vcpu_release_areas(struct vcpu *v)
{
    spin_lock(&v->domain->event.lock);
    struct guest_area info_area = v->info_area;
    v->info = &v->private_info;
    memset(&v->info_area, 0, sizeof(v->info_area));
    spin_unlock(&v->domain->event.lock);
    guest_area_unregister(&info_area);
    guest_area_unregister(&v->runstate_area);
    guest_area_unregister(&v->time_area);
}

void vcpu_write_runstate(struct vcpu *v)
{
    struct guest_area *area = &v->runstate_area;
    struct vcpu_runstate_info runstate;

    if (!guest_area_is_registered(area))
        return;
    vcpu_copy_runstate(v, &runstate);
    bool has_flag = v->domain->vm_assist & (1u << VMASST_TYPE_runstate_update_flag);
    size_t entry_offset = offsetof(struct vcpu_runstate_info, state_entry_time);
    if (has_flag) {
        uint64_t marked = runstate.state_entry_time | XEN_RUNSTATE_UPDATE;
        guest_area_write_at(area, entry_offset, &marked, sizeof(marked));
        atomic_thread_fence(memory_order_seq_cst);
        uint64_t plain = runstate.state_entry_time;
        runstate.state_entry_time = marked;
        guest_area_write(area, &runstate, sizeof(runstate));
        atomic_thread_fence(memory_order_seq_cst);
        guest_area_write_at(area, entry_offset, &plain, sizeof(plain));
    } else {
        guest_area_write(area, &runstate, sizeof(runstate));
    }
}
