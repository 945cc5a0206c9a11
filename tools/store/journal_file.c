/* SPDX-License-Identifier: MIT */
/* Appending to a file in memory. */
#include "store/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROWTH (256 * 1024) /* bytes of room that are asked for at a time */

int journal_write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t put = write(fd, data, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? errno : ENOSPC;
        data += put;
        size -= (size_t)put;
    }
    return 0;
}

static int map(struct journal_file *file)
{
    void *memory = mmap(NULL, file->room, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd, 0);
    if (memory == MAP_FAILED)
        return errno;
    file->memory = memory;
    return 0;
}

static void unmap(struct journal_file *file)
{
    if (file->memory)
        munmap(file->memory, file->room);
    file->memory = NULL;
}

/* Makes zeros of what lies behind the records, all of it room that the file system has given: a copy of the file may
 * have had holes there. False: that is not to be had. */
static bool clear_behind(struct journal_file *file, uint64_t room)
{
    if (posix_fallocate(file->fd, (off_t)file->size, (off_t)(room - file->size)))
        return false;
    file->room = room;
    if (map(file))
        return false;
    memset(file->memory + file->size, 0, room - file->size);
    return true;
}

int journal_file_take(struct journal_file *file, int fd, uint64_t size)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return errno;
    *file = (struct journal_file){.fd = fd, .size = size, .room = size};
    uint64_t room = (uint64_t)status.st_size < size + GROWTH ? (uint64_t)status.st_size : size + GROWTH;
    if (room > size && clear_behind(file, room))
        size = room;
    int error = ftruncate(fd, (off_t)size) < 0 ? errno : 0;
    file->room = size;
    if (error)
        unmap(file);
    return error;
}

/* Zeros that are written are room that stays, on any file system. Some of them may be enough. */
static int grow(struct journal_file *file, size_t needed)
{
    static const char zeros[GROWTH];
    struct stat status;
    unmap(file);
    int error = 0;
    for (size_t left = needed > GROWTH ? needed : GROWTH; left > 0 && !error; left -= left < GROWTH ? left : GROWTH)
        error = journal_write_all(file->fd, zeros, left < GROWTH ? left : GROWTH);
    if (fstat(file->fd, &status) < 0)
        return errno;
    file->room = (uint64_t)status.st_size;
    return file->room - file->size >= needed ? 0 : error;
}

/* A number in one piece, in its place among the others. */
static void put_word(char *to, const char *from)
{
    uint32_t word;
    memcpy(&word, from, sizeof(word));
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    memcpy(to, &word, sizeof(word));
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

int journal_file_append(struct journal_file *file, const char *record, size_t size, size_t keep)
{
    int error = 0;
    if (file->room - file->size < size + keep)
        error = grow(file, size + keep);
    if (!error && !file->memory)
        error = map(file);
    if (error)
        return error;
    char *to = file->memory + file->size;
    put_word(to, record);
    memcpy(to + 8, record + 8, size - 8);
    put_word(to + 4, record + 4);
    file->size += size;
    return 0;
}

void journal_file_close(struct journal_file *file)
{
    if (file->fd < 0)
        return;
    unmap(file);
    if (file->room > file->size && ftruncate(file->fd, (off_t)file->size) < 0)
        file->room = file->size; /* zeros stay behind the records: they are read over */
    close(file->fd);
    file->fd = -1;
}
