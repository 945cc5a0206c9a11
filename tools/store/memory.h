/* SPDX-License-Identifier: MIT */
/*
 * Allocation that cannot fail, and the hash that every table of the store uses.
 *
 * A daemon that runs out of memory in the middle of a change has no good way on; it aborts, and is started again from
 * its journal. So no caller checks for NULL, and no change is ever half done.
 */
#ifndef STORE_MEMORY_H
#define STORE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* `size` zeroed bytes; or as they are, for a caller that fills them. */
void *allocate(size_t size);
void *allocate_uncleared(size_t size);

/* `block` (or NULL) grown or shrunk to `size`; the new part is not zeroed. */
void *reallocate(void *block, size_t size);

/* A copy of `size` bytes with a zero byte behind them. */
char *copy_string(const char *text, size_t size);

/* A hash with a key drawn at start: a client cannot choose names that collide. `seed` chains hashes. */
uint64_t hash_bytes(const void *data, size_t size, uint64_t seed);

#endif
