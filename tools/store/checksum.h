/* SPDX-License-Identifier: MIT */
/* A checksum that tells what is whole from what is not. */
#ifndef STORE_CHECKSUM_H
#define STORE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Of `size` bytes; `seed` is whatever belongs to them beside, or the checksum of what is before them. */
uint64_t checksum_bytes(uint64_t seed, const void *data, size_t size);

#endif
