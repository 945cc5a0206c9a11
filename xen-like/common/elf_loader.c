/* SPDX-License-Identifier: MIT */
/*
 * Reading and loading a kernel's ELF image; see elf_loader.h. Structures are copied out of the image, which may be
 * unaligned.
 */
#include "elf_loader.h"

#include "string.h"

#include <xen/elfnote.h>

struct elf_header {
    uint8_t identification[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_headers, section_headers;
    uint32_t flags;
    uint16_t header_size, program_header_size, program_header_count;
    uint16_t section_header_size, section_header_count, section_names;
};
_Static_assert(sizeof(struct elf_header) == 64, "ELF64");

struct elf_program_header {
    uint32_t type, flags;
    uint64_t offset, virtual_address, physical_address, file_size, memory_size, alignment;
};
_Static_assert(sizeof(struct elf_program_header) == 56, "ELF64");

struct elf_note {
    uint32_t name_size, description_size, type;
};

#define CLASS_OFFSET 4
#define CLASS_32 1
#define CLASS_64 2
#define DATA_OFFSET 5
#define LITTLE_ENDIAN_DATA 1
#define TYPE_EXECUTABLE 2
#define TYPE_SHARED 3
#define MACHINE_X86_64 62
#define SEGMENT_LOAD 1
#define SEGMENT_NOTE 4
#define MAX_PROGRAM_HEADERS 64
#define NOTE_NAME "Xen"

static bool is_in_image(const struct elf_kernel *kernel, uint64_t offset, uint64_t size)
{
    return offset <= kernel->size && size <= kernel->size - offset;
}

static void get_segment(const struct elf_kernel *kernel, uint32_t index, struct elf_program_header *segment)
{
    memcpy(segment, kernel->image + kernel->program_headers + (uint64_t)index * sizeof(*segment), sizeof(*segment));
}

static const char *parse_header(struct elf_kernel *kernel)
{
    struct elf_header header;
    if (kernel->size < 4 || memcmp(kernel->image, "\177ELF", 4) != 0)
        return "is no ELF file (a bzImage must be unpacked to its vmlinux first)";
    if (kernel->size > CLASS_OFFSET && kernel->image[CLASS_OFFSET] == CLASS_32)
        return "is a 32-bit ELF file; a 64-bit kernel is needed";
    if (kernel->size < sizeof(header))
        return "is truncated: its ELF header is incomplete";
    memcpy(&header, kernel->image, sizeof(header));
    if (header.identification[CLASS_OFFSET] != CLASS_64 || header.identification[DATA_OFFSET] != LITTLE_ENDIAN_DATA)
        return "is no little-endian 64-bit ELF file";
    if (header.machine != MACHINE_X86_64)
        return "is for another kind of CPU than x86-64";
    if (header.type != TYPE_EXECUTABLE && header.type != TYPE_SHARED)
        return "is no executable ELF file";
    if (!header.program_header_count)
        return "has no program headers, so there is nothing to load";
    if (header.program_header_size != sizeof(struct elf_program_header))
        return "has program headers of an unknown size";
    if (header.program_header_count > MAX_PROGRAM_HEADERS)
        return "has more program headers than any kernel needs";
    kernel->program_headers = header.program_headers;
    kernel->program_header_count = header.program_header_count;
    if (!is_in_image(kernel, kernel->program_headers, kernel->program_header_count * sizeof(struct elf_program_header)))
        return "is truncated: its program headers lie beyond its end";
    return NULL;
}

static const char *parse_segments(struct elf_kernel *kernel)
{
    kernel->start = ~0ull;
    kernel->end = 0;
    for (uint32_t i = 0; i < kernel->program_header_count; i++) {
        struct elf_program_header segment;
        get_segment(kernel, i, &segment);
        if (segment.type != SEGMENT_LOAD || !segment.memory_size)
            continue;
        if (!is_in_image(kernel, segment.offset, segment.file_size))
            return "is truncated: a segment lies beyond its end";
        if (segment.file_size > segment.memory_size)
            return "has a segment with more bytes in the file than in memory";
        if (segment.physical_address + segment.memory_size < segment.physical_address)
            return "has a segment beyond the end of the address space";
        kernel->start = MIN(kernel->start, segment.physical_address);
        kernel->end = MAX(kernel->end, segment.physical_address + segment.memory_size);
    }
    return kernel->end ? NULL : "has no loadable segment";
}

static const char *parse_note(struct elf_kernel *kernel, uint32_t type, const uint8_t *description, uint32_t size,
                              bool *has_entry)
{
    if (type != XEN_ELFNOTE_PHYS32_ENTRY)
        return NULL;
    if (size != 4 && size != 8)
        return "has a PHYS32_ENTRY note that is no number";
    memcpy(&kernel->entry, description, size);
    *has_entry = true;
    return NULL;
}

static const char *parse_notes(struct elf_kernel *kernel, uint64_t offset, uint64_t size, bool *has_entry)
{
    const char *const damaged = "has a damaged note segment";
    struct elf_note note;
    while (size >= sizeof(note)) {
        memcpy(&note, kernel->image + offset, sizeof(note));
        uint64_t name_space = ROUND_UP((uint64_t)note.name_size, 4);
        uint64_t description_space = ROUND_UP((uint64_t)note.description_size, 4);
        uint64_t rest = size - sizeof(note);
        if (name_space > rest || note.description_size > rest - name_space)
            return damaged;
        const uint8_t *name = kernel->image + offset + sizeof(note);
        if (note.name_size == sizeof(NOTE_NAME) && memcmp(name, NOTE_NAME, sizeof(NOTE_NAME)) == 0) {
            const char *wrong = parse_note(kernel, note.type, name + name_space, note.description_size, has_entry);
            if (wrong)
                return wrong;
        }
        uint64_t used = sizeof(note) + MIN(name_space + description_space, rest);
        offset += used;
        size -= used;
    }
    return NULL;
}

static bool is_in_segment(const struct elf_kernel *kernel, uint64_t address)
{
    for (uint32_t i = 0; i < kernel->program_header_count; i++) {
        struct elf_program_header segment;
        get_segment(kernel, i, &segment);
        if (segment.type == SEGMENT_LOAD && address >= segment.physical_address
            && address - segment.physical_address < segment.memory_size)
            return true;
    }
    return false;
}

static const char *parse_all_notes(struct elf_kernel *kernel)
{
    bool has_entry = false;
    for (uint32_t i = 0; i < kernel->program_header_count; i++) {
        struct elf_program_header segment;
        get_segment(kernel, i, &segment);
        if (segment.type != SEGMENT_NOTE)
            continue;
        if (!is_in_image(kernel, segment.offset, segment.file_size))
            return "is truncated: its notes lie beyond its end";
        const char *wrong = parse_notes(kernel, segment.offset, segment.file_size, &has_entry);
        if (wrong)
            return wrong;
    }
    if (!has_entry)
        return "has no PHYS32_ENTRY note, so it is not built for PVH (CONFIG_XEN_PVH or CONFIG_PVH)";
    if (kernel->entry > UINT32_MAX || !is_in_segment(kernel, kernel->entry))
        return "has a PHYS32_ENTRY note that points outside its segments";
    return NULL;
}

const char *elf_kernel_parse(struct elf_kernel *kernel, const void *image, size_t size)
{
    *kernel = (struct elf_kernel){ .image = image, .size = size };
    const char *wrong = parse_header(kernel);
    if (!wrong)
        wrong = parse_segments(kernel);
    if (!wrong)
        wrong = parse_all_notes(kernel);
    return wrong;
}

const char *elf_kernel_load(const struct elf_kernel *kernel, uint64_t region_start, uint64_t region_end,
                            elf_writer *write, void *context)
{
    if (kernel->start < region_start || kernel->end > region_end)
        return "has a segment outside the memory that it may be loaded to";
    for (uint32_t i = 0; i < kernel->program_header_count; i++) {
        struct elf_program_header segment;
        get_segment(kernel, i, &segment);
        if (segment.type != SEGMENT_LOAD || !segment.memory_size)
            continue;
        uint64_t zeroes = segment.memory_size - segment.file_size;
        bool is_written = !segment.file_size || write(context, segment.physical_address,
                                                      kernel->image + segment.offset, segment.file_size);
        if (is_written && zeroes)
            is_written = write(context, segment.physical_address + segment.file_size, NULL, zeroes);
        if (!is_written)
            return "has a segment that cannot be written to memory";
    }
    return NULL;
}
