/* SPDX-License-Identifier: MIT */
/* Validation and walking of node names. */
#include "store/path.h"

#include <errno.h>
#include <string.h>

#include "store/number.h"

#define LETTERS(first, last) [first ... last] = true
static const bool allowed_in_names[256] = {
    LETTERS('a', 'z'), LETTERS('A', 'Z'), LETTERS('0', '9'), ['-'] = true, ['_'] = true, ['@'] = true,
};

bool path_is_name(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!allowed_in_names[(unsigned char)name[i]])
            return false;
    return size > 0;
}

/* No byte outside the alphabet, no empty component, no slash at the end except for the root. */
static bool is_valid(const char *path, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!allowed_in_names[(unsigned char)path[i]] && (path[i] != '/' || path[i + 1] == '/'))
            return false;
    return size == 1 || path[size - 1] != '/';
}

/* A special name has no components, but for the end of one domain. */
static bool is_one_release(const char *path, const char *slash)
{
    domid_t domain;
    return strncmp(path, "@releaseDomain/", (size_t)(slash - path) + 1) == 0 &&
           (slash[1] != '0' || slash[2] == '\0') && number_parse_domain(slash + 1, &domain);
}

int32_t path_depth(const char *path)
{
    int32_t depth = 0;
    if (path[0] == '/' && path[1] == '\0')
        return 0;
    for (; *path; path++)
        depth += *path == '/';
    return depth;
}

bool path_is_canonical(const char *path)
{
    size_t size = strlen(path);
    bool special = path_is_special(path);
    if (size == 0 || size >= PATH_SIZE || (!special && path[0] != '/') || !is_valid(path, size))
        return false;
    const char *slash = special ? memchr(path, '/', size) : NULL;
    return !slash || is_one_release(path, slash);
}

int path_canonicalise(const char *name, const char *home, bool allow_special, char path[static PATH_SIZE])
{
    bool relative = name[0] != '/' && name[0] != '@';
    size_t size = strlen(name), home_size = relative ? strlen(home) + 1 : 0;
    if (size == 0 || (name[0] == '@' && !allow_special) || (relative && size > XENSTORE_REL_PATH_MAX) ||
        home_size + size >= PATH_SIZE)
        return EINVAL;
    if (relative) {
        memcpy(path, home, home_size - 1);
        path[home_size - 1] = '/';
    }
    memcpy(path + home_size, name, size + 1);
    return path_is_canonical(path) ? 0 : EINVAL;
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
