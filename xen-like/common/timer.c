/* SPDX-License-Identifier: MIT */
/*
 * Timers: for each CPU a pairing heap threaded through the timers, so that setting one needs no memory and cannot
 * fail.
 */
#include "timer.h"

#include "arch.h"
#include "panic.h"

struct timer_queue {
    struct spinlock lock;
    struct timer *first;            /* the earliest; NULL: none */
    struct timer *_Atomic running;  /* whose handler runs; written by the queue's CPU */
};

static struct timer_queue queues[SCHEDULER_MAX_CPUS];

/* --- the heap ---------------------------------------------------------------------------------------------------- */

/* Two heaps into one: the later root becomes the first child of the earlier. */
static struct timer *merge(struct timer *a, struct timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (b->deadline_ns < a->deadline_ns) {
        struct timer *earlier = b;
        b = a;
        a = earlier;
    }
    b->sibling = a->child;
    if (b->sibling)
        b->sibling->previous = b;
    b->previous = a;
    a->child = b;
    a->sibling = a->previous = NULL;
    return a;
}

/* The children of a removed root into one heap: in pairs from the left, then all pairs from the right. */
static struct timer *merge_siblings(struct timer *list)
{
    struct timer *pairs = NULL, *heap = NULL;

    while (list) {
        struct timer *a = list, *b = a->sibling;
        list = b ? b->sibling : NULL;
        a->sibling = a->previous = NULL;
        if (b)
            b->sibling = b->previous = NULL;
        a = merge(a, b);
        a->sibling = pairs;
        pairs = a;
    }
    while (pairs) {
        struct timer *next = pairs->sibling;
        pairs->sibling = NULL;
        heap = merge(heap, pairs);
        pairs = next;
    }
    return heap;
}

static void insert(struct timer_queue *queue, struct timer *timer)
{
    timer->child = timer->sibling = timer->previous = NULL;
    timer->is_queued = true;
    queue->first = merge(queue->first, timer);
}

static void take_out(struct timer_queue *queue, struct timer *timer)
{
    struct timer *children = merge_siblings(timer->child);

    if (queue->first == timer) {
        queue->first = children;
    } else {
        if (timer->previous->child == timer)
            timer->previous->child = timer->sibling;
        else
            timer->previous->sibling = timer->sibling;
        if (timer->sibling)
            timer->sibling->previous = timer->previous;
        queue->first = merge(queue->first, children);
    }
    timer->child = timer->sibling = timer->previous = NULL;
    timer->is_queued = false;
}

/* --- queues of CPUs ---------------------------------------------------------------------------------------------- */

/* The queue that the timer belongs to, locked. */
static struct timer_queue *lock_queue_of(const struct timer *timer)
{
    for (;;) {
        uint32_t cpu = timer->cpu;
        struct timer_queue *queue = &queues[cpu];
        spin_lock(&queue->lock);
        if (likely(timer->cpu == cpu))
            return queue;
        spin_unlock(&queue->lock);
    }
}

/* The earliest deadline of a queue has changed from `before`; its lock is held. */
static void program(struct timer_queue *queue, const struct timer *before)
{
    uint32_t cpu = (uint32_t)(queue - queues);

    if (queue->first == before)
        return;
    if (cpu == arch_cpu_id())
        arch_timer_set(queue->first ? queue->first->deadline_ns : ~0ull);
    else if (queue->first && (!before || queue->first->deadline_ns < before->deadline_ns))
        arch_cpu_request_loop(cpu); /* only a CPU itself programs its hardware */
}

void timers_init_cpu(uint32_t cpu)
{
    BUG_ON(cpu >= SCHEDULER_MAX_CPUS);
    spin_lock_init(&queues[cpu].lock, "timers", LOCK_RANK_TIMER);
    queues[cpu].first = NULL;
    queues[cpu].running = NULL;
}

void timer_init(struct timer *timer, void (*handler)(void *data), void *data, uint32_t cpu)
{
    *timer = (struct timer){ .handler = handler, .data = data, .cpu = cpu };
}

static void insert_and_program(struct timer_queue *queue, struct timer *timer, const struct timer *before)
{
    insert(queue, timer);
    if (queue->first == timer && before == timer)
        before = NULL; /* the same timer, another deadline */
    program(queue, before);
}

void timer_set(struct timer *timer, uint64_t deadline_ns)
{
    struct timer_queue *queue = lock_queue_of(timer);
    const struct timer *before = queue->first;

    if (timer->is_queued)
        take_out(queue, timer);
    if (!timer->is_killed) {
        timer->deadline_ns = deadline_ns;
        insert_and_program(queue, timer, before);
    }
    spin_unlock(&queue->lock);
}

void timer_stop(struct timer *timer)
{
    struct timer_queue *queue = lock_queue_of(timer);

    if (timer->is_queued) {
        const struct timer *before = queue->first;
        take_out(queue, timer);
        program(queue, before);
    }
    spin_unlock(&queue->lock);
}

void timer_kill(struct timer *timer)
{
    if (!timer->handler)
        return;
    struct timer_queue *queue = lock_queue_of(timer);
    if (timer->is_queued)
        take_out(queue, timer);
    timer->is_killed = true;
    spin_unlock(&queue->lock);
    if (queue == &queues[arch_cpu_id()])
        return; /* no handler runs here, or it is the caller */
    while (queue->running == timer)
        arch_relax();
}

void timer_migrate(struct timer *timer, uint32_t cpu)
{
    struct timer_queue *to = &queues[cpu];

    for (;;) {
        uint32_t old_cpu = timer->cpu;
        struct timer_queue *from = &queues[old_cpu];
        if (from == to)
            return;
        spin_lock_pair(&from->lock, &to->lock);
        if (timer->cpu == old_cpu) {
            bool was_queued = timer->is_queued;
            const struct timer *before = to->first;
            if (was_queued)
                take_out(from, timer); /* that CPU finds nothing due when its hardware fires */
            timer->cpu = cpu;
            if (was_queued)
                insert_and_program(to, timer, before);
            spin_unlock_pair(&from->lock, &to->lock);
            return;
        }
        spin_unlock_pair(&from->lock, &to->lock);
    }
}

void timers_run(void)
{
    struct timer_queue *queue = &queues[arch_cpu_id()];

    spin_lock(&queue->lock);
    for (;;) {
        struct timer *timer = queue->first;
        if (!timer || timer->deadline_ns > arch_time_ns())
            break;
        take_out(queue, timer);
        queue->running = timer;
        void (*handler)(void *data) = timer->handler;
        void *data = timer->data;
        spin_unlock(&queue->lock);
        handler(data);
        queue->running = NULL;
        spin_lock(&queue->lock);
    }
    arch_timer_set(queue->first ? queue->first->deadline_ns : ~0ull);
    spin_unlock(&queue->lock);
}
