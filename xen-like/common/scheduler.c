/* SPDX-License-Identifier: MIT */
/*
 * Run queues of CPUs and the states of vCPUs in them. Nothing here waits: a CPU that must do something is asked to go
 * through its loop.
 *
 * A wake and a sleep that race meet at the queue's lock: whether a vCPU may run (vcpu_is_runnable) is read with it
 * held, after what changed it was written; so the last one to take the lock sees the truth. A vCPU that is on a CPU,
 * running or being switched out, stays in that CPU's queue until scheduler_switched_out: no other CPU ever has its
 * state loaded.
 */
#include "scheduler.h"

#include "arch.h"
#include "command_line.h"
#include "panic.h"
#include "printk.h"
#include "scheduler_policy.h"

struct run_queue {
    struct spinlock lock;
    struct list waiting;                   /* runnable ones but for the running, who precedes first */
    _Atomic uint32_t waiting_count;
    _Atomic uint64_t first_waiting_ns;     /* virtual time of the first; for others to peek at */
    struct vcpu *running;                  /* NULL: idle */
    uint64_t slice_end_ns;
    bool choose_again, is_yielding;        /* before the slice ends */
    uint64_t floor_ns;                     /* lowest virtual time of the queue so far; never falls */
    uint64_t idle_since_ns, idle_time_ns;
};

static struct run_queue queues[SCHEDULER_MAX_CPUS];
static _Atomic uint64_t idle_cpus; /* bits of CPUs that run nothing and have been given nothing */
static const struct scheduler_policy *const policy = &scheduler_share;

/* So many of the first CPUs run no vCPU: they serve the devices' interrupts and the serial line alone. */
static uint64_t housekeeping_cpus;
COMMAND_LINE_UNSIGNED("housekeeping_cpus", housekeeping_cpus, 0, 63);

static cpu_mask_t mask_idle(void) { return (cpu_mask_t){ idle_cpus }; }

/* --- one queue; its lock is held ---------------------------------------------------------------------------------- */

static struct vcpu *vcpu_of(struct list *link) { return LIST_ENTRY(link, struct vcpu, scheduler.link); }

static struct vcpu *first_waiting(struct run_queue *queue)
{
    return list_is_empty(&queue->waiting) ? NULL : vcpu_of(queue->waiting.next);
}

static void note_first(struct run_queue *queue)
{
    struct vcpu *first = first_waiting(queue);
    queue->first_waiting_ns = first ? first->scheduler.virtual_time_ns : ~0ull;
}

static void enqueue(struct run_queue *queue, struct vcpu *v)
{
    struct list *at = queue->waiting.previous;
    while (at != &queue->waiting && policy->precedes(v, vcpu_of(at)))
        at = at->previous;
    list_insert_after(at, &v->scheduler.link);
    v->scheduler.is_queued = true;
    queue->waiting_count++;
    note_first(queue);
}

static void dequeue(struct run_queue *queue, struct vcpu *v)
{
    list_remove(&v->scheduler.link);
    v->scheduler.is_queued = false;
    queue->waiting_count--;
    note_first(queue);
}

static bool may_run(const struct vcpu *v) { return vcpu_is_runnable(v) && !v->scheduler.is_capped; }

static void set_runstate(struct vcpu *v, int state, uint64_t now_ns)
{
    if (v->runstate.state == state)
        return;
    v->runstate.time[v->runstate.state] += now_ns - v->runstate.state_entry_time;
    v->runstate.state_entry_time = now_ns;
    v->runstate.state = state;
}

/* The state of a vCPU that is not running. */
static int waiting_state(const struct vcpu *v)
{
    if (vcpu_is_runnable(v))
        return RUNSTATE_runnable;
    return v->is_up && v->is_blocked ? RUNSTATE_blocked : RUNSTATE_offline;
}

static void charge(struct vcpu *v, uint64_t now_ns)
{
    uint64_t since = v->scheduler.charged_until_ns;
    if (now_ns <= since)
        return;
    v->scheduler.charged_until_ns = now_ns;
    policy->charge(v, now_ns - since);
}

