/* SPDX-License-Identifier: MIT */
/*
 * A kernel as a 64-bit x86 ELF executable in memory, with Xen's notes. The image is hostile: every number in it is
 * checked against the image's size and for overflow before it is used. Errors come as half a sentence that
 * says what is wrong with the image ("has no ...", "is ..."), for the caller to put the image's name before.
 */
#ifndef KEEL_ELF_LOADER_H
#define KEEL_ELF_LOADER_H

#include "types.h"

struct elf_kernel {
    const uint8_t *image;
    size_t size;
    uint64_t program_headers; /* offset */
    uint32_t program_header_count;
    uint64_t entry;           /* XEN_ELFNOTE_PHYS32_ENTRY: guest-physical, below 4 GiB, in a loaded segment */
    uint64_t start, end;      /* guest-physical range of all loaded segments, end exclusive */
};

/* Looks at the whole image and fills *kernel, which refers to it. NULL, or what is wrong. */
const char *elf_kernel_parse(struct elf_kernel *kernel, const void *image, size_t size);

/*
 * Writes one piece of a segment at a guest-physical address: `count` bytes `from` the image, or zeroes if from is NULL.
 * False: cannot be written.
 */
typedef bool elf_writer(void *context, uint64_t address, const void *from, uint64_t count);

/*
 * Loads a parsed kernel, whose segments must lie in [region_start, region_end). Nothing is written if one does not.
 * NULL, or what is wrong.
 */
const char *elf_kernel_load(const struct elf_kernel *kernel, uint64_t region_start, uint64_t region_end,
                            elf_writer *write, void *context);

#endif
