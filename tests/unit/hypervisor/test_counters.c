/* SPDX-License-Identifier: MIT */
/* What is counted of vCPUs, and the tree that the tools read it from (hypfs_op). */
#include "../run_tests.h"
#include "fake_arch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/hypfs.h>

#define FOLDER "/counters"

static struct domain *zero, *guest;

/* As the ABI has an answer: the head, and the contents behind it. */
static union {
    struct xen_hypfs_direntry head;
    char bytes[8192];
} answer;
#define CONTENTS (answer.bytes + sizeof(answer.head))

static void start(uint32_t vcpus)
{
    fake_machine_start(2, 1024);
    zero = fake_domain_zero(1);
    guest = fake_domain(3, vcpus);
    fake_vcpu_start(zero->vcpus[0], 0, 0);
    domain_unpause(zero);
}

static long call_by(struct vcpu *v, uint64_t command, const void *path, uint64_t path_size, void *buffer, uint64_t size)
{
    struct hypercall call = {
        .vcpu = v, .argument = { command, GUEST_ADDRESS(path), path_size, GUEST_ADDRESS(buffer), size },
    };
    return hypercall_dispatch(__HYPERVISOR_hypfs_op, &call);
}

static long read_into(const char *path, uint64_t size)
{
    memset(&answer, 0xaa, sizeof(answer));
    return call_by(zero->vcpus[0], XEN_HYPFS_OP_read, path, strlen(path) + 1, &answer, size);
}

static long read_all(const char *path) { return read_into(path, sizeof(answer)); }

/* The number behind a name in the text that was read last; ~0: there is no such line. */
static uint64_t counted(const char *name)
{
    size_t length = strlen(name);

    for (const char *line = CONTENTS; line && *line; line = strchr(line, '\n'), line += line != NULL) {
        if (strncmp(line, name, length) == 0 && line[length] == ' ')
            return strtoull(line + length + 1, NULL, 10);
    }
    return ~0ull;
}

static uint64_t counted_of(uint32_t vcpu, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), FOLDER "/d3v%u", vcpu);
    CU_ASSERT_EQUAL_FATAL(read_all(path), 0);
    return counted(name);
}

static void who_may_read(void)
{
    start(1);
    struct vcpu *v = guest->vcpus[0];
    CU_ASSERT_EQUAL(call_by(v, XEN_HYPFS_OP_get_version, NULL, 0, NULL, 0), -XEN_EPERM);
    CU_ASSERT_EQUAL(call_by(v, XEN_HYPFS_OP_read, "/", 2, &answer, sizeof(answer)), -XEN_EPERM);
    v = zero->vcpus[0];
    CU_ASSERT_EQUAL(call_by(v, XEN_HYPFS_OP_get_version, NULL, 0, NULL, 0), 1);
    CU_ASSERT_EQUAL(call_by(v, XEN_HYPFS_OP_write_contents, FOLDER "/d3v0", 15, &answer, 1), -XEN_EACCES);
    CU_ASSERT_EQUAL(call_by(v, 3, "/", 2, &answer, sizeof(answer)), -XEN_EOPNOTSUPP);
}

static void paths(void)
{
    static const char *const absent[] = {
        "/x", "//", FOLDER "/", FOLDER "x", FOLDER "/d3", FOLDER "/d3v", FOLDER "/dv0", FOLDER "/d3v1", FOLDER "/d2v0",
        FOLDER "/d03v0", FOLDER "/d3v00", FOLDER "/d0x3v0", FOLDER "/d3v0 ", FOLDER "/d3v0/", FOLDER "/D3v0",
        FOLDER "/d32752v0", FOLDER "/d3v128", FOLDER "/d-3v0", FOLDER "/d65539v0", FOLDER "/d18446744073709551619v0",
        FOLDER "/d3v4294967296",
    };
    start(1);
    struct vcpu *v = zero->vcpus[0];
    for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
        CU_ASSERT_EQUAL(read_all(absent[i]), -XEN_ENOENT);
    CU_ASSERT_EQUAL(read_all("counters"), -XEN_EINVAL);
    CU_ASSERT_EQUAL(read_all(""), -XEN_EINVAL);
    CU_ASSERT_EQUAL(call_by(v, XEN_HYPFS_OP_read, "/", 0, &answer, sizeof(answer)), -XEN_EINVAL);
    CU_ASSERT_EQUAL(call_by(v, XEN_HYPFS_OP_read, "/", 1, &answer, sizeof(answer)), -XEN_EINVAL); /* no zero byte */
    CU_ASSERT_EQUAL(call_by(v, XEN_HYPFS_OP_read, "/\0", 3, &answer, sizeof(answer)), -XEN_EINVAL); /* two of them */
    CU_ASSERT_EQUAL(call_by(v, XEN_HYPFS_OP_read, NULL, 1025, &answer, sizeof(answer)), -XEN_EINVAL);
    CU_ASSERT_EQUAL(call_by(v, XEN_HYPFS_OP_read, NULL, ~0ull, &answer, sizeof(answer)), -XEN_EINVAL);
    CU_ASSERT_EQUAL(call_by(v, XEN_HYPFS_OP_read, NULL, 1024, &answer, sizeof(answer)), -XEN_ENOENT);
    CU_ASSERT_EQUAL(call_by(v, XEN_HYPFS_OP_read, NULL, 2, &answer, sizeof(answer)), -XEN_EFAULT);
}

