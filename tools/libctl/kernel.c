/* SPDX-License-Identifier: MIT */
/*
 * A guest's kernel file: mapped, unpacked at need, and kept in the cache.
 */
#include "kernel.h"
#include "kernel_cache.h"
#include "unpack.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((off_t)4 << 30)

static int map_descriptor(int descriptor, size_t size, const uint8_t **data)
{
    void *mapped;

    *data = NULL;
    if (!size)
        return 0;
    mapped = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (mapped == MAP_FAILED)
        return -errno;
    *data = mapped;
    return 0;
}

/* Opens a regular file; *status is what fstat says. */
static int file_open(struct ctl *ctl, const char *key, const char *path, struct stat *status)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (descriptor < 0)
        return ctl_fail(ctl, errno, "the %s \"%s\" cannot be opened: %s", key, path, strerror(errno));
    if (fstat(descriptor, status) < 0 || !S_ISREG(status->st_mode) || status->st_size > FILE_MAX) {
        close(descriptor);
        return ctl_fail(ctl, EINVAL, "the %s \"%s\" is not a file of reasonable size", key, path);
    }
    return descriptor;
}

int file_map(struct ctl *ctl, const char *key, const char *path, const uint8_t **data, size_t *size)
{
    struct stat status;
    int descriptor = file_open(ctl, key, path, &status), result;

    if (descriptor < 0)
        return descriptor;
    *size = (size_t)status.st_size;
    result = map_descriptor(descriptor, *size, data);
    close(descriptor);
    if (result < 0)
        return ctl_fail(ctl, -result, "the %s \"%s\" cannot be read: %s", key, path, strerror(-result));
    return 0;
}

void file_unmap(const uint8_t *data, size_t size)
{
    if (data)
        munmap((void *)data, size);
}

static int kernel_refused(struct ctl *ctl, const char *path, int result, const char *why)
{
    return ctl_fail(ctl, -result, "the kernel \"%s\" %s", path, why);
}

/* Takes the cache's entry for kernel's own, if that is sound; false with the entry unmapped if not. */
static bool take_entry(const uint8_t *data, size_t size, struct kernel *kernel)
{
    const char *why;

    if (elf_parse(data, size, &kernel->elf, &why) < 0) {
        file_unmap(data, size);
        return false;
    }
    kernel->data = data;
    kernel->size = size;
    return true;
}

/* By what the packed file holds; the caller unmaps that. */
static bool cached(const char *name, struct kernel *kernel)
{
    const uint8_t *data;
    size_t size;

    return kernel_cache_find(name, &data, &size) && take_entry(data, size, kernel);
}

/* By which file the packed one is, which needs no look into it; that is unmapped then. */
static bool linked(const struct stat *status, struct kernel *kernel)
{
    const uint8_t *packed = kernel->data, *data;
    size_t packed_size = kernel->size, size;

    if (!kernel_cache_find_file(status, &data, &size) || !take_entry(data, size, kernel))
        return false;
    file_unmap(packed, packed_size);
    return true;
}

/*
 * The file as it is at this moment. Hashing and unpacking take long: a file that is written to or cut meanwhile must
 * neither end the process, as a mapping of it would, nor get into the cache under the name of what it was.
 */
static int read_copy(int descriptor, size_t size, uint8_t **copy, size_t *used)
{
    ssize_t got = 1;

    *copy = malloc(size);
    if (!*copy)
        return -ENOMEM;
    for (*used = 0; *used < size && got > 0; *used += got > 0 ? (size_t)got : 0) {
        do
            got = pread(descriptor, *copy + *used, size - *used, (off_t)*used);
        while (got < 0 && errno == EINTR);
    }
    if (got >= 0)
        return 0;
    got = -errno;
    free(*copy);
    return (int)got;
}

/* Takes the ELF file out of the packed one, by way of the cache. */
static int unpack_copy(struct ctl *ctl, const char *path, const struct stat *status, const uint8_t *packed,
                       size_t packed_size, struct kernel *kernel)
{
    size_t payload_size, unpacked_size;
    char name[KERNEL_CACHE_NAME];
    const uint8_t *payload;
    uint8_t *unpacked;
    const char *why;
    int result = bzimage_payload(packed, packed_size, &payload, &payload_size, &why);

    if (result < 0)
        return kernel_refused(ctl, path, -EINVAL, why);
    kernel_cache_name(packed, packed_size, name);
    if (cached(name, kernel)) {
        kernel_cache_link(status, name);
        return 0;
    }
    result = unpack(payload, payload_size, &unpacked, &unpacked_size, &why);
    if (result < 0)
        return kernel_refused(ctl, path, result, why);
    result = elf_parse(unpacked, unpacked_size, &kernel->elf, &why);
    if (result < 0) {
        free(unpacked);
        return ctl_fail(ctl, EINVAL, "the kernel \"%s\", once unpacked, %s", path, why);
    }
    kernel->data = unpacked;
    kernel->size = unpacked_size;
    kernel->owned = true;
    if (kernel_cache_store(name, unpacked, unpacked_size))
        kernel_cache_link(status, name);
    return 0;
}

static int kernel_unpack(struct ctl *ctl, const char *path, const struct stat *status, int descriptor,
                         struct kernel *kernel)
{
    const uint8_t *mapped = kernel->data, *payload;
    size_t mapped_size = kernel->size, payload_size, size;
    const char *why;
    uint8_t *copy;
    int result = bzimage_payload(mapped, mapped_size, &payload, &payload_size, &why);

    if (result < 0)
        return kernel_refused(ctl, path, result, why);
    if (mapped_size > UNPACK_MAX)
        return kernel_refused(ctl, path, -EFBIG, "is larger than any bzImage");
    result = read_copy(descriptor, mapped_size, &copy, &size);
    if (result < 0)
        return ctl_fail(ctl, -result, "the kernel \"%s\" cannot be read: %s", path, strerror(-result));
    result = unpack_copy(ctl, path, status, copy, size, kernel);
    free(copy);
    if (result == 0)
        file_unmap(mapped, mapped_size);
    return result;
}

int kernel_open(struct ctl *ctl, const char *path, struct kernel *kernel)
{
    struct stat status;
    const char *why;
    int descriptor, result;

    memset(kernel, 0, sizeof(*kernel));
    descriptor = file_open(ctl, "kernel", path, &status);
    if (descriptor < 0)
        return descriptor;
    kernel->size = (size_t)status.st_size;
    result = map_descriptor(descriptor, kernel->size, &kernel->data);
    if (result < 0) {
        ctl_fail(ctl, -result, "the kernel \"%s\" cannot be read: %s", path, strerror(-result));
        goto close_descriptor;
    }
    result = elf_parse(kernel->data, kernel->size, &kernel->elf, &why);
    if (result == -ENOEXEC)
        result = linked(&status, kernel) ? 0 : kernel_unpack(ctl, path, &status, descriptor, kernel);
    else if (result < 0)
        kernel_refused(ctl, path, result, why);
    if (result < 0)
        kernel_close(kernel);

close_descriptor:
    close(descriptor);
    return result;
}

void kernel_close(struct kernel *kernel)
{
    if (kernel->owned)
        free((void *)kernel->data);
    else
        file_unmap(kernel->data, kernel->size);
    memset(kernel, 0, sizeof(*kernel));
}
