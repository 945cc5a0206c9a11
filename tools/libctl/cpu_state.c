/* SPDX-License-Identifier: MIT */
/*
 * The state in which a PVH guest's first vCPU starts: protected mode, flat 32-bit segments, paging off, interrupts off,
 * EBX at the start info (Xen's documentation, misc/pvh).
 */
#include "cpu_state.h"
#include <errno.h>
#include <string.h>
#include <xen/hvm/save.h>

#define CR0_PE 0x1u
#define CR0_ET 0x10u
#define RFLAGS_FIXED 0x2u
#define DR6_RESET 0xffff0ff0u
#define DR7_RESET 0x400u
/* Attribute bytes: type, S, DPL, P in bits 0 to 7; AVL, L, D/B, G in bits 8 to 11. */
#define SEGMENT_CODE 0xc9bu
#define SEGMENT_DATA 0xc93u
#define SEGMENT_TSS 0x8bu
#define TSS_LIMIT 0x67u
#define MTRR_ENABLE_WRITE_BACK 0x806u
#define LAPIC_ID_REGISTER 0x20u
#define USUAL_SIZE 8192u /* enough for the state of one vCPU */

_Static_assert(sizeof(struct hvm_hw_cpu) == 1032, "hvm_hw_cpu has the ABI's size");
_Static_assert(sizeof(struct hvm_save_descriptor) == 8, "hvm_save_descriptor has the ABI's size");

/* One attempt with a buffer of that size; -ENOSPC when it is too small. */
static int get_into(struct ctl *ctl, uint32_t domid, struct cpu_context *context, uint32_t capacity)
{
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_gethvmcontext, .domain = (domid_t)domid };
    int result;

    *context = (struct cpu_context){ .data = hypercall_alloc(ctl, capacity), .capacity = capacity };
    if (!context->data)
        return -ENOMEM;
    domctl.u.hvmcontext.size = capacity;
    set_xen_guest_handle(domctl.u.hvmcontext.buffer, context->data);
    result = hypercall_domctl(ctl, &domctl);
    if (result < 0) {
        cpu_context_free(ctl, context);
        return result;
    }
    context->size = domctl.u.hvmcontext.size < capacity ? domctl.u.hvmcontext.size : capacity;
    return 0;
}

int cpu_context_get(struct ctl *ctl, uint32_t domid, struct cpu_context *context)
{
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_gethvmcontext, .domain = (domid_t)domid };
    int result = get_into(ctl, domid, context, USUAL_SIZE);

    if (result != -ENOSPC)
        return result;
    result = hypercall_domctl(ctl, &domctl); /* without a buffer: what is its size? */
    if (result < 0)
        return result;
    return domctl.u.hvmcontext.size ? get_into(ctl, domid, context, domctl.u.hvmcontext.size) : -EINVAL;
}

void cpu_context_free(struct ctl *ctl, struct cpu_context *context)
{
    hypercall_free(ctl, context->data, context->capacity);
    memset(context, 0, sizeof(*context));
}

/* The record at *at, which moves on to the next one; NULL at the end or where a record runs over it. */
static const uint8_t *next_record(const struct cpu_context *context, uint32_t *at,
                                  struct hvm_save_descriptor *descriptor)
{
    const uint8_t *data;

    if (*at > context->size || context->size - *at < sizeof(*descriptor))
        return NULL;
    memcpy(descriptor, context->data + *at, sizeof(*descriptor));
    *at += sizeof(*descriptor);
    if (descriptor->length > context->size - *at)
        return NULL;
    data = context->data + *at;
    *at += descriptor->length;
    return data;
}