/* The first waiting one that has budget; those without are parked. */
static struct vcpu *first_with_budget(struct run_queue *queue)
{
    struct vcpu *v;
    while ((v = first_waiting(queue)) && policy->is_exhausted(v)) {
        dequeue(queue, v);
        v->scheduler.is_capped = true;
    }
    return v;
}

/* --- between queues ----------------------------------------------------------------------------------------------- */

static struct run_queue *lock_queue_of(const struct vcpu *v)
{
    for (;;) {
        uint32_t cpu = v->scheduler.cpu;
        struct run_queue *queue = &queues[cpu];
        spin_lock(&queue->lock);
        if (likely(v->scheduler.cpu == cpu))
            return queue;
        spin_unlock(&queue->lock);
    }
}

static uint32_t queue_cpu(const struct run_queue *queue) { return (uint32_t)(queue - queues); }

static void make_cpu_choose(struct run_queue *queue)
{
    queue->choose_again = true;
    arch_cpu_request_loop(queue_cpu(queue));
}

static uint32_t load(uint32_t cpu) { return queues[cpu].waiting_count + !cpu_mask_has(mask_idle(), cpu); }

static uint32_t least_loaded(cpu_mask_t among, uint32_t preferred)
{
    uint32_t best = preferred;
    bool has_best = cpu_mask_has(among, preferred);
    for (uint32_t cpu = 0; cpu < arch_cpu_count(); cpu++)
        if (cpu_mask_has(among, cpu) && (!has_best || load(cpu) < load(best))) {
            best = cpu;
            has_best = true;
        }
    return best;
}

/*
 * Where v shall wait or run: an idle CPU if there is one, its last one if possible, those of its soft affinity first.
 */
static uint32_t choose_cpu(const struct vcpu *v)
{
    uint32_t last = v->scheduler.cpu;
    cpu_mask_t hard = cpu_mask_and(v->scheduler.hard_affinity, cpu_mask_pool());
    cpu_mask_t soft = cpu_mask_and(hard, v->scheduler.soft_affinity);
    cpu_mask_t idle = mask_idle();

    if (cpu_mask_is_empty(soft))
        soft = hard;
    const cpu_mask_t tries[] = { cpu_mask_and(soft, idle), cpu_mask_and(hard, idle) };
    for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
        if (cpu_mask_has(tries[i], last))
            return last;
        if (!cpu_mask_is_empty(tries[i]))
            return (uint32_t)__builtin_ctzll(tries[i].bits);
    }
    return least_loaded(soft, last);
}

/* v is in no queue and on no CPU; the lock of its old queue is held. */
static void move_to(struct vcpu *v, uint32_t cpu)
{
    policy->place(v, queues[cpu].floor_ns, PLACE_MOVED);
    v->scheduler.cpu = cpu;
}

/* One of another queue's that may run on `cpu`, taken out of it; both locks are held. */
static struct vcpu *take_from(struct run_queue *queue, uint32_t cpu, const struct vcpu *instead_of, bool soft_only)
{
    if (!queue->running && queue->waiting_count == 1)
        return NULL; /* its own CPU idles, and has been told to run it */
    LIST_FOR_EACH(link, &queue->waiting) {
        struct vcpu *v = vcpu_of(link);
        if (instead_of && !policy->deserves_move(v->scheduler.virtual_time_ns, instead_of))
            return NULL; /* the queue is ordered */
        if (v->scheduler.is_on_cpu || !cpu_mask_has(v->scheduler.hard_affinity, cpu) || policy->is_exhausted(v) ||
            (soft_only && !cpu_mask_has(v->scheduler.soft_affinity, cpu)))
            continue;
        dequeue(queue, v);
        move_to(v, cpu);
        return v;
    }
    return NULL;
}

/*
 * A vCPU of another CPU's queue for this CPU, which has nothing (instead_of NULL), or only one that has had much more
 * than its share. *must_retry: another CPU held a queue's lock.
 */
static struct vcpu *pull(uint32_t cpu, const struct vcpu *instead_of, bool *must_retry)
{
    uint32_t count = arch_cpu_count();
    unsigned int passes = instead_of ? 1 : 2; /* the first for those whose soft affinity has this CPU */

