/* SPDX-License-Identifier: MIT */
/*
 * The last bytes of a console, in a file that outlives the daemon.
 */
#include "scrollback.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xen/io/console.h>

static const char magic[8] = "KEELCON1";

_Static_assert(sizeof(struct scrollback_file) == 4096 + SCROLLBACK_SIZE, "header page and bytes");

/* Whether the ring's index can be that of a daemon killed between counting bytes and telling the guest. */
static bool continues(const struct scrollback_file *file, const uint8_t uuid[16], uint32_t consumer)
{
    return !memcmp(file->magic, magic, sizeof(magic)) && !memcmp(file->uuid, uuid, sizeof(file->uuid)) &&
           scrollback_consumer(file) - consumer <= sizeof(((struct xencons_interface *)0)->out);
}

struct scrollback_file *scrollback_open(const char *path, const uint8_t uuid[16], uint32_t consumer)
{
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct scrollback_file *file = MAP_FAILED;
    int error;

    if (descriptor < 0)
        return NULL;
    if (!ftruncate(descriptor, sizeof(*file)))
        file = mmap(NULL, sizeof(*file), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    error = errno;
    close(descriptor);
    if (file == MAP_FAILED) {
        errno = error;
        return NULL;
    }
    if (!continues(file, uuid, consumer)) {
        memset(file->magic, 0, sizeof(file->magic));
        memcpy(file->uuid, uuid, sizeof(file->uuid));
        file->base = consumer;
        file->total = file->logged = file->log_end = 0;
        file->log_known = false;
        __atomic_thread_fence(__ATOMIC_RELEASE);
        memcpy(file->magic, magic, sizeof(magic));
    }
    return file;
}

void scrollback_close(struct scrollback_file *file)
{
    if (file)
        munmap(file, sizeof(*file));
}

uint32_t scrollback_consumer(const struct scrollback_file *file)
{
    return file->base + (uint32_t)file->total;
}

void scrollback_rebase(struct scrollback_file *file, uint32_t consumer)
{
    file->base = consumer - (uint32_t)file->total;
}

void scrollback_append(struct scrollback_file *file, const uint8_t *bytes, size_t size)
{
    size_t at = file->total % SCROLLBACK_SIZE;
    size_t first = size < SCROLLBACK_SIZE - at ? size : SCROLLBACK_SIZE - at;

    memcpy(file->bytes + at, bytes, first);
    memcpy(file->bytes, bytes + first, size - first);
    /* The count covers only bytes that are there, whenever the daemon dies. */
    __atomic_store_n(&file->total, file->total + size, __ATOMIC_RELEASE);
}

uint64_t scrollback_oldest(const struct scrollback_file *file)
{
    return file->total > SCROLLBACK_SIZE ? file->total - SCROLLBACK_SIZE : 0;
}

void scrollback_log_opened(struct scrollback_file *file, uint64_t size)
{
    if (file->log_known && size >= file->log_end && size - file->log_end <= file->total - file->logged)
        file->logged += size - file->log_end;
    if (file->logged < scrollback_oldest(file))
        file->logged = scrollback_oldest(file);
    file->log_end = size;
    file->log_known = true;
}

void scrollback_log_written(struct scrollback_file *file, uint64_t size)
{
    file->log_end += size;
    file->logged += size;
}

size_t scrollback_stretch(const struct scrollback_file *file, uint64_t from, const uint8_t **bytes)
{
    size_t at = from % SCROLLBACK_SIZE;
    uint64_t left = file->total - from;

    *bytes = file->bytes + at;
    return left < SCROLLBACK_SIZE - at ? (size_t)left : SCROLLBACK_SIZE - at;
}
