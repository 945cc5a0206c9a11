/* SPDX-License-Identifier: MIT */
/* Domains from creation to destruction, in any state: nothing of them is left, and failures undo everything. */
#include "../run_tests.h"
#include "fake_arch.h"

#include <string.h>

#define GFN 0x100

static uint64_t free_before;

static void start(void)
{
    fake_machine_start(2, 2048);
    fake_domain_zero(1);
    free_before = page_free_count();
}

static void give_memory(struct domain *d, unsigned int order)
{
    struct page *page = page_allocate_domain(d, order);
    CU_ASSERT_PTR_NOT_NULL_FATAL(page);
    CU_ASSERT_EQUAL(arch_p2m_set(d, make_gfn(GFN), page_to_mfn(page), order, P2M_RAM), 0);
}

/* Small objects may have left a page of a size class that had none: create and destroy once before counting. */
static void warm_up(void)
{
    fake_destroy(fake_domain(999, 3));
    free_before = page_free_count();
}

static void nothing_is_left(void)
{
    start();
    warm_up();
    for (domid_t id = 1; id < 60; id++) {
        struct domain *d = fake_domain(id, 1 + id % 4);
        give_memory(d, 4);
        CU_ASSERT_EQUAL(d->total_pages, 16);
        if (id % 2)
            domain_unpause(d);
        for (uint32_t i = 0; i < d->max_vcpus; i++)
            if (id % 3)
                fake_vcpu_start(d->vcpus[i], id % 5 * NS_PER_MS, NS_PER_MS);
        evtchn_port_t port;
        CU_ASSERT_EQUAL(event_allocate_unbound(d, 0, &port), 0);
        fake_run_for(5 * NS_PER_MS);
        if (id % 7 == 0)
            domain_crash(d, "the test says so");
        fake_yield_every = id % 3;
        fake_destroy(d);
        fake_yield_every = 0;
        CU_ASSERT_EQUAL(page_free_count(), free_before);
        CU_ASSERT_EQUAL(fake_domains_alive, 1);
        CU_ASSERT_EQUAL(fake_vcpus_alive, 1);
        CU_ASSERT_PTR_NULL(domain_get(id));
    }
}

static void failed_creation_is_undone(void)
{
    struct domain *d;
    struct xen_domctl_createdomain config = fake_config(4);
    start();
    warm_up();
    fake_domain_create_error = -XEN_ENOMEM;
    CU_ASSERT_EQUAL(domain_create(5, &config, false, &d), -XEN_ENOMEM);
    CU_ASSERT_EQUAL(page_free_count(), free_before);
    CU_ASSERT_EQUAL(domain_create(0, &config, false, &d), -XEN_EEXIST);
    CU_ASSERT_EQUAL(page_free_count(), free_before);
    CU_ASSERT_EQUAL(fake_domains_alive, 1);
    d = fake_domain(5, 1);
    CU_ASSERT_EQUAL(vcpu_create(d, 0, NULL), -XEN_EEXIST);
    CU_ASSERT_EQUAL(vcpu_create(d, 1, NULL), -XEN_EINVAL);
    fake_destroy(d);
    CU_ASSERT_EQUAL(domain_create(5, &config, false, &d), 0);
    fake_vcpu_create_error = -XEN_ENOMEM;
    CU_ASSERT_EQUAL(vcpu_create(d, 2, NULL), -XEN_ENOMEM);
    CU_ASSERT_PTR_NULL(domain_vcpu(d, 2));
    CU_ASSERT_EQUAL(vcpu_create(d, 2, NULL), 0);
    fake_destroy(d);
    CU_ASSERT_EQUAL(page_free_count(), free_before);
}

/* Whatever allocation is the one that fails. */
static void creation_without_memory_is_undone(void)
{
    struct xen_domctl_createdomain config = fake_config(DOMAIN_MAX_VCPUS);
    config.max_grant_frames = 512; /* tables of several pages each */
    config.max_maptrack_frames = 1024;
    start();
    warm_up();
    struct page *taken[2048];
    uint32_t count = 0;
    while ((taken[count] = page_allocate(0)))
        count++;
    unsigned int failures = 0, successes = 0;
    for (uint32_t spare = 0; spare < 24; spare++) {
        struct domain *d;
        uint64_t before = page_free_count();
        int error = domain_create(5, &config, false, &d);
        if (!error) {
            successes++;
            fake_destroy(d);
        } else {
            CU_ASSERT_EQUAL(error, -XEN_ENOMEM);
            failures++;
        }
        CU_ASSERT_EQUAL(page_free_count(), before);
        page_free(taken[--count], 0);
    }
    CU_ASSERT_TRUE(failures > 2);
    CU_ASSERT_TRUE(successes > 2);
    while (count)
        page_free(taken[--count], 0);
    CU_ASSERT_EQUAL(page_free_count(), free_before);
}

