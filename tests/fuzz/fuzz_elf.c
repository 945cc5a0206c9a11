/* SPDX-License-Identifier: MIT */
/* Any bytes as an ELF kernel: a verdict without a crash; what is accepted lies within the file and is laid out soundly. */
#include "libctl/elf.h"
#include "libctl/layout.h"

#include <stddef.h>
#include <stdlib.h>
#include "../unit/libctl/image_case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads a byte in a way that is not optimised away: the sanitizer is to see it. */
static void touch(uint8_t byte)
{
    __asm__ volatile("" : : "r"(byte));
}

static void check_layout(const struct elf_image *image, uint64_t memory_kib)
{
    struct layout layout;

    if (layout_plan(&layout, memory_kib, image, 4096, 1 << 20, 4096) != LAYOUT_OK)
        return;
    if (image->end > layout.low_size || layout.boot_start < image->end ||
        layout.ramdisk_start < layout.boot_start + layout.boot_size ||
        layout.ramdisk_start + layout.ramdisk_size > layout.low_size)
        abort();
}

static void parse(const uint8_t *data, size_t size)
{
    struct elf_image image;
    const char *why = NULL;
    uint64_t end = 0;

    if (elf_parse(data, size, &image, &why) < 0) {
        if (!why)
            abort(); /* a refusal must say why */
        return;
    }
    for (unsigned i = 0; i < image.segments_count; i++) {
        const struct elf_segment *segment = &image.segments[i];

        if (segment->paddr < end || segment->file_size > segment->memory_size)
            abort();
        end = segment->paddr + segment->memory_size;
        if (segment->file_size) {
            touch(data[segment->file_offset]);
            touch(data[segment->file_offset + segment->file_size - 1]);
        }
    }
    if (image.entry < image.start || image.entry >= image.end || image.end != end)
        abort();
    check_layout(&image, 128 << 10);
    check_layout(&image, 8 << 20);
}

/* A sound file with bytes changed: each three of the input are a place among the headers and a value. */
static void parse_spoiled(const uint8_t *data, size_t size)
{
    struct image *image = malloc(sizeof(*image));

    if (!image)
        return;
    *image = image_make();
    for (; size >= 3; data += 3, size -= 3)
        ((uint8_t *)image)[(data[0] | data[1] << 8) % offsetof(struct image, rest)] = data[2];
    parse((const uint8_t *)image, sizeof(*image));
    free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse(data, size);
    parse_spoiled(data, size);
    return 0;
}
