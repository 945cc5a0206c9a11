/* SPDX-License-Identifier: MIT */
/* The table of guests' model-specific registers. PAT is not in it: guests reach it directly. */
#include "cpuid.h"
#include "msr.h"
#include "printk.h"
#include "registers.h"
#include "string.h"
#include "virtual_lapic.h"

#include <xen/arch-x86/cpufeatureset.h>

#define MSR_HYPERCALL_PAGE 0x40000000u
#define MSR_PRED_CMD 0x49u
#define PRED_CMD_IBPB 1u

bool mtrr_default_type_is_valid(uint64_t value)
{
    uint8_t type = (uint8_t)value;
    return !(value & ~(MTRR_DEFAULT_ENABLED | MTRR_FIXED_ENABLED | 0xff)) && type <= 6 && type != 2 && type != 3;
}

void msr_reset(struct vcpu *v) { v->arch.mtrr_def_type = MTRR_DEFAULT_ENABLED | MTRR_FIXED_ENABLED | MTRR_WRITE_BACK; }

/* --- readers and writers: 0 or -1 -------------------------------------------------------------------------------- */

typedef int msr_reader(struct vcpu *v, uint32_t index, uint64_t *value);
typedef int msr_writer(struct vcpu *v, uint32_t index, uint64_t value);

static int read_apic_base(struct vcpu *v, uint32_t index, uint64_t *value)
{
    *value = v->arch.lapic->base_msr;
    return 0;
}

static int write_apic_base(struct vcpu *v, uint32_t index, uint64_t value)
{
    return virtual_lapic_set_base(v->arch.lapic, value) ? 0 : -1;
}

static int read_x2apic(struct vcpu *v, uint32_t index, uint64_t *value)
{
    struct virtual_lapic *lapic = v->arch.lapic;
    return lapic->is_x2apic && virtual_lapic_read_register(lapic, index - MSR_X2APIC_FIRST, value) ? 0 : -1;
}

static int write_x2apic(struct vcpu *v, uint32_t index, uint64_t value)
{
    struct virtual_lapic *lapic = v->arch.lapic;
    return lapic->is_x2apic && virtual_lapic_write_register(lapic, index - MSR_X2APIC_FIRST, value) ? 0 : -1;
}

static int read_time_stamp(struct vcpu *v, uint32_t index, uint64_t *value)
{
    *value = read_tsc() + v->arch.tsc_offset;
    return 0;
}

static int write_time_stamp(struct vcpu *v, uint32_t index, uint64_t value)
{
    vcpu_set_tsc_offset(v, value - read_tsc());
    arch_vcpu_update_time(v);
    return 0;
}

static int read_mtrr_default(struct vcpu *v, uint32_t index, uint64_t *value)
{
    *value = v->arch.mtrr_def_type;
    return 0;
}

static int write_mtrr_default(struct vcpu *v, uint32_t index, uint64_t value)
{
    if (!mtrr_default_type_is_valid(value))
        return -1;
    v->arch.mtrr_def_type = value;
    return 0;
}

/* With nested paging the hardware takes memory types from PAT and the machine's own ranges: these are only kept. */
static uint64_t *memory_type_range(struct vcpu *v, uint32_t index)
{
    struct memory_type_ranges *ranges = &v->domain->arch.cpuid->memory_types;
    if (index - 0x200u < ARRAY_SIZE(ranges->variable))
        return &ranges->variable[index - 0x200];
    switch (index) {
    case 0x250: return &ranges->fixed[0];
    case 0x258: return &ranges->fixed[1];
    case 0x259: return &ranges->fixed[2];
    default: return index - 0x268u < 8 ? &ranges->fixed[3 + index - 0x268] : NULL;
    }
}

static int read_memory_type(struct vcpu *v, uint32_t index, uint64_t *value)
{
    const uint64_t *range = memory_type_range(v, index);
    if (!range)
        return -1;
    *value = *range;
    return 0;
}

