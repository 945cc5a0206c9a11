/* SPDX-License-Identifier: MIT */
/* The ELF loader takes a kernel as Linux is built, loads its bytes and zeroes, and says what is wrong with every other. */
#include "../run_tests.h"
#include "elf_loader.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <xen/elfnote.h>

#define TEXT_ADDRESS 0x1000000ull
#define DATA_ADDRESS 0x1200000ull
#define ENTRY (TEXT_ADDRESS + 0x10)

/* A kernel with two segments (the second with a tail of zeroes) and one of notes; tests damage it where they like. */
struct image {
    Elf64_Ehdr header;
    Elf64_Phdr text, data, notes;
    uint8_t text_bytes[64], data_bytes[32];
    struct {
        Elf64_Nhdr header;
        char name[4];
        char value[8];
    } guest_os;
    struct {
        Elf64_Nhdr header;
        char name[4];
        uint32_t value;
    } entry;
} __attribute__((packed));

static struct image make_image(void)
{
    struct image image = {
        .header = {
            .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
            .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
            .e_phoff = offsetof(struct image, text), .e_ehsize = sizeof(Elf64_Ehdr),
            .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 3,
        },
        .text = { .p_type = PT_LOAD, .p_offset = offsetof(struct image, text_bytes), .p_vaddr = 0xffffffff81000000,
                  .p_paddr = TEXT_ADDRESS, .p_filesz = 64, .p_memsz = 64 },
        .data = { .p_type = PT_LOAD, .p_offset = offsetof(struct image, data_bytes), .p_paddr = DATA_ADDRESS,
                  .p_filesz = 32, .p_memsz = 100 },
        .notes = { .p_type = PT_NOTE, .p_offset = offsetof(struct image, guest_os),
                   .p_filesz = sizeof(image.guest_os) + sizeof(image.entry) },
        .guest_os = { { 4, 6, XEN_ELFNOTE_GUEST_OS }, "Xen", "linux" },
        .entry = { { 4, 4, XEN_ELFNOTE_PHYS32_ENTRY }, "Xen", ENTRY },
    };
    for (unsigned int i = 0; i < 64; i++)
        image.text_bytes[i] = (uint8_t)(i + 1);
    memset(image.data_bytes, 0xdd, sizeof(image.data_bytes));
    return image;
}

/* Parses a copy of exactly this size, at an odd address, so that the sanitizers see every byte read beyond it. */
static const char *parse(const void *image, size_t size, struct elf_kernel *kernel)
{
    uint8_t *copy = malloc(size + 1);
    memcpy(copy + 1, image, size);
    const char *wrong = elf_kernel_parse(kernel, copy + 1, size);
    free(copy);
    return wrong;
}

static void refused(const struct image *image, size_t size, const char *words)
{
    struct elf_kernel kernel;
    const char *wrong = parse(image, size, &kernel);
    CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);
    if (!strstr(wrong, words))
        printf("\n  \"%s\" does not say \"%s\"\n", wrong, words);
    CU_ASSERT_PTR_NOT_NULL(strstr(wrong, words));
}

static uint8_t memory[0x200]; /* of addresses DATA_ADDRESS on, and of TEXT_ADDRESS from 0x100 on */

static bool write_memory(void *context, uint64_t address, const void *from, uint64_t count)
{
    uint8_t *to = address >= DATA_ADDRESS ? memory + (address - DATA_ADDRESS) : memory + 0x100 + (address - TEXT_ADDRESS);
    if (context)
        return false;
    if (from)
        memcpy(to, from, count);
    else
        memset(to, 0, count);
    return true;
}

static void loads(void)
{
    struct image image = make_image();
    struct elf_kernel kernel;
    CU_ASSERT_PTR_NULL_FATAL(elf_kernel_parse(&kernel, &image, sizeof(image)));
    CU_ASSERT_EQUAL(kernel.entry, ENTRY);
    CU_ASSERT_EQUAL(kernel.start, TEXT_ADDRESS);
    CU_ASSERT_EQUAL(kernel.end, DATA_ADDRESS + 100);
    memset(memory, 0xaa, sizeof(memory));
    CU_ASSERT_PTR_NULL(elf_kernel_load(&kernel, TEXT_ADDRESS, DATA_ADDRESS + 100, write_memory, NULL));
    CU_ASSERT_EQUAL(memory[0x100], 1);
    CU_ASSERT_EQUAL(memory[0x100 + 63], 64);
    CU_ASSERT_EQUAL(memory[0x100 + 64], 0xaa);
    CU_ASSERT_EQUAL(memory[31], 0xdd);
    CU_ASSERT_EQUAL(memory[32], 0);
    CU_ASSERT_EQUAL(memory[99], 0);
    CU_ASSERT_EQUAL(memory[100], 0xaa);
}

