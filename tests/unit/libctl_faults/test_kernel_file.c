/* SPDX-License-Identifier: MIT */
/*
 * A kernel's file that others write to, or cut, while libctl unpacks it: what comes out, and into the cache, is what
 * the file held when libctl read it. And nothing but whole entries stays in the cache.
 */
#include "../run_tests.h"
#include "guest_case.h"

#include "libctl/kernel.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <zlib.h>

#define PACKED_MAX (BZIMAGE_PAYLOAD + 2 * IMAGE_SIZE)

static char folder[] = "/tmp/keel-cache-XXXXXX";
static char path[64];

static void write_kernel(uint8_t mark)
{
    struct image image = image_make();
    uint8_t payload[2 * IMAGE_SIZE], file[PACKED_MAX];
    z_stream stream = { 0 };

    image.rest[sizeof(image.rest) - 1] = mark;
    deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = (Bytef *)&image;
    stream.avail_in = sizeof(image);
    stream.next_out = payload;
    stream.avail_out = sizeof(payload);
    CU_ASSERT_EQUAL(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    uint32_t size = (uint32_t)stream.total_out;

    bzimage_make(file, payload, size);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    CU_ASSERT_FATAL(descriptor >= 0);
    CU_ASSERT_EQUAL(write(descriptor, file, BZIMAGE_PAYLOAD + size), (ssize_t)(BZIMAGE_PAYLOAD + size));
    close(descriptor);
}

static void cut_off(void)
{
    CU_ASSERT_EQUAL(truncate(path, 100), 0);
}

static void write_another(void)
{
    write_kernel(2);
}

static void opens_as(uint8_t mark)
{
    struct kernel kernel;
    struct ctl *ctl;

    fake_start(HOST_KIB);
    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    CU_ASSERT_EQUAL_FATAL(kernel_open(ctl, path, &kernel), 0);
    CU_ASSERT_EQUAL_FATAL(kernel.size, IMAGE_SIZE);
    CU_ASSERT_EQUAL(kernel.data[IMAGE_SIZE - 1], mark);
    kernel_close(&kernel);
    ctl_close(ctl);
    fake_end();
}

/* How many files the cache has; each is an entry. */
static unsigned entries(void)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;
    unsigned count = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(directory);
    while ((entry = readdir(directory))) {
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "kernel") == 0 || entry->d_type == DT_LNK)
            continue; /* links come where the machine is slow, and the file is not that new any more */
        CU_ASSERT_PTR_NOT_NULL(strstr(entry->d_name, ".elf"));
        count++;
    }
    closedir(directory);
    return count;
}

static void cut_meanwhile(void)
{
    write_kernel(1);
    fake_after_hash(cut_off);
    opens_as(1);
}

static void written_meanwhile(void)
{
    write_kernel(3);
    fake_after_hash(write_another);
    opens_as(3);
    opens_as(2);
    write_kernel(3);
    opens_as(3);
    CU_ASSERT_EQUAL(entries(), 3);
}

static void *open_it(void *result)
{
    struct kernel kernel;
    struct ctl *ctl;

    if (ctl_open(&ctl) == 0) {
        *(bool *)result = kernel_open(ctl, path, &kernel) == 0 && kernel.data[IMAGE_SIZE - 1] == 4;
        if (*(bool *)result)
            kernel_close(&kernel);
        ctl_close(ctl);
    }
    return NULL;
}

/* Threads of one process that unpack the same kernel at one time leave one whole entry. */
static void many_at_once(void)
{
    pthread_t threads[8];
    bool good[8] = { false };

    fake_start(HOST_KIB);
    write_kernel(4);
    for (size_t i = 0; i < 8; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, open_it, &good[i]), 0);
    for (size_t i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT(good[i]);
    }
    fake_end();
    opens_as(4);
    CU_ASSERT_EQUAL(entries(), 4);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(cut_meanwhile), TEST_CASE(written_meanwhile), TEST_CASE(many_at_once),
    };

    if (!mkdtemp(folder) || setenv("KEEL_CACHE", folder, 1) != 0)
        return 1;
    snprintf(path, sizeof(path), "%s/kernel", folder);
    int status = RUN_TESTS("kernels' files that change", tests);
    char command[96];

    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command) == 0 ? status : 1;
}
