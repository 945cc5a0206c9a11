/* SPDX-License-Identifier: MIT */
/* Counters of vCPUs from hypfs; see live_counters.h. */
#include "live_counters.h"

#include "libctl/hypercall.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/hypfs.h>

#define TEXT_BYTES 8192u /* several times what Keel has to say: a text that is longer is passed over */
#define VCPUS_MAX 512u

_Static_assert(sizeof(struct xen_hypfs_direntry) == 12, "xen_hypfs_direntry has the ABI's size");

/* What an answer is read into; resident memory. */
struct answer {
    char path[32];
    struct xen_hypfs_direntry head;
    char text[TEXT_BYTES];
};

/* The text of a vCPU, terminated; NULL when there is none. */
static const char *read_text(struct ctl *ctl, struct answer *answer, uint64_t domid, uint64_t vcpu)
{
    int length = snprintf(answer->path, sizeof(answer->path), "/counters/d%" PRIu64 "v%" PRIu64, domid, vcpu);

    if (length >= (int)sizeof(answer->path) ||
        hypercall(ctl, __HYPERVISOR_hypfs_op, XEN_HYPFS_OP_read, (uintptr_t)answer->path, (uint64_t)length + 1,
                  (uintptr_t)&answer->head, sizeof(answer->head) + sizeof(answer->text)) < 0)
        return NULL;
    if (answer->head.type != XEN_HYPFS_TYPE_STRING || answer->head.encoding != XEN_HYPFS_ENC_PLAIN ||
        answer->head.content_len == 0 || answer->head.content_len > sizeof(answer->text))
        return NULL;
    answer->text[answer->head.content_len - 1] = '\0';
    return answer->text;
}

/* Which kind a hypercall of Xen's number is counted as. */
static enum sample_call call_of(unsigned long number)
{
    switch (number) {
    case __HYPERVISOR_event_channel_op: return SAMPLE_CALL_EVENT;
    case __HYPERVISOR_sched_op: return SAMPLE_CALL_SCHED;
    case __HYPERVISOR_set_timer_op: return SAMPLE_CALL_TIMER;
    case __HYPERVISOR_vcpu_op: return SAMPLE_CALL_VCPU;
    case __HYPERVISOR_grant_table_op: return SAMPLE_CALL_GRANT;
    case __HYPERVISOR_memory_op: return SAMPLE_CALL_MEMORY;
    case __HYPERVISOR_domctl:
    case __HYPERVISOR_sysctl:
    case __HYPERVISOR_platform_op:
    case __HYPERVISOR_hypfs_op: return SAMPLE_CALL_CONTROL;
    default: return SAMPLE_CALL_OTHER;
    }
}

static enum sample_exit exit_of(const char *name, size_t length)
{
    for (size_t i = 0; i < SAMPLE_EXITS; i++) {
        if (strlen(sample_exit_names[i]) == length && memcmp(sample_exit_names[i], name, length) == 0)
            return (enum sample_exit)i;
    }
    return SAMPLE_EXIT_OTHER; /* a kind that this program does not know */
}

static bool is_name(const char *name, size_t length, const char *known)
{
    return strlen(known) == length && memcmp(name, known, length) == 0;
}

static void add_line(const char *name, size_t length, uint64_t number, struct sample_domain *domain,
                     struct sample_vcpu *vcpu)
{
    if (is_name(name, length, "runnable_ns")) {
        domain->wait_time_ns += number;
        if (vcpu)
            vcpu->wait_time_ns = number;
    } else if (is_name(name, length, "wakeups")) {
        domain->wakeups += number;
        if (vcpu)
            vcpu->wakeups = number;
    } else if (length > 5 && memcmp(name, "exit_", 5) == 0) {
        domain->exits += number;
        domain->exits_by[exit_of(name + 5, length - 5)] += number;
        if (vcpu)
            vcpu->exits = (vcpu->exits == SAMPLE_UNKNOWN ? 0 : vcpu->exits) + number;
    } else if (length > 10 && memcmp(name, "hypercall_", 10) == 0) {
        domain->hypercalls += number;
        domain->hypercalls_by[call_of(strtoul(name + 10, NULL, 10))] += number;
    }
}

void live_counters_add(const char *text, struct sample_domain *domain, struct sample_vcpu *vcpu)
{
    while (*text) {
        size_t line = strcspn(text, "\n"), name = strcspn(text, " \n");

        if (name < line)
            add_line(text, name, strtoull(text + name + 1, NULL, 10), domain, vcpu);
        text += line + (text[line] == '\n');
    }
}

void live_counters_begin(struct sample_domain *domain)
{
    domain->wait_time_ns = domain->wakeups = domain->exits = domain->hypercalls = 0;
    memset(domain->exits_by, 0, sizeof(domain->exits_by));
    memset(domain->hypercalls_by, 0, sizeof(domain->hypercalls_by));
}

bool live_counters_exist(struct ctl *ctl)
{
    struct answer *answer = hypercall_alloc(ctl, sizeof(*answer));
    bool exist = answer && read_text(ctl, answer, 0, 0);

    if (answer)
        hypercall_free(ctl, answer, sizeof(*answer));
    return exist;
}

static struct sample_vcpu *vcpu_of(struct sample *sample, const struct sample_domain *domain, uint64_t id)
{
    for (size_t i = domain->vcpus_first; i < domain->vcpus_first + domain->vcpus_count; i++) {
        if (sample_vcpu(sample, i)->id == id)
            return sample_vcpu(sample, i);
    }
    return NULL;
}

void live_counters_read(struct ctl *ctl, struct sample *sample, struct sample_domain *domain)
{
    struct answer *answer = hypercall_alloc(ctl, sizeof(*answer));
    struct sample_domain sum = *domain;
    bool is_told = false;

    if (!answer)
        return;
    live_counters_begin(&sum);
    for (uint64_t id = 0; id < domain->vcpus_max && id < VCPUS_MAX; id++) {
        const char *text = read_text(ctl, answer, domain->domid, id);

        if (text)
            live_counters_add(text, &sum, vcpu_of(sample, domain, id));
        is_told |= text != NULL;
    }
    hypercall_free(ctl, answer, sizeof(*answer));
    if (is_told)
        *domain = sum;
}