    for (unsigned int pass = 0; pass < passes; pass++) {
        for (uint32_t i = 1; i < count; i++) {
            struct run_queue *other = &queues[(cpu + i) % count];
            if (!other->waiting_count || (instead_of && !policy->deserves_move(other->first_waiting_ns, instead_of)))
                continue;
            if (!spin_trylock(&other->lock)) {
                *must_retry = true;
                continue;
            }
            struct vcpu *v = take_from(other, cpu, instead_of, pass == 0);
            spin_unlock(&other->lock);
            if (v)
                return v;
        }
    }
    return NULL;
}

/*
 * v waits in a queue: an idle CPU that may run it shall pull it. A CPU marks itself idle before it looks for what waits
 * the last time, and here v waits before the mark is read: one of the two sees the other.
 */
static void offer_to_idle(const struct vcpu *v)
{
    cpu_mask_t idle = cpu_mask_and(v->scheduler.hard_affinity, mask_idle());
    if (!cpu_mask_is_empty(idle))
        arch_cpu_request_loop((uint32_t)__builtin_ctzll(idle.bits));
}

/* --- waking and sleeping ------------------------------------------------------------------------------------------ */

/* v has just been queued: who has to do something? The queue's lock is held. */
static void react_to_enqueued(struct run_queue *queue, struct vcpu *v, uint64_t now_ns)
{
    if (!queue->running) {
        idle_cpus &= ~(1ull << queue_cpu(queue));
        make_cpu_choose(queue);
        return;
    }
    charge(queue->running, now_ns);
    if (policy->precedes(v, queue->running)) {
        make_cpu_choose(queue); /* what it ran is offered to idle CPUs when it is off */
        return;
    }
    offer_to_idle(v);
}

void scheduler_wake(struct vcpu *v)
{
    bool has_chosen = false;

    for (;;) {
        struct run_queue *queue = lock_queue_of(v);
        uint32_t cpu = queue_cpu(queue);
        uint64_t now_ns = arch_time_ns();
        bool is_waiting = v->scheduler.is_queued || queue->running == v;

        if (!is_waiting)
            set_runstate(v, waiting_state(v), now_ns);
        if (is_waiting || !may_run(v)) {
            spin_unlock(&queue->lock);
            return;
        }
        if (v->scheduler.is_on_cpu) {
            if (!cpu_mask_has(v->scheduler.hard_affinity, cpu)) { /* scheduler_switched_out looks again */
                spin_unlock(&queue->lock);
                return;
            }
        } else if (!has_chosen) {
            uint32_t chosen = choose_cpu(v);
            has_chosen = true;
            if (chosen != cpu) {
                move_to(v, chosen);
                spin_unlock(&queue->lock);
                continue;
            }
        }
        policy->place(v, queue->floor_ns, PLACE_WOKEN);
        enqueue(queue, v);
        react_to_enqueued(queue, v, now_ns);
        spin_unlock(&queue->lock);
        return;
    }
}

void scheduler_unpark(struct vcpu *v)
{
    struct run_queue *queue = lock_queue_of(v);
    bool was_capped = v->scheduler.is_capped;
    v->scheduler.is_capped = false;
    spin_unlock(&queue->lock);
    if (was_capped)
        scheduler_wake(v);
}

void scheduler_sleep(struct vcpu *v)
{
    struct run_queue *queue = lock_queue_of(v);
    bool is_running = queue->running == v;

    if (!vcpu_is_runnable(v) && !is_running) {
        if (v->scheduler.is_queued)
            dequeue(queue, v);
        set_runstate(v, waiting_state(v), arch_time_ns());
    }
    spin_unlock(&queue->lock);
    if (is_running)
        arch_vcpu_kick(v); /* arch_vcpu_run looks whether v is runnable before each entry */
}

/* --- choosing ----------------------------------------------------------------------------------------------------- */

/* Must the running one leave this CPU, whoever else waits? */
static bool must_stop(struct vcpu *v, uint32_t cpu)
{
    if (vcpu_is_runnable(v) && policy->is_exhausted(v))
        v->scheduler.is_capped = true;
    return !may_run(v) || !cpu_mask_has(v->scheduler.hard_affinity, cpu);
}

