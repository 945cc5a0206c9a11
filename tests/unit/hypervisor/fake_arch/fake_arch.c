/* SPDX-License-Identifier: MIT */
/* The fake architecture; see fake_arch.h. */
#include "fake_arch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_cpu_state fake_cpus[FAKE_CPUS_MAX];
uint32_t fake_cpu_count = 1;
uint32_t fake_yield_every;
int fake_domain_create_error, fake_vcpu_create_error;
uint32_t fake_domains_alive, fake_vcpus_alive;
uint32_t fake_domctl_last;
jmp_buf fake_machine_target;

static uint32_t yield_questions;

/* --- the machine ------------------------------------------------------------------------------------------------- */

uint32_t arch_cpu_count(void) { return fake_cpu_count; }

void arch_wallclock(uint64_t *seconds, uint32_t *nanoseconds)
{
    *seconds = 0x123456789ull;
    *nanoseconds = 987654321;
}

void arch_timer_set(uint64_t deadline_ns) { fake_cpus[fake_cpu].deadline_ns = deadline_ns; }
void arch_cpu_kick(uint32_t cpu) { fake_cpus[cpu].kicks++; }
void arch_cpu_request_loop(uint32_t cpu) { fake_cpus[cpu].is_requested = true; }
bool arch_should_yield(void) { return fake_yield_every && ++yield_questions % fake_yield_every == 0; }
void arch_idle(void) { fake_cpus[fake_cpu].running = NULL; }
void arch_take_interrupts(void) { arch_idle(); }
void arch_machine_power_off(void) { longjmp(fake_machine_target, FAKE_POWERED_OFF); }
void arch_machine_reboot(void) { longjmp(fake_machine_target, FAKE_REBOOTED); }

static uint64_t pages_at_start;

void fake_machine_stop(void)
{
    struct domain *d;
    if (!pages_at_start)
        return;
    domain_zero = NULL;
    fake_yield_every = 0;
    while ((d = domain_get_next(0))) {
        fake_destroy(d);
        domain_put(d);
    }
    if (page_free_count() != pages_at_start || fake_domains_alive || fake_vcpus_alive) {
        fprintf(stderr, "%ld pages, %u domains and %u vCPUs are left when all domains are destroyed\n",
                (long)(pages_at_start - page_free_count()), fake_domains_alive, fake_vcpus_alive);
        abort();
    }
    pages_at_start = 0;
}

void fake_machine_start(uint32_t cpus, uint64_t pages) { fake_machine_start_zones(cpus, pages, 0); }

void fake_machine_start_zones(uint32_t cpus, uint64_t low_pages, uint64_t high_pages)
{
    fake_machine_stop();
    fake_memory_start(low_pages, high_pages);
    pages_at_start = page_free_count();
    fake_time_ns = NS_PER_S;
    fake_cpu_count = cpus;
    fake_yield_every = 0;
    fake_domains_alive = fake_vcpus_alive = 0;
    for (uint32_t cpu = 0; cpu < FAKE_CPUS_MAX; cpu++)
        fake_cpus[cpu] = (struct fake_cpu_state){ .deadline_ns = ~0ull, .is_requested = true };
    for (uint32_t cpu = 0; cpu < cpus; cpu++) {
        timers_init_cpu(cpu);
        scheduler_init_cpu(cpu);
        cpu_loop_init_cpu(cpu);
    }
    fake_cpu = 0;
    fake_run_for(0);
}

/* --- domains and vCPUs -------------------------------------------------------------------------------------------- */

int arch_domain_check_config(const struct xen_domctl_createdomain *config)
{
    return config->flags & XEN_DOMCTL_CDF_hvm ? 0 : -XEN_EINVAL;
}

static int take_error(int *error)
{
    int taken = *error;
    *error = 0;
    return taken;
}

int arch_domain_create(struct domain *d, const struct xen_domctl_createdomain *config)
{
    int error = take_error(&fake_domain_create_error);
    fake_domains_alive += !error;
    return error;
}

void arch_domain_free(struct domain *d) { fake_domains_alive--; }

static void wake_sleeper(void *data)
{
    struct vcpu *v = data;
    if (v->is_blocked)
        v->arch.woken_ns = fake_time_ns;
    vcpu_wake(v);
}

int arch_vcpu_create(struct vcpu *v)
{
    int error = take_error(&fake_vcpu_create_error);
    if (error)
        return error;
    timer_init(&v->arch.sleep_timer, wake_sleeper, v, 0);
    fake_vcpus_alive++;
    return 0;
}

void arch_vcpu_free(struct vcpu *v)
{
    if (v->arch.is_loaded)
        abort();
    timer_kill(&v->arch.sleep_timer);
    fake_vcpus_alive--;
}

void arch_vcpu_switch_in(struct vcpu *v)
{
    if (v->arch.is_loaded)
        abort(); /* on two CPUs at once */
    v->arch.is_loaded = true;
}

