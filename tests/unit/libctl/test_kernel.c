/* SPDX-License-Identifier: MIT */
/* Kernel files: each packing unpacks, damage is found, and the cache gives back what went in, and only that. */
#include <stddef.h>
#include "../run_tests.h"
#include "image_case.h"

#include "libctl/kernel.h"
#include "libctl/kernel_cache.h"
#include "libctl/sha256.h"
#include "libctl/unpack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lz4.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define PACKED_MAX (2 * IMAGE_SIZE)

static size_t pack_gzip(const uint8_t *data, size_t size, uint8_t *packed)
{
    z_stream stream = { 0 };

    deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = (Bytef *)data;
    stream.avail_in = (uInt)size;
    stream.next_out = packed;
    stream.avail_out = PACKED_MAX;
    CU_ASSERT_EQUAL(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return PACKED_MAX - stream.avail_out;
}

static size_t pack_xz(const uint8_t *data, size_t size, uint8_t *packed)
{
    size_t at = 0;

    CU_ASSERT_EQUAL(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, data, size, packed, &at, PACKED_MAX), LZMA_OK);
    return at;
}

static size_t pack_lzma(const uint8_t *data, size_t size, uint8_t *packed)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    lzma_options_lzma options;

    lzma_lzma_preset(&options, 1);
    CU_ASSERT_EQUAL(lzma_alone_encoder(&stream, &options), LZMA_OK);
    stream.next_in = data;
    stream.avail_in = size;
    stream.next_out = packed;
    stream.avail_out = PACKED_MAX;
    CU_ASSERT_EQUAL(lzma_code(&stream, LZMA_FINISH), LZMA_STREAM_END);
    lzma_end(&stream);
    return PACKED_MAX - stream.avail_out;
}

static size_t pack_zstd(const uint8_t *data, size_t size, uint8_t *packed)
{
    return ZSTD_compress(packed, PACKED_MAX, data, size, 3);
}

/* The legacy frame in two blocks. */
static size_t pack_lz4(const uint8_t *data, size_t size, uint8_t *packed)
{
    size_t at = 4, half = size / 2;

    memcpy(packed, "\x02\x21\x4c\x18", 4);
    for (unsigned i = 0; i < 2; i++) {
        size_t block = i ? size - half : half;
        int written = LZ4_compress_default((const char *)data + i * half, (char *)packed + at + 4, (int)block,
                                           (int)(PACKED_MAX - at - 4));
        uint32_t length = (uint32_t)written;

        memcpy(packed + at, &length, 4);
        at += 4 + length;
    }
    return at;
}

typedef size_t (*packer)(const uint8_t *data, size_t size, uint8_t *packed);
static const packer packers[] = { pack_gzip, pack_xz, pack_lzma, pack_zstd, pack_lz4 };
#define PACKERS (sizeof(packers) / sizeof(packers[0]))

static void unpacks(void)
{
    struct image image = image_make();

    for (size_t i = 0; i < PACKERS; i++) {
        uint8_t packed[PACKED_MAX + 4], *out = NULL;
        size_t size = packers[i]((const uint8_t *)&image, sizeof(image), packed), out_size = 0;
        const uint32_t appended = sizeof(image); /* as Linux's build puts behind the stream */
        const char *why = "";

        memcpy(packed + size, &appended, 4);
        CU_ASSERT_EQUAL_FATAL(unpack(packed, size + 4, &out, &out_size, &why), 0);
        CU_ASSERT_EQUAL(out_size, sizeof(image));
        CU_ASSERT_EQUAL(memcmp(out, &image, sizeof(image)), 0);
        free(out);
    }
}

/* Cut off at any point a stream is an error, or (lz4 has no end mark) at least not taken for the whole. */
static void truncated_streams(void)
{
    struct image image = image_make();

    for (size_t i = 0; i < PACKERS; i++) {
        uint8_t packed[PACKED_MAX];
        size_t size = packers[i]((const uint8_t *)&image, sizeof(image), packed);

        for (size_t cut = 0; cut < size - 4; cut += 1 + cut / 3) {
            uint8_t *copy = malloc(cut + 1), *out = NULL;
            size_t out_size = 0;
            const char *why = "";
            int result;

            memcpy(copy, packed, cut);
            result = unpack(copy, cut, &out, &out_size, &why);
            CU_ASSERT(result < 0 || out_size < sizeof(image));
            if (!result)
                free(out);
            free(copy);
        }
    }
}