/* The next to run instead of, or still, v (NULL: none can go on). It is in no queue if it is not v. */
static struct vcpu *choose(struct run_queue *queue, struct vcpu *v, uint32_t cpu)
{
    struct vcpu *best = v, *waiting = first_with_budget(queue);
    bool must_retry = false;

    if (waiting && (!v || queue->is_yielding || policy->precedes(waiting, v)))
        best = waiting;
    struct vcpu *pulled = pull(cpu, best, &must_retry);
    if (!pulled && !best) {
        idle_cpus |= 1ull << cpu;
        pulled = pull(cpu, NULL, &must_retry);
        if (!pulled && must_retry)
            arch_cpu_request_loop(cpu);
    }
    if (pulled)
        return pulled;
    if (best && best == waiting)
        dequeue(queue, waiting);
    return best;
}

/*
 * from_waits was decided before and is not looked at again: who makes `from` runnable in between finds it in no queue,
 * and queues it.
 */
static void change_running(struct run_queue *queue, struct vcpu *from, bool from_waits, struct vcpu *to,
                           uint64_t now_ns)
{
    if (from) {
        if (from_waits)
            enqueue(queue, from);
        set_runstate(from, waiting_state(from), now_ns);
    } else {
        queue->idle_time_ns += now_ns - queue->idle_since_ns;
    }
    if (to) {
        to->scheduler.is_on_cpu = true;
        to->scheduler.charged_until_ns = now_ns;
        set_runstate(to, RUNSTATE_running, now_ns);
        idle_cpus &= ~(1ull << queue_cpu(queue));
    } else {
        queue->idle_since_ns = now_ns;
    }
    queue->running = to;
}

/* The lowest virtual time of those that can run here. */
static void raise_floor(struct run_queue *queue)
{
    uint64_t lowest = queue->first_waiting_ns;
    if (queue->running)
        lowest = MIN(lowest, queue->running->scheduler.virtual_time_ns);
    if (lowest != ~0ull && lowest > queue->floor_ns)
        queue->floor_ns = lowest;
}

struct vcpu *scheduler_pick(uint64_t now_ns, uint64_t *slice_end_ns)
{
    uint32_t cpu = arch_cpu_id();
    struct run_queue *queue = &queues[cpu];

    *slice_end_ns = ~0ull;
    if (unlikely(cpu < housekeeping_cpus))
        return NULL;
    spin_lock(&queue->lock);
    struct vcpu *v = queue->running, *next = v;
    bool must_leave = false;
    if (v) {
        charge(v, now_ns);
        must_leave = must_stop(v, cpu);
    }
    if (!v || must_leave || queue->choose_again || now_ns >= queue->slice_end_ns) {
        next = choose(queue, must_leave ? NULL : v, cpu);
        queue->choose_again = queue->is_yielding = false;
        if (next != v)
            change_running(queue, v, !must_leave, next, now_ns);
        if (next)
            queue->slice_end_ns = now_ns + policy->slice_ns(next);
    }
    raise_floor(queue);
    if (next)
        *slice_end_ns = queue->slice_end_ns;
    spin_unlock(&queue->lock);
    return next;
}

void scheduler_switched_out(struct vcpu *v)
{
    struct run_queue *queue = lock_queue_of(v);
    uint32_t cpu = queue_cpu(queue);
    bool is_allowed = cpu_mask_has(v->scheduler.hard_affinity, cpu), must_wake = false;

    ASSERT(queue->running != v);
    v->scheduler.is_on_cpu = false;
    if (v->scheduler.is_queued && is_allowed) {
        offer_to_idle(v);
    } else {
        if (v->scheduler.is_queued)
            dequeue(queue, v);
        must_wake = may_run(v);
    }
    spin_unlock(&queue->lock);
    if (must_wake)
        scheduler_wake(v);
}

