/* SPDX-License-Identifier: MIT */
/* Shares, caps, affinities and latencies of the scheduler, measured over simulated time. */
#include "../run_tests.h"
#include "fake_arch.h"

#include "command_line.h"

#include <stdio.h>
#include <stdlib.h>

#define MACHINE_PAGES 2048u
#define HOG 0, 0

static void check_share(const char *what, uint64_t ran_ns, uint64_t of_ns, unsigned int percent, unsigned int tolerance)
{
    uint64_t got = ran_ns * 1000 / of_ns;
    bool is_right = got + 10 * tolerance >= 10 * percent && got <= 10 * (percent + tolerance);
    CU_ASSERT_TRUE(is_right);
    if (!is_right)
        printf("%s: %lu.%lu %% instead of %u %%\n", what, got / 10, got % 10, percent);
}

static struct vcpu *start_hog(domid_t id, uint16_t weight, uint16_t cap)
{
    struct domain *d = fake_domain(id, 1);
    CU_ASSERT_EQUAL(scheduler_set_parameters(d, (struct scheduler_parameters){ weight, cap }), 0);
    fake_vcpu_start(d->vcpus[0], HOG);
    domain_unpause(d);
    return d->vcpus[0];
}

static void pin(struct vcpu *v, uint64_t bits)
{
    cpu_mask_t mask = { bits };
    CU_ASSERT_EQUAL(scheduler_set_affinity(v, &mask, NULL), 0);
}

static void weights_on_one_cpu(void)
{
    fake_machine_start(1, MACHINE_PAGES);
    struct vcpu *a = start_hog(1, 256, 0), *b = start_hog(2, 512, 0), *c = start_hog(3, 1280, 0);
    fake_run_for(10 * NS_PER_S);
    check_share("weight 256 of 2048", a->arch.ran_ns, 10 * NS_PER_S, 12, 2);
    check_share("weight 512 of 2048", b->arch.ran_ns, 10 * NS_PER_S, 25, 1);
    check_share("weight 1280 of 2048", c->arch.ran_ns, 10 * NS_PER_S, 62, 2);
    CU_ASSERT_EQUAL(a->arch.ran_ns + b->arch.ran_ns + c->arch.ran_ns, 10 * NS_PER_S); /* no time is lost */
    CU_ASSERT_TRUE(a->arch.longest_wait_ns <= 100 * NS_PER_MS);
}

static void three_hogs_on_two_cpus(void)
{
    fake_machine_start(2, MACHINE_PAGES);
    struct vcpu *v[3];
    for (unsigned int i = 0; i < 3; i++)
        v[i] = start_hog((domid_t)(i + 1), 256, 0);
    fake_run_for(10 * NS_PER_S);
    for (unsigned int i = 0; i < 3; i++) {
        check_share("one of three on two CPUs", v[i]->arch.ran_ns, 10 * NS_PER_S, 67, 3);
        CU_ASSERT_TRUE(v[i]->arch.longest_wait_ns <= 100 * NS_PER_MS);
    }
}

static void more_than_a_cpu_is_not_to_be_had(void)
{
    fake_machine_start(2, MACHINE_PAGES);
    struct vcpu *heavy = start_hog(1, 4096, 0), *b = start_hog(2, 256, 0), *c = start_hog(3, 256, 0);
    fake_run_for(10 * NS_PER_S);
    check_share("weight 4096 of 4608 on two CPUs", heavy->arch.ran_ns, 10 * NS_PER_S, 99, 1);
    check_share("half of the other CPU", b->arch.ran_ns, 10 * NS_PER_S, 50, 2);
    check_share("half of the other CPU", c->arch.ran_ns, 10 * NS_PER_S, 50, 2);
}

