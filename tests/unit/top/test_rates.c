/* SPDX-License-Identifier: MIT */
/* Rates between two samples: what they are, and when there are none. */
#include "sample_case.h"

#include <math.h>

static struct sample before, after;
static struct rates rates;

static void clean(void)
{
    sample_free(&before);
    sample_free(&after);
    rates_free(&rates);
}

#define NEAR(value, expected) CU_ASSERT_DOUBLE_EQUAL(value, expected, 0.001)

static void of_a_domain(void)
{
    sample_at(&before, 10);
    sample_at(&after, 12);
    add_domain(&before, 1, "a")->cpu_time_ns = 5 * SECOND_NS;
    add_vcpu(&before, 0, 4 * SECOND_NS);
    add_vcpu(&before, 1, SECOND_NS);
    add_network(&before, 0, 1000);
    add_disk(&before, 51712, 7)->read_sectors = 10;
    struct sample_domain *domain = add_domain(&after, 1, "a");
    domain->cpu_time_ns = 8 * SECOND_NS;
    domain->exits = 500;
    sample_domain(&before, 0)->exits = 100;
    add_vcpu(&after, 0, 6 * SECOND_NS)->wait_time_ns = 5;
    add_vcpu(&after, 1, 2 * SECOND_NS);
    add_network(&after, 0, 5000);
    add_disk(&after, 51712, 27)->read_sectors = 30;
    CU_ASSERT(rates_compute(&rates, &before, &after));
    NEAR(rates.seconds, 2);
    NEAR(rates_domain(&rates, 0)->cpu_percent, 150);
    NEAR(rates_domain(&rates, 0)->exits, 200);
    CU_ASSERT(isnan(rates_domain(&rates, 0)->wait_percent));
    CU_ASSERT(isnan(rates_domain(&rates, 0)->wakeups));
    NEAR(rates_vcpu(&rates, 0)->cpu_percent, 100);
    NEAR(rates_vcpu(&rates, 1)->cpu_percent, 50);
    CU_ASSERT(isnan(rates_vcpu(&rates, 0)->wait_percent));
    NEAR(rates_network(&rates, 0)->rx_bytes, 2000);
    NEAR(rates_domain(&rates, 0)->rx_bytes, 2000);
    NEAR(rates_disk(&rates, 0)->reads, 10);
    NEAR(rates_domain(&rates, 0)->read_bytes, 5120);
    clean();
}

/* A counter of 32 bits goes round; one that is simply lower has begun anew. */
static void over_a_wrap(void)
{
    sample_at(&before, 1);
    sample_at(&after, 2);
    add_domain(&before, 1, "a");
    add_network(&before, 0, 0xffffff00u);
    add_network(&before, 1, 5000);
    add_network(&before, 2, 0x500000000ull);
    add_domain(&after, 1, "a");
    add_network(&after, 0, 0x100);
    add_network(&after, 1, 10);
    add_network(&after, 2, 3);
    CU_ASSERT(rates_compute(&rates, &before, &after));
    NEAR(rates_network(&rates, 0)->rx_bytes, 0x200);
    CU_ASSERT(isnan(rates_network(&rates, 1)->rx_bytes));
    CU_ASSERT(isnan(rates_network(&rates, 2)->rx_bytes));
    clean();
}

/* Domains between which another one ended, and one that was born in between: its counters began at zero. */
static void domains_come_and_go(void)
{
    sample_at(&before, 1);
    sample_at(&after, 2);
    for (uint64_t id = 0; id < 4; id++)
        add_domain(&before, id, "old")->cpu_time_ns = 10 * SECOND_NS;
    add_domain(&after, 0, "old")->cpu_time_ns = 10 * SECOND_NS + SECOND_NS / 4;
    add_domain(&after, 3, "old")->cpu_time_ns = 10 * SECOND_NS + SECOND_NS / 2;
    add_domain(&after, 4, "new")->cpu_time_ns = SECOND_NS / 10;
    add_vcpu(&after, 0, SECOND_NS / 10);
    CU_ASSERT(rates_compute(&rates, &before, &after));
    NEAR(rates_domain(&rates, 0)->cpu_percent, 25);
    NEAR(rates_domain(&rates, 1)->cpu_percent, 50);
    NEAR(rates_domain(&rates, 2)->cpu_percent, 10);
    NEAR(rates_vcpu(&rates, 0)->cpu_percent, 10);
    clean();
}

static void an_id_is_used_again(void)
{
    sample_at(&before, 1);
    sample_at(&after, 2);
    add_domain(&before, 5, "first")->cpu_time_ns = SECOND_NS / 2;
    add_domain(&after, 5, "second")->cpu_time_ns = SECOND_NS * 3 / 4;
    CU_ASSERT(rates_compute(&rates, &before, &after));
    NEAR(rates_domain(&rates, 0)->cpu_percent, 75);
    clean();
}

static void without_an_earlier_sample(void)
{
    sample_at(&after, 5);
    add_domain(&after, 1, "a")->cpu_time_ns = SECOND_NS;
    add_cpu(&after, 0, SECOND_NS);
    CU_ASSERT(rates_compute(&rates, &before, &after));
    CU_ASSERT(isnan(rates.seconds));
    CU_ASSERT(isnan(rates.busy_percent));
    CU_ASSERT(isnan(rates_domain(&rates, 0)->cpu_percent));
    sample_at(&before, 5); /* the same moment twice */
    add_domain(&before, 1, "a")->cpu_time_ns = SECOND_NS;
    CU_ASSERT(rates_compute(&rates, &before, &after));
    CU_ASSERT(isnan(rates_domain(&rates, 0)->cpu_percent));
    clean();
}

/* Devices that were not looked at before are not new. */
static void parts_that_were_left_out(void)
{
    sample_at(&before, 1);
    sample_at(&after, 2);
    before.host.parts = SAMPLE_VCPUS | SAMPLE_DISKS;
    add_domain(&before, 1, "a");
    add_domain(&after, 1, "a");
    add_network(&after, 0, 1 << 20);
    add_disk(&after, 51712, 12);
    CU_ASSERT(rates_compute(&rates, &before, &after));
    CU_ASSERT(isnan(rates_domain(&rates, 0)->rx_bytes));
    NEAR(rates_domain(&rates, 0)->reads, 12); /* this one has come in between */
    after.host.parts = SAMPLE_VCPUS;
    sample_domain(&after, 0)->networks_count = 0;
    CU_ASSERT(rates_compute(&rates, &before, &after));
    CU_ASSERT(isnan(rates_domain(&rates, 0)->rx_bytes));
    clean();
}

static void of_the_host(void)
{
    sample_at(&before, 1);
    sample_at(&after, 2);
    add_cpu(&before, 0, 100);
    add_cpu(&before, 1, 100);
    add_cpu(&after, 0, 100 + SECOND_NS / 4);
    add_cpu(&after, 1, 101 + SECOND_NS); /* read a little later */
    CU_ASSERT(rates_compute(&rates, &before, &after));
    NEAR(rates_cpu(&rates, 0)->busy_percent, 75);
    NEAR(rates_cpu(&rates, 1)->busy_percent, 0);
    NEAR(rates.busy_percent, 37.5);
    clean();
}

TEST_MAIN("rates", { "of_a_domain", of_a_domain }, { "over_a_wrap", over_a_wrap },
          { "domains_come_and_go", domains_come_and_go }, { "an_id_is_used_again", an_id_is_used_again },
          { "without_an_earlier_sample", without_an_earlier_sample },
          { "parts_that_were_left_out", parts_that_were_left_out }, { "of_the_host", of_the_host })
