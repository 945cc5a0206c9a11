/* SPDX-License-Identifier: MIT */
/* Writing and reading plain bytes: a buffer that grows, and a reader that never leaves what it was given. */
#ifndef STORE_BYTES_H
#define STORE_BYTES_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "store/memory.h"

struct bytes {
    char *data;
    size_t size, capacity;
};

static inline void bytes_put(struct bytes *bytes, const void *data, size_t size)
{
    if (bytes->size + size > bytes->capacity) {
        bytes->capacity = 2 * bytes->capacity + size;
        bytes->data = reallocate(bytes->data, bytes->capacity);
    }
    if (size > 0)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static inline void bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){0};
}

/* Numbers are written as this machine has them: the journal never leaves it. */
#define BYTES_PUT(bytes, value) bytes_put(bytes, &(value), sizeof(value))

static inline void bytes_put_sized(struct bytes *bytes, const void *data, size_t size)
{
    uint32_t stored = (uint32_t)size;
    BYTES_PUT(bytes, stored);
    bytes_put(bytes, data, size);
}

struct byte_reader {
    const char *at, *end;
    bool failed; /* something was asked for that is not there; what was read then is zero */
};

static inline void bytes_get(struct byte_reader *reader, void *to, size_t size)
{
    if ((size_t)(reader->end - reader->at) < size) {
        reader->failed = true;
        memset(to, 0, size);
        return;
    }
    memcpy(to, reader->at, size);
    reader->at += size;
}

#define BYTES_GET(reader, value) bytes_get(reader, &(value), sizeof(value))

/* The bytes that bytes_put_sized wrote, inside the reader's own. */
static inline const char *bytes_get_sized(struct byte_reader *reader, size_t *size)
{
    uint32_t stored;
    BYTES_GET(reader, stored);
    if ((size_t)(reader->end - reader->at) < stored) {
        reader->failed = true;
        stored = 0;
    }
    const char *data = reader->at;
    reader->at += stored;
    *size = stored;
    return data;
}

#endif
