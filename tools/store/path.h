/* SPDX-License-Identifier: MIT */
/*
 * Names of nodes. A canonical path is absolute ("/local/domain/3/name", "/") or special ("@releaseDomain"), valid, and
 * at most XENSTORE_ABS_PATH_MAX bytes; "@releaseDomain/3" is one too, of which there is never a node. Its components
 * start with the empty one for an absolute path, so that the root "/" and the special nodes are children of one
 * invisible node and need no case of their own.
 */
#ifndef STORE_PATH_H
#define STORE_PATH_H

#include <errno.h> /* before xs_wire.h, which gives its table of errors only then */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <xen/io/xs_wire.h>

#define PATH_SIZE (XENSTORE_ABS_PATH_MAX + 1)

/* Makes `name` (zero-terminated) canonical in `path`; a relative one lies below `home`. Special names only with
 * `allow_special`. 0 or EINVAL. */
int path_canonicalise(const char *name, const char *home, bool allow_special, char path[static PATH_SIZE]);

/* Whether this is a canonical path, absolute or special. */
bool path_is_canonical(const char *path);

/* Whether these bytes may be the name of a node: one component of a path. */
bool path_is_name(const char *name, size_t size);

static inline bool path_is_special(const char *path)
{
    return path[0] == '@';
}

struct path_component {
    const char *name; /* not zero-terminated */
    size_t size;
};

/* The components below the first one: 0 for "/" and special names, 1 for "/a". */
int32_t path_depth(const char *path);

/* Walks a canonical path: start with *cursor = path; false at its end. */
static inline bool path_next_component(const char **cursor, struct path_component *component)
{
    const char *start = *cursor, *end = start;
    if (!start)
        return false;
    component->name = start;
    while (*end && *end != '/')
        end++;
    component->size = (size_t)(end - start);
    if (*end && (end > start || end[1])) /* the root's name is empty: it is what "/" has before its slash */
        *cursor = end + 1;
    else
        *cursor = NULL;
    return true;
}

/* The size of the path of the parent of an absolute path other than "/": "/a/b" has 2, "/a" has 1. */
size_t path_parent_size(const char *path);

/* Whether `path` is `parent` or below it, both canonical. */
bool path_is_within(const char *path, const char *parent);

#endif
