/* SPDX-License-Identifier: MIT */
/* The page shared with the hypervisor: time, event channels; and HVM parameters. */
#include "cpu.h"
#include "test.h"

#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>

static uint8_t shared_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
struct shared_info *shared = (struct shared_info *)shared_page;

void shared_init(void)
{
    struct xen_add_to_physmap map = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info, .gpfn = (uint64_t)shared_page / PAGE_SIZE
    };
    long error = memory_op(XENMEM_add_to_physmap, &map);

    if (error)
        print("FAIL boot: the shared info page cannot be mapped: %ld\n", error);
    memset(shared->evtchn_mask, 0xff, sizeof(shared->evtchn_mask));
    /* what the console's other end has sent before */
    shared->vcpu_info[0].evtchn_upcall_pending = 0;
    shared->vcpu_info[0].evtchn_pending_sel = 0;
}

uint64_t time_ns(void)
{
    volatile struct vcpu_time_info *time = &vcpu_info_of(0)->time;
    uint64_t result;
    uint32_t version;

    do {
        version = time->version & ~1u;
        __asm__ volatile("" ::: "memory");
        uint64_t ticks = read_tsc() - time->tsc_timestamp;

        ticks = time->tsc_shift < 0 ? ticks >> -time->tsc_shift : ticks << time->tsc_shift;
        result = time->system_time + (uint64_t)(((unsigned __int128)ticks * time->tsc_to_system_mul) >> 32);
        __asm__ volatile("" ::: "memory");
    } while (version != time->version);
    return result;
}

uint64_t hvm_parameter(unsigned int index)
{
    struct xen_hvm_param parameter = { .domid = DOMID_SELF, .index = index };

    return hvm_op(HVMOP_get_param, &parameter) ? UINT64_MAX : parameter.value;
}

long set_hvm_parameter(unsigned int index, uint64_t value)
{
    struct xen_hvm_param parameter = { .domid = DOMID_SELF, .index = index, .value = value };

    return hvm_op(HVMOP_set_param, &parameter);
}

bool event_pending(evtchn_port_t port)
{
    return ((volatile xen_ulong_t *)shared->evtchn_pending)[port / 64] >> port % 64 & 1;
}

void event_clear(evtchn_port_t port)
{
    __asm__ volatile("lock btrq %1, %0" : "+m"(shared->evtchn_pending[port / 64]) : "r"((uint64_t)port % 64));
}

void event_set_mask(evtchn_port_t port, bool masked)
{
    if (masked) {
        __asm__ volatile("lock btsq %1, %0" : "+m"(shared->evtchn_mask[port / 64]) : "r"((uint64_t)port % 64));
        return;
    }
    __asm__ volatile("lock btrq %1, %0" : "+m"(shared->evtchn_mask[port / 64]) : "r"((uint64_t)port % 64));
}

long event_send(evtchn_port_t port)
{
    struct evtchn_send send = { .port = port };

    return event_op(EVTCHNOP_send, &send);
}

long event_close(evtchn_port_t port)
{
    struct evtchn_close close = { .port = port };

    return event_op(EVTCHNOP_close, &close);
}

long event_bind_ipi(unsigned int vcpu)
{
    struct evtchn_bind_ipi bind = { .vcpu = vcpu };
    long error = event_op(EVTCHNOP_bind_ipi, &bind);

    if (error)
        return error;
    event_clear(bind.port);
    event_set_mask(bind.port, false);
    return (long)bind.port;
}
