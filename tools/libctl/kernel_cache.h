/* SPDX-License-Identifier: MIT */
/*
 * The cache of unpacked kernels: a directory of files NAME.elf, NAME being the SHA-256 of the packed file, and of links
 * to them named for the identity of a packed file. A file appears whole or not at all; a failure to use the cache is
 * never an error of the caller's.
 */
#ifndef KEEL_CTL_KERNEL_CACHE_H
#define KEEL_CTL_KERNEL_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define KERNEL_CACHE_NAME 65

void kernel_cache_name(const uint8_t *packed, size_t size, char name[KERNEL_CACHE_NAME]);
/* Maps the entry (end with file_unmap); false when there is none. */
bool kernel_cache_find(const char *name, const uint8_t **data, size_t *size);
bool kernel_cache_find_file(const struct stat *packed, const uint8_t **data, size_t *size);
bool kernel_cache_store(const char *name, const uint8_t *data, size_t size);
/* Remembers that this very file is packed as `name`. */
void kernel_cache_link(const struct stat *packed, const char *name);

#endif
