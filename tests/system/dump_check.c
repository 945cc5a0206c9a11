/* SPDX-License-Identifier: MIT */
/*
 * dump_check KERNEL|- CORE KIB VCPUS: whether a core has the form of Xen's tools, at least so much memory, each page
 * once and that many vCPUs' registers; and the kernel's code, which does not change, where its file says. Status 0: yes.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096u
#define STATUS_SIZE 5168u /* vcpu_guest_context of x86-64 */
#define RIP_OFFSET (512 + 8 + 16 * 8)

struct file {
    const uint8_t *data;
    size_t size;
};

static bool map(const char *path, struct file *file)
{
    int descriptor = open(path, O_RDONLY);
    struct stat status;

    if (descriptor < 0 || fstat(descriptor, &status) < 0 || status.st_size < (off_t)sizeof(Elf64_Ehdr))
        return false;
    file->size = (size_t)status.st_size;
    file->data = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    return file->data != MAP_FAILED && memcmp(file->data, ELFMAG, SELFMAG) == 0;
}

static const Elf64_Shdr *find(const struct file *core, const char *name)
{
    const Elf64_Ehdr *header = (const void *)core->data;
    const Elf64_Shdr *sections = (const void *)(core->data + header->e_shoff);
    const char *names = (const char *)core->data + sections[header->e_shstrndx].sh_offset;

    for (unsigned i = 1; i < header->e_shnum; i++)
        if (strcmp(names + sections[i].sh_name, name) == 0 && sections[i].sh_offset + sections[i].sh_size <= core->size)
            return &sections[i];
    fprintf(stderr, "there is no section %s within the file\n", name);
    exit(EXIT_FAILURE);
}

/* The kernel's first read-only segment with code. */
static bool has_kernel(const char *path, const uint64_t *pfns, uint64_t count, const uint8_t *pages)
{
    struct file kernel;

    if (!map(path, &kernel))
        return false;
    const Elf64_Ehdr *header = (const void *)kernel.data;
    const Elf64_Phdr *segment = (const void *)(kernel.data + header->e_phoff);

    for (unsigned i = 0; i < header->e_phnum; i++, segment++) {
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X) || segment->p_flags & PF_W)
            continue;
        for (uint64_t at = 0; at + PAGE <= segment->p_filesz; at += PAGE) {
            uint64_t index = 0;

            while (index < count && pfns[index] != (segment->p_paddr + at) / PAGE)
                index++;
            if (index == count || memcmp(pages + index * PAGE, kernel.data + segment->p_offset + at, PAGE) != 0) {
                fprintf(stderr, "page %llx of the kernel's is not there\n",
                        (unsigned long long)(segment->p_paddr + at) / PAGE);
                return false;
            }
        }
        return true;
    }
    fprintf(stderr, "%s has no segment of code\n", path);
    return false;
}

int main(int argc, char **argv)
{
    struct file core;

    if (argc != 5 || !map(argv[2], &core) || ((const Elf64_Ehdr *)(const void *)core.data)->e_type != ET_CORE) {
        fprintf(stderr, "no core\n");
        return EXIT_FAILURE;
    }
    const Elf64_Shdr *status = find(&core, ".xen_prstatus"), *pages = find(&core, ".xen_pages"),
                     *pfn = find(&core, ".xen_pfn"), *note = find(&core, ".note.Xen");
    const uint64_t *pfns = (const void *)(core.data + pfn->sh_offset);
    uint64_t count = pages->sh_size / PAGE, rip, note_pages;

    memcpy(&rip, core.data + status->sh_offset + RIP_OFFSET, sizeof(rip));
    /* behind two heads, the magic number and the count of vCPUs */
    memcpy(&note_pages, core.data + note->sh_offset + 2 * 16 + 16, sizeof(note_pages));
    for (uint64_t i = 1; i < count; i++) {
        if (pfns[i] <= pfns[i - 1]) {
            fprintf(stderr, "a page is there twice, or out of order\n");
            return EXIT_FAILURE;
        }
    }
    if (count * (PAGE / 1024) < strtoull(argv[3], NULL, 10) || pfn->sh_size != count * 8 || note_pages != count ||
        status->sh_size != strtoull(argv[4], NULL, 10) * STATUS_SIZE || rip == 0) {
        fprintf(stderr, "%llu pages, %llu by the note, %llu bytes of registers, rip %llx\n", (unsigned long long)count,
                (unsigned long long)note_pages, (unsigned long long)status->sh_size, (unsigned long long)rip);
        return EXIT_FAILURE;
    }
    if (strcmp(argv[1], "-") != 0 && !has_kernel(argv[1], pfns, count, core.data + pages->sh_offset))
        return EXIT_FAILURE;
    return EXIT_SUCCESS;
}