static void caps_hold(void)
{
    fake_machine_start(2, MACHINE_PAGES);
    struct vcpu *a = start_hog(1, 256, 30), *b = start_hog(2, 256, 5);
    fake_run_for(10 * NS_PER_S);
    check_share("cap 30 on an idle machine", a->arch.ran_ns, 10 * NS_PER_S, 30, 1);
    check_share("cap 5 on an idle machine", b->arch.ran_ns, 10 * NS_PER_S, 5, 1);
    uint64_t before = a->arch.ran_ns;
    CU_ASSERT_EQUAL(scheduler_set_parameters(a->domain, (struct scheduler_parameters){ 256, 0 }), 0);
    fake_run_for(NS_PER_S);
    check_share("the cap taken away", a->arch.ran_ns - before, NS_PER_S, 100, 1);
}

static void a_cap_is_the_domains(void)
{
    fake_machine_start(4, MACHINE_PAGES);
    struct domain *d = fake_domain(1, 4);
    CU_ASSERT_EQUAL(scheduler_set_parameters(d, (struct scheduler_parameters){ 256, 150 }), 0);
    for (unsigned int i = 0; i < 4; i++)
        fake_vcpu_start(d->vcpus[i], HOG);
    domain_unpause(d);
    fake_run_for(10 * NS_PER_S);
    uint64_t sum = 0;
    for (unsigned int i = 0; i < 4; i++)
        sum += d->vcpus[i]->arch.ran_ns;
    check_share("four vCPUs under a cap of 150", sum, 10 * NS_PER_S, 150, 3);
}

static void hard_affinity_binds(void)
{
    fake_machine_start(4, MACHINE_PAGES);
    struct vcpu *a = start_hog(1, 256, 0), *b = start_hog(2, 256, 0);
    pin(a, 1 << 2);
    pin(b, 1 << 2);
    fake_run_for(2 * NS_PER_S);
    check_share("one of two on CPU 2", a->arch.ran_on_ns[2], 2 * NS_PER_S, 50, 2);
    check_share("one of two on CPU 2", b->arch.ran_on_ns[2], 2 * NS_PER_S, 50, 2);
    CU_ASSERT_TRUE(a->arch.ran_ns - a->arch.ran_on_ns[2] <= NS_PER_MS);
    CU_ASSERT_TRUE(b->arch.ran_ns - b->arch.ran_on_ns[2] <= NS_PER_MS);
    /* Moved while it runs: it leaves at once. */
    uint64_t on_2 = a->arch.ran_on_ns[2] + b->arch.ran_on_ns[2], on_0 = a->arch.ran_on_ns[0], b_before = b->arch.ran_ns;
    pin(a, 1 << 0);
    fake_run_for(NS_PER_S);
    check_share("alone on CPU 0", a->arch.ran_on_ns[0] - on_0, NS_PER_S, 100, 1);
    check_share("alone on CPU 2", b->arch.ran_ns - b_before, NS_PER_S, 100, 1);
    CU_ASSERT_TRUE(a->arch.ran_on_ns[2] + b->arch.ran_on_ns[2] - on_2 <= NS_PER_S);
    /* No CPU that exists. */
    cpu_mask_t nowhere = { 1ull << 40 };
    CU_ASSERT_EQUAL(scheduler_set_affinity(a, &nowhere, NULL), -XEN_EINVAL);
    CU_ASSERT_EQUAL(a->scheduler.hard_affinity.bits, 1);
}

static void soft_affinity_prefers(void)
{
    fake_machine_start(4, MACHINE_PAGES);
    struct domain *d = fake_domain(1, 1);
    struct vcpu *v = d->vcpus[0];
    cpu_mask_t soft = { 1 << 3 };
    CU_ASSERT_EQUAL(scheduler_set_affinity(v, NULL, &soft), 0);
    fake_vcpu_start(v, NS_PER_MS, NS_PER_MS);
    domain_unpause(d);
    fake_run_for(NS_PER_S);
    CU_ASSERT_EQUAL(v->arch.ran_on_ns[3], v->arch.ran_ns);
    cpu_mask_t nowhere = { 1ull << 40 }; /* then it is no preference */
    CU_ASSERT_EQUAL(scheduler_set_affinity(v, NULL, &nowhere), 0);
    uint64_t ran = v->arch.ran_ns;
    fake_run_for(NS_PER_S);
    check_share("half of the time, anywhere", v->arch.ran_ns - ran, NS_PER_S, 50, 1);
    CU_ASSERT_EQUAL(scheduler_set_affinity(v, NULL, &soft), 0);
    fake_run_for(NS_PER_S);
    /* With that CPU busy, an idle one is better than waiting. */
    struct vcpu *hog = start_hog(2, 65535, 0);
    pin(hog, 1 << 3);
    uint64_t before = v->arch.ran_ns;
    fake_run_for(NS_PER_S);
    check_share("half of the time, elsewhere", v->arch.ran_ns - before, NS_PER_S, 50, 1);
}