void arch_vcpu_switch_out(struct vcpu *v)
{
    if (!v->arch.is_loaded)
        abort();
    v->arch.is_loaded = false;
}

static void note_running(struct vcpu *v)
{
    if (v->arch.woken_ns) {
        v->arch.longest_wake_ns = MAX(v->arch.longest_wake_ns, fake_time_ns - v->arch.woken_ns);
        v->arch.woken_ns = 0;
    }
    if (v->arch.last_ran_ns && !v->arch.burst_ns)
        v->arch.longest_wait_ns = MAX(v->arch.longest_wait_ns, fake_time_ns - v->arch.last_ran_ns);
    v->arch.last_ran_ns = fake_time_ns;
}

void arch_vcpu_run(struct vcpu *v)
{
    if (!v->arch.is_loaded || !vcpu_is_runnable(v)) {
        fake_cpus[fake_cpu].is_requested = true;
        fake_cpus[fake_cpu].running = NULL;
        return;
    }
    note_running(v);
    fake_cpus[fake_cpu].running = v;
}

void arch_vcpu_kick(struct vcpu *v)
{
    v->arch.kicks++;
    for (uint32_t cpu = 0; cpu < fake_cpu_count; cpu++)
        if (fake_cpus[cpu].running == v && !vcpu_is_runnable(v))
            fake_cpus[cpu].is_requested = true;
}

void arch_vcpu_event_raised(struct vcpu *v) { v->arch.events++; }
void arch_vcpu_raise_nmi(struct vcpu *v) { v->arch.nmis++; }
bool arch_vcpu_interrupt_pending(const struct vcpu *v) { return v->arch.interrupt_pending; }
const char *arch_vcpu_exit_count(const struct vcpu *v, uint32_t kind, uint64_t *count)
{
    if (kind >= FAKE_EXIT_KINDS)
        return NULL;
    *count = v->arch.exits[kind];
    return kind == 0 ? "exit_this" : "exit_that";
}

void arch_vcpu_update_time(struct vcpu *v) { v->arch.time_updates++; }

void arch_vcpu_fill_time(struct vcpu *v, struct vcpu_time_info *time)
{
    memset(time, 0, sizeof(*time));
    time->version = 2;
    time->system_time = fake_time_ns;
}

int arch_vcpu_initialise(struct vcpu *v, uint64_t guest_address)
{
    return copy_from_guest(&v->arch.context, guest_address, sizeof(v->arch.context));
}

void arch_vcpu_dump(const struct vcpu *v) {}

/* --- calls of the architecture: none ------------------------------------------------------------------------------ */

long arch_domctl(struct hypercall *call, struct xen_domctl *op, struct domain *d, bool *copy_back)
{
    fake_domctl_last = op->cmd;
    return -XEN_ENOSYS;
}

long arch_sysctl(struct hypercall *call, struct xen_sysctl *op, bool *copy_back) { return -XEN_ENOSYS; }
long arch_memory_op(struct hypercall *call, uint32_t command, uint64_t guest_address) { return -XEN_ENOSYS; }
void arch_fill_physinfo(struct xen_sysctl_physinfo *info) {}
/* Functions 0 and 1 of device 3 on bus 1. */
bool arch_pci_function_exists(uint16_t segment, uint8_t bus, uint8_t device_and_function)
{
    return segment == 0 && bus == 1 && device_and_function >> 1 == 3 << 2;
}
uint32_t arch_feature_bits(const struct domain *d) { return 0; }
void arch_capabilities(char *text, size_t size) { snprintf(text, size, "fake"); }
void arch_start_memory(void) {}
void arch_start_cpu(void) {}
void arch_release_secondaries(void) {}
void arch_reserve_domain_zero_memory(void) {}
void arch_build_domain_zero(struct domain *d) {}
long arch_hypercall_hvm_op(struct hypercall *call) { return -XEN_ENOSYS; }
long arch_hypercall_physdev_op(struct hypercall *call) { return -XEN_ENOSYS; }
long arch_hypercall_platform_op(struct hypercall *call) { return -XEN_ENOSYS; }
long arch_hypercall_mca(struct hypercall *call) { return -XEN_ENOSYS; }

/* --- for tests ---------------------------------------------------------------------------------------------------- */

struct xen_domctl_createdomain fake_config(uint32_t vcpus)
{
    return (struct xen_domctl_createdomain){
        .flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
        .max_vcpus = vcpus,
        .max_evtchn_port = 1023,
        .max_grant_frames = 8,
        .max_maptrack_frames = 8,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };
}