static void unknown_packing(void)
{
    uint8_t *out;
    size_t size;
    const char *why = "";

    CU_ASSERT_EQUAL(unpack((const uint8_t *)"BZh91AY&SY0123456789", 20, &out, &size, &why), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "not known"));
    CU_ASSERT_EQUAL(unpack((const uint8_t *)"\x1f\x8b", 2, &out, &size, &why), -EINVAL);
}

static void bzimage_headers(void)
{
    uint8_t image[BZIMAGE_PAYLOAD + 100], payload[100] = { 1, 2, 3 };
    const uint8_t *found;
    size_t size;
    const char *why;

    bzimage_make(image, payload, sizeof(payload));
    CU_ASSERT_EQUAL(bzimage_payload(image, sizeof(image), &found, &size, &why), 0);
    CU_ASSERT_PTR_EQUAL(found, image + BZIMAGE_PAYLOAD);
    CU_ASSERT_EQUAL(size, sizeof(payload));
    CU_ASSERT_EQUAL(bzimage_payload(image, sizeof(image) - 1, &found, &size, &why), -EINVAL);
    CU_ASSERT_STRING_EQUAL(why, "is a truncated bzImage");
    CU_ASSERT_EQUAL(bzimage_payload(image, 0x24f, &found, &size, &why), -ENOEXEC);
    memset(image + 0x248, 0xff, 8);
    CU_ASSERT_EQUAL(bzimage_payload(image, sizeof(image), &found, &size, &why), -EINVAL);
    bzimage_make(image, payload, sizeof(payload));
    image[0x206] = 7;
    CU_ASSERT_EQUAL(bzimage_payload(image, sizeof(image), &found, &size, &why), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "too old"));
    image[0x202] = 'h';
    CU_ASSERT_EQUAL(bzimage_payload(image, sizeof(image), &found, &size, &why), -ENOEXEC);
}

/* --- files and the cache ------------------------------------------------------------------------------------ */

static char directory[] = "/tmp/keel-test-kernel-XXXXXX", kernel_path[128], cache_path[128];
static struct ctl handle;