bool scheduler_yield(struct vcpu *v)
{
    struct run_queue *queue = &queues[v->scheduler.cpu]; /* v is the caller, on its CPU */

    if (likely(!queue->waiting_count))
        return false;
    spin_lock(&queue->lock);
    queue->is_yielding = true;
    make_cpu_choose(queue);
    spin_unlock(&queue->lock);
    return true;
}

/* --- set-up and settings ------------------------------------------------------------------------------------------ */

cpu_mask_t cpu_mask_pool(void)
{
    uint32_t count = arch_cpu_count();
    uint64_t online = count >= 64 ? ~0ull : (1ull << count) - 1;
    return (cpu_mask_t){ online & ~((1ull << housekeeping_cpus) - 1) };
}

void scheduler_init_cpu(uint32_t cpu)
{
    struct run_queue *queue = &queues[cpu];

    BUG_ON(cpu >= SCHEDULER_MAX_CPUS);
    if (housekeeping_cpus >= arch_cpu_count()) {
        log_warning("housekeeping_cpus=%lu leaves no CPU to run domains on; it is ignored", housekeeping_cpus);
        housekeeping_cpus = 0;
    }
    *queue = (struct run_queue){ .idle_since_ns = arch_time_ns(), .first_waiting_ns = ~0ull };
    spin_lock_init(&queue->lock, "run queue", LOCK_RANK_RUN_QUEUE);
    list_init(&queue->waiting);
    idle_cpus &= ~(1ull << cpu); /* set by the CPU itself when it gets to its loop */
}

void scheduler_vcpu_init(struct vcpu *v)
{
    v->scheduler = (struct scheduler_vcpu){
        .cpu = (v->domain->id + v->id) % arch_cpu_count(),
        .hard_affinity = CPU_MASK_ALL,
        .soft_affinity = CPU_MASK_ALL,
    };
    list_init(&v->scheduler.link);
    v->runstate.state = RUNSTATE_offline;
    v->runstate.state_entry_time = arch_time_ns();
}

int scheduler_set_affinity(struct vcpu *v, const cpu_mask_t *hard, const cpu_mask_t *soft)
{
    if (hard && cpu_mask_is_empty(cpu_mask_and(*hard, cpu_mask_pool())))
        return -XEN_EINVAL;
    struct run_queue *queue = lock_queue_of(v);
    bool must_wake = false;
    if (hard)
        v->scheduler.hard_affinity = *hard;
    if (soft)
        v->scheduler.soft_affinity = *soft;
    if (!cpu_mask_has(v->scheduler.hard_affinity, queue_cpu(queue))) {
        if (queue->running == v) {
            make_cpu_choose(queue);
        } else if (v->scheduler.is_queued && !v->scheduler.is_on_cpu) {
            dequeue(queue, v);
            must_wake = true;
        }
    }
    spin_unlock(&queue->lock);
    if (must_wake)
        scheduler_wake(v);
    return 0;
}

/* --- what the tools see ------------------------------------------------------------------------------------------- */

void vcpu_copy_runstate(struct vcpu *v, struct vcpu_runstate_info *runstate)
{
    struct run_queue *queue = lock_queue_of(v);
    *runstate = v->runstate;
    spin_unlock(&queue->lock);
}

void vcpu_get_runstate(struct vcpu *v, struct vcpu_runstate_info *runstate)
{
    vcpu_copy_runstate(v, runstate);
    uint64_t now_ns = arch_time_ns();
    if (now_ns > runstate->state_entry_time)
        runstate->time[runstate->state] += now_ns - runstate->state_entry_time;
}

uint64_t scheduler_vcpu_time_ns(const struct vcpu *v)
{
    struct vcpu_runstate_info runstate;
    vcpu_get_runstate((struct vcpu *)(uintptr_t)v, &runstate);
    return runstate.time[RUNSTATE_running];
}

uint64_t scheduler_idle_time_ns(uint32_t cpu)
{
    struct run_queue *queue = &queues[cpu];
    spin_lock(&queue->lock);
    uint64_t idle_ns = queue->idle_time_ns, now_ns = arch_time_ns();
    if (!queue->running && now_ns > queue->idle_since_ns)
        idle_ns += now_ns - queue->idle_since_ns;
    spin_unlock(&queue->lock);
    return idle_ns;
}
