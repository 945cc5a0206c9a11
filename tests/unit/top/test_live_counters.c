/* SPDX-License-Identifier: MIT */
/* The hypervisor's text of a vCPU's counters, as it writes it and as nobody should. */
#include "sample_case.h"
#include "top/live_counters.h"

static struct sample sample;
static struct sample_domain *domain;
static struct sample_vcpu *vcpu;

static void start(void)
{
    sample_at(&sample, 1);
    domain = add_domain(&sample, 3, "u");
    vcpu = add_vcpu(&sample, 0, 7);
    live_counters_begin(domain);
}

static void as_written(void)
{
    static const char first[] = "running_ns 11\nrunnable_ns 5000000001\nblocked_ns 33\noffline_ns 44\nwakeups 55\n"
                                "exit_other 1\nexit_hypercall 2\nexit_cpuid 3\nexit_msr 4\nexit_io 5\nexit_hlt 6\n"
                                "exit_fault 7\nexit_interrupt 8\nexit_window 9\nhypercall_29 100\nhypercall_32 200\n"
                                "hypercall_35 3\nhypercall_36 4\nhypercall_17 5\n";

    start();
    live_counters_add(first, domain, vcpu);
    CU_ASSERT_EQUAL(vcpu->wait_time_ns, 5000000001);
    CU_ASSERT_EQUAL(vcpu->wakeups, 55);
    CU_ASSERT_EQUAL(vcpu->exits, 45);
    CU_ASSERT_EQUAL(vcpu->cpu_time_ns, 7);
    live_counters_add("runnable_ns 9\nwakeups 1\nexit_hlt 1000\nhypercall_29 1\n", domain, NULL); /* of another */
    CU_ASSERT_EQUAL(domain->wait_time_ns, 5000000010);
    CU_ASSERT_EQUAL(domain->wakeups, 56);
    CU_ASSERT_EQUAL(domain->exits, 1045);
    CU_ASSERT_EQUAL(domain->exits_by[SAMPLE_EXIT_HLT], 1006);
    CU_ASSERT_EQUAL(domain->exits_by[SAMPLE_EXIT_HYPERCALL], 2);
    CU_ASSERT_EQUAL(domain->exits_by[SAMPLE_EXIT_WINDOW], 9);
    CU_ASSERT_EQUAL(domain->exits_by[SAMPLE_EXIT_OTHER], 1);
    CU_ASSERT_EQUAL(domain->hypercalls, 313);
    CU_ASSERT_EQUAL(domain->hypercalls_by[SAMPLE_CALL_SCHED], 101);
    CU_ASSERT_EQUAL(domain->hypercalls_by[SAMPLE_CALL_EVENT], 200);
    CU_ASSERT_EQUAL(domain->hypercalls_by[SAMPLE_CALL_CONTROL], 7);
    CU_ASSERT_EQUAL(domain->hypercalls_by[SAMPLE_CALL_OTHER], 5);
    CU_ASSERT_EQUAL(domain->hypercalls_by[SAMPLE_CALL_GRANT], 0);
    CU_ASSERT_EQUAL(vcpu->exits, 45);
}

/* A later hypervisor's kinds go to the others, other lines are passed over; so is what is no line. */
static void as_not_known(void)
{
    start();
    live_counters_add("exit_apic 4\nexit_cpuidx 2\nhypercall_63 8\nwatts 12\n\n \nwakeups\n exit_hlt 3\nwakeups x\n"
                      "exit_ 5\nhypercall_ 5\nrunnable_ns 7", domain, vcpu);
    CU_ASSERT_EQUAL(domain->exits, 6);
    CU_ASSERT_EQUAL(domain->exits_by[SAMPLE_EXIT_OTHER], 6);
    CU_ASSERT_EQUAL(domain->hypercalls, 8);
    CU_ASSERT_EQUAL(domain->hypercalls_by[SAMPLE_CALL_OTHER], 8);
    CU_ASSERT_EQUAL(domain->wakeups, 0);
    CU_ASSERT_EQUAL(domain->wait_time_ns, 7); /* the last line needs no end */
    live_counters_add("", domain, vcpu);
    CU_ASSERT_EQUAL(vcpu->exits, 6);
    sample_free(&sample);
}

TEST_MAIN("live_counters", { "as_written", as_written }, { "as_not_known", as_not_known })
