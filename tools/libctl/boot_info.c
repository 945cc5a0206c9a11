/* SPDX-License-Identifier: MIT */
/*
 * The boot information of a PVH guest.
 */
#include "boot_info.h"
#include <string.h>
#include <xen/xen.h>
#include <xen/arch-x86/hvm/start_info.h>

_Static_assert(sizeof(struct hvm_start_info) == 56, "hvm_start_info has the ABI's size");
_Static_assert(sizeof(struct hvm_modlist_entry) == 32, "hvm_modlist_entry has the ABI's size");
_Static_assert(sizeof(struct hvm_memmap_table_entry) == 24, "hvm_memmap_table_entry has the ABI's size");

/* The block; the command line follows it. */
struct boot_block {
    struct hvm_start_info info;
    struct hvm_modlist_entry module;
    struct hvm_memmap_table_entry memory_map[LAYOUT_REGIONS_MAX];
};

size_t boot_info_size(const char *command_line)
{
    return sizeof(struct boot_block) + (command_line ? strlen(command_line) : 0) + 1;
}

void boot_info_build(uint8_t *block, const struct layout *layout, const char *command_line, uint64_t rsdp)
{
    struct boot_block boot = {
        .info = {
            .magic = XEN_HVM_START_MAGIC_VALUE,
            .version = 1,
            .cmdline_paddr = layout->boot_start + sizeof(boot),
            .rsdp_paddr = rsdp,
            .memmap_paddr = layout->boot_start + offsetof(struct boot_block, memory_map),
            .memmap_entries = layout->regions_count,
        },
    };

    if (layout->ramdisk_size) {
        boot.info.nr_modules = 1;
        boot.info.modlist_paddr = layout->boot_start + offsetof(struct boot_block, module);
        boot.module.paddr = layout->ramdisk_start;
        boot.module.size = layout->ramdisk_size;
    }
    for (unsigned i = 0; i < layout->regions_count; i++) {
        boot.memory_map[i].addr = layout->regions[i].start;
        boot.memory_map[i].size = layout->regions[i].size;
        boot.memory_map[i].type = layout->regions[i].kind;
    }
    memcpy(block, &boot, sizeof(boot));
    strcpy((char *)block + sizeof(boot), command_line ? command_line : "");
}