static struct domain *make_domain(domid_t id, uint32_t vcpus, bool is_privileged)
{
    struct xen_domctl_createdomain config = fake_config(vcpus);
    struct domain *d;
    if (domain_create(id, &config, is_privileged, &d))
        abort();
    d->max_pages = UINT32_MAX;
    for (uint32_t i = 0; i < vcpus; i++)
        if (vcpu_create(d, i, NULL))
            abort();
    return d;
}

struct domain *fake_domain_zero(uint32_t vcpus)
{
    domain_zero = make_domain(0, vcpus, true);
    domain_zero->controller_pause_count = 0;
    domain_unpause(domain_zero);
    return domain_zero;
}

struct domain *fake_domain(domid_t id, uint32_t vcpus) { return make_domain(id, vcpus, false); }

void fake_vcpu_start(struct vcpu *v, uint64_t burst_ns, uint64_t sleep_ns)
{
    v->is_initialised = true;
    v->arch.burst_ns = v->arch.burst_left_ns = burst_ns;
    v->arch.sleep_ns = sleep_ns;
    vcpu_bring_up(v);
}

unsigned int fake_destroy(struct domain *d)
{
    unsigned int slices = 0;
    int result;
    domain_get_again(d);
    do {
        result = domain_destroy(d);
        if (++slices > 100000 || (result && result != -XEN_ERESTART))
            abort();
        if (result)
            fake_run_for(NS_PER_MS);
    } while (result);
    domain_put(d);
    return slices;
}

/* The next moment at which a CPU has something to do. */
static uint64_t next_event_ns(void)
{
    uint64_t next = ~0ull;
    for (uint32_t cpu = 0; cpu < fake_cpu_count; cpu++) {
        const struct fake_cpu_state *state = &fake_cpus[cpu];
        const struct vcpu *v = state->running;
        if (state->is_requested)
            return fake_time_ns;
        next = MIN(next, state->deadline_ns);
        if (v && v->arch.burst_ns)
            next = MIN(next, fake_time_ns + v->arch.burst_left_ns);
    }
    return MAX(next, fake_time_ns);
}

static void advance(uint64_t ns)
{
    for (uint32_t cpu = 0; cpu < fake_cpu_count; cpu++) {
        struct vcpu *v = fake_cpus[cpu].running;
        if (!v) {
            fake_cpus[cpu].idle_ns += ns;
            continue;
        }
        v->arch.ran_ns += ns;
        v->arch.ran_on_ns[cpu] += ns;
        if (v->arch.burst_ns)
            v->arch.burst_left_ns -= MIN(ns, v->arch.burst_left_ns);
    }
    fake_time_ns += ns;
    for (uint32_t cpu = 0; cpu < fake_cpu_count; cpu++)
        if (fake_cpus[cpu].running)
            fake_cpus[cpu].running->arch.last_ran_ns = fake_time_ns;
}

/* The guest's burst is over: it goes to sleep, as by SCHEDOP_block. */
static void end_burst(struct vcpu *v)
{
    v->arch.burst_left_ns = v->arch.burst_ns;
    timer_set(&v->arch.sleep_timer, fake_time_ns + v->arch.sleep_ns);
    vcpu_block(v);
}

static void step(uint32_t cpu)
{
    struct fake_cpu_state *state = &fake_cpus[cpu];
    fake_cpu = cpu;
    if (state->running && state->running->arch.burst_ns && !state->running->arch.burst_left_ns)
        end_burst(state->running);
    state->is_requested = false;
    cpu_loop_step();
}

static bool is_due(const struct fake_cpu_state *state)
{
    const struct vcpu *v = state->running;
    return state->is_requested || state->deadline_ns <= fake_time_ns ||
           (v && v->arch.burst_ns && !v->arch.burst_left_ns);
}

void fake_run_until(uint64_t time_ns)
{
    uint32_t on_cpu = fake_cpu;
    uint64_t steps_at_once = 0;
    while (fake_time_ns <= time_ns) {
        uint64_t next = next_event_ns();
        if (next > time_ns) {
            advance(time_ns - fake_time_ns);
            break;
        }
        steps_at_once = next > fake_time_ns ? 0 : steps_at_once + 1;
        if (steps_at_once > 100000) {
            fprintf(stderr, "The CPUs go round without end at %lu ns\n", fake_time_ns);
            abort();
        }
        advance(next - fake_time_ns);
        for (uint32_t cpu = 0; cpu < fake_cpu_count; cpu++)
            if (is_due(&fake_cpus[cpu]))
                step(cpu);
    }
    fake_cpu = on_cpu;
}

long fake_call(hypercall_handler *handler, struct vcpu *v, uint64_t a, uint64_t b, uint64_t c)
{
    struct hypercall call = { .vcpu = v, .argument = { a, b, c } };
    long result;
    unsigned int rounds = 0;
    do {
        call.continued = false;
        result = handler(&call);
        if (call.continued)
            fake_run_for(NS_PER_MS);
        if (++rounds > 100000)
            abort();
    } while (call.continued);
    return result;
}
