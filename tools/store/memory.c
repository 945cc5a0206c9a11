/* SPDX-License-Identifier: MIT */
/* Allocation that ends the process when there is no memory, and a keyed hash. */
#include "store/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "store/log.h"

#define SMALL 1024 /* bytes: blocks of so many the C library keeps at hand, but its calloc does not take from those */

static void *checked(void *block)
{
    if (!block) {
        log_error("out of memory: the daemon ends and has to be started again");
        abort();
    }
    return block;
}

/* Not inlined: of malloc with memset behind it a compiler makes calloc. */
__attribute__((noinline)) void *allocate_uncleared(size_t size)
{
    return checked(malloc(size));
}

void *allocate(size_t size)
{
    return size > SMALL ? checked(calloc(1, size)) : memset(allocate_uncleared(size), 0, size);
}

void *reallocate(void *block, size_t size)
{
    return checked(realloc(block, size));
}

char *copy_string(const char *text, size_t size)
{
    char *copy = allocate_uncleared(size + 1);
    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93;
    return x ^ x >> 32;
}

uint64_t hash_bytes(const void *data, size_t size, uint64_t seed)
{
    static uint64_t key;
    if (!key && getrandom(&key, sizeof(key), GRND_NONBLOCK) != sizeof(key))
        key = (uintptr_t)&key;
    key |= 1;
    const char *from = data;
    uint64_t hash = mix(seed ^ key ^ size);
    for (; size >= 8; from += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, from, 8);
        hash = mix(hash ^ word);
    }
    uint64_t rest = 0;
    memcpy(&rest, from, size);
    return mix(hash ^ rest);
}
