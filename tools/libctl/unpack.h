/* SPDX-License-Identifier: MIT */
/*
 * Unpacking of the kernel inside a Linux bzImage (Linux boot protocol 2.08 and later), packed with gzip, xz, lzma,
 * zstd or lz4. Every byte of the input is hostile; the output is limited to UNPACK_MAX bytes.
 */
#ifndef KEEL_CTL_UNPACK_H
#define KEEL_CTL_UNPACK_H

#include <stddef.h>
#include <stdint.h>

#define UNPACK_MAX ((size_t)512 << 20)

/*
 * Finds the packed kernel. 0 with *payload and *payload_size set; -ENOEXEC when this is no bzImage, -EINVAL when it is
 * one that cannot be used; *why then completes the sentence "the kernel ...".
 */
int bzimage_payload(const uint8_t *data, size_t size, const uint8_t **payload, size_t *payload_size, const char **why);

/*
 * Unpacks a payload by the magic number it begins with; bytes after the packed stream are ignored. 0 with *output
 * (free with free()) and *output_size; -EINVAL, -EFBIG or -ENOMEM with *why as above.
 */
int unpack(const uint8_t *payload, size_t size, uint8_t **output, size_t *output_size, const char **why);

#endif
