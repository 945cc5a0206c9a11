/* SPDX-License-Identifier: MIT */
/*
 * The cache of unpacked kernels.
 *
 * Trust: the directory is made for its owner alone, and one that others may write to, or that another user owns, is
 * not used. Truth: an entry is written under a name of its own, synced, then renamed; a link names device, inode,
 * size and both times of the packed file, and is only made when those times lie far enough back that a later write
 * cannot leave them as they are.
 */
#include "kernel_cache.h"
#include "sha256.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define CACHE_DIRECTORY "/var/cache/keel/kernels"
#define SETTLED_S 2

static const char *cache_directory(void)
{
    const char *chosen = getenv("KEEL_CACHE");

    return chosen && chosen[0] ? chosen : CACHE_DIRECTORY;
}

static void make_directories(const char *path)
{
    char at[PATH_MAX];

    if ((size_t)snprintf(at, sizeof(at), "%s", path) >= sizeof(at))
        return;
    for (char *slash = strchr(at + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(at, 0755);
        *slash = '/';
    }
    mkdir(at, 0700);
}

/* The directory's descriptor, or -1. */
static int cache_open(bool create)
{
    const char *path = cache_directory();
    struct stat status;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (directory < 0 && create) {
        make_directories(path);
        directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (directory < 0)
        return -1;
    if (fstat(directory, &status) < 0 || status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH))) {
        close(directory);
        return -1;
    }
    return directory;
}

void kernel_cache_name(const uint8_t *packed, size_t size, char name[KERNEL_CACHE_NAME])
{
    uint8_t digest[SHA256_BYTES];

    sha256(packed, size, digest);
    for (unsigned i = 0; i < SHA256_BYTES; i++)
        snprintf(name + 2 * i, 3, "%02x", digest[i]);
}

static void link_name(const struct stat *packed, char *name, size_t size)
{
    snprintf(name, size, "file-%llx-%llx-%llx-%llx.%lx-%llx.%lx", (unsigned long long)packed->st_dev,
             (unsigned long long)packed->st_ino, (unsigned long long)packed->st_size,
             (unsigned long long)packed->st_mtim.tv_sec, packed->st_mtim.tv_nsec,
             (unsigned long long)packed->st_ctim.tv_sec, packed->st_ctim.tv_nsec);
}

static bool map_entry(int directory, const char *entry, const uint8_t **data, size_t *size)
{
    int descriptor = openat(directory, entry, O_RDONLY | O_CLOEXEC);
    struct stat status;
    void *mapped = MAP_FAILED;

    if (descriptor < 0)
        return false;
    if (!fstat(descriptor, &status) && S_ISREG(status.st_mode) && status.st_size > 0)
        mapped = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    if (mapped == MAP_FAILED)
        return false;
    *data = mapped;
    *size = (size_t)status.st_size;
    return true;
}

bool kernel_cache_find(const char *name, const uint8_t **data, size_t *size)
{
    int directory = cache_open(false);
    char entry[NAME_MAX];
    bool found;

    if (directory < 0)
        return false;
    snprintf(entry, sizeof(entry), "%s.elf", name);
    found = map_entry(directory, entry, data, size);
    close(directory);
    return found;
}

bool kernel_cache_find_file(const struct stat *packed, const uint8_t **data, size_t *size)
{
    int directory = cache_open(false);
    char entry[NAME_MAX];
    bool found;

    if (directory < 0)
        return false;
    link_name(packed, entry, sizeof(entry));
    found = map_entry(directory, entry, data, size);
    close(directory);
    return found;
}

static bool write_all(int descriptor, const uint8_t *data, size_t size)
{
    while (size) {
        ssize_t written = write(descriptor, data, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        data += written;
        size -= (size_t)written;
    }
    return true;
}

/* Gives a file without a name that one. */
static bool give_name(int descriptor, int directory, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    return linkat(AT_FDCWD, path, directory, name, AT_SYMLINK_FOLLOW) == 0;
}

bool kernel_cache_store(const char *name, const uint8_t *data, size_t size)
{
    int directory = cache_open(true), descriptor;
    char entry[NAME_MAX], temporary[NAME_MAX];
    bool stored, is_nameless = true;

    if (directory < 0)
        return false;
    snprintf(entry, sizeof(entry), "%s.elf", name);
    snprintf(temporary, sizeof(temporary), "%s.%ld", name, (long)gettid()); /* threads may unpack the same */
    unlinkat(directory, temporary, 0);
    /* What is written goes with a process that is killed; not all file systems can. */
    descriptor = openat(directory, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        is_nameless = false;
        descriptor = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    if (descriptor < 0) {
        close(directory);
        return false;
    }
    stored = write_all(descriptor, data, size) && !fdatasync(descriptor);
    stored = stored && (!is_nameless || give_name(descriptor, directory, temporary));
    stored = !close(descriptor) && stored;
    stored = stored && !renameat(directory, temporary, directory, entry);
    if (!stored)
        unlinkat(directory, temporary, 0);
    close(directory);
    return stored;
}

void kernel_cache_link(const struct stat *packed, const char *name)
{
    int directory;
    char link[NAME_MAX], entry[NAME_MAX];
    time_t now = time(NULL);

    if (packed->st_mtim.tv_sec + SETTLED_S > now || packed->st_ctim.tv_sec + SETTLED_S > now)
        return;
    directory = cache_open(false);
    if (directory < 0)
        return;
    link_name(packed, link, sizeof(link));
    snprintf(entry, sizeof(entry), "%s.elf", name);
    if (symlinkat(entry, directory, link) < 0 && errno == EEXIST) {
        unlinkat(directory, link, 0);
        if (symlinkat(entry, directory, link) < 0)
            unlinkat(directory, link, 0);
    }
    close(directory);
}
