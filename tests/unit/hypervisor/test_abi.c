/* SPDX-License-Identifier: MIT */
/*
 * docs/abi.md lists the calls that are implemented, all of them and no others; docs/locking.md the locks, in their
 * order.
 */
#include "../run_tests.h"
#include "fake_arch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS 128u

static bool documented[NUMBERS];

static void read_document(const char *group)
{
    char line[512], name[64];
    unsigned int number;
    FILE *file = fopen("docs/abi.md", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    memset(documented, 0, sizeof(documented));
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, "| %63s | %u |", name, &number) == 2 && !strcmp(name, group) && number < NUMBERS)
            documented[number] = true;
    fclose(file);
}

static void compare(const char *group, unsigned int number, bool exists)
{
    CU_ASSERT_EQUAL(documented[number], exists);
    if (documented[number] != exists)
        printf("%s %u is %s and docs/abi.md %s it\n", group, number, exists ? "implemented" : "missing",
               documented[number] ? "lists" : "does not list");
}

static void hypercalls(void)
{
    read_document("hypercall");
    for (unsigned int number = 0; number < HYPERCALL_COUNT; number++)
        compare("hypercall", number, hypercall_table[number]);
}

/* An argument that cannot be read keeps the commands from doing anything. */
static void commands_of(const char *group, hypercall_handler *handler, bool second_is_vcpu)
{
    fake_machine_start(1, 1024);
    fake_domain_zero(1);
    struct domain *d = fake_domain(1, 2);
    read_document(group);
    for (uint64_t number = 0; number < 40; number++) {
        long result = fake_call(handler, d->vcpus[0], number, second_is_vcpu ? 1 : 8, 8);
        /* EPERM: pin_override, refused to all. */
        compare(group, (unsigned int)number, result != -XEN_ENOSYS && result != -XEN_EPERM);
    }
}

static void event_channel_op(void) { commands_of("event_channel_op", hypercall_event_channel_op, false); }
static void sched_op(void) { commands_of("sched_op", hypercall_sched_op, false); }
static void vcpu_op(void) { commands_of("vcpu_op", hypercall_vcpu_op, true); }

static void domctls(void)
{
    struct xen_domctl op;
    fake_machine_start(1, 2048);
    struct vcpu *v = fake_domain_zero(1)->vcpus[0];
    read_document("domctl");
    for (unsigned int number = 0; number < 100; number++) {
        struct domain *d = domain_get(5);
        if (d)
            domain_put(d);
        else
            fake_domain(5, 1);
        memset(&op, 0, sizeof(op)); /* addresses that fault */
        if (number == XEN_DOMCTL_setnodeaffinity || number == XEN_DOMCTL_getnodeaffinity)
            op.u.nodeaffinity.nodemap.nr_bits = 8;
        op.cmd = number;
        op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
        op.domain = 5;
        compare("domctl", number, fake_call(hypercall_domctl, v, GUEST_ADDRESS(&op), 0, 0) != -XEN_ENOSYS);
    }
}

/* The next LOCK_RANK_ name at the start of a line's text (after `prefix`), but for NONE; false at the end. */
static bool next_rank(FILE *file, const char *prefix, char name[64])
{
    char line[512];
    while (fgets(line, sizeof(line), file)) {
        size_t skip = strlen(prefix);
        if (!strncmp(line, prefix, skip) && sscanf(line + skip, "%63[A-Z0-9_]", name) == 1 &&
            !strncmp(name, "LOCK_RANK_", 10) && strcmp(name, "LOCK_RANK_NONE"))
            return true;
    }
    return false;
}

static void lock_order(void)
{
    FILE *header = fopen("xen-like/common/lock_order.h", "r"), *document = fopen("docs/locking.md", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(header);
    CU_ASSERT_PTR_NOT_NULL_FATAL(document);
    char in_header[64] = "", in_document[64] = "";
    unsigned int count = 0;
    for (;; count++) {
        bool more = next_rank(header, "    ", in_header);
        CU_ASSERT_EQUAL(next_rank(document, "| ", in_document), more);
        if (!more)
            break;
        CU_ASSERT_STRING_EQUAL(in_header, in_document);
    }
    CU_ASSERT_TRUE(count > 10);
    fclose(header);
    fclose(document);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "hypercalls are those of docs/abi.md", hypercalls },
        { "event_channel_op", event_channel_op },
        { "sched_op", sched_op },
        { "vcpu_op", vcpu_op },
        { "domctl", domctls },
        { "locks are those of docs/locking.md, in order", lock_order },
    };
    int status = RUN_TESTS("abi", tests);
    fake_machine_stop();
    return status;
}
