/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader tells (Multiboot2): command line, memory map, modules, the ACPI root pointer. Everything is
 * checked and copied, so that the loader's structure may be overwritten afterwards. Modules: the first is domain 0's
 * kernel, an ELF file, the second its initial ramdisk (optional); further ones are ignored with a warning.
 */
#ifndef KEEL_X86_MULTIBOOT2_H
#define KEEL_X86_MULTIBOOT2_H

#include "boot_memory.h"
#include "types.h"

#define MULTIBOOT2_LOADER_MAGIC 0x36d76289u
#define BOOT_MODULES_MAX 2u
#define BOOT_MODULE_COMMAND_LINE_MAX 2048u

struct boot_module {
    paddr_t start;  /* page-aligned, at the top of RAM, in the direct map, not handed out as free */
    size_t size;    /* in bytes, as the file */
    char command_line[BOOT_MODULE_COMMAND_LINE_MAX]; /* without the module's own name */
};

extern struct boot_module boot_modules[BOOT_MODULES_MAX];
extern uint32_t boot_module_count;
#define BOOT_MODULE_KERNEL 0u
#define BOOT_MODULE_INITRD 1u

/* Reads the loader's structure at physical address `information`; panics with what to do if it is unusable. */
void multiboot2_parse(uint32_t magic, uint32_t information);
/* The hypervisor's command line. */
const char *multiboot2_command_line(void);
/* The loader's copy of the ACPI root pointer (at most 64 bytes), or NULL. */
const void *multiboot2_acpi_root(size_t *size);
/* The memory map as the loader gave it. */
const struct memory_region *multiboot2_memory_map(uint32_t *count);
/* Moves the modules to the top of RAM, out of domain 0's 1:1 memory. Panics if there is no kernel module. */
void multiboot2_move_modules(void);

#endif
