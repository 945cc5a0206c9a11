/* SPDX-License-Identifier: MIT */
/*
 * Reading of kernel images in ELF form that start by Xen's PVH protocol (a PHYS32_ENTRY note).
 * Every byte of the file is hostile; nothing is written, allocated or read beyond the given size.
 */
#ifndef KEEL_CTL_ELF_H
#define KEEL_CTL_ELF_H

#include <stddef.h>
#include <stdint.h>

#define ELF_SEGMENTS_MAX 32

/* A stretch of guest memory: file_size bytes from the file, then zeros up to memory_size. */
struct elf_segment {
    uint64_t paddr;
    size_t file_offset;
    uint64_t file_size, memory_size;
};

struct elf_image {
    struct elf_segment segments[ELF_SEGMENTS_MAX]; /* by rising address, without overlap */
    unsigned segments_count;
    uint32_t entry;       /* inside a segment */
    uint64_t start, end;  /* physical addresses that the segments lie in; end is exclusive */
};

/*
 * 0 with *image filled; -ENOEXEC when it is no ELF file at all, -EINVAL when it is one that cannot be used. *why then
 * is a constant that completes the sentence "the kernel ...".
 */
int elf_parse(const uint8_t *data, size_t size, struct elf_image *image, const char **why);

#endif
