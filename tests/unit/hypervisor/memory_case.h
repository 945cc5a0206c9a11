/* SPDX-License-Identifier: MIT */
/* What the tests of memory, grants and sysctls share: a machine, domains with one vCPU, and hypercalls run to their end. */
#ifndef KEEL_MEMORY_CASE_H
#define KEEL_MEMORY_CASE_H

#include "../run_tests.h"
#include "domain.h"
#include "fake_arch.h"

#define CASE_MAX_PAGES 2048u

/* A machine of two CPUs with so many pages below and above 4 GiB. The one before must have lost no page. */
static inline void case_start(uint64_t low_pages, uint64_t high_pages)
{
    fake_machine_start_zones(2, low_pages, high_pages);
}

/* A domain that may have CASE_MAX_PAGES pages, with vCPU 0, unpaused or not: it never runs here. */
static inline struct domain *case_domain(domid_t id, bool is_privileged)
{
    const struct xen_domctl_createdomain config = {
        .flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
        .max_vcpus = 1,
        .max_evtchn_port = 1023,
        .max_grant_frames = 4,
        .max_maptrack_frames = 2,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };
    struct domain *d = NULL;
    struct vcpu *v;
    CU_ASSERT_EQUAL_FATAL(domain_create(id, &config, is_privileged, &d), 0);
    CU_ASSERT_EQUAL_FATAL(vcpu_create(d, 0, &v), 0);
    d->max_pages = CASE_MAX_PAGES;
    return d;
}

/* Destroys it, however many slices that takes. */
static inline void case_destroy(struct domain *d)
{
    int result;
    do
        result = domain_destroy(d);
    while (result == -XEN_ERESTART);
    CU_ASSERT_EQUAL(result, 0);
}

/* Every n-th question whether to yield is answered by yes; 0: none. */
static inline void case_yield_every(uint32_t n) { fake_yield_every = n; }

/* Runs a hypercall to its end; how many continuations that took. */
static inline unsigned int case_count(long (*handler)(struct hypercall *), struct hypercall *call, long *result)
{
    unsigned int continuations = 0;
    for (;;) {
        call->continued = false;
        *result = handler(call);
        if (!call->continued)
            return continuations;
        continuations++;
    }
}

/* A hypercall of d's vCPU 0 with its continuations. */
static inline long case_call(long (*handler)(struct hypercall *), struct domain *d, uint64_t a, uint64_t b, uint64_t c)
{
    struct hypercall call = { .vcpu = d->vcpus[0], .argument = { a, b, c } };
    long result;
    case_count(handler, &call, &result);
    return result;
}

/* Gives d `count` pages of memory from gfn on. */
static inline void case_populate(struct domain *d, uint64_t gfn, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        struct page *page = page_allocate_domain(d, 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(page);
        CU_ASSERT_EQUAL_FATAL(arch_p2m_set(d, make_gfn(gfn + i), page_to_mfn(page), 0, P2M_RAM), 0);
    }
}

/* The bytes that d has at gfn; NULL: nothing mapped. */
static inline uint8_t *case_memory(struct domain *d, uint64_t gfn)
{
    mfn_t mfn = arch_p2m_get(d, make_gfn(gfn), NULL, NULL);
    return mfn_is_valid_number(mfn) ? arch_mfn_to_virtual(mfn) : NULL;
}

/* Runs the suite whose tests follow, ended by CU_TEST_INFO_NULL. What main returns. */
static inline int case_run(const char *suite, const CU_TestInfo *tests)
{
    size_t count = 0;
    while (tests[count].pName)
        count++;
    int status = run_tests(suite, tests, count);
    fake_machine_stop();
    return status;
}

#endif