/* Segments outside the memory given are refused before anything is written; so is memory that cannot be written. */
static void outside_memory(void)
{
    struct image image = make_image();
    struct elf_kernel kernel;
    CU_ASSERT_PTR_NULL_FATAL(elf_kernel_parse(&kernel, &image, sizeof(image)));
    memset(memory, 0xaa, sizeof(memory));
    CU_ASSERT_PTR_NOT_NULL(elf_kernel_load(&kernel, TEXT_ADDRESS + 1, DATA_ADDRESS + 100, write_memory, NULL));
    CU_ASSERT_PTR_NOT_NULL(elf_kernel_load(&kernel, TEXT_ADDRESS, DATA_ADDRESS + 99, write_memory, NULL));
    CU_ASSERT_EQUAL(memory[0x100], 0xaa);
    CU_ASSERT_PTR_NOT_NULL(elf_kernel_load(&kernel, 0, ~0ull, write_memory, memory));
}

static void headers(void)
{
    struct image image = make_image();
    refused(&image, 0, "no ELF");
    refused(&image, 3, "no ELF");
    refused(&image, 5, "truncated");
    refused(&image, sizeof(image.header), "truncated");
    image.header.e_ident[0] = 'M';
    refused(&image, sizeof(image), "no ELF");
    image = make_image();
    image.header.e_ident[EI_CLASS] = ELFCLASS32;
    refused(&image, sizeof(image), "32-bit");
    image = make_image();
    image.header.e_ident[EI_DATA] = ELFDATA2MSB;
    refused(&image, sizeof(image), "little-endian");
    image = make_image();
    image.header.e_machine = EM_AARCH64;
    refused(&image, sizeof(image), "another kind of CPU");
    image = make_image();
    image.header.e_type = ET_REL;
    refused(&image, sizeof(image), "no executable");
    image = make_image();
    image.header.e_phnum = 0;
    refused(&image, sizeof(image), "no program headers");
    image.header.e_phnum = 0xffff;
    refused(&image, sizeof(image), "more program headers");
    image = make_image();
    image.header.e_phentsize = 1;
    refused(&image, sizeof(image), "unknown size");
    image = make_image();
    image.header.e_phoff = ~0ull - 10;
    refused(&image, sizeof(image), "truncated");
}

static void segments(void)
{
    struct image image = make_image();
    image.text.p_offset = sizeof(image) - 63;
    refused(&image, sizeof(image), "truncated: a segment");
    image.text.p_offset = ~0ull - 8;
    refused(&image, sizeof(image), "truncated: a segment");
    image = make_image();
    image.text.p_memsz = 63;
    refused(&image, sizeof(image), "more bytes in the file");
    image = make_image();
    image.data.p_paddr = ~0ull - 50;
    refused(&image, sizeof(image), "end of the address space");
    image = make_image();
    image.text.p_type = image.data.p_type = PT_NULL;
    refused(&image, sizeof(image), "no loadable segment");
}

static void notes(void)
{
    struct image image = make_image();
    image.notes.p_type = PT_NULL;
    refused(&image, sizeof(image), "no PHYS32_ENTRY");
    image = make_image();
    image.entry.name[0] = 'Y';
    refused(&image, sizeof(image), "no PHYS32_ENTRY");
    image = make_image();
    image.entry.value = TEXT_ADDRESS + 64;
    refused(&image, sizeof(image), "outside its segments");
    image = make_image();
    image.entry.header.n_descsz = 3;
    refused(&image, sizeof(image), "no number");
    image = make_image();
    image.guest_os.header.n_descsz = 0xfffffffd;
    refused(&image, sizeof(image), "damaged note");
    image = make_image();
    image.guest_os.header.n_namesz = 0xffffffff;
    refused(&image, sizeof(image), "damaged note");
    image = make_image();
    image.notes.p_filesz += 1;
    refused(&image, sizeof(image), "notes lie beyond");
}

/* Every truncation and each of many random damages is refused or loads inside its bounds; none reads beyond the image. */
static void damages(void)
{
    struct elf_kernel kernel;
    const struct image good = make_image();
    for (size_t size = 0; size < sizeof(good); size++)
        CU_ASSERT_PTR_NOT_NULL(parse(&good, size, &kernel));
    srand(1);
    for (int round = 0; round < 20000; round++) {
        struct image image = good;
        uint8_t *bytes = (uint8_t *)&image;
        for (int n = rand() % 4; n >= 0; n--)
            bytes[(size_t)rand() % sizeof(image)] = (uint8_t)(rand() % 3 ? rand() : 0xff);
        if (!parse(&image, sizeof(image), &kernel))
            CU_ASSERT_TRUE(kernel.start < kernel.end && kernel.entry < kernel.end);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        { "loads", loads },
        { "outside memory", outside_memory },
        { "headers", headers },
        { "segments", segments },
        { "notes", notes },
        { "damages", damages },
    };
    return RUN_TESTS("ELF loader", tests);
}