static void bad_configurations(void)
{
    struct domain *d;
    start();
    struct xen_domctl_createdomain config = fake_config(0);
    CU_ASSERT_EQUAL(domain_create(5, &config, false, &d), -XEN_EINVAL);
    config = fake_config(DOMAIN_MAX_VCPUS + 1);
    CU_ASSERT_EQUAL(domain_create(5, &config, false, &d), -XEN_EINVAL);
    config = fake_config(1);
    config.flags |= 1u << 20;
    CU_ASSERT_EQUAL(domain_create(5, &config, false, &d), -XEN_EINVAL);
    config = fake_config(1);
    config.grant_opts = 0;
    CU_ASSERT_EQUAL(domain_create(5, &config, false, &d), -XEN_EINVAL);
    config = fake_config(1);
    config.vmtrace_size = 4096;
    CU_ASSERT_EQUAL(domain_create(5, &config, false, &d), -XEN_EOPNOTSUPP);
    config = fake_config(1);
    config.flags = 0; /* what the architecture does not run */
    CU_ASSERT_EQUAL(domain_create(5, &config, false, &d), -XEN_EINVAL);
}

static void ids_are_unique_and_go_round(void)
{
    start();
    struct domain *high = fake_domain(DOMAIN_MAX - 2, 1);
    CU_ASSERT_EQUAL(domain_list_free_id(), DOMAIN_MAX - 1);
    struct domain *last = fake_domain(DOMAIN_MAX - 1, 1);
    CU_ASSERT_EQUAL(domain_list_free_id(), 1);
    struct domain *one = fake_domain(1, 1);
    CU_ASSERT_EQUAL(domain_list_free_id(), 2);
    /* By rising id, from any number on. */
    struct domain *d = domain_get_next(1);
    CU_ASSERT_PTR_EQUAL(d, one);
    domain_put(d);
    d = domain_get_next(2);
    CU_ASSERT_PTR_EQUAL(d, high);
    domain_put(d);
    d = domain_get_target(one->vcpus[0], DOMID_SELF);
    CU_ASSERT_PTR_EQUAL(d, one);
    domain_put(d);
    CU_ASSERT_PTR_NULL(domain_get(77));
    fake_destroy(last);
    CU_ASSERT_PTR_NULL(domain_get_next(DOMAIN_MAX - 1));
}

