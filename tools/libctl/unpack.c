/* SPDX-License-Identifier: MIT */
/*
 * Unpacking of the kernel inside a Linux bzImage. The formats are the work of well-kept libraries; here is the header
 * of the image, the choice of the library, and the growth of the output.
 */
#include "unpack.h"
#include <errno.h>
#include <lz4.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* Linux boot protocol: offsets in the setup header. */
#define SETUP_SECTORS 0x1f1
#define BOOT_FLAG 0x1fe
#define HEADER_MAGIC 0x202
#define PROTOCOL_VERSION 0x206
#define PAYLOAD_OFFSET 0x248
#define PAYLOAD_LENGTH 0x24c
#define SETUP_END 0x250
#define PROTOCOL_WITH_PAYLOAD 0x0208

#define LZ4_BLOCK_MAX ((size_t)8 << 20) /* a block of the legacy frame unpacks to at most this */
#define LZMA_MEMORY_MAX ((uint64_t)256 << 20)
#define ZSTD_WINDOW_LOG_MAX 27          /* `zstd --ultra -22`, which the kernel's build uses */
#define OUTPUT_FIRST ((size_t)16 << 20)

struct output {
    uint8_t *data;
    size_t used, capacity;
};

static uint32_t little32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

int bzimage_payload(const uint8_t *data, size_t size, const uint8_t **payload, size_t *payload_size, const char **why)
{
    uint64_t start, offset, length;

    if (size < SETUP_END || data[BOOT_FLAG] != 0x55 || data[BOOT_FLAG + 1] != 0xaa ||
        memcmp(data + HEADER_MAGIC, "HdrS", 4)) {
        *why = "is neither an ELF file nor a bzImage";
        return -ENOEXEC;
    }
    if ((data[PROTOCOL_VERSION] | data[PROTOCOL_VERSION + 1] << 8) < PROTOCOL_WITH_PAYLOAD) {
        *why = "is a bzImage too old to be unpacked (boot protocol before 2.08)";
        return -EINVAL;
    }
    /* Zero sectors mean four; the boot sector comes before them. */
    start = ((data[SETUP_SECTORS] ? data[SETUP_SECTORS] : 4u) + 1u) * 512u;
    offset = little32(data + PAYLOAD_OFFSET);
    length = little32(data + PAYLOAD_LENGTH);
    if (start + offset > size || length > size - (start + offset)) {
        *why = "is a truncated bzImage";
        return -EINVAL;
    }
    *payload = data + start + offset;
    *payload_size = length;
    return 0;
}

/* Makes room for more output; false at the limit or without memory. */
static bool output_grow(struct output *output, size_t room)
{
    size_t capacity = output->capacity ? output->capacity : OUTPUT_FIRST;
    uint8_t *grown;

    if (room > UNPACK_MAX - output->used)
        return false;
    while (capacity - output->used < room)
        capacity *= 2;
    if (capacity > UNPACK_MAX)
        capacity = UNPACK_MAX;
    if (capacity == output->capacity)
        return true;
    grown = realloc(output->data, capacity);
    if (!grown)
        return false;
    output->data = grown;
    output->capacity = capacity;
    return true;
}

static int too_big(const char **why)
{
    *why = "unpacks to more than fits (512 MiB, or the free memory)";
    return -EFBIG;
}

static int damaged(const char **why)
{
    *why = "is damaged: its packed part does not unpack";
    return -EINVAL;
}

static int unpack_gzip(const uint8_t *data, size_t size, struct output *output, const char **why)
{
    z_stream stream = { .next_in = (Bytef *)data, .avail_in = (uInt)size };
    int result = Z_OK;

    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
        return too_big(why);
    while (result == Z_OK) {
        if (output->used == output->capacity && !output_grow(output, 1)) {
            inflateEnd(&stream);
            return too_big(why);
        }
        stream.next_out = output->data + output->used;
        stream.avail_out = (uInt)(output->capacity - output->used);
        result = inflate(&stream, Z_NO_FLUSH);
        output->used = output->capacity - stream.avail_out;
    }
    inflateEnd(&stream);
    return result == Z_STREAM_END ? 0 : damaged(why);
}

