/* SPDX-License-Identifier: MIT */
/* Reads the Multiboot2 information structure. Its lengths are not believed: each tag must lie wholly within it. */
#include "multiboot2.h"

#include "command_line.h"
#include "paging.h"
#include "panic.h"
#include "printk.h"
#include "string.h"

#define INFORMATION_MAX MIB(16)

enum tag_type {
    TAG_END = 0,
    TAG_COMMAND_LINE = 1,
    TAG_MODULE = 3,
    TAG_MEMORY_MAP = 6,
    TAG_ACPI_OLD = 14,
    TAG_ACPI_NEW = 15,
};

struct tag { uint32_t type, size; };
struct tag_module { struct tag tag; uint32_t start, end; char command_line[]; };
struct tag_memory_map { struct tag tag; uint32_t entry_size, entry_version; uint8_t entries[]; };
struct map_entry { uint64_t start, size; uint32_t kind, reserved; };

struct boot_module boot_modules[BOOT_MODULES_MAX];
uint32_t boot_module_count;

static char hypervisor_command_line[COMMAND_LINE_MAX];
static struct memory_region memory_map[MEMORY_REGIONS_MAX];
static uint32_t memory_map_count;
static uint8_t acpi_root[64];
static size_t acpi_root_size;
static uint32_t ignored_modules;

/* Copies a text that may lack its end, without spaces around it. */
static void copy_text(char *to, size_t size, const char *from, size_t length)
{
    length = strnlen(from, length);
    while (length && *from == ' ')
        from++, length--;
    while (length && from[length - 1] == ' ')
        length--;
    length = MIN(length, size - 1);
    memcpy(to, from, length);
    to[length] = 0;
}

static void read_module(const struct tag_module *tag)
{
    struct boot_module *module = &boot_modules[boot_module_count];

    if (tag->tag.size < sizeof(*tag) || tag->end < tag->start)
        panic("The boot loader describes a module in a way that makes no sense (0x%x to 0x%x): use GRUB 2.06 or later",
              tag->start, tag->end);
    if (boot_module_count == BOOT_MODULES_MAX) {
        ignored_modules++;
        return;
    }
    module->start = tag->start;
    module->size = tag->end - tag->start;
    copy_text(module->command_line, sizeof(module->command_line), tag->command_line, tag->tag.size - sizeof(*tag));
    boot_module_count++;
}

static void read_memory_map(const struct tag_memory_map *tag)
{
    if (tag->tag.size < sizeof(*tag) || tag->entry_size < sizeof(struct map_entry))
        return;
    size_t count = (tag->tag.size - sizeof(*tag)) / tag->entry_size;
    for (size_t i = 0; i < count && memory_map_count < MEMORY_REGIONS_MAX; i++) {
        const struct map_entry *entry = (const void *)(tag->entries + i * tag->entry_size);
        bool is_known = entry->kind >= MEMORY_USABLE && entry->kind <= MEMORY_BAD;
        memory_map[memory_map_count++] = (struct memory_region){
            .start = entry->start,
            .size = entry->size,
            .kind = is_known ? (enum memory_kind)entry->kind : MEMORY_RESERVED,
        };
    }
}

static void read_tag(const struct tag *tag)
{
    const char *payload = (const char *)(tag + 1);
    size_t payload_size = tag->size - sizeof(*tag);

    switch (tag->type) {
    case TAG_COMMAND_LINE:
        copy_text(hypervisor_command_line, sizeof(hypervisor_command_line), payload, payload_size);
        break;
    case TAG_MODULE:
        read_module((const void *)tag);
        break;
    case TAG_MEMORY_MAP:
        read_memory_map((const void *)tag);
        break;
    case TAG_ACPI_NEW:
    case TAG_ACPI_OLD:
        /* Where both are given, the new one is better. */
        if (acpi_root_size && tag->type == TAG_ACPI_OLD)
            break;
        acpi_root_size = MIN(payload_size, sizeof(acpi_root));
        memcpy(acpi_root, payload, acpi_root_size);
        break;
    }
}

void multiboot2_parse(uint32_t magic, uint32_t information)
{
    const uint8_t *base = direct_map(information);
    uint32_t total, at = 8;

    if (magic != MULTIBOOT2_LOADER_MAGIC)
        panic("Keel was not started by a Multiboot2 loader (magic 0x%x): use GRUB's multiboot2 command", magic);
    total = *(const uint32_t *)base;
    if (!information || information % 8 || total < 16 || total > INFORMATION_MAX || information + total < information)
        panic("The boot loader's information at 0x%x has the size %u, which makes no sense: use GRUB 2.06 or later",
              information, total);
    while (total - at >= sizeof(struct tag)) {
        const struct tag *tag = (const void *)(base + at);
        if (tag->size < sizeof(*tag) || tag->size > total - at)
            panic("The boot loader's information is damaged at byte %u: use GRUB 2.06 or later", at);
        if (tag->type == TAG_END)
            break;
        read_tag(tag);
        if (total - at < ROUND_UP(tag->size, 8u))
            break;
        at += ROUND_UP(tag->size, 8u);
    }
}

const char *multiboot2_command_line(void) { return hypervisor_command_line; }

const void *multiboot2_acpi_root(size_t *size)
{
    *size = acpi_root_size;
    return acpi_root_size ? acpi_root : NULL;
}

const struct memory_region *multiboot2_memory_map(uint32_t *count)
{
    *count = memory_map_count;
    return memory_map;
}

void multiboot2_move_modules(void)
{
    if (!boot_module_count)
        panic("The boot loader gave no modules: put \"module2 KERNEL ARGUMENTS\" and \"module2 INITRD\" after the "
              "multiboot2 line of the menu entry; KERNEL is an ELF vmlinux");
    if (boot_module_count == 1)
        log_warning("There is no second module: domain 0 has no initial ramdisk");
    if (ignored_modules)
        log_warning("%u modules after the second are ignored", ignored_modules);

    for (uint32_t i = 0; i < boot_module_count; i++)
        if (!boot_memory_is_mapped(boot_modules[i].start, boot_modules[i].size))
            panic("Module %u at 0x%lx is not in usable memory: use GRUB 2.06 or later", i, boot_modules[i].start);
    for (uint32_t i = 0; i < boot_module_count; i++) {
        struct boot_module *module = &boot_modules[i];
        if (!module->size)
            panic("Module %u (%s) is an empty file: give domain 0's %s", i, module->command_line,
                  i == BOOT_MODULE_KERNEL ? "kernel, an ELF vmlinux" : "initial ramdisk");
        void *copy = boot_alloc_pages((module->size + PAGE_SIZE - 1) / PAGE_SIZE);
        memcpy(copy, direct_map(module->start), module->size);
        boot_memory_release(module->start, module->size);
        module->start = direct_map_to_physical(copy);
        log_info("Module %u: %lu KiB, moved to 0x%lx", i, module->size / 1024, module->start);
    }
}