static void a_sleeper_wakes_at_once(void)
{
    fake_machine_start(1, MACHINE_PAGES);
    struct vcpu *hogs[3];
    for (unsigned int i = 0; i < 3; i++)
        hogs[i] = start_hog((domid_t)(i + 1), 256, 0);
    struct domain *d = fake_domain(9, 1);
    fake_vcpu_start(d->vcpus[0], 200 * NS_PER_US, 5 * NS_PER_MS);
    domain_unpause(d);
    fake_run_for(5 * NS_PER_S);
    CU_ASSERT_EQUAL(d->vcpus[0]->arch.longest_wake_ns, 0);
    CU_ASSERT_TRUE(d->vcpus[0]->arch.ran_ns >= 5 * NS_PER_S / 26 - 2 * NS_PER_MS);
    for (unsigned int i = 0; i < 3; i++)
        check_share("a third of what is left", hogs[i]->arch.ran_ns, 5 * NS_PER_S, 32, 1);
}

/* Sleeping a little between long bursts does not buy time: it gets its share, not more. */
static void sleeping_earns_no_time(void)
{
    fake_machine_start(1, MACHINE_PAGES);
    struct vcpu *hog = start_hog(1, 256, 0);
    struct domain *d = fake_domain(2, 1);
    fake_vcpu_start(d->vcpus[0], 4900 * NS_PER_US, 1000);
    domain_unpause(d);
    fake_run_for(10 * NS_PER_S);
    check_share("the hog", hog->arch.ran_ns, 10 * NS_PER_S, 50, 4);
    CU_ASSERT_TRUE(hog->arch.longest_wait_ns <= 50 * NS_PER_MS);
}

static void nobody_starves_in_a_crowd(void)
{
    struct vcpu *v[60];
    fake_machine_start(2, MACHINE_PAGES * 4);
    for (unsigned int i = 0; i < 40; i++)
        v[i] = start_hog((domid_t)(i + 1), 256, 0);
    for (unsigned int i = 40; i < 60; i++) {
        struct domain *d = fake_domain((domid_t)(i + 1), 1);
        v[i] = d->vcpus[0];
        fake_vcpu_start(v[i], 3 * NS_PER_MS, 2 * NS_PER_MS);
        domain_unpause(d);
    }
    fake_run_for(20 * NS_PER_S);
    for (unsigned int i = 0; i < 40; i++) {
        check_share("one of sixty on two CPUs", v[i]->arch.ran_ns, 20 * NS_PER_S, 3, 1);
        CU_ASSERT_TRUE(v[i]->arch.longest_wait_ns <= 2 * NS_PER_S);
    }
}

static void idle_cpus_take_what_waits(void)
{
    fake_machine_start(4, MACHINE_PAGES);
    struct vcpu *v[4];
    for (unsigned int i = 0; i < 4; i++) {
        v[i] = start_hog((domid_t)(i + 1), 256, 0);
        pin(v[i], 1);
    }
    fake_run_for(NS_PER_S);
    for (unsigned int i = 0; i < 4; i++)
        check_share("a quarter of CPU 0", v[i]->arch.ran_ns, NS_PER_S, 25, 2);
    uint64_t before[4];
    for (unsigned int i = 0; i < 4; i++) {
        before[i] = v[i]->arch.ran_ns;
        pin(v[i], 15);
    }
    for (uint32_t cpu = 0; cpu < 4; cpu++)
        arch_cpu_request_loop(cpu);
    fake_run_for(NS_PER_S);
    for (unsigned int i = 0; i < 4; i++)
        check_share("a CPU each", v[i]->arch.ran_ns - before[i], NS_PER_S, 98, 2);
}