static int write_memory_type(struct vcpu *v, uint32_t index, uint64_t value)
{
    uint64_t *range = memory_type_range(v, index);
    if (!range)
        return -1;
    *range = value;
    return 0;
}

/*
 * 128 calls of 32 bytes each: mov $number, %eax; vmmcall; ret. SCHEDOP's iret has no meaning here and is left to
 * fault.
 */
static int write_hypercall_page(struct vcpu *v, uint32_t index, uint64_t value)
{
    enum p2m_type type;
    if (value & (PAGE_SIZE - 1))
        return -1; /* one page, number 0 */
    struct page *page = arch_p2m_get_page(v->domain, make_gfn(value >> PAGE_SHIFT), true, &type);
    if (!page)
        return -1;
    if (type != P2M_RAM) {
        page_put(page);
        return -1;
    }
    uint8_t *stub = page_to_virtual(page);
    memset(stub, 0xcc, PAGE_SIZE);
    for (uint32_t number = 0; number < PAGE_SIZE / 32; number++, stub += 32) {
        if (number == __HYPERVISOR_iret) {
            stub[0] = 0x0f, stub[1] = 0x0b; /* ud2 */
            continue;
        }
        stub[0] = 0xb8;
        memcpy(&stub[1], &number, sizeof(number));
        stub[5] = 0x0f, stub[6] = 0x01, stub[7] = 0xd9;
        stub[8] = 0xc3;
    }
    page_put(page);
    return 0;
}

static int write_prediction_command(struct vcpu *v, uint32_t index, uint64_t value)
{
    if ((value & ~(uint64_t)PRED_CMD_IBPB) || !cpuid_has_feature(v->domain->arch.cpuid, XEN_X86_FEATURE_IBPB))
        return -1;
    if (value)
        wrmsr_safe(MSR_PRED_CMD, value);
    return 0;
}

/* Lets LFENCE serialise is bit 1; the hypervisor has it so or cannot help it. */
static int read_decode_config(struct vcpu *v, uint32_t index, uint64_t *value)
{
    *value = 2;
    return 0;
}

/* What the machine's firmware or the hypervisor has set, where the CPU has the register. */
static int read_machine(struct vcpu *v, uint32_t index, uint64_t *value) { return rdmsr_safe(index, value) ? 0 : -1; }

/* --- the table ---------------------------------------------------------------------------------------------------- */

static int ignore_write(struct vcpu *v, uint32_t index, uint64_t value) { return 0; }

struct msr_entry {
    uint32_t first, last;
    msr_reader *read; /* NULL: `constant` */
    msr_writer *write; /* NULL: fault */
    uint64_t constant;
    bool is_write_only;
};

