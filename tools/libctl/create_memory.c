/* SPDX-License-Identifier: MIT */
/*
 * The memory of a domain that is created: its pages, and what it finds in them when it starts.
 */
#include "create.h"
#include "acpi.h"
#include "boot_info.h"
#include "guest_memory.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xen/grant_table.h>

#define IDENTITY_ENTRIES 1024u
#define IDENTITY_FLAGS 0xe7u /* present, writable, user, accessed, dirty, 4 MiB page */
#define PIECES_MAX (2 * ELF_SEGMENTS_MAX + 8)

int create_memory_populate(struct creation *creation)
{
    static const uint64_t rings[] = { LAYOUT_STORE_GFN, LAYOUT_CONSOLE_GFN };
    static const uint64_t real_mode[] = { LAYOUT_TSS_GFN, LAYOUT_IDENTITY_GFN };
    const struct layout *layout = &creation->plan->layout;
    uint64_t pages[(LAYOUT_ACPI_MAX >> CTL_PAGE_SHIFT) + 4];
    size_t count = 0;
    int result = guest_memory_populate(creation->ctl, creation->domid, 0, layout->low_size >> CTL_PAGE_SHIFT);

    if (!result && layout->high_size)
        result = guest_memory_populate(creation->ctl, creation->domid, LAYOUT_HIGH_START >> CTL_PAGE_SHIFT,
                                       layout->high_size >> CTL_PAGE_SHIFT);
    for (uint64_t page = 0; page < layout->acpi_size >> CTL_PAGE_SHIFT; page++)
        pages[count++] = (LAYOUT_ACPI >> CTL_PAGE_SHIFT) + page;
    for (size_t i = 0; i < 2; i++)
        pages[count++] = rings[i];
    for (size_t i = 0; i < 2 && creation->plan->real_mode_pages; i++)
        pages[count++] = real_mode[i];
    if (!result)
        result = guest_memory_populate_pages(creation->ctl, creation->domid, pages, count);
    return result < 0 ? create_refused(creation, result, "its memory") : 0;
}

/* The memory that is not in a file: built here, written with the rest. */
struct built {
    uint8_t *boot, *acpi;
    size_t acpi_size;
    uint32_t identity[IDENTITY_ENTRIES];
};

static size_t list_pieces(const struct creation *creation, const struct built *built, struct guest_piece *pieces)
{
    const struct create_plan *plan = creation->plan;
    const struct layout *layout = &plan->layout;
    size_t count = 0;

    for (unsigned i = 0; i < plan->kernel.elf.segments_count; i++) {
        const struct elf_segment *segment = &plan->kernel.elf.segments[i];

        pieces[count++] = (struct guest_piece){ segment->paddr, plan->kernel.data + segment->file_offset,
                                                segment->file_size };
        pieces[count++] = (struct guest_piece){ segment->paddr + segment->file_size, NULL,
                                                segment->memory_size - segment->file_size };
    }
    pieces[count++] = (struct guest_piece){ layout->boot_start, built->boot, layout->boot_size };
    pieces[count++] = (struct guest_piece){ layout->ramdisk_start, plan->ramdisk, layout->ramdisk_size };
    pieces[count++] = (struct guest_piece){ LAYOUT_ACPI, built->acpi, built->acpi_size };
    pieces[count++] = (struct guest_piece){ LAYOUT_STORE_GFN << CTL_PAGE_SHIFT, NULL, CTL_PAGE_SIZE };
    pieces[count++] = (struct guest_piece){ LAYOUT_CONSOLE_GFN << CTL_PAGE_SHIFT, NULL, CTL_PAGE_SIZE };
    if (plan->real_mode_pages) {
        pieces[count++] = (struct guest_piece){ LAYOUT_TSS_GFN << CTL_PAGE_SHIFT, NULL, CTL_PAGE_SIZE };
        pieces[count++] = (struct guest_piece){ LAYOUT_IDENTITY_GFN << CTL_PAGE_SHIFT, built->identity,
                                                CTL_PAGE_SIZE };
    }
    return count;
}

static int build_acpi(struct creation *creation, const struct cpu_context *context, struct built *built)
{
    const struct ctl_config *config = creation->plan->config;
    uint32_t *ids = calloc(config->max_vcpus, sizeof(*ids));
    struct acpi_cpus cpus = { .count = config->max_vcpus, .online = config->vcpus, .apic_ids = ids };

    if (ids) {
        cpu_context_apic_ids(context, ids, config->max_vcpus);
        built->acpi_size = acpi_build(built->acpi, creation->plan->layout.acpi_size, LAYOUT_ACPI, &cpus);
    }
    free(ids);
    return built->acpi_size ? 0 : ctl_fail(creation->ctl, ENOMEM, "there is no room for the ACPI tables of \"%s\"",
                                           config->name);
}

int create_memory_fill(struct creation *creation, const struct cpu_context *context)
{
    const struct create_plan *plan = creation->plan;
    struct guest_piece pieces[PIECES_MAX];
    struct built built = { .boot = calloc(1, plan->layout.boot_size), .acpi = calloc(1, plan->layout.acpi_size) };
    struct grant_entry_v1 *grants;
    int result;

    if (!built.boot || !built.acpi) {
        result = ctl_fail(creation->ctl, ENOMEM, "there is no memory to build \"%s\"", plan->config->name);
        goto free_built;
    }
    boot_info_build(built.boot, &plan->layout, plan->config->command_line, LAYOUT_ACPI);
    for (uint32_t i = 0; i < IDENTITY_ENTRIES && plan->real_mode_pages; i++)
        built.identity[i] = i << 22 | IDENTITY_FLAGS;
    result = build_acpi(creation, context, &built);
    if (result < 0)
        goto free_built;
    grants = guest_grants_map(creation->ctl, creation->domid);
    if (!grants) {
        result = create_refused(creation, -errno, "access to its grant table");
        goto free_built;
    }
    result = guest_memory_write(creation->ctl, creation->domid, grants, pieces,
                                list_pieces(creation, &built, pieces));
    if (result < 0) {
        create_refused(creation, result, "access to its memory");
        goto unmap_grants;
    }
    grants[GNTTAB_RESERVED_CONSOLE] = (struct grant_entry_v1){ GTF_permit_access, 0, LAYOUT_CONSOLE_GFN };
    grants[GNTTAB_RESERVED_XENSTORE] = (struct grant_entry_v1){ GTF_permit_access, 0, LAYOUT_STORE_GFN };

unmap_grants:
    guest_grants_unmap(grants);
free_built:
    free(built.acpi);
    free(built.boot);
    return result;
}
