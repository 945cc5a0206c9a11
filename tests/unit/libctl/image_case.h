/* SPDX-License-Identifier: MIT */
/* Kernel images made in memory: a well-formed ELF file to spoil, and a bzImage around a payload. */
#ifndef KEEL_TEST_IMAGE_CASE_H
#define KEEL_TEST_IMAGE_CASE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <xen/elfnote.h>

#define IMAGE_SIZE 8192u
#define IMAGE_ENTRY 0x100010u

/* An ELF64 file: two segments at 1 MiB and 3 MiB, and a note that names the entry point. */
struct image {
    Elf64_Ehdr header;
    Elf64_Phdr load[2], note;
    struct {
        Elf64_Nhdr header;
        char name[4];
        uint32_t entry;
    } other, entry;
    uint8_t rest[IMAGE_SIZE - sizeof(Elf64_Ehdr) - 3 * sizeof(Elf64_Phdr) - 40];
};

_Static_assert(sizeof(struct image) == IMAGE_SIZE, "no padding");

static inline struct image image_make(void)
{
    struct image image = {
        .header = { .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_phnum = 3,
                    .e_phoff = offsetof(struct image, load), .e_phentsize = sizeof(Elf64_Phdr),
                    .e_ehsize = sizeof(Elf64_Ehdr) },
        .load = { { .p_type = PT_LOAD, .p_offset = 4096, .p_paddr = 0x300000, .p_filesz = 4096, .p_memsz = 0x10000 },
                  { .p_type = PT_LOAD, .p_offset = 1024, .p_paddr = 0x100000, .p_filesz = 3072, .p_memsz = 3072 } },
        .note = { .p_type = PT_NOTE, .p_offset = offsetof(struct image, other),
                  .p_filesz = 2 * sizeof(image.entry) },
        .other = { { 4, 4, XEN_ELFNOTE_PADDR_OFFSET }, "Xen", 7 },
        .entry = { { 4, 4, XEN_ELFNOTE_PHYS32_ENTRY }, "Xen", IMAGE_ENTRY },
    };

    memcpy(image.header.e_ident, ELFMAG, SELFMAG);
    image.header.e_ident[EI_CLASS] = ELFCLASS64;
    image.header.e_ident[EI_DATA] = ELFDATA2LSB;
    image.header.e_ident[EI_VERSION] = EV_CURRENT;
    for (size_t i = 0; i < sizeof(image.rest); i++)
        image.rest[i] = (uint8_t)(i * 7 ^ i >> 5);
    return image;
}

#define BZIMAGE_PAYLOAD 0x800u /* one boot sector, two setup sectors, 0x200 bytes of code */

/* A bzImage around a payload; `image` holds BZIMAGE_PAYLOAD + size bytes. */
static inline void bzimage_make(uint8_t *image, const uint8_t *payload, uint32_t size)
{
    const uint32_t offset = 0x200;

    memset(image, 0, BZIMAGE_PAYLOAD);
    image[0x1f1] = 2;
    image[0x1fe] = 0x55;
    image[0x1ff] = 0xaa;
    memcpy(image + 0x202, "HdrS", 4);
    image[0x206] = 0x0f;
    image[0x207] = 0x02;
    memcpy(image + 0x248, &offset, 4);
    memcpy(image + 0x24c, &size, 4);
    memcpy(image + BZIMAGE_PAYLOAD, payload, size);
}

#endif
