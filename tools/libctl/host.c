/* SPDX-License-Identifier: MIT */
/*
 * The machine and its hypervisor: capacity, versions, log.
 */
#include "hypercall.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/memory.h>
#include <xen/version.h>

#define LOG_CHUNK (32u * 1024)
#define LOG_MAX (64u * 1024 * 1024)
#define BUILD_ID_MAX 32u

static void text_copy(char *to, size_t size, const char *from, size_t length)
{
    snprintf(to, size, "%.*s", (int)strnlen(from, length), from);
}

static int version(struct ctl *ctl, unsigned command, void *buffer)
{
    return hypercall(ctl, __HYPERVISOR_xen_version, command, (uintptr_t)buffer, 0, 0, 0);
}

/* Fills the versions and texts; one that the hypervisor does not give stays empty. */
static int host_versions(struct ctl *ctl, struct ctl_host *host)
{
    union {
        xen_extraversion_t extra;
        struct xen_compile_info compile;
        xen_capabilities_info_t capabilities;
        xen_changeset_info_t changeset;
        struct xen_platform_parameters platform;
        xen_commandline_t command_line;
        struct { uint32_t length; uint8_t bytes[BUILD_ID_MAX]; } build_id;
    } *answer = hypercall_alloc(ctl, sizeof(*answer));
    int result;

    if (!answer)
        return -ENOMEM;
    result = version(ctl, XENVER_version, NULL);
    if (result < 0)
        goto free_answer;
    host->xen_major = (uint32_t)result >> 16;
    host->xen_minor = (uint32_t)result & 0xffff;
    if (version(ctl, XENVER_extraversion, answer) >= 0)
        text_copy(host->xen_extra, sizeof(host->xen_extra), answer->extra, sizeof(answer->extra));
    if (version(ctl, XENVER_compile_info, answer) >= 0) {
        const struct xen_compile_info *compile = &answer->compile;

        text_copy(host->compiler, sizeof(host->compiler), compile->compiler, sizeof(compile->compiler));
        text_copy(host->compile_by, sizeof(host->compile_by), compile->compile_by, sizeof(compile->compile_by));
        text_copy(host->compile_domain, sizeof(host->compile_domain), compile->compile_domain,
                  sizeof(compile->compile_domain));
        text_copy(host->compile_date, sizeof(host->compile_date), compile->compile_date,
                  sizeof(compile->compile_date));
    }
    if (version(ctl, XENVER_capabilities, answer) >= 0)
        text_copy(host->capabilities, sizeof(host->capabilities), answer->capabilities, sizeof(answer->capabilities));
    if (version(ctl, XENVER_changeset, answer) >= 0)
        text_copy(host->changeset, sizeof(host->changeset), answer->changeset, sizeof(answer->changeset));
    if (version(ctl, XENVER_commandline, answer) >= 0)
        text_copy(host->command_line, sizeof(host->command_line), answer->command_line, sizeof(answer->command_line));
    if (version(ctl, XENVER_platform_parameters, answer) >= 0)
        host->virt_start = answer->platform.virt_start;
    result = version(ctl, XENVER_pagesize, NULL);
    host->page_size = result > 0 ? (uint32_t)result : CTL_PAGE_SIZE;
    answer->build_id.length = BUILD_ID_MAX;
    result = version(ctl, XENVER_build_id, answer);
    for (int i = 0; i < result && i < (int)BUILD_ID_MAX; i++)
        snprintf(host->build_id + 2 * i, 3, "%02x", answer->build_id.bytes[i]);
    result = 0;

free_answer:
    hypercall_free(ctl, answer, sizeof(*answer));
    return result;
}

/* Pages that a memory operation counts, in KiB; 0 where the hypervisor does not know it. */
static uint64_t memory_count_kib(struct ctl *ctl, unsigned command)
{
    int pages = hypercall(ctl, __HYPERVISOR_memory_op, command, 0, 0, 0, 0);

    return pages > 0 ? (uint64_t)pages << (CTL_PAGE_SHIFT - 10) : 0;
}