/* Ranges rise. What says ignore_write is written by Linux without a way to recover, and has no effect in a guest. */
static const struct msr_entry table[] = {
    { 0x00000000, 0x00000001, .write = ignore_write },                    /* machine check address and type (P5) */
    { 0x00000010, 0x00000010, .read = read_time_stamp, .write = write_time_stamp },
    { 0x00000017, 0x00000017, .constant = 0 },                            /* PLATFORM_ID */
    { MSR_APIC_BASE, MSR_APIC_BASE, .read = read_apic_base, .write = write_apic_base },
    { 0x0000002a, 0x0000002a, .constant = 0 },                            /* EBL_CR_POWERON */
    { 0x0000003a, 0x0000003a, .constant = 1 },                            /* FEATURE_CONTROL: locked, nothing on */
    { MSR_PRED_CMD, MSR_PRED_CMD, .write = write_prediction_command, .is_write_only = true },
    { 0x00000079, 0x00000079, .write = ignore_write, .is_write_only = true }, /* Intel's microcode update */
    { 0x0000008b, 0x0000008b, .write = ignore_write },                    /* microcode revision: not told */
    { 0x000000ce, 0x000000ce, .constant = 0 },                            /* PLATFORM_INFO */
    { 0x000000fe, 0x000000fe, .constant = MTRR_CAPABILITIES },
    { 0x00000179, 0x00000179, .constant = 0 },                            /* MCG_CAP: no banks */
    { 0x0000017a, 0x0000017a, .write = ignore_write },                    /* MCG_STATUS */
    { 0x000001a0, 0x000001a0, .constant = 1, .write = ignore_write },     /* MISC_ENABLE: fast strings */
    { 0x000001d9, 0x000001d9, .write = ignore_write },                    /* DEBUGCTL */
    { 0x00000200, 0x0000026f, .read = read_memory_type, .write = write_memory_type },
    { 0x000002ff, 0x000002ff, .read = read_mtrr_default, .write = write_mtrr_default },
    { 0x00000800, 0x000008ff, .read = read_x2apic, .write = write_x2apic },
    { MSR_HYPERCALL_PAGE, MSR_HYPERCALL_PAGE, .constant = 0, .write = write_hypercall_page },
    { 0xc0010000, 0xc0010007, .write = ignore_write },                    /* performance counters: always 0 */
    { 0xc0010010, 0xc0010010, .write = ignore_write },                    /* SYSCFG */
    { 0xc0010015, 0xc0010015, .constant = 1ull << 24, .write = ignore_write }, /* HWCR: TSC runs at P0's rate */
    { 0xc001001a, 0xc001001a, .constant = 0 },                            /* TOP_MEM */
    { 0xc001001d, 0xc001001d, .constant = 0 },                            /* TOP_MEM2 */
    { 0xc001001f, 0xc001001f, .write = ignore_write },                    /* NB_CFG */
    { 0xc0010055, 0xc0010055, .write = ignore_write },                    /* interrupt pending message */
    { 0xc0010058, 0xc0010058, .constant = 0 },                            /* no MMCONFIG window */
    { 0xc0010061, 0xc0010063, .write = ignore_write },                    /* P-state limit, control, status */
    { 0xc0010064, 0xc001006b, .constant = 0 },                            /* P-states */
    { 0xc0010114, 0xc0010114, .constant = 1ull << 4, .write = ignore_write }, /* VM_CR: SVM is disabled */
    { 0xc0010140, 0xc0010141, .constant = 0 },                            /* OS-visible workarounds: none */
    { 0xc0011020, 0xc0011020, .write = ignore_write },                    /* LS_CFG */
    { 0xc0011022, 0xc0011022, .write = ignore_write },                    /* DC_CFG */
    { 0xc0011023, 0xc0011023, .write = ignore_write },                    /* BU_CFG */
    { 0xc0011028, 0xc0011028, .read = read_machine, .write = ignore_write }, /* FP_CFG: errata switches */
    { 0xc0011029, 0xc0011029, .read = read_decode_config, .write = ignore_write },
    { 0xc00110e2, 0xc00110e3, .write = ignore_write },                    /* FP_CFG and its neighbour */
};

static const struct msr_entry *find(uint32_t index)
{
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        if (index <= table[i].last)
            return index >= table[i].first ? &table[i] : NULL;
    return NULL;
}

int msr_read(struct vcpu *v, uint32_t index, uint64_t *value)
{
    const struct msr_entry *entry = find(index);
    if (!entry || entry->is_write_only) {
        log_guest(LOG_DEBUG, "d%uv%u: read of unknown MSR %#x (rip %#lx)", v->domain->id, v->id, index,
                  v->arch.registers.rip);
        return -1;
    }
    if (entry->read)
        return entry->read(v, index, value);
    *value = entry->constant;
    return 0;
}

int msr_write(struct vcpu *v, uint32_t index, uint64_t value)
{
    /* The interrupt controller's registers are by far the most written. */
    if (likely(index - MSR_X2APIC_FIRST < 0x100))
        return write_x2apic(v, index, value);
    const struct msr_entry *entry = find(index);
    if (!entry || !entry->write) {
        log_guest(LOG_WARNING, "d%uv%u: write of %#lx to MSR %#x refused (rip %#lx)", v->domain->id, v->id, value,
                  index, v->arch.registers.rip);
        return -1;
    }
    return entry->write(v, index, value);
}
