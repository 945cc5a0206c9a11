/* SPDX-License-Identifier: MIT */
/* Saved records of vCPUs, as a table of kinds: how one is made, and how one is taken. */
#include "cpuid.h"
#include "host_time.h"
#include "hvm_context.h"
#include "msr.h"
#include "string.h"
#include "virtual_lapic.h"

_Static_assert(sizeof(struct hvm_save_descriptor) == 8, "a record's descriptor");
_Static_assert(sizeof(struct hvm_hw_cpu) == 1032, "the saved CPU");
_Static_assert(sizeof(struct hvm_hw_mtrr) == 8 * (1 + 16 + 11 + 2), "the saved memory types");
_Static_assert(sizeof(struct hvm_save_header) == 24, "the stream's header");

#define STREAM_MAX MIB(1)

union record {
    struct hvm_save_header header;
    struct hvm_hw_cpu cpu;
    struct hvm_hw_lapic_regs lapic_registers;
    struct hvm_hw_mtrr memory_types;
};

/* --- kinds ----------------------------------------------------------------------------------------------------- */

static void get_cpu(const struct vcpu *v, union record *r) { vcpu_state_get(v, &r->cpu); }

static int set_cpu(struct vcpu *v, const union record *r)
{
    int error = vcpu_state_set(v, &r->cpu);
    if (error)
        return error;
    v->is_initialised = true;
    v->arch.lapic->awaits_startup = false;
    if (!v->is_up) {
        v->is_up = true;
        vcpu_wake(v);
    }
    return 0;
}

static void get_lapic_registers(const struct vcpu *v, union record *r)
{
    for (uint32_t number = 0; number < sizeof(r->lapic_registers.data) / 16; number++) {
        uint64_t value = 0;
        virtual_lapic_read_register(v->arch.lapic, number, &value);
        memcpy(&r->lapic_registers.data[number * 16], &value, sizeof(uint32_t));
    }
}

static void get_memory_types(const struct vcpu *v, union record *r)
{
    const struct memory_type_ranges *ranges = &v->domain->arch.cpuid->memory_types;
    r->memory_types = (struct hvm_hw_mtrr){
        .msr_pat_cr = v->arch.pat,
        .msr_mtrr_cap = MTRR_CAPABILITIES,
        .msr_mtrr_def_type = v->arch.mtrr_def_type,
    };
    memcpy(r->memory_types.msr_mtrr_var, ranges->variable, sizeof(ranges->variable));
    memcpy(r->memory_types.msr_mtrr_fixed, ranges->fixed, sizeof(ranges->fixed));
}

/*
 * PAT is part of the vendor's state of a vCPU that has begun to run; a builder's record only restates the power-on
 * value.
 */
static int set_memory_types(struct vcpu *v, const union record *r)
{
    struct memory_type_ranges *ranges = &v->domain->arch.cpuid->memory_types;
    if (!mtrr_default_type_is_valid(r->memory_types.msr_mtrr_def_type))
        return -XEN_EINVAL;
    v->arch.mtrr_def_type = r->memory_types.msr_mtrr_def_type;
    memcpy(ranges->variable, r->memory_types.msr_mtrr_var, sizeof(ranges->variable));
    memcpy(ranges->fixed, r->memory_types.msr_mtrr_fixed, sizeof(ranges->fixed));
    return 0;
}

static const struct record_kind {
    uint16_t code;
    uint16_t size;
    void (*get)(const struct vcpu *v, union record *r);
    int (*set)(struct vcpu *v, const union record *r);
} kinds[] = {
    { HVM_SAVE_CODE(CPU), sizeof(struct hvm_hw_cpu), get_cpu, set_cpu },
    { HVM_SAVE_CODE(LAPIC_REGS), sizeof(struct hvm_hw_lapic_regs), get_lapic_registers, NULL },
    { HVM_SAVE_CODE(MTRR), sizeof(struct hvm_hw_mtrr), get_memory_types, set_memory_types },
};

static const struct record_kind *find_kind(uint32_t code)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (kinds[i].code == code)
            return &kinds[i];
    return NULL;
}

/* --- reading out -------------------------------------------------------------------------------------------------- */

struct stream { uint64_t address; uint32_t at; };

static int put(struct stream *stream, uint16_t code, uint16_t instance, const void *body, uint32_t size)
{
    struct hvm_save_descriptor descriptor = { .typecode = code, .instance = instance, .length = size };
    if (COPY_STRUCT_TO_GUEST(stream->address + stream->at, &descriptor))
        return -XEN_EFAULT;
    if (size && copy_to_guest(stream->address + stream->at + sizeof(descriptor), body, size))
        return -XEN_EFAULT;
    stream->at += (uint32_t)sizeof(descriptor) + size;
    return 0;
}