/* CPUs in no pool; 0 where the hypervisor has no pools. */
static uint32_t free_cpus(struct ctl *ctl)
{
    uint8_t *map = hypercall_alloc(ctl, CTL_CPUMAP_BYTES);
    struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_cpupool_op };
    uint32_t count = 0;

    if (!map)
        return 0;
    sysctl.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_FREEINFO;
    set_xen_guest_handle(sysctl.u.cpupool_op.cpumap.bitmap, map);
    sysctl.u.cpupool_op.cpumap.nr_bits = CTL_CPUMAP_BYTES * 8;
    if (hypercall_sysctl(ctl, &sysctl) >= 0) {
        for (unsigned i = 0; i < CTL_CPUMAP_BYTES; i++)
            count += (uint32_t)__builtin_popcount(map[i]);
    }
    hypercall_free(ctl, map, CTL_CPUMAP_BYTES);
    return count;
}

int ctl_host_get(struct ctl *ctl, struct ctl_host *host)
{
    struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_physinfo };
    const struct xen_sysctl_physinfo *physinfo = &sysctl.u.physinfo;
    int result;

    memset(host, 0, sizeof(*host));
    result = hypercall_sysctl(ctl, &sysctl);
    if (result < 0)
        return ctl_fail(ctl, -result, "the hypervisor does not describe the machine: %s", strerror(-result));
    host->cpus = physinfo->max_cpu_id + 1;
    host->cpus_online = physinfo->nr_cpus;
    host->nodes = physinfo->nr_nodes;
    host->cores_per_socket = physinfo->cores_per_socket;
    host->threads_per_core = physinfo->threads_per_core;
    host->cpu_khz = physinfo->cpu_khz;
    host->total_kib = physinfo->total_pages << (CTL_PAGE_SHIFT - 10);
    host->free_kib = (physinfo->free_pages + physinfo->scrub_pages) << (CTL_PAGE_SHIFT - 10);
    host->outstanding_kib = physinfo->outstanding_pages << (CTL_PAGE_SHIFT - 10);
    memcpy(host->hw_caps, physinfo->hw_cap, sizeof(host->hw_caps));
    host->hvm = physinfo->capabilities & XEN_SYSCTL_PHYSCAP_hvm;
    host->hap = physinfo->capabilities & XEN_SYSCTL_PHYSCAP_hap;
    host->virt_caps = physinfo->capabilities;
    host->free_cpus = free_cpus(ctl);
    host->sharing_freed_kib = memory_count_kib(ctl, XENMEM_get_sharing_freed_pages);
    host->sharing_used_kib = memory_count_kib(ctl, XENMEM_get_sharing_shared_pages);

    sysctl.cmd = XEN_SYSCTL_sched_id;
    memset(&sysctl.u, 0, sizeof(sysctl.u));
    result = hypercall_sysctl(ctl, &sysctl);
    if (result >= 0)
        snprintf(host->scheduler, sizeof(host->scheduler), "%s", ctl_scheduler_name(sysctl.u.sched_id.sched_id));
    result = host_versions(ctl, host);
    if (result < 0)
        return ctl_fail(ctl, -result, "the hypervisor does not tell its version: %s", strerror(-result));
    return 0;
}

ssize_t ctl_dmesg(struct ctl *ctl, bool clear, char **text)
{
    char *chunk = hypercall_alloc(ctl, LOG_CHUNK);
    struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_readconsole };
    struct xen_sysctl_readconsole *readconsole = &sysctl.u.readconsole;
    size_t length = 0;
    char *log = NULL, *grown;
    int result;

    *text = NULL;
    if (!chunk)
        return ctl_fail(ctl, ENOMEM, "there is no memory for the hypervisor's log");
    for (;;) {
        grown = realloc(log, length + LOG_CHUNK + 1);
        if (!grown) {
            result = ctl_fail(ctl, ENOMEM, "there is no memory for the hypervisor's log");
            goto free_log;
        }
        log = grown;
        set_xen_guest_handle(readconsole->buffer, chunk);
        readconsole->count = LOG_CHUNK;
        readconsole->incremental = length != 0;
        readconsole->clear = clear;
        result = hypercall_sysctl(ctl, &sysctl);
        if (result < 0) {
            ctl_fail(ctl, -result, "the hypervisor does not show its log: %s", strerror(-result));
            goto free_log;
        }
        if (!readconsole->count || readconsole->count > LOG_CHUNK || length > LOG_MAX)
            break;
        memcpy(log + length, chunk, readconsole->count);
        length += readconsole->count;
    }
    hypercall_free(ctl, chunk, LOG_CHUNK);
    log[length] = '\0';
    *text = log;
    return (ssize_t)length;

free_log:
    free(log);
    hypercall_free(ctl, chunk, LOG_CHUNK);
    return result;
}
