/* SPDX-License-Identifier: MIT */
/* The machine below the virtual devices under test. */
#include "fake_machine.h"

#include <stdlib.h>
#include <string.h>

#include "arch.h"
#include "virtual_ioapic.h"
#include "virtual_lapic.h"

#define VCPUS_MAX 8u
#define TIMERS_MAX 16u

struct domain fake_domain;
unsigned int fake_notified;
int fake_ended_vector;
int fake_started_vector[VCPUS_MAX];
uint64_t fake_time_ns;
uint32_t fake_cpu;

static struct vcpu *vcpus[VCPUS_MAX];
static struct timer *timers[TIMERS_MAX]; /* those that are set */
static char ioapic_mark;

void fake_domain_destroy(void)
{
    for (uint32_t i = 0; i < VCPUS_MAX && vcpus[i]; i++) {
        virtual_lapic_free(vcpus[i]);
        free(vcpus[i]);
        vcpus[i] = NULL;
    }
}

void fake_domain_create(uint32_t vcpu_count)
{
    fake_domain_destroy();
    memset(&fake_domain, 0, sizeof(fake_domain));
    fake_domain.max_vcpus = vcpu_count;
    fake_domain.vcpus = vcpus;
    fake_domain.arch.ioapic = (struct virtual_ioapic *)&ioapic_mark;
    fake_time_ns = 0;
    for (uint32_t i = 0; i < vcpu_count; i++) {
        vcpus[i] = calloc(1, sizeof(*vcpus[i]));
        vcpus[i]->domain = &fake_domain;
        vcpus[i]->id = i;
        vcpus[i]->is_up = i == 0;
        if (virtual_lapic_create(vcpus[i]))
            abort();
        fake_started_vector[i] = -1;
    }
    fake_notified = 0;
    fake_ended_vector = -1;
}

void fake_time_pass(uint64_t until_ns)
{
    fake_time_ns = until_ns;
    for (unsigned int i = 0; i < TIMERS_MAX; i++) {
        struct timer *timer = timers[i];
        if (!timer || timer->deadline_ns > until_ns)
            continue;
        timers[i] = NULL;
        timer->handler(timer->data);
    }
}

bool fake_timer_is_set(const struct timer *timer)
{
    for (unsigned int i = 0; i < TIMERS_MAX; i++)
        if (timers[i] == timer)
            return true;
    return false;
}

/* --- what the devices call -------------------------------------------------------------------------------------- */

void timer_init(struct timer *timer, void (*handler)(void *data), void *data, uint32_t cpu)
{
    *timer = (struct timer){ .handler = handler, .data = data, .cpu = cpu };
}

void timer_stop(struct timer *timer)
{
    for (unsigned int i = 0; i < TIMERS_MAX; i++)
        if (timers[i] == timer)
            timers[i] = NULL;
}

void timer_set(struct timer *timer, uint64_t deadline_ns)
{
    timer_stop(timer);
    timer->deadline_ns = deadline_ns;
    for (unsigned int i = 0; i < TIMERS_MAX; i++) {
        if (timers[i])
            continue;
        timers[i] = timer;
        return;
    }
    abort();
}

void timer_kill(struct timer *timer) { timer_stop(timer); }
void timer_migrate(struct timer *timer, uint32_t cpu) { timer->cpu = cpu; }

uint32_t arch_cpu_id(void) { return fake_cpu; }
uint64_t arch_time_ns(void) { return fake_time_ns; }
void vcpu_notify(struct vcpu *v) { fake_notified++; }
void vcpu_reset_to_init(struct vcpu *v) { v->is_up = false; }

void vcpu_start_at(struct vcpu *v, uint8_t vector)
{
    fake_started_vector[v->id] = vector;
    v->is_up = true;
}

void virtual_ioapic_end_of_interrupt(struct domain *d, uint8_t vector) { fake_ended_vector = vector; }

void *object_allocate(size_t size) { return calloc(1, size); }
void object_free(void *object) { free(object); }
