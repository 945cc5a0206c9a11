/* SPDX-License-Identifier: MIT */
/*
 * A domain's memory and registers in a file, in the form that Xen's own tools write and crash(8) reads: an ELF file
 * with sections and no segments (Xen's documentation, misc/dump-core-format). Pages of zeros are holes in the file.
 */
#include "cpu_state.h"
#include "hypercall.h"
#include "layout.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xen/elfnote.h>
#include <xen/hvm/save.h>
#include <xen/sys/privcmd.h>
#include <xen/version.h>

#define MAGIC_HVM 0xf00febeeu
#define FORMAT_VERSION 1u /* major 0, minor 1 */
#define MAP_BATCH 512u
#define HIGH_GFN (LAYOUT_HIGH_START >> CTL_PAGE_SHIFT)
#define SPECIAL_GFN (LAYOUT_ACPI >> CTL_PAGE_SHIFT) /* from here to HIGH_GFN lie ACPI tables and rings */
#define PAGES_MAX (1ull << 30)

_Static_assert(sizeof(struct vcpu_guest_context) == 5168, "vcpu_guest_context has the ABI's size");

enum { SECTION_NONE, SECTION_NAMES, SECTION_NOTE, SECTION_STATUS, SECTION_PAGES, SECTION_PFN, SECTIONS };

static const char names[] = "\0.shstrtab\0.note.Xen\0.xen_prstatus\0.xen_pages\0.xen_pfn";

struct note_head {
    Elf64_Nhdr header;
    char name[4];
};

struct notes {
    struct note_head none;
    struct note_head header;
    struct {
        uint64_t magic, vcpus, pages, page_size;
    } __attribute__((packed)) header_desc;
    struct note_head version;
    struct {
        uint64_t major, minor;
        xen_extraversion_t extra;
        struct xen_compile_info compile;
        xen_capabilities_info_t capabilities;
        xen_changeset_info_t changeset;
        uint64_t virt_start, page_size;
    } __attribute__((packed)) version_desc;
    struct note_head format;
    uint64_t format_desc;
} __attribute__((packed));

struct core {
    struct ctl *ctl;
    const char *path;
    uint32_t domid;
    int file;
    struct ctl_domain domain;
    uint64_t pages_offset, pages_count;
    uint64_t *pfns; /* of the pages that the file has, in its order */
    sigset_t held;
};

static int refused(struct core *core, int result, const char *what)
{
    return ctl_fail(core->ctl, -result, "cannot write the core of domain %u into %s: %s: %s", core->domid, core->path,
                    what, strerror(-result));
}

/* 0 or a negative errno, with the sentence set. */
static int put(struct core *core, const void *data, size_t size, uint64_t offset)
{
    const char *at = data;

    while (size) {
        ssize_t written = pwrite(core->file, at, size, (off_t)offset);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return refused(core, written ? -errno : -ENOSPC, "the file");
        at += written;
        size -= (size_t)written;
        offset += (uint64_t)written;
    }
    return 0;
}

/* --- memory ------------------------------------------------------------------------------------------------- */

static bool is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, CTL_PAGE_SIZE - 1) == 0;
}

static int put_page(struct core *core, uint64_t gfn, const uint8_t *page)
{
    uint64_t index = core->pages_count++;

    core->pfns[index] = gfn;
    return is_zero(page) ? 0 : put(core, page, CTL_PAGE_SIZE, core->pages_offset + index * CTL_PAGE_SIZE);
}

