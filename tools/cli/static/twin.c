/* SPDX-License-Identifier: MIT */
/* What the static ctl has instead of twin.c and of libctl's xml_library.c; see twin.h. */
#include "cli/twin.h"
#include "libctl/xml_library.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TWIN "ctl-xml"
#define ARGUMENTS_SIZE_MAX (4u << 20)

/* The program's arguments, which main gave away: one text behind the other, at most `size` bytes with the last zero. */
static size_t read_arguments(char *text, size_t size)
{
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    size_t used = 0;
    ssize_t got = 1;

    while (fd >= 0 && got > 0 && used < size - 1) {
        got = read(fd, text + used, size - 1 - used);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            used += (size_t)got;
    }
    if (fd >= 0)
        close(fd);
    text[used] = '\0';
    return got < 0 ? 0 : used;
}

static bool twin_path(char *path, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    char *slash;

    if (length <= 0)
        return false;
    path[length] = '\0';
    slash = strrchr(path, '/');
    if (!slash || (size_t)(slash + 1 - path) + sizeof(TWIN) > size)
        return false;
    strcpy(slash + 1, TWIN);
    return true;
}

void twin_become(void)
{
    char path[4096], *text = malloc(ARGUMENTS_SIZE_MAX), **arguments;
    size_t size, count = 0;

    if (!text || !twin_path(path, sizeof(path)))
        goto free_text;
    size = read_arguments(text, ARGUMENTS_SIZE_MAX);
    for (size_t i = 0; i < size; i++)
        count += text[i] == '\0';
    arguments = calloc(count + 1, sizeof(*arguments));
    if (!arguments)
        goto free_text;
    for (size_t i = 0, at = 0; i < count; i++, at += strlen(text + at) + 1)
        arguments[i] = text + at;
    if (count > 0)
        execv(path, arguments);
    fprintf(stderr, "ctl: cannot become %s: %s\n", path, strerror(errno));
    free(arguments);
free_text:
    free(text);
}

const struct xml_library *xml_library(void)
{
    twin_become();
    return NULL;
}
