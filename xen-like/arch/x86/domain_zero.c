/* SPDX-License-Identifier: MIT */
/*
 * Domain 0 as PVH (start_info.h of the ABI): kernel, ramdisk, tables and start information in its memory, and its first
 * vCPU.
 */
#include "domain_zero.h"

#include <xen/arch-x86/hvm/start_info.h>

#include "elf_loader.h"
#include "memory_map.h"
#include "multiboot2.h"
#include "paging.h"
#include "panic.h"
#include "printk.h"
#include "registers.h"
#include "string.h"
#include "virtualization.h"


/* What the kernel is handed, in one piece: the structures point at each other. */
struct boot_block {
    struct hvm_start_info start_info;
    struct hvm_modlist_entry module;
    struct hvm_memmap_table_entry memory_map[MEMORY_MAP_ENTRIES_MAX];
    char command_line[BOOT_MODULE_COMMAND_LINE_MAX];
};

static struct memory_region memory_map[MEMORY_MAP_ENTRIES_MAX];

/* elf_kernel_load's writer: a segment must lie in domain 0's memory. */
static bool write_segment(void *context, uint64_t address, const void *from, uint64_t count)
{
    if (!domain_zero_owns(address, count))
        return false;
    if (from)
        memcpy(direct_map(address), from, count);
    else
        memset(direct_map(address), 0, count);
    return true;
}

static void load_kernel(struct elf_kernel *kernel)
{
    const struct boot_module *module = &boot_modules[BOOT_MODULE_KERNEL];
    const char *reason = elf_kernel_parse(kernel, direct_map(module->start), module->size);
    if (reason)
        panic("domain 0's kernel, the boot menu's first module2, %s: name an unpacked vmlinux with Xen's PVH entry "
              "note there", reason);
    reason = elf_kernel_load(kernel, 0, GIB(4), write_segment, NULL);
    if (reason)
        panic("domain 0's kernel, the boot menu's first module2, %s: it must fit in the %lu MiB of dom0_mem", reason,
              domain_zero->total_pages >> 8);
}

static paddr_t find_place(size_t size, paddr_t above, const char *what)
{
    paddr_t place = domain_zero_find_place(size, above, GIB(4));
    if (!place)
        panic("no %lu KiB of domain 0's memory for its %s: make dom0_mem larger", size >> 10, what);
    return place;
}

/* Places are taken from the top of domain 0's memory down, above the kernel. */
static paddr_t load_ramdisk(paddr_t above)
{
    const struct boot_module *module = &boot_modules[BOOT_MODULE_INITRD];
    if (boot_module_count <= BOOT_MODULE_INITRD)
        return 0;
    paddr_t place = find_place(module->size, above, "initial ramdisk");
    memcpy(direct_map(place), direct_map(module->start), module->size);
    return place;
}

static void fill_boot_block(paddr_t at, paddr_t ramdisk, paddr_t acpi, uint32_t map_count)
{
    struct boot_block *block = direct_map(at);

    memset(block, 0, sizeof(*block));
    block->start_info = (struct hvm_start_info){
        .magic = XEN_HVM_START_MAGIC_VALUE,
        .version = 1,
        .flags = SIF_PRIVILEGED | SIF_INITDOMAIN,
        .cmdline_paddr = at + offsetof(struct boot_block, command_line),
        .rsdp_paddr = acpi,
        .memmap_paddr = at + offsetof(struct boot_block, memory_map),
        .memmap_entries = map_count,
    };
    if (ramdisk) {
        block->start_info.nr_modules = 1;
        block->start_info.modlist_paddr = at + offsetof(struct boot_block, module);
        block->module.paddr = ramdisk;
        block->module.size = boot_modules[BOOT_MODULE_INITRD].size;
    }
    for (uint32_t i = 0; i < map_count; i++)
        block->memory_map[i] = (struct hvm_memmap_table_entry){ memory_map[i].start, memory_map[i].size,
                                                                memory_map[i].kind, 0 };
    memcpy(block->command_line, boot_modules[BOOT_MODULE_KERNEL].command_line, sizeof(block->command_line));
    block->command_line[sizeof(block->command_line) - 1] = '\0';
}

/* The modules have been copied: their frames are free memory. */
static void free_modules(void)
{
    for (uint32_t i = 0; i < boot_module_count; i++)
        page_allocator_add(boot_modules[i].start >> PAGE_SHIFT,
                           ROUND_UP(boot_modules[i].start + boot_modules[i].size, PAGE_SIZE) >> PAGE_SHIFT);
}

/* The entry state of PVH: 32-bit protected mode, flat segments, no paging, the start information's address in ebx. */
static void set_entry_state(struct vcpu *v, uint64_t entry, paddr_t start_info)
{
    struct hvm_hw_cpu state;

    memset(&state, 0, sizeof(state));
    state.rip = entry;
    state.rbx = start_info;
    state.rflags = RFLAGS_RESERVED;
    state.cr0 = CR0_PE | CR0_ET;
    state.dr6 = 0xffff0ff0u;
    state.dr7 = 0x400;
    state.cs_limit = state.ds_limit = state.es_limit = state.ss_limit = state.fs_limit = state.gs_limit = ~0u;
    state.cs_arbytes = 0xc9b;
    state.ds_arbytes = state.es_arbytes = state.ss_arbytes = state.fs_arbytes = state.gs_arbytes = 0xc93;
    state.tr_limit = 0x67;
    state.tr_arbytes = 0x8b;
    if (vcpu_state_set(v, &state))
        panic("domain 0's entry state is not one that the CPU takes");
}

void arch_build_domain_zero(struct domain *d)
{
    struct elf_kernel kernel;

    domain_zero_assign_memory(d);
    load_kernel(&kernel);
    paddr_t above = ROUND_UP(kernel.end, PAGE_SIZE);
    size_t acpi_size = ROUND_UP(domain_zero_acpi_size(d->max_vcpus), PAGE_SIZE);
    paddr_t ramdisk = load_ramdisk(above);
    paddr_t limit = ramdisk ? ramdisk : GIB(4);
    paddr_t acpi = domain_zero_find_place(acpi_size, above, limit);
    paddr_t block = acpi ? domain_zero_find_place(sizeof(struct boot_block), above, acpi) : 0;
    if (!block)
        panic("no place in domain 0's memory for its start information: make dom0_mem larger");

    uint32_t map_count = domain_zero_make_memory_map(memory_map, MEMORY_MAP_ENTRIES_MAX, acpi, acpi + acpi_size);
    if (memory_map_set(d, memory_map, map_count))
        panic("no memory for domain 0's memory map");
    domain_zero_acpi_write(acpi, acpi_size, d->max_vcpus);
    fill_boot_block(block, ramdisk, acpi, map_count);

    free_modules();

    struct vcpu *v = domain_vcpu(d, 0);
    set_entry_state(v, kernel.entry, block);
    v->is_up = true;
    log_info("domain 0: %lu MiB, %u vCPUs, kernel at %#lx to %#lx, entry %#lx, ramdisk at %#lx\n", d->total_pages >> 8,
             d->max_vcpus, kernel.start, kernel.end, kernel.entry, ramdisk);
}
