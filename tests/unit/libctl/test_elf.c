/* SPDX-License-Identifier: MIT */
/* The ELF loader: what it reads from a sound file, and that each way to spoil one is found and named. */
#include <stddef.h>
#include "../run_tests.h"
#include "image_case.h"

#include "libctl/elf.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

/* Parses an exact heap copy, so that the sanitizer sees any read beyond the file. */
static int parse(const void *data, size_t size, struct elf_image *out, const char **why)
{
    uint8_t *copy = malloc(size ? size : 1);
    int result;

    *why = "";
    memcpy(copy, data, size);
    result = elf_parse(copy, size, out, why);
    free(copy);
    return result;
}

static void refused(const struct image *image, const char *expected)
{
    struct elf_image out;
    const char *why;

    CU_ASSERT_EQUAL(parse(image, sizeof(*image), &out, &why), -EINVAL);
    if (!strstr(why, expected))
        printf("\n    expected \"%s\", got \"%s\"\n", expected, why);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, expected));
}

static void sound(void)
{
    struct image image = image_make();
    struct elf_image out;
    const char *why;

    CU_ASSERT_EQUAL_FATAL(parse(&image, sizeof(image), &out, &why), 0);
    CU_ASSERT_EQUAL(out.entry, IMAGE_ENTRY);
    CU_ASSERT_EQUAL(out.segments_count, 2);
    CU_ASSERT_EQUAL(out.segments[0].paddr, 0x100000); /* sorted, though second in the file */
    CU_ASSERT_EQUAL(out.segments[0].file_offset, 1024);
    CU_ASSERT_EQUAL(out.segments[0].file_size, 3072);
    CU_ASSERT_EQUAL(out.segments[1].paddr, 0x300000);
    CU_ASSERT_EQUAL(out.segments[1].memory_size, 0x10000);
    CU_ASSERT_EQUAL(out.start, 0x100000);
    CU_ASSERT_EQUAL(out.end, 0x310000);
}

static void sound_32(void)
{
    uint8_t file[1024] = { 0 };
    Elf32_Ehdr header = { .e_machine = EM_386, .e_phnum = 2, .e_phoff = sizeof(header),
                          .e_phentsize = sizeof(Elf32_Phdr) };
    Elf32_Phdr program[2] = {
        { .p_type = PT_LOAD, .p_offset = 512, .p_paddr = 0x200000, .p_filesz = 512, .p_memsz = 512 },
        { .p_type = PT_NOTE, .p_offset = 256, .p_filesz = 20 },
    };
    Elf32_Nhdr note = { 4, 4, XEN_ELFNOTE_PHYS32_ENTRY };
    uint32_t entry = 0x2001ff;
    struct elf_image out;
    const char *why;

    memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS32;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    memcpy(file, &header, sizeof(header));
    memcpy(file + sizeof(header), program, sizeof(program));
    memcpy(file + 256, &note, sizeof(note));
    memcpy(file + 268, "Xen", 4);
    memcpy(file + 272, &entry, 4);
    CU_ASSERT_EQUAL(parse(file, sizeof(file), &out, &why), 0);
    CU_ASSERT_EQUAL(out.entry, entry);
    entry++; /* one byte behind the segment */
    memcpy(file + 272, &entry, 4);
    CU_ASSERT_EQUAL(parse(file, sizeof(file), &out, &why), -EINVAL);
}

static void no_elf(void)
{
    struct elf_image out;
    const char *why;

    CU_ASSERT_EQUAL(parse("", 0, &out, &why), -ENOEXEC);
    CU_ASSERT_EQUAL(parse("\177ELF", 4, &out, &why), -ENOEXEC);
    CU_ASSERT_EQUAL(parse("#!/bin/sh\nexec true or false\n", 29, &out, &why), -ENOEXEC);
    CU_ASSERT_STRING_EQUAL(why, "is no ELF file");
}

/* Every shorter file is refused: cut off anywhere, something that is needed is missing. */
static void truncated(void)
{
    struct image image = image_make();
    struct elf_image out;
    const char *why;

    for (size_t size = 0; size < sizeof(image); size++)
        CU_ASSERT_NOT_EQUAL(parse(&image, size, &out, &why), 0);
    CU_ASSERT_EQUAL(parse(&image, 5000, &out, &why), -EINVAL);
    CU_ASSERT_STRING_EQUAL(why, "is truncated");
}