static void pauses_stop_at_once(void)
{
    fake_machine_start(2, MACHINE_PAGES);
    struct vcpu *v = start_hog(1, 256, 0);
    fake_run_for(NS_PER_S);
    domain_pause(v->domain);
    fake_cpu = v->scheduler.cpu; /* on its own CPU it is the caller, which does not count */
    CU_ASSERT_TRUE(domain_is_quiescent(v->domain));
    fake_cpu = 1 - v->scheduler.cpu;
    CU_ASSERT_FALSE(domain_is_quiescent(v->domain));
    fake_run_for(0);
    CU_ASSERT_TRUE(domain_is_quiescent(v->domain));
    uint64_t before = v->arch.ran_ns;
    domain_pause(v->domain);
    fake_run_for(NS_PER_S);
    domain_unpause(v->domain);
    fake_run_for(NS_PER_S);
    CU_ASSERT_EQUAL(v->arch.ran_ns, before);
    domain_unpause(v->domain);
    fake_run_for(NS_PER_S);
    CU_ASSERT_EQUAL(v->arch.ran_ns, before + NS_PER_S);
}

static void accounts_agree(void)
{
    fake_machine_start(2, MACHINE_PAGES);
    struct domain *d = fake_domain(1, 2);
    fake_vcpu_start(d->vcpus[0], 3 * NS_PER_MS, 7 * NS_PER_MS);
    fake_vcpu_start(d->vcpus[1], HOG);
    domain_unpause(d);
    uint64_t start_ns = fake_time_ns;
    fake_run_for(1234567890);
    for (unsigned int i = 0; i < 2; i++) {
        struct vcpu_runstate_info runstate;
        struct vcpu *v = d->vcpus[i];
        CU_ASSERT_EQUAL(scheduler_vcpu_time_ns(v), v->arch.ran_ns);
        vcpu_get_runstate(v, &runstate);
        CU_ASSERT_EQUAL(runstate.time[0] + runstate.time[1] + runstate.time[2] + runstate.time[3],
                        fake_time_ns - start_ns);
        CU_ASSERT_EQUAL(runstate.time[RUNSTATE_running], v->arch.ran_ns);
    }
    CU_ASSERT_EQUAL(scheduler_idle_time_ns(0) + scheduler_idle_time_ns(1),
                    2 * (fake_time_ns - start_ns) - d->vcpus[0]->arch.ran_ns - d->vcpus[1]->arch.ran_ns);
}

static void yield_gives_way(void)
{
    fake_machine_start(1, MACHINE_PAGES);
    struct vcpu *a = start_hog(1, 256, 0);
    fake_run_for(NS_PER_MS);
    fake_cpus[0].is_requested = false;
    CU_ASSERT_FALSE(scheduler_yield(a)); /* alone: nothing to do */
    CU_ASSERT_FALSE(fake_cpus[0].is_requested);
    struct vcpu *b = start_hog(2, 256, 0);
    fake_run_for(NS_PER_MS);
    struct vcpu *running = fake_cpus[0].running, *other = running == a ? b : a;
    CU_ASSERT_TRUE(scheduler_yield(running));
    fake_run_for(0);
    CU_ASSERT_PTR_EQUAL(fake_cpus[0].running, other);
    CU_ASSERT_EQUAL(scheduler_set_parameters(a->domain, (struct scheduler_parameters){ 0, 0 }), -XEN_EINVAL);
}