static void a_foreign_reference_delays_pages_only(void)
{
    start();
    warm_up();
    struct domain *d = fake_domain(5, 1);
    give_memory(d, 0);
    struct page *page = arch_p2m_get_page(d, make_gfn(GFN), true, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(page);
    fake_destroy(d);
    CU_ASSERT_PTR_NULL(domain_get(5));
    CU_ASSERT_EQUAL(fake_domains_alive, 2); /* its structure waits for the page */
    CU_ASSERT_TRUE(page_free_count() < free_before);
    struct domain *again = fake_domain(5, 1); /* the number is free */
    fake_destroy(again);
    page_put(page);
    CU_ASSERT_EQUAL(page_free_count(), free_before);
    CU_ASSERT_EQUAL(fake_domains_alive, 1);
}

static uint32_t dom_exc_port(void)
{
    struct evtchn_bind_virq bind = { VIRQ_DOM_EXC, 0, 0 };
    struct vcpu *v = domain_zero->vcpus[0];
    CU_ASSERT_EQUAL(fake_call(hypercall_event_channel_op, v, EVTCHNOP_bind_virq, GUEST_ADDRESS(&bind), 0), 0);
    return bind.port;
}

static bool take_event(uint32_t port)
{
    bool is_set = event_port_is_pending(domain_zero, port);
    memset(domain_zero->shared_info->evtchn_pending, 0, 8);
    return is_set;
}

static void shutdown_and_resume(void)
{
    start();
    uint32_t port = dom_exc_port();
    struct domain *d = fake_domain(5, 1);
    fake_vcpu_start(d->vcpus[0], 0, 0);
    domain_unpause(d);
    fake_run_for(NS_PER_MS);
    CU_ASSERT_FALSE(take_event(port));
    domain_shutdown(d, SHUTDOWN_reboot);
    CU_ASSERT_TRUE(take_event(port));
    CU_ASSERT_TRUE(d->is_shut_down);
    CU_ASSERT_EQUAL(d->shutdown_code, SHUTDOWN_reboot);
    domain_shutdown(d, SHUTDOWN_crash); /* the first reason counts */
    CU_ASSERT_EQUAL(d->shutdown_code, SHUTDOWN_reboot);
    CU_ASSERT_FALSE(take_event(port));
    uint64_t ran_ns = d->vcpus[0]->arch.ran_ns;
    fake_run_for(NS_PER_S);
    CU_ASSERT_EQUAL(d->vcpus[0]->arch.ran_ns, ran_ns);
    domain_resume(d);
    domain_resume(d); /* once is enough */
    fake_run_for(NS_PER_S);
    CU_ASSERT_EQUAL(d->vcpus[0]->arch.ran_ns, ran_ns + NS_PER_S);
    domain_crash(d, "reason %d", 42);
    CU_ASSERT_EQUAL(d->shutdown_code, SHUTDOWN_crash);
    CU_ASSERT_PTR_NOT_NULL(strstr(fake_console, "domain 5 crashed: reason 42"));
    take_event(port);
    fake_destroy(d);
    CU_ASSERT_TRUE(take_event(port));
}

static void domain_zero_ends_the_machine(void)
{
    start();
    CU_ASSERT_EQUAL(FAKE_MACHINE_END(domain_shutdown(domain_zero, SHUTDOWN_poweroff)), FAKE_POWERED_OFF);
    CU_ASSERT_EQUAL(FAKE_MACHINE_END(domain_shutdown(domain_zero, SHUTDOWN_reboot)), FAKE_REBOOTED);
    CU_ASSERT_EQUAL(FAKE_MACHINE_END(domain_crash(domain_zero, "it failed")), FAKE_REBOOTED);
}

static void areas_are_written_across_pages(void)
{
    start();
    struct domain *d = fake_domain(5, 1);
    struct vcpu *v = d->vcpus[0];
    struct guest_area area = { 0 };
    uint8_t bytes[48];
    give_memory(d, 1);
    uint8_t *memory = page_to_virtual(arch_p2m_get_page(d, make_gfn(GFN), true, NULL));
    page_put(virtual_to_page(memory));
    for (unsigned int i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i + 1);
    uint64_t address = (GFN << PAGE_SHIFT) + PAGE_SIZE - 20;
    CU_ASSERT_EQUAL(guest_area_register(&area, v, address, sizeof(bytes)), 0);
    guest_area_write(&area, bytes, sizeof(bytes));
    CU_ASSERT_EQUAL(memcmp(memory + PAGE_SIZE - 20, bytes, sizeof(bytes)), 0);
    guest_area_write_at(&area, 40, bytes, 8); /* wholly in the second */
    CU_ASSERT_EQUAL(memcmp(memory + PAGE_SIZE + 20, bytes, 8), 0);
    /* A second page that is not there: what was registered stays. */
    CU_ASSERT_EQUAL(guest_area_register(&area, v, address + PAGE_SIZE, sizeof(bytes)), -XEN_EFAULT);
    CU_ASSERT_EQUAL(guest_area_register(&area, v, ~0ull - 8, sizeof(bytes)), -XEN_EFAULT);
    CU_ASSERT_TRUE(guest_area_is_registered(&area));
    CU_ASSERT_EQUAL(virtual_to_page(memory)->references, 2);
    guest_area_unregister(&area);
    CU_ASSERT_EQUAL(virtual_to_page(memory)->references, 1);
}

static void the_wall_clock_is_in_shared_info(void)
{
    start();
    struct domain *d = fake_domain(5, 1);
    CU_ASSERT_EQUAL(d->shared_info->wc_sec, 0x23456789u);
    CU_ASSERT_EQUAL(d->shared_info->wc_sec_hi, 1u);
    CU_ASSERT_EQUAL(d->shared_info->wc_nsec, 987654321u);
    CU_ASSERT_EQUAL(d->shared_info->wc_version % 2, 0);
    d->time_offset_s = -0x23456790ll;
    domain_update_wallclock(d);
    CU_ASSERT_EQUAL(d->shared_info->wc_sec, 0xfffffff9u);
    CU_ASSERT_EQUAL(d->shared_info->wc_sec_hi, 0u);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "destroying a domain in any state leaves nothing", nothing_is_left },
        { "a failed creation is undone", failed_creation_is_undone },
        { "a creation that runs out of memory anywhere is undone", creation_without_memory_is_undone },
        { "configurations that cannot be run are refused", bad_configurations },
        { "ids are unique, sorted, and go round", ids_are_unique_and_go_round },
        { "a foreign reference delays pages only", a_foreign_reference_delays_pages_only },
        { "shutdown stops, tells the tools, and can be resumed", shutdown_and_resume },
        { "domain 0's shutdown is the machine's", domain_zero_ends_the_machine },
        { "areas may lie across two pages", areas_are_written_across_pages },
        { "shared_info has the wall clock", the_wall_clock_is_in_shared_info },
    };
    int status = RUN_TESTS("domain", tests);
    fake_machine_stop();
    return status;
}
