/* SPDX-License-Identifier: MIT */
/*
 * A guest's kernel file, ready to be loaded: an ELF file as it is, or the ELF file inside a bzImage.
 *
 * Unpacking is paid once for each kernel: the result lies in the cache (/var/cache/keel/kernels, or $KEEL_CACHE) under
 * the SHA-256 of the packed file, and a link named for the file's identity (device, inode, size, both times) saves
 * even the hashing. Without a usable cache everything works, only slower.
 */
#ifndef KEEL_CTL_KERNEL_H
#define KEEL_CTL_KERNEL_H

#include "elf.h"
#include "internal.h"

struct kernel {
    const uint8_t *data; /* the ELF file; mapped, or from malloc when `owned` */
    size_t size;
    bool owned;
    struct elf_image elf;
};

/* Sets the sentence, which names the file. End with kernel_close. */
int kernel_open(struct ctl *ctl, const char *path, struct kernel *kernel);
void kernel_close(struct kernel *kernel);

/* Maps a whole file for reading; `key` is what the sentence calls it. *size may be 0, *data then is NULL. */
int file_map(struct ctl *ctl, const char *key, const char *path, const uint8_t **data, size_t *size);
void file_unmap(const uint8_t *data, size_t size);

#endif
