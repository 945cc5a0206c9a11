/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls through /dev/xen/privcmd, and memory that is safe to hand to them.
 *
 * The kernel can move or drop a process's pages at any time, and the hypervisor would then see none. Pages mapped
 * from /dev/xen/hypercall are pinned by the driver; where that device is missing, locked pages come close enough.
 */
#include "hypercall.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/hvm/hvm_op.h>
#include <xen/memory.h>
#include <xen/event_channel.h>
#include <xen/sys/privcmd.h>

#define ARENA_SIZE (16u * 1024) /* what most calls need: each page of it costs who runs for milliseconds */
#define ARENA_ALIGN 16u

_Static_assert(XEN_DOMCTL_INTERFACE_VERSION == 0x15, "libctl is written for version 0x15 of domctl");
_Static_assert(XEN_SYSCTL_INTERFACE_VERSION == 0x15, "libctl is written for version 0x15 of sysctl");
_Static_assert(sizeof(struct xen_domctl) == 144, "xen_domctl has the ABI's size");
_Static_assert(sizeof(struct xen_sysctl) == 136, "xen_sysctl has the ABI's size");
_Static_assert(sizeof(struct privcmd_hypercall) == 48, "privcmd_hypercall has the ABI's size");

static void *pages_map(struct ctl *ctl, size_t size)
{
    void *data;

    if (ctl->buffers >= 0) {
        data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ctl->buffers, 0);
    } else {
        data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
        if (data != MAP_FAILED)
            madvise(data, size, MADV_DONTFORK); /* a fork would make the pages copy-on-write */
    }
    return data == MAP_FAILED ? NULL : data;
}

static size_t round_up(size_t size, size_t unit)
{
    return (size + unit - 1) / unit * unit;
}

int hypercall_init(struct ctl *ctl)
{
    ctl->buffers = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
    ctl->arena = pages_map(ctl, ARENA_SIZE);
    if (!ctl->arena) {
        int result = -errno;

        if (ctl->buffers >= 0)
            close(ctl->buffers);
        return result;
    }
    return 0;
}

void hypercall_fini(struct ctl *ctl)
{
    munmap(ctl->arena, ARENA_SIZE);
    if (ctl->buffers >= 0)
        close(ctl->buffers);
}

void *hypercall_alloc(struct ctl *ctl, size_t size)
{
    size_t rounded = round_up(size, ARENA_ALIGN);

    if (rounded < size || !size)
        return NULL;
    if (rounded <= ARENA_SIZE - ctl->arena_used) {
        void *data = ctl->arena + ctl->arena_used;

        ctl->arena_used += rounded;
        return memset(data, 0, size);
    }
    return pages_map(ctl, round_up(size, CTL_PAGE_SIZE));
}

void hypercall_free(struct ctl *ctl, void *data, size_t size)
{
    uint8_t *bytes = data;

    if (!data)
        return;
    if (bytes >= ctl->arena && bytes < ctl->arena + ARENA_SIZE)
        ctl->arena_used = (size_t)(bytes - ctl->arena);
    else
        munmap(data, round_up(size, CTL_PAGE_SIZE));
}

int hypercall(struct ctl *ctl, unsigned number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    struct privcmd_hypercall call = { .op = number, .arg = { a, b, c, d, e } };
    int result = ioctl(ctl->privcmd, IOCTL_PRIVCMD_HYPERCALL, &call);

    return result < 0 ? -errno : result;
}

int hypercall_struct(struct ctl *ctl, unsigned number, uint64_t command, void *argument, size_t size)
{
    void *safe = hypercall_alloc(ctl, size);
    int result;

    if (!safe)
        return -ENOMEM;
    memcpy(safe, argument, size);
    result = hypercall(ctl, number, command, (uintptr_t)safe, 0, 0, 0);
    memcpy(argument, safe, size);
    hypercall_free(ctl, safe, size);
    return result;
}

/* domctl and sysctl take their structure as the first argument. */
static int hypercall_control(struct ctl *ctl, unsigned number, void *argument, size_t size)
{
    void *safe = hypercall_alloc(ctl, size);
    int result;

    if (!safe)
        return -ENOMEM;
    memcpy(safe, argument, size);
    result = hypercall(ctl, number, (uintptr_t)safe, 0, 0, 0, 0);
    memcpy(argument, safe, size);
    hypercall_free(ctl, safe, size);
    return result;
}

int hypercall_domctl(struct ctl *ctl, struct xen_domctl *domctl)
{
    domctl->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    return hypercall_control(ctl, __HYPERVISOR_domctl, domctl, sizeof(*domctl));
}

int hypercall_sysctl(struct ctl *ctl, struct xen_sysctl *sysctl)
{
    sysctl->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return hypercall_control(ctl, __HYPERVISOR_sysctl, sysctl, sizeof(*sysctl));
}

int hypercall_domctl_plain(struct ctl *ctl, uint32_t domid, uint32_t command)
{
    struct xen_domctl domctl = { .cmd = command, .domain = (domid_t)domid };

    return hypercall_domctl(ctl, &domctl);
}

int hypercall_probe(struct ctl *ctl)
{
    struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_sched_id };

    return hypercall_sysctl(ctl, &sysctl);
}

int hypercall_memory(struct ctl *ctl, unsigned command, void *argument, size_t size)
{
    return hypercall_struct(ctl, __HYPERVISOR_memory_op, command, argument, size);
}

int hypercall_event_channel(struct ctl *ctl, unsigned command, void *argument, size_t size)
{
    return hypercall_struct(ctl, __HYPERVISOR_event_channel_op, command, argument, size);
}

int hypercall_hvm_param_set(struct ctl *ctl, uint32_t domid, uint32_t index, uint64_t value)
{
    struct xen_hvm_param param = { .domid = (domid_t)domid, .index = index, .value = value };

    return hypercall_struct(ctl, __HYPERVISOR_hvm_op, HVMOP_set_param, &param, sizeof(param));
}

int hypercall_hvm_param_get(struct ctl *ctl, uint32_t domid, uint32_t index, uint64_t *value)
{
    struct xen_hvm_param param = { .domid = (domid_t)domid, .index = index };
    int result = hypercall_struct(ctl, __HYPERVISOR_hvm_op, HVMOP_get_param, &param, sizeof(param));

    *value = param.value;
    return result;
}