static int unpack_lzma(const uint8_t *data, size_t size, struct output *output, const char **why)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    lzma_ret result = data[0] == 0xfd ? lzma_stream_decoder(&stream, LZMA_MEMORY_MAX, 0)
                                      : lzma_alone_decoder(&stream, LZMA_MEMORY_MAX);

    stream.next_in = data;
    stream.avail_in = size;
    while (result == LZMA_OK) {
        if (output->used == output->capacity && !output_grow(output, 1)) {
            lzma_end(&stream);
            return too_big(why);
        }
        stream.next_out = output->data + output->used;
        stream.avail_out = output->capacity - output->used;
        result = lzma_code(&stream, LZMA_RUN);
        output->used = output->capacity - stream.avail_out;
    }
    lzma_end(&stream);
    return result == LZMA_STREAM_END ? 0 : damaged(why);
}

static int unpack_zstd(const uint8_t *data, size_t size, struct output *output, const char **why)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    ZSTD_inBuffer in = { data, size, 0 };
    size_t left = 1;

    if (!context)
        return too_big(why);
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
    while (left) {
        ZSTD_outBuffer out;
        size_t in_before = in.pos;

        if (output->used == output->capacity && !output_grow(output, 1)) {
            ZSTD_freeDCtx(context);
            return too_big(why);
        }
        out = (ZSTD_outBuffer){ output->data, output->capacity, output->used };
        left = ZSTD_decompressStream(context, &out, &in);
        if (ZSTD_isError(left) || (in.pos == in_before && out.pos == output->used)) {
            ZSTD_freeDCtx(context);
            return damaged(why);
        }
        output->used = out.pos;
    }
    ZSTD_freeDCtx(context);
    return 0;
}

/* The legacy frame: a magic number, then blocks of a 32-bit length and that many bytes, up to the end. */
static int unpack_lz4(const uint8_t *data, size_t size, struct output *output, const char **why)
{
    size_t at = 4;

    /* Linux's build puts the unpacked size, four bytes, behind the frame. */
    while (size - at > 4) {
        size_t length = little32(data + at), room;
        int unpacked;

        at += 4;
        if (!length || length > size - at || length > (size_t)LZ4_COMPRESSBOUND(LZ4_BLOCK_MAX))
            return damaged(why);
        room = UNPACK_MAX - output->used < LZ4_BLOCK_MAX ? UNPACK_MAX - output->used : LZ4_BLOCK_MAX;
        if (!room || !output_grow(output, room))
            return too_big(why);
        unpacked = LZ4_decompress_safe((const char *)data + at, (char *)output->data + output->used, (int)length,
                                       (int)room);
        if (unpacked < 0)
            return damaged(why);
        output->used += (size_t)unpacked;
        at += length;
    }
    return output->used ? 0 : damaged(why);
}

static const struct format {
    uint8_t magic[6];
    uint8_t magic_size;
    int (*unpack)(const uint8_t *data, size_t size, struct output *output, const char **why);
} formats[] = {
    { { 0x1f, 0x8b }, 2, unpack_gzip },
    { { 0xfd, '7', 'z', 'X', 'Z', 0x00 }, 6, unpack_lzma },
    { { 0x5d, 0x00, 0x00 }, 3, unpack_lzma },
    { { 0x28, 0xb5, 0x2f, 0xfd }, 4, unpack_zstd },
    { { 0x02, 0x21, 0x4c, 0x18 }, 4, unpack_lz4 },
};

int unpack(const uint8_t *payload, size_t size, uint8_t **output, size_t *output_size, const char **why)
{
    struct output grown = { 0 };

    if (size > UNPACK_MAX)
        return too_big(why);
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        int result;

        if (size < 16 || memcmp(payload, formats[i].magic, formats[i].magic_size))
            continue;
        result = formats[i].unpack(payload, size, &grown, why);
        if (result < 0) {
            free(grown.data);
            return result;
        }
        *output = grown.data;
        *output_size = grown.used;
        return 0;
    }
    *why = "is packed in a way that is not known (known: gzip, xz, lzma, zstd, lz4)";
    return -EINVAL;
}