void cpu_context_apic_ids(const struct cpu_context *context, uint32_t *ids, uint32_t count)
{
    struct hvm_save_descriptor descriptor;
    const uint8_t *data;
    uint32_t at = 0;

    for (uint32_t i = 0; i < count; i++)
        ids[i] = 2 * i;
    while ((data = next_record(context, &at, &descriptor))) {
        uint32_t id;

        if (descriptor.typecode != HVM_SAVE_CODE(LAPIC_REGS) || descriptor.instance >= count ||
            descriptor.length < LAPIC_ID_REGISTER + sizeof(id))
            continue;
        memcpy(&id, data + LAPIC_ID_REGISTER, sizeof(id));
        /* In xAPIC mode, which every vCPU starts in, the register holds eight bits. */
        if (ids[descriptor.instance] < 0xff)
            ids[descriptor.instance] = id >> 24;
    }
}

static void *put_record(uint8_t *buffer, uint32_t *size, uint16_t type, uint16_t instance, uint32_t length,
                        const void *data)
{
    struct hvm_save_descriptor descriptor = { type, instance, length };
    uint8_t *at = buffer + *size;

    memcpy(at, &descriptor, sizeof(descriptor));
    memcpy(at + sizeof(descriptor), data, length);
    *size += (uint32_t)sizeof(descriptor) + length;
    return at + sizeof(descriptor);
}

static void fill_cpu(struct hvm_hw_cpu *cpu, uint32_t entry, uint32_t start_info)
{
    memset(cpu, 0, sizeof(*cpu));
    cpu->rip = entry;
    cpu->rbx = start_info;
    cpu->rflags = RFLAGS_FIXED;
    cpu->cr0 = CR0_PE | CR0_ET;
    cpu->dr6 = DR6_RESET;
    cpu->dr7 = DR7_RESET;
    cpu->cs_limit = cpu->ds_limit = cpu->es_limit = cpu->ss_limit = UINT32_MAX;
    cpu->cs_arbytes = SEGMENT_CODE;
    cpu->ds_arbytes = cpu->es_arbytes = cpu->ss_arbytes = SEGMENT_DATA;
    cpu->tr_limit = TSS_LIMIT;
    cpu->tr_arbytes = SEGMENT_TSS;
}

int cpu_context_start(struct ctl *ctl, uint32_t domid, const struct cpu_context *context, uint32_t entry,
                      uint32_t start_info)
{
    uint32_t capacity = context->size + (uint32_t)(sizeof(struct hvm_hw_cpu) + 3 * sizeof(struct hvm_save_descriptor));
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_sethvmcontext, .domain = (domid_t)domid };
    struct hvm_save_descriptor descriptor;
    struct hvm_hw_cpu cpu;
    const uint8_t *data;
    uint32_t at = 0, size = 0;
    bool header = false;
    uint8_t *buffer = hypercall_alloc(ctl, capacity);
    int result;

    if (!buffer)
        return -ENOMEM;
    /* The header and the MTRRs come back as the hypervisor gave them, but for the default memory type. */
    while ((data = next_record(context, &at, &descriptor))) {
        if (descriptor.typecode == HVM_SAVE_CODE(HEADER) && !header) {
            put_record(buffer, &size, descriptor.typecode, 0, descriptor.length, data);
            header = true;
        } else if (descriptor.typecode == HVM_SAVE_CODE(MTRR) && header &&
                   descriptor.length == HVM_SAVE_LENGTH(MTRR)) {
            struct hvm_hw_mtrr mtrr;

            memcpy(&mtrr, data, sizeof(mtrr));
            mtrr.msr_mtrr_def_type = MTRR_ENABLE_WRITE_BACK;
            put_record(buffer, &size, descriptor.typecode, descriptor.instance, sizeof(mtrr), &mtrr);
        }
    }
    if (!header) {
        result = -EINVAL;
        goto free_buffer;
    }
    fill_cpu(&cpu, entry, start_info);
    put_record(buffer, &size, HVM_SAVE_CODE(CPU), 0, sizeof(cpu), &cpu);
    put_record(buffer, &size, HVM_SAVE_CODE(END), 0, 0, &cpu);
    set_xen_guest_handle(domctl.u.hvmcontext.buffer, buffer);
    domctl.u.hvmcontext.size = size;
    result = hypercall_domctl(ctl, &domctl);

free_buffer:
    hypercall_free(ctl, buffer, capacity);
    return result;
}
