/* SPDX-License-Identifier: MIT */
/* The lock of creations: a file in /run/keel; see creation_lock.h. */
#include "creation_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/run/keel"
#define FILE_PATH FOLDER "/create.lock"
#define LOOK_INTERVAL_MS 50

static int open_lock(void)
{
    int lock = open(FILE_PATH, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (lock >= 0 || errno != ENOENT)
        return lock;
    mkdir(FOLDER, 0755);
    return open(FILE_PATH, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int creation_lock(void)
{
    int lock = open_lock(), locked = -1;

    while (lock >= 0 && (locked = flock(lock, LOCK_SH)) < 0 && errno == EINTR)
        ;
    if (locked == 0)
        return lock;
    creation_unlock(lock);
    return -1;
}

int creation_lock_name(uint64_t name_hash)
{
    /* One byte of the file a name: of two names with one hash, only one can be given at a time. */
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)(name_hash >> 1), .l_len = 1 };
    int lock = open_lock();

    if (lock >= 0 && fcntl(lock, F_OFD_SETLK, &range) == 0)
        return lock;
    bool is_held = lock >= 0 && (errno == EAGAIN || errno == EACCES);
    creation_unlock(lock);
    return is_held ? -EEXIST : -1;
}

void creation_lock_join(int lock)
{
    if (lock >= 0)
        while (flock(lock, LOCK_SH) < 0 && errno == EINTR)
            ;
}

int creation_lock_alone(int timeout_ms)
{
    int lock = open_lock();

    for (; lock >= 0; timeout_ms -= LOOK_INTERVAL_MS) {
        if (flock(lock, LOCK_EX | LOCK_NB) == 0)
            return lock;
        if (timeout_ms <= 0)
            break;
        poll(NULL, 0, LOOK_INTERVAL_MS);
    }
    creation_unlock(lock);
    return -1;
}

void creation_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}