/* The list that was read last, as "name name"; each entry is of the type. */
static void list_is(uint8_t type, const char *names)
{
    char list[4096] = "";
    const char *at = CONTENTS;
    uint16_t next;

    CU_ASSERT_EQUAL(answer.head.type, XEN_HYPFS_TYPE_DIR);
    CU_ASSERT_EQUAL(answer.head.encoding, XEN_HYPFS_ENC_PLAIN);
    CU_ASSERT_EQUAL(answer.head.pad, 0);
    CU_ASSERT_EQUAL(answer.head.max_write_len, 0);
    do {
        struct xen_hypfs_dirlistentry entry;
        memcpy(&entry, at, offsetof(struct xen_hypfs_dirlistentry, name));
        CU_ASSERT_EQUAL(entry.e.type, type);
        CU_ASSERT_EQUAL(entry.e.max_write_len, 0);
        if (*list)
            strcat(list, " ");
        strcat(list, at + offsetof(struct xen_hypfs_dirlistentry, name));
        next = entry.off_next;
        CU_ASSERT_EQUAL(next % 4, 0);
        at += next;
    } while (next && at < CONTENTS + answer.head.content_len);
    CU_ASSERT_STRING_EQUAL(list, names);
}

static void folders(void)
{
    start(2);
    CU_ASSERT_EQUAL(read_all("/"), 0);
    list_is(XEN_HYPFS_TYPE_DIR, "counters");
    CU_ASSERT_EQUAL(read_all(FOLDER), 0);
    list_is(XEN_HYPFS_TYPE_STRING, "d0v0 d3v0 d3v1");
    char names[4096];
    size_t length = (size_t)snprintf(names, sizeof(names), "d0v0 d3v0 d3v1");
    fake_domain(32751, 128);
    for (uint32_t id = 0; id < 128; id++)
        length += (size_t)snprintf(names + length, sizeof(names) - length, " d32751v%u", id);
    CU_ASSERT_EQUAL(read_all(FOLDER), 0);
    list_is(XEN_HYPFS_TYPE_STRING, names);
}

/* A buffer that is too small gets the length and no contents; nothing is written beyond its size. */
static void small_buffers(void)
{
    static const char *const places[] = { "/", FOLDER, FOLDER "/d3v0" };
    start(1);
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        CU_ASSERT_EQUAL(read_into(places[i], sizeof(answer.head) - 1), -XEN_EINVAL);
        CU_ASSERT_EQUAL(read_into(places[i], 0), -XEN_EINVAL);
        CU_ASSERT_EQUAL(read_into(places[i], sizeof(answer.head)), -XEN_ENOBUFS);
        uint32_t length = answer.head.content_len;
        CU_ASSERT(length > 0);
        CU_ASSERT_EQUAL((uint8_t)CONTENTS[0], 0xaa);
        CU_ASSERT_EQUAL(read_into(places[i], sizeof(answer.head) + length - 1), -XEN_ENOBUFS);
        CU_ASSERT_EQUAL(answer.head.content_len, length);
        CU_ASSERT_EQUAL((uint8_t)CONTENTS[0], 0xaa);
        CU_ASSERT_EQUAL(read_into(places[i], sizeof(answer.head) + length), 0);
        CU_ASSERT_EQUAL(answer.head.content_len, length);
        CU_ASSERT_EQUAL((uint8_t)CONTENTS[length], 0xaa);
        CU_ASSERT_EQUAL(read_into(places[i], ~0ull), 0);
        fake_memory_set_fault(&answer, 1);
        CU_ASSERT_EQUAL(read_all(places[i]), -XEN_EFAULT);
        fake_memory_set_fault(CONTENTS + length - 1, 1);
        CU_ASSERT_EQUAL(read_all(places[i]), -XEN_EFAULT);
        fake_memory_set_fault(NULL, 0);
    }
    CU_ASSERT_EQUAL_FATAL(read_all(FOLDER "/d3v0"), 0);
    CU_ASSERT_EQUAL(answer.head.type, XEN_HYPFS_TYPE_STRING);
    CU_ASSERT_EQUAL(CONTENTS[answer.head.content_len - 1], '\0');
    CU_ASSERT_EQUAL(strlen(CONTENTS), answer.head.content_len - 1);
}