/* Those of `count` pages from `gfn` on that are there, until as many are found as the domain has. */
static int put_batch(struct core *core, uint64_t gfn, unsigned count)
{
    uint64_t all = core->domain.memory_kib >> (CTL_PAGE_SHIFT - 10);
    xen_pfn_t gfns[MAP_BATCH];
    int errors[MAP_BATCH], result = 0;
    struct privcmd_mmapbatch_v2 batch = { .num = count, .dom = (domid_t)core->domid, .arr = gfns, .err = errors };
    uint8_t *mapped = mmap(NULL, count * CTL_PAGE_SIZE, PROT_READ, MAP_SHARED, core->ctl->privcmd, 0);

    if (mapped == MAP_FAILED)
        return refused(core, -errno, "its memory");
    for (unsigned i = 0; i < count; i++)
        gfns[i] = gfn + i;
    batch.addr = (uintptr_t)mapped;
    if (ioctl(core->ctl->privcmd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch) < 0 && errno != ENOENT)
        result = refused(core, -errno, "its memory");
    for (unsigned i = 0; i < count && result == 0 && core->pages_count < all; i++)
        if (errors[i] == 0)
            result = put_page(core, gfn + i, mapped + i * CTL_PAGE_SIZE);
    munmap(mapped, count * CTL_PAGE_SIZE);
    return result;
}

/* Of the signals that are held back for the domain not to stay paused, one has come. */
static bool is_interrupted(const struct core *core)
{
    sigset_t pending;

    sigpending(&pending);
    for (int signal = 1; signal < SIGRTMIN; signal++)
        if (sigismember(&core->held, signal) == 1 && sigismember(&pending, signal) == 1)
            return true;
    return false;
}

static int put_pages(struct core *core)
{
    uint64_t all = core->domain.memory_kib >> (CTL_PAGE_SHIFT - 10);
    uint64_t most = core->domain.max_memory_kib >> (CTL_PAGE_SHIFT - 10);
    int result = 0;

    most = most < all ? all : most > PAGES_MAX ? PAGES_MAX : most;
    const uint64_t ranges[][2] = {
        { 0, most < SPECIAL_GFN ? most : SPECIAL_GFN }, { SPECIAL_GFN, HIGH_GFN }, { HIGH_GFN, HIGH_GFN + most },
    };

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        for (uint64_t gfn = ranges[i][0]; gfn < ranges[i][1] && core->pages_count < all && result == 0;
             gfn += MAP_BATCH) {
            uint64_t left = ranges[i][1] - gfn;

            result = is_interrupted(core) ? refused(core, -EINTR, "a signal came")
                                          : put_batch(core, gfn, left < MAP_BATCH ? (unsigned)left : MAP_BATCH);
        }
    }
    return result;
}

/* --- registers ---------------------------------------------------------------------------------------------- */

static void fill_status(struct vcpu_guest_context *status, const struct hvm_hw_cpu *cpu)
{
    struct cpu_user_regs *registers = &status->user_regs;

    memcpy(&status->fpu_ctxt, cpu->fpu_regs, sizeof(status->fpu_ctxt));
    status->flags = VGCF_online | VGCF_i387_valid;
    registers->rax = cpu->rax;
    registers->rbx = cpu->rbx;
    registers->rcx = cpu->rcx;
    registers->rdx = cpu->rdx;
    registers->rbp = cpu->rbp;
    registers->rsi = cpu->rsi;
    registers->rdi = cpu->rdi;
    registers->rsp = cpu->rsp;
    registers->r8 = cpu->r8;
    registers->r9 = cpu->r9;
    registers->r10 = cpu->r10;
    registers->r11 = cpu->r11;
    registers->r12 = cpu->r12;
    registers->r13 = cpu->r13;
    registers->r14 = cpu->r14;
    registers->r15 = cpu->r15;
    registers->rip = cpu->rip;
    registers->rflags = cpu->rflags;
    registers->cs = (uint16_t)cpu->cs_sel;
    registers->ds = (uint16_t)cpu->ds_sel;
    registers->es = (uint16_t)cpu->es_sel;
    registers->fs = (uint16_t)cpu->fs_sel;
    registers->gs = (uint16_t)cpu->gs_sel;
    registers->ss = (uint16_t)cpu->ss_sel;
    status->ctrlreg[0] = cpu->cr0;
    status->ctrlreg[2] = cpu->cr2;
    status->ctrlreg[3] = cpu->cr3;
    status->ctrlreg[4] = cpu->cr4;
    status->debugreg[6] = cpu->dr6;
    status->debugreg[7] = cpu->dr7;
    status->fs_base = cpu->fs_base;
    status->gs_base_kernel = cpu->gs_base;
    status->gs_base_user = cpu->shadow_gs;
}