static uint32_t stream_size(const struct domain *d)
{
    uint32_t per_vcpu = 0, total = sizeof(struct hvm_save_header) + 2 * sizeof(struct hvm_save_descriptor);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        per_vcpu += kinds[i].size + (uint32_t)sizeof(struct hvm_save_descriptor);
    DOMAIN_FOR_EACH_VCPU(d, v)
        total += v ? per_vcpu : 0;
    return total;
}

static int put_records(struct domain *d, struct stream *stream, union record *r)
{
    r->header = (struct hvm_save_header){
        .magic = HVM_FILE_MAGIC, .version = HVM_FILE_VERSION, .changeset = ~0ull,
        .cpuid = d->arch.cpuid->basic[1].a, .gtsc_khz = (uint32_t)host_clock.tsc_khz,
    };
    int error = put(stream, HVM_SAVE_CODE(HEADER), 0, &r->header, sizeof(r->header));
    for (size_t i = 0; i < ARRAY_SIZE(kinds) && !error; i++) {
        DOMAIN_FOR_EACH_VCPU(d, v) {
            if (error)
                continue;
            memset(r, 0, sizeof(*r));
            kinds[i].get(v, r);
            error = put(stream, kinds[i].code, (uint16_t)v->id, r, kinds[i].size);
        }
    }
    return error ? error : put(stream, HVM_SAVE_CODE(END), 0, NULL, 0);
}

int hvm_context_get(struct domain *d, uint64_t buffer, uint32_t *size)
{
    uint32_t needed = stream_size(d);
    if (!buffer) {
        *size = needed;
        return 0;
    }
    if (*size < needed)
        return -XEN_ENOSPC;
    union record *r = object_allocate(sizeof(*r));
    if (!r)
        return -XEN_ENOMEM;
    struct stream stream = { .address = buffer };
    int error = put_records(d, &stream, r);
    object_free(r);
    *size = stream.at;
    return error;
}

/* --- taking in -------------------------------------------------------------------------------------------------- */

/* The record at *at, which moves past it; NULL if the stream ends in the middle of one. */
static const struct hvm_save_descriptor *next_record(const uint8_t *stream, uint32_t size, uint32_t *at)
{
    const struct hvm_save_descriptor *descriptor = (const void *)(stream + *at);
    if (size - *at < sizeof(*descriptor) || size - *at - sizeof(*descriptor) < descriptor->length)
        return NULL;
    *at += (uint32_t)sizeof(*descriptor) + descriptor->length;
    return descriptor;
}

static int check_stream(struct domain *d, const uint8_t *stream, uint32_t size)
{
    uint32_t at = 0;
    const struct hvm_save_descriptor *descriptor = next_record(stream, size, &at);
    if (!descriptor || descriptor->typecode != HVM_SAVE_CODE(HEADER) ||
        descriptor->length != sizeof(struct hvm_save_header))
        return -XEN_EINVAL;
    struct hvm_save_header header;
    memcpy(&header, descriptor + 1, sizeof(header));
    if (header.magic != HVM_FILE_MAGIC || header.version != HVM_FILE_VERSION)
        return -XEN_EINVAL;
    while ((descriptor = next_record(stream, size, &at))) {
        if (descriptor->typecode == HVM_SAVE_CODE(END))
            return descriptor->length ? -XEN_EINVAL : 0;
        const struct record_kind *kind = find_kind(descriptor->typecode);
        if (!kind || !kind->set)
            return -XEN_EOPNOTSUPP; /* state of a device that no guest has */
        if (descriptor->length != kind->size || !domain_vcpu(d, descriptor->instance))
            return -XEN_EINVAL;
    }
    return -XEN_EINVAL;
}

static int apply_stream(struct domain *d, const uint8_t *stream, uint32_t size, union record *r)
{
    uint32_t at = 0;
    const struct hvm_save_descriptor *descriptor = next_record(stream, size, &at);
    while ((descriptor = next_record(stream, size, &at)) && descriptor->typecode != HVM_SAVE_CODE(END)) {
        const struct record_kind *kind = find_kind(descriptor->typecode);
        memcpy(r, descriptor + 1, kind->size);
        int error = kind->set(domain_vcpu(d, descriptor->instance), r);
        if (error)
            return error;
    }
    return 0;
}

int hvm_context_set(struct domain *d, uint64_t buffer, uint32_t size)
{
    if (size < sizeof(struct hvm_save_descriptor) || size > STREAM_MAX)
        return -XEN_EINVAL;
    /* The record that is being taken stands before the stream: one allocation. */
    union record *r = object_allocate(sizeof(*r) + size);
    if (!r)
        return -XEN_ENOMEM;
    uint8_t *stream = (uint8_t *)(r + 1);
    int error = copy_from_guest(stream, buffer, size);
    if (!error)
        error = check_stream(d, stream, size);
    if (!error)
        error = apply_stream(d, stream, size, r);
    object_free(r);
    return error;
}
