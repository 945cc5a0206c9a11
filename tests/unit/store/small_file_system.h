/* SPDX-License-Identifier: MIT */
/* A memory file system of 1 MiB of a test's own, and a file in it that takes room away. */
#ifndef TESTS_STORE_SMALL_FILE_SYSTEM_H
#define TESTS_STORE_SMALL_FILE_SYSTEM_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

/* Mounts one that nobody else sees; in a user namespace where that needs no privilege. 0 or errno. */
static inline int mount_small(const char *folder)
{
    uid_t user = getuid();
    if (unshare(user ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS) < 0)
        return errno;
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("tmpfs", folder, "tmpfs", 0, "size=1m") < 0)
        return errno;
    return 0;
}

/* Makes or lengthens a file by up to `size` bytes of zeros; how many found room. */
static inline size_t take_room(const char *path, size_t size)
{
    static const char zeros[4096];
    size_t taken = 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    for (ssize_t put = 1; put > 0 && taken < size; taken += put > 0 ? (size_t)put : 0)
        put = write(fd, zeros, size - taken < sizeof(zeros) ? size - taken : sizeof(zeros));
    close(fd);
    return taken;
}

#endif