/* Writes one for each vCPU; of those that the hypervisor tells nothing of, zeros. */
static int put_status(struct core *core, uint64_t offset)
{
    struct vcpu_guest_context *list = calloc(core->domain.vcpus_max + 1, sizeof(*list));
    struct hvm_save_descriptor descriptor;
    struct cpu_context context = { 0 };
    int result = list ? cpu_context_get(core->ctl, core->domid, &context) : -ENOMEM;

    if (result < 0) {
        refused(core, result, "its registers");
        goto free_list;
    }
    for (uint32_t at = 0; context.size - at >= sizeof(descriptor); at += descriptor.length) {
        struct hvm_hw_cpu cpu;

        memcpy(&descriptor, context.data + at, sizeof(descriptor));
        at += sizeof(descriptor);
        if (descriptor.length > context.size - at)
            break;
        if (descriptor.typecode != HVM_SAVE_CODE(CPU) || descriptor.length < sizeof(cpu) ||
            descriptor.instance >= core->domain.vcpus_max)
            continue;
        memcpy(&cpu, context.data + at, sizeof(cpu));
        fill_status(&list[descriptor.instance], &cpu);
    }
    result = put(core, list, core->domain.vcpus_max * sizeof(*list), offset);
    cpu_context_free(core->ctl, &context);
free_list:
    free(list);
    return result;
}

/* --- the file ----------------------------------------------------------------------------------------------- */

static struct note_head note(uint32_t type, size_t size)
{
    return (struct note_head){ { sizeof("Xen"), (Elf64_Word)size, type }, "Xen" };
}

/* Cut where it is too long; what is behind it is zero already. */
static void put_text(char *to, size_t size, const char *from)
{
    memcpy(to, from, strnlen(from, size - 1));
}

static int fill_notes(struct core *core, struct notes *notes)
{
    struct ctl_host host;
    int result = ctl_host_get(core->ctl, &host);

    if (result < 0)
        return result;
    memset(notes, 0, sizeof(*notes));
    notes->none = note(XEN_ELFNOTE_DUMPCORE_NONE, 0);
    notes->header = note(XEN_ELFNOTE_DUMPCORE_HEADER, sizeof(notes->header_desc));
    notes->header_desc.magic = MAGIC_HVM;
    notes->header_desc.vcpus = core->domain.vcpus_max;
    notes->header_desc.pages = core->pages_count;
    notes->header_desc.page_size = CTL_PAGE_SIZE;
    notes->version = note(XEN_ELFNOTE_DUMPCORE_XEN_VERSION, sizeof(notes->version_desc));
    notes->version_desc.major = host.xen_major;
    notes->version_desc.minor = host.xen_minor;
    put_text(notes->version_desc.extra, sizeof(notes->version_desc.extra), host.xen_extra);
    put_text(notes->version_desc.capabilities, sizeof(notes->version_desc.capabilities), host.capabilities);
    put_text(notes->version_desc.changeset, sizeof(notes->version_desc.changeset), host.changeset);
    notes->version_desc.virt_start = host.virt_start;
    notes->version_desc.page_size = host.page_size;
    notes->format = note(XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION, sizeof(notes->format_desc));
    notes->format_desc = FORMAT_VERSION;
    return 0;
}

static Elf64_Shdr section(const char *name, uint32_t type, uint64_t offset, uint64_t count, uint64_t size)
{
    Elf64_Shdr header = { .sh_type = type, .sh_offset = offset, .sh_size = count * size, .sh_addralign = 1,
                          .sh_entsize = count == 1 ? 0 : size };

    for (size_t at = 1; at < sizeof(names); at += strlen(names + at) + 1)
        if (strcmp(names + at, name) == 0)
            header.sh_name = (Elf64_Word)at;
    return header;
}