static void write_file(const void *data, size_t size, bool settled)
{
    int file = open(kernel_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    CU_ASSERT_EQUAL(write(file, data, size), (ssize_t)size);
    close(file);
    if (settled)
        sleep(3); /* until its times lie far enough back; a change time cannot be set */
}

static void write_bzimage(const struct image *image, bool settled)
{
    uint8_t packed[PACKED_MAX], file[BZIMAGE_PAYLOAD + PACKED_MAX];
    size_t size = pack_xz((const uint8_t *)image, sizeof(*image), packed);

    bzimage_make(file, packed, (uint32_t)size);
    write_file(file, BZIMAGE_PAYLOAD + size, settled);
}

static unsigned cache_entries(const char *suffix)
{
    DIR *cache = opendir(cache_path);
    struct dirent *entry;
    unsigned count = 0;

    while (cache && (entry = readdir(cache)))
        if (strstr(entry->d_name, suffix))
            count++;
    if (cache)
        closedir(cache);
    return count;
}

static void opens(const struct image *image, bool owned)
{
    struct kernel kernel;

    handle.error[0] = '\0';
    CU_ASSERT_EQUAL_FATAL(kernel_open(&handle, kernel_path, &kernel), 0);
    CU_ASSERT_EQUAL(kernel.size, sizeof(*image));
    CU_ASSERT_EQUAL(memcmp(kernel.data, image, sizeof(*image)), 0);
    CU_ASSERT_EQUAL(kernel.elf.entry, image->entry.entry);
    CU_ASSERT_EQUAL(kernel.owned, owned);
    kernel_close(&kernel);
}

static void refused(const void *data, size_t size, const char *expected)
{
    struct kernel kernel;

    write_file(data, size, false);
    CU_ASSERT(kernel_open(&handle, kernel_path, &kernel) < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(handle.error, kernel_path));
    if (!strstr(handle.error, expected))
        printf("\n    expected \"%s\", got \"%s\"\n", expected, handle.error);
    CU_ASSERT_PTR_NOT_NULL(strstr(handle.error, expected));
}

static void plain_files(void)
{
    struct image image = image_make();

    write_file(&image, sizeof(image), false);
    opens(&image, false);
    CU_ASSERT_EQUAL(cache_entries(".elf"), 0);
}

static void bad_files(void)
{
    struct image image = image_make();
    uint8_t packed[PACKED_MAX], file[BZIMAGE_PAYLOAD + PACKED_MAX];
    struct kernel kernel;
    size_t size;

    refused("", 0, "is neither an ELF file nor a bzImage");
    refused("#!/bin/sh\n", 10, "is neither an ELF file nor a bzImage");
    refused(&image, 5000, "is truncated");
    image.note.p_type = PT_NULL;
    refused(&image, sizeof(image), "has no PHYS32_ENTRY note");
    size = pack_gzip((const uint8_t *)&image, sizeof(image), packed);
    bzimage_make(file, packed, (uint32_t)size);
    refused(file, BZIMAGE_PAYLOAD + size, ", once unpacked, has no PHYS32_ENTRY note");
    refused(file, BZIMAGE_PAYLOAD + size - 1, "is a truncated bzImage");
    file[BZIMAGE_PAYLOAD + 200] ^= 0x55;
    refused(file, BZIMAGE_PAYLOAD + size, "is damaged");
    CU_ASSERT_EQUAL(cache_entries(""), 0);

    CU_ASSERT_EQUAL(kernel_open(&handle, "/no/such/kernel", &kernel), -ENOENT);
    CU_ASSERT_STRING_EQUAL(handle.error, "the kernel \"/no/such/kernel\" cannot be opened: No such file or directory");
    CU_ASSERT_EQUAL(kernel_open(&handle, directory, &kernel), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(handle.error, "is not a file"));
}

static void cached(void)
{
    struct image image = image_make(), other = image_make();

    write_bzimage(&image, false);
    opens(&image, true);                    /* unpacked */
    CU_ASSERT_EQUAL(cache_entries(".elf"), 1);
    CU_ASSERT_EQUAL(cache_entries("file-"), 0); /* too young to be known by its times */
    opens(&image, false);                   /* found by its hash */
    other.rest[5000] ^= 1;                  /* the same size, and perhaps the same second */
    write_bzimage(&other, true);
    opens(&other, true);
    CU_ASSERT_EQUAL(cache_entries(".elf"), 2);
    CU_ASSERT_EQUAL(cache_entries("file-"), 1);
    opens(&other, false);                   /* found by its identity */
    write_bzimage(&image, false);           /* rewritten in place: its identity is another */
    opens(&image, false);
}

/* A damaged entry (a full disk, a lost page) is not believed. */
static void damaged_entry(void)
{
    struct image image = image_make();
    char name[KERNEL_CACHE_NAME], path[256];
    uint8_t packed[PACKED_MAX], file[BZIMAGE_PAYLOAD + PACKED_MAX];
    size_t size = pack_xz((const uint8_t *)&image, sizeof(image), packed);

    bzimage_make(file, packed, (uint32_t)size);
    kernel_cache_name(file, BZIMAGE_PAYLOAD + size, name);
    write_file(file, BZIMAGE_PAYLOAD + size, false);
    snprintf(path, sizeof(path), "%s/%s.elf", cache_path, name);
    CU_ASSERT_EQUAL(truncate(path, 100), 0);
    opens(&image, true);
    opens(&image, false);
}

/* A directory that others can write to could hold anybody's kernel. */
static void untrusted_cache(void)
{
    struct image image = image_make();

    CU_ASSERT_EQUAL(chmod(cache_path, 0777), 0);
    write_bzimage(&image, false);
    opens(&image, true);
    CU_ASSERT_EQUAL(chmod(cache_path, 0700), 0);
    opens(&image, false);
}

static void hashes(void)
{
    /* FIPS 180-4's examples: nothing, one block, two. */
    static const struct { const char *text; const char *name; } cases[] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    };
    char name[KERNEL_CACHE_NAME];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        kernel_cache_name((const uint8_t *)cases[i].text, strlen(cases[i].text), name);
        CU_ASSERT_STRING_EQUAL(name, cases[i].name);
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(hashes),
        TEST_CASE(unpacks),
        TEST_CASE(truncated_streams),
        TEST_CASE(unknown_packing),
        TEST_CASE(bzimage_headers),
        TEST_CASE(plain_files),
        TEST_CASE(bad_files),
        TEST_CASE(cached),
        TEST_CASE(damaged_entry),
        TEST_CASE(untrusted_cache),
    };
    char command[256];

    if (!mkdtemp(directory))
        return 1;
    snprintf(kernel_path, sizeof(kernel_path), "%s/vmlinuz", directory);
    snprintf(cache_path, sizeof(cache_path), "%s/a/b/cache", directory);
    setenv("KEEL_CACHE", cache_path, 1);
    int status = RUN_TESTS("kernel", tests);
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    return system(command) || status;
}
