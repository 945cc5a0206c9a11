/* SPDX-License-Identifier: MIT */
/* What the debug keys show of the core: domains, how they live, their vCPUs and what is pending for them. */
#include "console.h"
#include "fake_host.h"
#include "memory_case.h"

#include <string.h>

static const char *typed(char key)
{
    fake_console_clear();
    run_debug_key(key);
    return fake_console;
}

static void domains_are_shown(void)
{
    case_start(256, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(typed('h'), " q: domains and their vCPUs"));
    CU_ASSERT_PTR_NULL(strstr(typed('q'), "domain 7"));
    struct domain *d = case_domain(7, false);
    CU_ASSERT_PTR_NOT_NULL(strstr(typed('q'), "domain 7: paused, 0 of 2048 pages, pauses 1, "));
    CU_ASSERT_PTR_NOT_NULL(strstr(fake_console, "  vCPU 0: down, CPU "));
    CU_ASSERT_PTR_NULL(strstr(fake_console, "is pending"));

    d->shared_info->evtchn_pending[0] = 1ull << 5 | 1ull << 6; /* only one of them is a port that is there */
    d->shared_info->evtchn_mask[0] = 1ull << 5;
    struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = 0 };
    for (evtchn_port_t port = 0; port < 5; port = alloc.port)
        CU_ASSERT_EQUAL_FATAL(
            case_call(hypercall_event_channel_op, d, EVTCHNOP_alloc_unbound, GUEST_ADDRESS(&alloc), 0), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(typed('q'), "  port 5 is pending for vCPU 0, masked"));
    CU_ASSERT_PTR_NULL(strstr(fake_console, "port 6"));

    domain_shutdown(d, SHUTDOWN_crash);
    CU_ASSERT_PTR_NOT_NULL(strstr(typed('q'), "domain 7: shut down"));
    case_destroy(d);
    CU_ASSERT_PTR_NULL(strstr(typed('q'), "domain 7"));
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "domains, vCPUs and pending events are shown", domains_are_shown },
    };
    debug_keys_init();
    int failures = RUN_TESTS("debug keys", tests);
    fake_machine_stop();
    return failures;
}