static int put_all(struct core *core)
{
    const Elf64_Ehdr header = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT, ELFOSABI_SYSV },
        .e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_ehsize = sizeof(header),
        .e_shoff = sizeof(header), .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = SECTIONS, .e_shstrndx = SECTION_NAMES,
    };
    uint64_t names_offset = sizeof(header) + SECTIONS * sizeof(Elf64_Shdr);
    uint64_t note_offset = (names_offset + sizeof(names) + 7) & ~7ull;
    uint64_t status_offset = note_offset + sizeof(struct notes);
    uint64_t status_size = core->domain.vcpus_max * sizeof(struct vcpu_guest_context);
    struct notes notes;
    int result;

    core->pages_offset = (status_offset + status_size + CTL_PAGE_SIZE - 1) & ~(uint64_t)(CTL_PAGE_SIZE - 1);
    result = put_status(core, status_offset);
    if (result == 0)
        result = put_pages(core);
    if (result == 0)
        result = fill_notes(core, &notes);
    if (result < 0)
        return result;
    uint64_t pfn_offset = core->pages_offset + core->pages_count * CTL_PAGE_SIZE;
    const Elf64_Shdr sections[SECTIONS] = {
        [SECTION_NAMES] = section(".shstrtab", SHT_STRTAB, names_offset, 1, sizeof(names)),
        [SECTION_NOTE] = section(".note.Xen", SHT_NOTE, note_offset, 1, sizeof(notes)),
        [SECTION_STATUS] = section(".xen_prstatus", SHT_PROGBITS, status_offset, core->domain.vcpus_max,
                                   sizeof(struct vcpu_guest_context)),
        [SECTION_PAGES] = section(".xen_pages", SHT_PROGBITS, core->pages_offset, core->pages_count, CTL_PAGE_SIZE),
        [SECTION_PFN] = section(".xen_pfn", SHT_PROGBITS, pfn_offset, core->pages_count, sizeof(core->pfns[0])),
    };

    result = put(core, core->pfns, core->pages_count * sizeof(core->pfns[0]), pfn_offset);
    if (result == 0)
        result = put(core, names, sizeof(names), names_offset);
    if (result == 0)
        result = put(core, &notes, sizeof(notes), note_offset);
    if (result == 0)
        result = put(core, sections, sizeof(sections), sizeof(header));
    return result == 0 ? put(core, &header, sizeof(header), 0) : result; /* last: a file cut off is no core */
}

int ctl_domain_dump(struct ctl *ctl, uint32_t domid, const char *path)
{
    struct core core = { .ctl = ctl, .domid = domid, .path = path };
    int result = ctl_domain_get(ctl, domid, &core.domain);

    if (result < 0)
        return result;
    if (domid == 0)
        return ctl_fail(ctl, EINVAL, "domain 0 cannot write its own core");
    core.pfns = calloc((core.domain.memory_kib >> (CTL_PAGE_SHIFT - 10)) + 1, sizeof(*core.pfns));
    if (!core.pfns)
        return ctl_fail(ctl, ENOMEM, "there is no memory for the list of pages of domain %u", domid);
    core.file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (core.file < 0) {
        result = ctl_fail(ctl, errno, "%s cannot be written: %s", path, strerror(errno));
        goto free_pfns;
    }
    bool pauses = !core.domain.paused && !core.domain.shutdown;
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    sigset_t before;

    sigemptyset(&core.held);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        sigaddset(&core.held, ends[i]);
    pthread_sigmask(SIG_BLOCK, &core.held, &before);
    if (pauses)
        result = ctl_domain_pause(ctl, domid);
    if (result == 0)
        result = put_all(&core);
    if (pauses)
        hypercall_domctl_plain(ctl, domid, XEN_DOMCTL_unpausedomain);
    if (close(core.file) < 0 && result == 0)
        result = refused(&core, -errno, "the file");
    struct stat status;

    if (result < 0 && stat(path, &status) == 0 && S_ISREG(status.st_mode))
        unlink(path); /* half a core helps nobody */
    pthread_sigmask(SIG_SETMASK, &before, NULL);
free_pfns:
    free(core.pfns);
    return result;
}
