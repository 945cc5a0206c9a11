/* SPDX-License-Identifier: MIT */
/* Helpers of the store's clients that need no connection: paths, permissions as text, where the daemon listens. */
#include "store/client/strings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenstore.h>

const char *xs_daemon_rundir(void)
{
    const char *directory = getenv("XENSTORED_RUNDIR");
    return directory ? directory : "/var/run/xenstored";
}

const char *xs_daemon_socket(void)
{
    static __thread char path[PATH_MAX];
    const char *named = getenv("XENSTORED_PATH");
    if (named)
        return named;
    snprintf(path, sizeof(path), "%s/socket", xs_daemon_rundir());
    return path;
}

const char *xs_daemon_socket_ro(void)
{
    return xs_daemon_socket();
}

bool xs_write_all(int fd, const void *data, unsigned int len)
{
    const char *from = data;
    while (len > 0) {
        ssize_t put = write(fd, from, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        from += put;
        len -= (unsigned int)put;
    }
    return true;
}

bool xs_path_is_subpath(const char *parent, const char *child)
{
    size_t length = strlen(parent);
    if (strncmp(parent, child, length) != 0)
        return false;
    return child[length] == '\0' || child[length] == '/' || strcmp(parent, "/") == 0;
}

bool xs_strings_to_perms(struct xs_permissions *perms, unsigned int num, const char *strings)
{
    static const char letters[] = {
        [XS_PERM_NONE] = 'n', [XS_PERM_READ] = 'r', [XS_PERM_WRITE] = 'w', [XS_PERM_READ | XS_PERM_WRITE] = 'b'};
    for (unsigned int i = 0; i < num; i++, strings += strlen(strings) + 1) {
        const char *letter = memchr(letters, strings[0], sizeof(letters));
        char *end;
        errno = 0;
        unsigned long domain = letter && strings[1] >= '0' && strings[1] <= '9' ? strtoul(strings + 1, &end, 10) : 0;
        if (!letter || strings[1] < '0' || strings[1] > '9' || *end != '\0' || domain > UINT_MAX || errno) {
            errno = EINVAL;
            return false;
        }
        perms[i] = (struct xs_permissions){.id = (unsigned int)domain, .perms = (unsigned int)(letter - letters)};
    }
    return true;
}

bool store_permission_to_string(const struct xs_permissions *permission, char *text, size_t size)
{
    unsigned int access = permission->perms & ~(unsigned int)(XS_PERM_IGNORE | XS_PERM_ENOENT_OK | XS_PERM_OWNER);
    if (access > (XS_PERM_READ | XS_PERM_WRITE)) {
        errno = EINVAL;
        return false;
    }
    int length = snprintf(text, size, "%c%u", "nrwb"[access], permission->id);
    if (length < 0 || (size_t)length >= size) {
        errno = ENOSPC;
        return false;
    }
    return true;
}
