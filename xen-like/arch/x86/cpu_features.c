/* SPDX-License-Identifier: MIT */
/* What the CPUs can do, read once from CPUID, and the parts of it that the hypervisor turns on for itself. */
#include "command_line.h"
#include "cpu.h"
#include "panic.h"
#include "printk.h"
#include "registers.h"
#include "string.h"

struct cpu_features cpu_features;

static bool use_smep = true, use_smap = true;
COMMAND_LINE_FLAG("smep", use_smep);
COMMAND_LINE_FLAG("smap", use_smap);

#define XCR0_X87_SSE 3u

static void read_names(struct cpu_features *f)
{
    struct cpuid_result r = cpuid(0, 0);
    f->max_leaf = r.eax;
    memcpy(f->vendor, &r.ebx, 4);
    memcpy(f->vendor + 4, &r.edx, 4);
    memcpy(f->vendor + 8, &r.ecx, 4);
    f->max_extended_leaf = cpuid(0x80000000, 0).eax;
    if (f->max_extended_leaf >= 0x80000004)
        for (uint32_t i = 0; i < 3; i++) {
            r = cpuid(0x80000002 + i, 0);
            memcpy(f->brand + 16 * i, &r, 16);
        }
    for (size_t length = strlen(f->brand); length && f->brand[length - 1] == ' '; length--)
        f->brand[length - 1] = 0;
    uint32_t signature = cpuid(1, 0).eax, base = signature >> 8 & 15;
    f->family = (uint8_t)(base == 15 ? base + (signature >> 20 & 255) : base);
    f->model = (uint8_t)((signature >> 4 & 15) | (base == 15 || base == 6 ? signature >> 12 & 0xf0 : 0));
    f->stepping = signature & 15;
}

/* The leaf has a meaning only where something below says that it is there. */
static bool is_emulated_by_qemu(void)
{
    struct cpuid_result r = cpuid(0x40000000, 0);
    return (cpuid(1, 0).ecx & 1u << 31) && !memcmp(&r.ebx, "TCGTCGTCGTCG", 12);
}

static void read_svm(struct cpu_features *f)
{
    f->svm = cpuid(0x80000001, 0).ecx & 1u << 2;
    if (!f->svm || f->max_extended_leaf < 0x8000000a)
        return;
    struct cpuid_result r = cpuid(0x8000000a, 0);
    f->svm_asid_count = r.ebx;
    f->svm_nested_paging = r.edx & 1u << 0;
    f->svm_nrip_save = r.edx & 1u << 3;
    f->svm_vmcb_clean = r.edx & 1u << 5;
    f->svm_flush_by_asid = r.edx & 1u << 6;
    f->svm_decode_assists = r.edx & 1u << 7;
    f->svm_pause_filter = r.edx & 1u << 10;
    f->svm_repeats_interrupts = is_emulated_by_qemu();
}

static void read_xsave(struct cpu_features *f)
{
    f->xsave = f->max_leaf >= 13 && (cpuid(1, 0).ecx & 1u << 26);
    if (!f->xsave)
        return;
    struct cpuid_result main = cpuid(13, 0);
    f->xcr0_supported = (uint64_t)main.edx << 32 | main.eax;
    f->xsave_size = main.ecx;
}

static void read_features(struct cpu_features *f)
{
    read_names(f);
    struct cpuid_result basic = cpuid(1, 0), extended = cpuid(0x80000001, 0);
    f->x2apic = basic.ecx & 1u << 21;
    f->nx = extended.edx & 1u << 20;
    f->pages_1g = extended.edx & 1u << 26;
    f->rdtscp = extended.edx & 1u << 27;
    if (f->max_leaf >= 7) {
        uint32_t structured = cpuid(7, 0).ebx;
        f->smep = structured & 1u << 7;
        f->smap = structured & 1u << 20;
    }
    if (f->max_extended_leaf >= 0x80000007)
        f->invariant_tsc = cpuid(0x80000007, 0).edx & 1u << 8;
    f->physical_bits = 36;
    if (f->max_extended_leaf >= 0x80000008)
        f->physical_bits = (uint8_t)cpuid(0x80000008, 0).eax;
    read_svm(f);
    read_xsave(f);
}

void cpu_detect_features(void)
{
    struct cpu_features *f = &cpu_features;

    read_features(f);
    log_info("CPU: %s %s, family 0x%x model 0x%x stepping %u", f->vendor, f->brand, f->family, f->model, f->stepping);
    if (!f->svm)
        panic("This CPU offers no AMD-V (SVM), which Keel needs: switch it on in the firmware's setup, or, in QEMU, "
              "use -cpu EPYC,+svm");
    if (!f->svm_nested_paging)
        panic("This CPU's AMD-V has no nested paging, which Keel needs: use an AMD CPU of family 10h or later");
    log_info("AMD-V: %u ASIDs, nested paging%s%s%s%s%s", f->svm_asid_count,
             f->svm_nrip_save ? ", NRIP save" : ", no NRIP save",
             f->svm_decode_assists ? ", decode assists" : "", f->svm_flush_by_asid ? ", flush by ASID" : "",
             f->svm_vmcb_clean ? ", VMCB clean bits" : "", f->svm_pause_filter ? ", pause filter" : "");
}

void cpu_enable_features(void)
{
    const struct cpu_features *f = &cpu_features;
    uint64_t cr4 = read_cr4() | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_MCE;

    write_cr0((read_cr0() | CR0_WP | CR0_NE | CR0_MP) & ~(CR0_EM | CR0_TS));
    if (f->smep && use_smep)
        cr4 |= CR4_SMEP;
    if (f->smap && use_smap)
        cr4 |= CR4_SMAP;
    if (f->xsave)
        cr4 |= CR4_OSXSAVE;
    write_cr4(cr4);
    if (f->xsave)
        write_xcr0(XCR0_X87_SSE);
}

bool cpu_has_same_features(void)
{
    struct cpu_features mine = { 0 };
    const struct cpu_features *boot = &cpu_features;

    read_features(&mine);
    return !strcmp(mine.vendor, boot->vendor) && mine.svm == boot->svm &&
           mine.svm_nested_paging == boot->svm_nested_paging && mine.svm_nrip_save == boot->svm_nrip_save &&
           mine.svm_decode_assists == boot->svm_decode_assists && mine.svm_flush_by_asid == boot->svm_flush_by_asid &&
           mine.svm_asid_count >= boot->svm_asid_count && mine.pages_1g == boot->pages_1g && mine.nx == boot->nx &&
           mine.x2apic == boot->x2apic && mine.xcr0_supported == boot->xcr0_supported && mine.rdtscp == boot->rdtscp;
}
