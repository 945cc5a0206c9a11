/* SPDX-License-Identifier: MIT */
/* XEN_DOMCTL_sendtrigger: what each trigger does to which vCPU, and what is refused. The core has found the domain. */
#include "../run_tests.h"
#include "fake_machine.h"

#include <stdlib.h>

#include "cpuid.h"
#include "host_time.h"
#include "hvm_context.h"
#include "virtualization.h"

/* --- what the other commands of the table call: they are not called here ------------------------------------------- */

struct host_clock host_clock;
int hvm_context_get(struct domain *d, uint64_t buffer, uint32_t *size) { abort(); }
int hvm_context_set(struct domain *d, uint64_t buffer, uint32_t size) { abort(); }
int cpu_policy_get(struct domain *d, struct xen_domctl_cpu_policy *op) { abort(); }
int cpu_policy_set(struct domain *d, struct xen_domctl_cpu_policy *op) { abort(); }
int cpu_policy_get_system(struct xen_sysctl_cpu_policy *op) { abort(); }
int cpu_policy_get_featureset(struct xen_sysctl_cpu_featureset *op) { abort(); }
void domain_pause(struct domain *d) { abort(); }
void domain_unpause(struct domain *d) { abort(); }
bool domain_is_quiescent(const struct domain *d) { abort(); }

/* --- cases ----------------------------------------------------------------------------------------------------------- */

static long send(uint32_t trigger, uint32_t vcpu)
{
    struct hypercall call = { .vcpu = fake_domain.vcpus[0] }; /* of domain 0 itself, or of whom it is about */
    struct xen_domctl op = { .cmd = XEN_DOMCTL_sendtrigger, .u.sendtrigger = { .trigger = trigger, .vcpu = vcpu } };
    bool copy_back = false;
    long result = arch_domctl(&call, &op, &fake_domain, &copy_back);
    CU_ASSERT_FALSE(copy_back);
    CU_ASSERT_FALSE(call.continued);
    return result;
}

static bool takes_nmi(uint32_t vcpu) { return virtual_lapic_take_nmi(fake_domain.vcpus[vcpu]); }

static void nmi_reaches_that_vcpu(void)
{
    fake_domain_create(3);
    fake_domain.vcpus[1]->is_up = true;
    CU_ASSERT_EQUAL(send(XEN_DOMCTL_SENDTRIGGER_NMI, 1), 0);
    CU_ASSERT_EQUAL(fake_notified, 1);
    CU_ASSERT_FALSE(takes_nmi(0));
    CU_ASSERT_TRUE(takes_nmi(1));
    CU_ASSERT_EQUAL(send(XEN_DOMCTL_SENDTRIGGER_NMI, 2), 0); /* it is down */
    CU_ASSERT_EQUAL(fake_notified, 1);
    CU_ASSERT_FALSE(takes_nmi(2));
    fake_domain.dying = DOMAIN_DYING; /* its vCPUs are there until the last reference is gone */
    CU_ASSERT_EQUAL(send(XEN_DOMCTL_SENDTRIGGER_NMI, 0), 0);
}

static void buttons_do_nothing(void)
{
    fake_domain_create(3);
    for (uint32_t vcpu = 0; vcpu < 3; vcpu++) {
        CU_ASSERT_EQUAL(send(XEN_DOMCTL_SENDTRIGGER_POWER, vcpu), 0);
        CU_ASSERT_EQUAL(send(XEN_DOMCTL_SENDTRIGGER_SLEEP, vcpu), 0);
        CU_ASSERT_FALSE(takes_nmi(vcpu));
    }
    CU_ASSERT_EQUAL(fake_notified, 0);
}

static void the_rest_is_refused(void)
{
    static const uint32_t triggers[] = {
        XEN_DOMCTL_SENDTRIGGER_RESET, XEN_DOMCTL_SENDTRIGGER_INIT, 5, 99, 0x100, 0x10000, 1u << 31, ~0u,
    };
    static const uint32_t vcpus[] = { 2, 3, 8, 4096, 8192, 0x10000, 1u << 31, ~0u };

    fake_domain_create(2);
    fake_domain.max_vcpus = 3; /* the last one was never made */
    for (size_t i = 0; i < ARRAY_SIZE(triggers); i++) {
        CU_ASSERT_EQUAL(send(triggers[i], 0), -XEN_ENOSYS);
        CU_ASSERT_EQUAL(send(triggers[i], 1), -XEN_ENOSYS);
        CU_ASSERT_TRUE(fake_domain.vcpus[0]->is_up);
        for (size_t j = 0; j < ARRAY_SIZE(vcpus); j++) /* the vCPU is looked at first */
            CU_ASSERT_EQUAL(send(triggers[i], vcpus[j]), -XEN_ESRCH);
    }
    for (uint32_t trigger = 0; trigger <= XEN_DOMCTL_SENDTRIGGER_SLEEP; trigger++)
        for (size_t j = 0; j < ARRAY_SIZE(vcpus); j++)
            CU_ASSERT_EQUAL(send(trigger, vcpus[j]), -XEN_ESRCH);
    CU_ASSERT_EQUAL(fake_notified, 0);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(nmi_reaches_that_vcpu),
        TEST_CASE(buttons_do_nothing),
        TEST_CASE(the_rest_is_refused),
    };
    int status = RUN_TESTS("x86 domctls", tests);
    fake_domain_destroy();
    return status;
}
