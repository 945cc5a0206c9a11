/* SPDX-License-Identifier: MIT */
/* Validation and walking of node names. */
#include "store/path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_allowed(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '/' ||
           c == '_' || c == '@';
}

/* No byte outside the alphabet, no empty component, no slash at the end except for the root. */
static bool is_valid(const char *path, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!is_allowed(path[i]) || (path[i] == '/' && path[i + 1] == '/'))
            return false;
    return size == 1 || path[size - 1] != '/';
}

int path_canonicalise(const char *name, const char *home, bool allow_special, char path[static PATH_SIZE])
{
    bool relative = name[0] != '/' && name[0] != '@';
    if (name[0] == '\0' || (name[0] == '@' && !allow_special) || (relative && strlen(name) > XENSTORE_REL_PATH_MAX))
        return EINVAL;
    int size = snprintf(path, PATH_SIZE, "%s%s%s", relative ? home : "", relative ? "/" : "", name);
    if (size < 0 || size >= PATH_SIZE || !is_valid(path, (size_t)size))
        return EINVAL;
    if (path[0] == '@' && strchr(path, '/'))
        return EINVAL;
    return 0;
}

bool path_next_component(const char **cursor, struct path_component *component)
{
    const char *start = *cursor;
    if (!start)
        return false;
    component->name = start;
    if (start[0] == '/') {
        /* The first call on an absolute path: the root's name is empty. */
        component->size = 0;
        *cursor = start[1] ? start + 1 : NULL;
        return true;
    }
    const char *slash = strchrnul(start, '/');
    component->size = (size_t)(slash - start);
    *cursor = slash[0] ? slash + 1 : NULL;
    return true;
}

size_t path_parent_size(const char *path)
{
    size_t size = (size_t)(strrchr(path, '/') - path);
    return size ? size : 1;
}

bool path_is_within(const char *path, const char *parent)
{
    size_t size = strlen(parent);
    if (size == 1 && parent[0] == '/')
        return path[0] == '/';
    return strncmp(path, parent, size) == 0 && (path[size] == '\0' || path[size] == '/');
}
