/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's ELF loader on hostile images: the input is an image as it is (first byte odd), or the damages to make to
 * a good one, each an offset and a byte. What is accepted must load inside the bounds that it was parsed to have.
 */
#include "elf_loader.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <xen/elfnote.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct image {
    Elf64_Ehdr header;
    Elf64_Phdr load, notes;
    uint8_t bytes[64];
    Elf64_Nhdr note;
    char name[4];
    uint32_t entry;
} __attribute__((packed)) const good = {
    .header = {
        .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
        .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_phoff = offsetof(struct image, load),
        .e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2,
    },
    .load = { .p_type = PT_LOAD, .p_offset = offsetof(struct image, bytes), .p_paddr = 0x1000, .p_filesz = 64, .p_memsz = 80 },
    .notes = { .p_type = PT_NOTE, .p_offset = offsetof(struct image, note), .p_filesz = 20 },
    .note = { 4, 4, XEN_ELFNOTE_PHYS32_ENTRY },
    .name = "Xen",
    .entry = 0x1010,
};

/* Reads every byte given, and checks that it belongs into the range. */
static bool check_write(void *context, uint64_t address, const void *from, uint64_t count)
{
    const struct elf_kernel *kernel = context;
    uint8_t sum = 0;
    if (address < kernel->start || count > kernel->end - address)
        abort();
    for (uint64_t i = 0; from && i < count; i++)
        sum ^= ((const volatile uint8_t *)from)[i];
    return sum != 0x5a;
}

static void load(const void *image, size_t size)
{
    struct elf_kernel kernel;
    if (elf_kernel_parse(&kernel, image, size))
        return;
    if (kernel.start >= kernel.end || kernel.entry >= kernel.end || kernel.entry < kernel.start)
        abort();
    if (!elf_kernel_load(&kernel, kernel.start + 1, kernel.end, check_write, &kernel))
        abort();
    elf_kernel_load(&kernel, kernel.start, kernel.end, check_write, &kernel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && (data[0] & 1)) {
        uint8_t *copy = malloc(size);
        memcpy(copy, data + 1, size - 1);
        load(copy, size - 1);
        free(copy);
        return 0;
    }
    struct image *image = malloc(sizeof(*image));
    *image = good;
    for (size_t i = 1; i + 1 < size; i += 2)
        ((uint8_t *)image)[data[i] % sizeof(*image)] = data[i + 1];
    load(image, sizeof(*image));
    free(image);
    return 0;
}
