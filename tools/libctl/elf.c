/* SPDX-License-Identifier: MIT */
/*
 * Reading of kernel images in ELF form, 32 and 64 bits, with every field checked against the file's size.
 */
#include "elf.h"
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <xen/elfnote.h>

/* A kernel's notes are a few hundred bytes: a file made of notes, each named by many headers, must not take hours. */
#define NOTES_MAX (1u << 20)

/* A program header of either class. */
struct program_header {
    uint32_t type;
    uint64_t offset, paddr, file_size, memory_size;
};

struct reader {
    const uint8_t *data;
    size_t size;
    bool is_64;
    uint64_t table_offset;
    uint16_t table_count, table_entry_size;
    uint64_t notes_left; /* bytes of notes that are still looked through */
};

static bool in_file(const struct reader *reader, uint64_t offset, uint64_t length)
{
    return offset <= reader->size && length <= reader->size - offset;
}

static int read_header(struct reader *reader, const char **why)
{
    const uint8_t *data = reader->data;

    if (reader->size < EI_NIDENT || memcmp(data, ELFMAG, SELFMAG)) {
        *why = "is no ELF file";
        return -ENOEXEC;
    }
    if (data[EI_DATA] != ELFDATA2LSB || data[EI_VERSION] != EV_CURRENT ||
        (data[EI_CLASS] != ELFCLASS64 && data[EI_CLASS] != ELFCLASS32)) {
        *why = "is no ELF file for x86";
        return -EINVAL;
    }
    reader->is_64 = data[EI_CLASS] == ELFCLASS64;
    if (reader->is_64) {
        Elf64_Ehdr header;

        if (reader->size < sizeof(header))
            goto truncated;
        memcpy(&header, data, sizeof(header));
        reader->table_offset = header.e_phoff;
        reader->table_count = header.e_phnum;
        reader->table_entry_size = header.e_phentsize;
        if (header.e_machine != EM_X86_64)
            goto other_machine;
        if (header.e_phentsize < sizeof(Elf64_Phdr))
            goto no_table;
    } else {
        Elf32_Ehdr header;

        if (reader->size < sizeof(header))
            goto truncated;
        memcpy(&header, data, sizeof(header));
        reader->table_offset = header.e_phoff;
        reader->table_count = header.e_phnum;
        reader->table_entry_size = header.e_phentsize;
        if (header.e_machine != EM_386 && header.e_machine != EM_X86_64)
            goto other_machine;
        if (header.e_phentsize < sizeof(Elf32_Phdr))
            goto no_table;
    }
    if (!reader->table_count)
        goto no_table;
    if (!in_file(reader, reader->table_offset, (uint64_t)reader->table_count * reader->table_entry_size))
        goto truncated;
    return 0;

truncated:
    *why = "is truncated";
    return -EINVAL;
other_machine:
    *why = "is an ELF file of another machine, not of x86";
    return -EINVAL;
no_table:
    *why = "has no usable program headers";
    return -EINVAL;
}

static struct program_header read_program_header(const struct reader *reader, unsigned index)
{
    const uint8_t *at = reader->data + reader->table_offset + (size_t)index * reader->table_entry_size;

    if (reader->is_64) {
        Elf64_Phdr header;

        memcpy(&header, at, sizeof(header));
        return (struct program_header){ header.p_type, header.p_offset, header.p_paddr, header.p_filesz,
                                        header.p_memsz };
    } else {
        Elf32_Phdr header;

        memcpy(&header, at, sizeof(header));
        return (struct program_header){ header.p_type, header.p_offset, header.p_paddr, header.p_filesz,
                                        header.p_memsz };
    }
}