static void spoiled_headers(void)
{
    struct image image = image_make();

    image.header.e_machine = EM_AARCH64;
    refused(&image, "of another machine");
    image = image_make();
    image.header.e_ident[EI_DATA] = ELFDATA2MSB;
    refused(&image, "no ELF file for x86");
    image = image_make();
    image.header.e_phnum = 0;
    refused(&image, "no usable program headers");
    image = image_make();
    image.header.e_phentsize = 8;
    refused(&image, "no usable program headers");
    image = image_make();
    image.header.e_phoff = UINT64_MAX - 10;
    refused(&image, "truncated");
    image = image_make();
    image.header.e_phnum = 0xffff;
    refused(&image, "truncated");
}

static void spoiled_segments(void)
{
    struct image image = image_make();

    image.load[0].p_filesz = 0x20000;
    refused(&image, "more bytes in the file than in memory");
    image = image_make();
    image.load[0].p_offset = UINT64_MAX - 100;
    refused(&image, "truncated");
    image = image_make();
    image.load[0].p_paddr = UINT64_MAX - 0x100;
    refused(&image, "over the end of the address space");
    image = image_make();
    image.load[0].p_paddr = 0x100000 + 3071;
    refused(&image, "overlap");
    image = image_make();
    image.load[0].p_paddr = 0x100000 - 1;
    refused(&image, "overlap");
    image = image_make();
    image.load[0].p_type = image.load[1].p_type = PT_NULL;
    refused(&image, "nothing to load");
}

static void too_many_segments(void)
{
    struct image image = image_make();
    Elf64_Phdr *table = (Elf64_Phdr *)((uint8_t *)&image + 4096);

    image.header.e_phoff = 4096;
    image.header.e_phnum = ELF_SEGMENTS_MAX + 1;
    for (unsigned i = 0; i <= ELF_SEGMENTS_MAX; i++)
        table[i] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_paddr = 0x100000 + 4096 * i, .p_memsz = 4096 };
    refused(&image, "more segments than");
}

static void notes(void)
{
    struct image image = image_make();

    image.note.p_type = PT_NULL;
    refused(&image, "no PHYS32_ENTRY note");
    image = image_make();
    memcpy(image.entry.name, "GNU", 4);
    refused(&image, "no PHYS32_ENTRY note");
    image = image_make();
    image.entry.header.n_descsz = 2;
    refused(&image, "no PHYS32_ENTRY note");
    image = image_make();
    image.other.header.n_namesz = UINT32_MAX;
    refused(&image, "no PHYS32_ENTRY note");
    image = image_make();
    image.other.header.n_descsz = UINT32_MAX - 2;
    refused(&image, "no PHYS32_ENTRY note");
    image = image_make();
    image.note.p_filesz = IMAGE_SIZE;
    refused(&image, "truncated");
    image = image_make();
    image.entry.entry = 0x100000 - 1;
    refused(&image, "entry point outside");
    image = image_make();
    image.entry.entry = 0x310000;
    refused(&image, "entry point outside");
}

/* A file made of notes, which each of very many headers names, is refused before long. */
static void notes_without_end(void)
{
    const size_t headers = 60000, notes = 4u << 20, start = sizeof(Elf64_Ehdr) + headers * sizeof(Elf64_Phdr);
    uint8_t *file = calloc(1, start + notes);
    struct image image = image_make();
    struct timespec before, after;
    struct elf_image out;
    const char *why;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    image.header.e_phnum = (Elf64_Half)headers;
    image.header.e_phoff = sizeof(Elf64_Ehdr);
    memcpy(file, &image.header, sizeof(image.header));
    for (size_t i = 0; i < headers; i++) {
        Elf64_Phdr header = { .p_type = PT_NOTE, .p_offset = start, .p_filesz = notes };

        memcpy(file + sizeof(Elf64_Ehdr) + i * sizeof(header), &header, sizeof(header));
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    CU_ASSERT_EQUAL(parse(file, start + notes, &out, &why), -EINVAL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    CU_ASSERT(after.tv_sec - before.tv_sec < 10);
    free(file);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(sound),
        TEST_CASE(sound_32),
        TEST_CASE(no_elf),
        TEST_CASE(truncated),
        TEST_CASE(spoiled_headers),
        TEST_CASE(spoiled_segments),
        TEST_CASE(too_many_segments),
        TEST_CASE(notes),
        TEST_CASE(notes_without_end),
    };
    return RUN_TESTS("elf", tests);
}
