/* SPDX-License-Identifier: MIT */
/* Slots in a file, each mapped for itself, so that it stays where it is when the file grows. */
#include "store/ring_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/journal_file.h"
#include "store/log.h"
#include "store/memory.h"

#define NAME "rings"
#define DAMAGED_NAME "rings.damaged"

/* Maps the slot behind the last one, whose room is there. 0 or errno. */
static int map_slot(struct ring_file *file)
{
    char *memory = mmap(NULL, RING_SLOT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd,
                        (off_t)(file->count * RING_SLOT_SIZE));
    if (memory == MAP_FAILED)
        return errno;
    struct ring_slot *slot = allocate(sizeof(*slot));
    slot->memory = memory;
    slot->number = file->count;
    file->slots = reallocate(file->slots, (file->count + 1) * sizeof(file->slots[0]));
    file->slots[file->count++] = slot;
    return 0;
}

static void unmap_last(struct ring_file *file)
{
    struct ring_slot *slot = file->slots[--file->count];
    munmap(slot->memory, RING_SLOT_SIZE);
    free(slot);
}

static void keep_copy(const struct ring_file *file, int directory_fd)
{
    int copy = openat(directory_fd, DAMAGED_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int error = copy < 0 ? errno : 0;
    for (size_t i = 0; i < file->count && !error; i++)
        error = journal_write_all(copy, file->slots[i]->memory, RING_SLOT_SIZE);
    if (copy >= 0)
        close(copy);
    if (error)
        log_error("the damaged states of rings cannot be kept as " DAMAGED_NAME ": %s", strerror(error));
    else
        log_error("a copy of the damaged states of rings is kept as " DAMAGED_NAME);
}

static size_t load_slot(struct ring_file *file, size_t number)
{
    struct ring_state *state = &file->found[number];
    unsigned int damaged = ring_slot_load(file->slots[number], state);
    for (size_t half = 0; half < 2; half++) {
        size_t at = number * RING_SLOT_SIZE + half * RING_HALF_SIZE;
        if (damaged & 1u << half)
            log_error("the states of rings are damaged between bytes %zu and %zu of " NAME, at, at + RING_HALF_SIZE);
    }
    if (damaged && state->introduction)
        log_error("of domain %u the other state that is kept there counts", state->domain);
    return damaged != 0;
}

int ring_file_open(struct ring_file *file, int directory_fd, size_t *damaged)
{
    struct stat status;
    *file = (struct ring_file){.fd = openat(directory_fd, NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (file->fd < 0 || fstat(file->fd, &status) < 0)
        return errno;
    /* Part of a slot at the end is what a kill left of taking one. */
    size_t count = (size_t)status.st_size / RING_SLOT_SIZE, places = 0;
    int error = count > 0 ? posix_fallocate(file->fd, 0, (off_t)(count * RING_SLOT_SIZE)) : 0;
    while (!error && file->count < count)
        error = map_slot(file);
    if (error)
        return error;
    file->found = allocate(count * sizeof(file->found[0]) + 1);
    file->found_count = count;
    for (size_t i = 0; i < count; i++)
        places += load_slot(file, i);
    if (places > 0)
        keep_copy(file, directory_fd);
    *damaged += places;
    return 0;
}

void ring_file_close(struct ring_file *file)
{
    while (file->count > 0)
        unmap_last(file);
    free(file->slots);
    free(file->found);
    if (file->fd >= 0)
        close(file->fd);
    *file = (struct ring_file){.fd = -1};
}

const struct ring_state *ring_file_find(const struct ring_file *file, domid_t domain, uint64_t introduction)
{
    for (size_t i = 0; i < file->found_count && introduction; i++)
        if (file->found[i].introduction == introduction && file->found[i].domain == domain)
            return &file->found[i];
    return NULL;
}

/* The file ends with its last slot that is taken. */
static void shrink(struct ring_file *file)
{
    size_t before = file->count;
    while (file->count > 0 && !file->slots[file->count - 1]->taken)
        unmap_last(file);
    if (file->count < before && ftruncate(file->fd, (off_t)(file->count * RING_SLOT_SIZE)) < 0)
        log_error("the states of rings keep room that they do not need: %s", strerror(errno));
}

struct ring_slot *ring_file_claim(struct ring_file *file, const struct ring_state *state)
{
    struct ring_slot *slot = file->slots[state - file->found];
    slot->taken = true;
    return slot;
}

void ring_file_end_claims(struct ring_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        if (!file->slots[i]->taken)
            ring_slot_clear(file->slots[i]);
    shrink(file);
}

/* Room for one slot more, all of it or nothing. */
static int add_slot(struct ring_file *file)
{
    off_t end = (off_t)(file->count * RING_SLOT_SIZE);
    int error = posix_fallocate(file->fd, end, RING_SLOT_SIZE);
    if (!error)
        error = map_slot(file);
    if (error && ftruncate(file->fd, end) < 0)
        log_error("a part of a slot is left behind the states of rings: %s", strerror(errno));
    return error;
}

struct ring_slot *ring_file_take(struct ring_file *file)
{
    size_t i = 0;
    while (i < file->count && file->slots[i]->taken)
        i++;
    if (i == file->count && add_slot(file))
        return NULL;
    file->slots[i]->taken = true;
    ring_slot_clear(file->slots[i]);
    return file->slots[i];
}

void ring_file_drop(struct ring_file *file, struct ring_slot *slot)
{
    ring_slot_clear(slot);
    slot->taken = false;
    shrink(file);
}
