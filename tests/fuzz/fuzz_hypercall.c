/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls with arguments that a hostile guest makes up. The input is a list of steps; each writes some bytes into guest
 * memory and makes one call of one of two guests, or of domain 0 where its calls are about memory and grants. Whatever they
 * are, the hypervisor goes on, and when the domains are destroyed every page is free again.
 */
#include "fake_arch.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY_SIZE 2048u
#define GUEST_PAGES 16u
#define MACHINE_PAGES 320u
#define STEPS_MAX 64u

static uint8_t memory[MEMORY_SIZE];

struct step {
    uint8_t call, domain, command, offset, handle_at, handle, length;
    uint16_t count;
} __attribute__((packed));

static hypercall_handler *const calls[] = {
    hypercall_memory_op, hypercall_grant_table_op, hypercall_memory_op, hypercall_hypfs_op,
    hypercall_event_channel_op, hypercall_vcpu_op, hypercall_xen_version, hypercall_console_io, hypercall_multicall,
    hypercall_vm_assist,
};
#define CALLS_OF_DOMAIN_ZERO 4u

static uint64_t address_of(uint8_t eighth) { return FAKE_WINDOW + eighth * 8u; }

/* What the input says, with an address of guest memory where the step wants one: guest handles are hard to guess. */
static void fill_memory(const struct step *step, const uint8_t *bytes)
{
    size_t offset = step->offset * 8u, length = MIN((size_t)step->length, MEMORY_SIZE - offset);
    memcpy(memory + offset, bytes, length);
    uint64_t handle = address_of(step->handle);
    size_t handle_at = offset + step->handle_at % 8 * 8u;
    if (step->handle_at < 128 && handle_at + 8 <= MEMORY_SIZE)
        memcpy(memory + handle_at, &handle, sizeof(handle));
}

static void run(struct domain *const domains[3], const struct step *step)
{
    struct domain *d = domains[step->domain % 3];
    unsigned int limit = d->is_privileged ? CALLS_OF_DOMAIN_ZERO : ARRAY_SIZE(calls);
    hypercall_handler *handler = calls[step->call % limit];
    /* vcpu_op and its like have a number between command and argument; the others an address. */
    uint64_t second = handler == hypercall_vcpu_op ? step->count : address_of(step->offset);
    uint64_t third = handler == hypercall_vcpu_op || handler == hypercall_console_io ? address_of(step->offset) : step->count;
    if (handler == hypercall_console_io)
        second = step->count;
    uint64_t first = handler == hypercall_multicall ? address_of(step->offset) : step->command;
    if (handler == hypercall_multicall)
        second = step->count % 8;
    struct hypercall call = { .vcpu = d->vcpus[0], .argument = { first, second, third } };
    if (handler == hypercall_hypfs_op) { /* a path and its size, a buffer and its size */
        call.argument[2] = step->count;
        call.argument[3] = address_of(step->handle);
        call.argument[4] = step->length * 16u;
    }
    for (unsigned int slices = 0; slices < 10000; slices++) {
        call.continued = false;
        handler(&call);
        if (!call.continued)
            return;
    }
    abort(); /* a call that never ends */
}

static struct domain *populate(struct domain *d)
{
    d->max_pages = 2 * GUEST_PAGES;
    for (uint64_t gfn = 0; gfn < GUEST_PAGES; gfn++)
        if (arch_p2m_set(d, make_gfn(gfn), page_to_mfn(page_allocate_domain(d, 0)), 0, P2M_RAM))
            abort();
    return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct step step;
    fake_machine_start(1, MACHINE_PAGES);
    struct domain *zero = populate(fake_domain_zero(1));
    struct domain *const domains[3] = { populate(fake_domain(1, 1)), populate(fake_domain(2, 1)), zero };
    memset(memory, 0, sizeof(memory));
    fake_memory_set_window(memory, sizeof(memory));
    fake_yield_every = 7;
    for (unsigned int i = 0; i < STEPS_MAX && size >= sizeof(step); i++) {
        memcpy(&step, data, sizeof(step));
        data += sizeof(step);
        size -= sizeof(step);
        step.length = (uint8_t)MIN(step.length, size);
        fill_memory(&step, data);
        data += step.length;
        size -= step.length;
        run(domains, &step);
    }
    fake_machine_stop(); /* aborts if anything is lost */
    return 0;
}