/* Exits and hypercalls by kind; who is not there is not counted. */
static void exits_and_hypercalls(void)
{
    start(2);
    struct vcpu *v = guest->vcpus[1];
    v->arch.exits[0] = 5;
    v->arch.exits[1] = ~0ull;
    for (int i = 0; i < 3; i++) {
        struct hypercall call = { .vcpu = v, .argument = { XENVER_version } };
        CU_ASSERT(hypercall_dispatch(__HYPERVISOR_xen_version, &call) > 0);
    }
    struct hypercall call = { .vcpu = v };
    CU_ASSERT_EQUAL(hypercall_dispatch(0, &call), -XEN_ENOSYS);
    CU_ASSERT_EQUAL(hypercall_dispatch(HYPERCALL_COUNT, &call), -XEN_ENOSYS);
    multicall_entry_t calls[2] = {
        { .op = __HYPERVISOR_xen_version, .args = { XENVER_version } }, { .op = __HYPERVISOR_set_timer_op },
    };
    call.argument[0] = GUEST_ADDRESS(calls);
    call.argument[1] = 2;
    CU_ASSERT_EQUAL(hypercall_dispatch(__HYPERVISOR_multicall, &call), 0);
    CU_ASSERT_EQUAL(counted_of(1, "exit_this"), 5);
    CU_ASSERT_EQUAL(counted_of(1, "exit_that"), ~0ull);
    CU_ASSERT_PTR_NOT_NULL(strstr(CONTENTS, "exit_that 18446744073709551615\n"));
    CU_ASSERT_EQUAL(counted_of(1, "hypercall_17"), 4);
    CU_ASSERT_EQUAL(counted_of(1, "hypercall_15"), 1);
    CU_ASSERT_EQUAL(counted_of(1, "hypercall_13"), 1);
    CU_ASSERT_EQUAL(counted_of(1, "hypercall_0"), ~0ull);
    CU_ASSERT_EQUAL(counted_of(0, "hypercall_17"), 0);
}

/* The longest text that there can be fits: all numbers as long as they get. */
static void longest_text(void)
{
    char text[8192];

    start(1);
    struct vcpu *v = guest->vcpus[0];
    memset(v->hypercalls, 0xff, sizeof(v->hypercalls));
    memset(v->arch.exits, 0xff, sizeof(v->arch.exits));
    v->wakeups = ~0ull;
    for (int state = RUNSTATE_running; state <= RUNSTATE_blocked; state++)
        v->runstate.time[state] = ~0ull;
    size_t length = vcpu_counters_text(v, text, sizeof(text));
    CU_ASSERT_EQUAL(strlen(text), length);
    CU_ASSERT(length + 16 * sizeof("exit_hypercall 18446744073709551615") < 2048); /* more kinds than x86 has */
    CU_ASSERT_EQUAL(read_all(FOLDER "/d3v0"), 0);
    CU_ASSERT_EQUAL(vcpu_counters_text(v, text, 100), length);
    CU_ASSERT_EQUAL(strlen(text), 99);
}

/* A guest that sleeps is woken so often; two that never sleep wait for each other on their one CPU. */
static void wakeups_and_waiting(void)
{
    fake_machine_start(1, 1024);
    zero = fake_domain_zero(1);
    guest = fake_domain(3, 3);
    fake_vcpu_start(guest->vcpus[0], NS_PER_MS, 9 * NS_PER_MS);
    domain_unpause(guest);
    fake_run_for(NS_PER_S);
    uint64_t wakeups = counted_of(0, "wakeups");
    CU_ASSERT(wakeups >= 99 && wakeups <= 100);
    CU_ASSERT(counted_of(0, "runnable_ns") < NS_PER_MS);
    CU_ASSERT(counted_of(0, "blocked_ns") >= 890 * NS_PER_MS);
    CU_ASSERT_EQUAL(counted_of(1, "wakeups"), 0);
    CU_ASSERT_EQUAL(counted_of(1, "running_ns"), 0);
    CU_ASSERT(counted_of(1, "offline_ns") >= NS_PER_S);

    fake_vcpu_start(guest->vcpus[1], 0, 0);
    fake_vcpu_start(guest->vcpus[2], 0, 0);
    fake_run_for(NS_PER_S);
    for (uint32_t id = 1; id <= 2; id++) {
        CU_ASSERT(counted_of(id, "runnable_ns") >= 400 * NS_PER_MS);
        CU_ASSERT(counted_of(id, "running_ns") >= 400 * NS_PER_MS);
        CU_ASSERT_EQUAL(counted_of(id, "wakeups"), 0);
    }
    vcpu_wake(guest->vcpus[1]); /* it does not sleep */
    CU_ASSERT_EQUAL(counted_of(1, "wakeups"), 0);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(who_may_read),         TEST_CASE(paths),
        TEST_CASE(folders),              TEST_CASE(small_buffers),
        TEST_CASE(exits_and_hypercalls), TEST_CASE(longest_text),
        TEST_CASE(wakeups_and_waiting),
    };
    int status = RUN_TESTS("counters", tests);
    fake_machine_stop();
    return status;
}
