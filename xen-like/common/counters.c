/* SPDX-License-Identifier: MIT */
/* What is counted of a vCPU, as text. Each number is of some moment during the call; none is ever set back. */
#include "arch.h"
#include "printk.h"

struct text {
    char *buffer;
    size_t size, length;
};

/* "name 12\n"; a prefix and a number make the name of a hypercall. */
static void add(struct text *text, const char *name, uint64_t count)
{
    size_t left = text->size > text->length ? text->size - text->length : 0;
    text->length += (size_t)keel_snprintf(text->buffer + text->size - left, left, "%s %lu\n", name, count);
}

size_t vcpu_counters_text(struct vcpu *v, char *buffer, size_t size)
{
    static const char *const states[] = {
        [RUNSTATE_running] = "running_ns",
        [RUNSTATE_runnable] = "runnable_ns",
        [RUNSTATE_blocked] = "blocked_ns",
        [RUNSTATE_offline] = "offline_ns",
    };
    struct text text = { .buffer = buffer, .size = size };
    struct vcpu_runstate_info runstate;
    const char *name;
    uint64_t count;

    vcpu_get_runstate(v, &runstate);
    for (uint32_t state = 0; state < ARRAY_SIZE(states); state++)
        add(&text, states[state], runstate.time[state]);
    add(&text, "wakeups", v->wakeups);
    for (uint32_t kind = 0; (name = arch_vcpu_exit_count(v, kind, &count)); kind++)
        add(&text, name, count);
    for (uint32_t number = 0; number < HYPERCALL_COUNT; number++) {
        char call[16];
        if (!hypercall_table[number])
            continue;
        keel_snprintf(call, sizeof(call), "hypercall_%u", number);
        add(&text, call, v->hypercalls[number]);
    }
    return text.length;
}