/* Looks through one PT_NOTE; true when it holds the entry point. */
static bool read_notes(const uint8_t *notes, uint64_t size, uint32_t *entry)
{
    uint64_t at = 0;

    while (size - at >= sizeof(Elf32_Nhdr)) {
        Elf32_Nhdr note;
        uint64_t name_size, descriptor_size, name, descriptor;

        memcpy(&note, notes + at, sizeof(note));
        name = at + sizeof(note);
        name_size = ((uint64_t)note.n_namesz + 3) & ~3ull;
        descriptor_size = ((uint64_t)note.n_descsz + 3) & ~3ull;
        if (name_size > size - name)
            return false;
        descriptor = name + name_size;
        if (note.n_descsz > size - descriptor)
            return false;
        if (note.n_type == XEN_ELFNOTE_PHYS32_ENTRY && note.n_namesz == 4 && !memcmp(notes + name, "Xen", 4) &&
            note.n_descsz >= sizeof(*entry)) {
            memcpy(entry, notes + descriptor, sizeof(*entry));
            return true;
        }
        if (descriptor_size > size - descriptor)
            return false;
        at = descriptor + descriptor_size;
    }
    return false;
}

/* Puts a segment into its place by address; false when it overlaps another. */
static bool insert_segment(struct elf_image *image, const struct elf_segment *segment)
{
    unsigned at = image->segments_count;

    while (at && image->segments[at - 1].paddr > segment->paddr)
        at--;
    if (at && image->segments[at - 1].paddr + image->segments[at - 1].memory_size > segment->paddr)
        return false;
    if (at < image->segments_count && segment->paddr + segment->memory_size > image->segments[at].paddr)
        return false;
    memmove(&image->segments[at + 1], &image->segments[at],
            (image->segments_count - at) * sizeof(image->segments[0]));
    image->segments[at] = *segment;
    image->segments_count++;
    return true;
}

static int add_segment(const struct reader *reader, struct elf_image *image, const struct program_header *header,
                       const char **why)
{
    struct elf_segment segment = { header->paddr, header->offset, header->file_size, header->memory_size };

    if (header->file_size > header->memory_size) {
        *why = "has a segment with more bytes in the file than in memory";
        return -EINVAL;
    }
    if (!in_file(reader, header->offset, header->file_size)) {
        *why = "is truncated";
        return -EINVAL;
    }
    if (header->paddr + header->memory_size < header->paddr) {
        *why = "has a segment that runs over the end of the address space";
        return -EINVAL;
    }
    if (image->segments_count == ELF_SEGMENTS_MAX) {
        *why = "has more segments than a kernel can need";
        return -EINVAL;
    }
    if (!insert_segment(image, &segment)) {
        *why = "has segments that overlap";
        return -EINVAL;
    }
    return 0;
}

static bool entry_inside(const struct elf_image *image)
{
    for (unsigned i = 0; i < image->segments_count; i++) {
        const struct elf_segment *segment = &image->segments[i];

        if (image->entry >= segment->paddr && image->entry - segment->paddr < segment->memory_size)
            return true;
    }
    return false;
}

int elf_parse(const uint8_t *data, size_t size, struct elf_image *image, const char **why)
{
    struct reader reader = { .data = data, .size = size, .notes_left = NOTES_MAX };
    bool entry_found = false;
    int result;

    memset(image, 0, sizeof(*image));
    result = read_header(&reader, why);
    if (result < 0)
        return result;
    for (unsigned i = 0; i < reader.table_count; i++) {
        struct program_header header = read_program_header(&reader, i);

        if (header.type == PT_LOAD && header.memory_size) {
            result = add_segment(&reader, image, &header, why);
            if (result < 0)
                return result;
        } else if (header.type == PT_NOTE && !entry_found) {
            if (!in_file(&reader, header.offset, header.file_size)) {
                *why = "is truncated";
                return -EINVAL;
            }
            if (header.file_size > reader.notes_left)
                header.file_size = reader.notes_left;
            reader.notes_left -= header.file_size;
            entry_found = read_notes(data + header.offset, header.file_size, &image->entry);
        }
    }
    if (!image->segments_count) {
        *why = "has nothing to load";
        return -EINVAL;
    }
    if (!entry_found) {
        *why = "has no PHYS32_ENTRY note, so it cannot start as a PVH guest";
        return -EINVAL;
    }
    if (!entry_inside(image)) {
        *why = "has an entry point outside of its segments";
        return -EINVAL;
    }
    image->start = image->segments[0].paddr;
    image->end = image->segments[image->segments_count - 1].paddr +
                 image->segments[image->segments_count - 1].memory_size;
    return 0;
}