/* Wakes, pauses, affinities and weights at random: whoever may run does run soon, and nobody runs who may not. */
static void random_changes(void)
{
    struct vcpu *v[12];
    fake_machine_start(3, MACHINE_PAGES);
    srandom(7);
    for (unsigned int i = 0; i < 12; i++) {
        struct domain *d = fake_domain((domid_t)(i + 1), 1);
        v[i] = d->vcpus[0];
        fake_vcpu_start(v[i], i % 3 ? NS_PER_MS * i : 0, NS_PER_MS);
        domain_unpause(d);
    }
    for (unsigned int round = 0; round < 4000; round++) {
        struct vcpu *one = v[random() % 12];
        struct scheduler_parameters parameters = { 256, 0 };
        switch (random() % 6) {
        case 0: domain_pause(one->domain); break;
        case 1: if (one->domain->pause_count) domain_unpause(one->domain); break;
        case 2: pin(one, 1 + (uint64_t)(random() % 7)); break;
        case 3: parameters.weight = (uint16_t)(1 + random() % 1000); break;
        case 4: vcpu_wake(one); break;
        default: parameters.cap = (uint16_t)(random() % 100); break;
        }
        scheduler_set_parameters(one->domain, parameters);
        fake_run_for((uint64_t)(random() % (5 * NS_PER_MS)));
        for (uint32_t cpu = 0; cpu < 3; cpu++) {
            struct vcpu *running = fake_cpus[cpu].running;
            if (running)
                CU_ASSERT_TRUE(cpu_mask_has(running->scheduler.hard_affinity, cpu) && vcpu_is_runnable(running));
        }
    }
    for (unsigned int i = 0; i < 12; i++) {
        while (v[i]->domain->pause_count)
            domain_unpause(v[i]->domain);
        scheduler_set_parameters(v[i]->domain, (struct scheduler_parameters){ 256, 0 });
        pin(v[i], 7);
        v[i]->arch.ran_ns = 0;
    }
    fake_run_for(10 * NS_PER_S);
    for (unsigned int i = 0; i < 12; i++)
        CU_ASSERT_TRUE(v[i]->arch.ran_ns > NS_PER_S);
}

static void housekeeping_cpus_run_nothing(void)
{
    fake_machine_stop();
    CU_ASSERT_EQUAL(command_line_apply("housekeeping_cpus=1"), 0);
    fake_machine_start(3, MACHINE_PAGES);
    CU_ASSERT_EQUAL(cpu_mask_pool().bits, 6);
    struct vcpu *v[3];
    for (unsigned int i = 0; i < 3; i++)
        v[i] = start_hog((domid_t)(i + 1), 256, 0);
    fake_run_for(3 * NS_PER_S);
    for (unsigned int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(v[i]->arch.ran_on_ns[0], 0);
        check_share("one of three on two CPUs", v[i]->arch.ran_ns, 3 * NS_PER_S, 67, 3);
    }
    CU_ASSERT_EQUAL(scheduler_idle_time_ns(0), 3 * NS_PER_S);
    cpu_mask_t housekeeping = { 1 };
    CU_ASSERT_EQUAL(scheduler_set_affinity(v[0], &housekeeping, NULL), -XEN_EINVAL);
    /* All of them cannot be. */
    fake_machine_start(1, MACHINE_PAGES);
    CU_ASSERT_EQUAL(cpu_mask_pool().bits, 1);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "run time is shared by weight on one CPU", weights_on_one_cpu },
        { "three equal vCPUs share two CPUs equally", three_hogs_on_two_cpus },
        { "a vCPU gets at most a CPU, others share the rest", more_than_a_cpu_is_not_to_be_had },
        { "caps hold on an idle machine", caps_hold },
        { "a cap is for the whole domain", a_cap_is_the_domains },
        { "hard affinity binds, also a running vCPU", hard_affinity_binds },
        { "soft affinity prefers, and does not make wait", soft_affinity_prefers },
        { "who has slept runs at once when woken", a_sleeper_wakes_at_once },
        { "short sleeps earn no extra time", sleeping_earns_no_time },
        { "nobody starves among sixty", nobody_starves_in_a_crowd },
        { "idle CPUs take over what waits elsewhere", idle_cpus_take_what_waits },
        { "pauses nest and stop at once", pauses_stop_at_once },
        { "run, idle and runstate times agree", accounts_agree },
        { "yield gives way to who waits", yield_gives_way },
        { "housekeeping CPUs run no vCPU", housekeeping_cpus_run_nothing },
        { "random changes lose no vCPU", random_changes },
    };
    int status = RUN_TESTS("scheduler", tests);
    fake_machine_stop();
    return status;
}
