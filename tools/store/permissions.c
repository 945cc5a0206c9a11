/* SPDX-License-Identifier: MIT */
/* Lists of permissions and their text. */
#include "store/permissions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/memory.h"

struct permissions *permissions_create(size_t count)
{
    struct permissions *permissions = allocate(sizeof(*permissions) + count * sizeof(permissions->entries[0]));
    permissions->references = 1;
    permissions->count = (uint32_t)count;
    return permissions;
}

struct permissions *permissions_reference(struct permissions *permissions)
{
    permissions->references++;
    return permissions;
}

void permissions_release(struct permissions *permissions)
{
    if (permissions && --permissions->references == 0)
        free(permissions);
}

struct permissions *permissions_inherit(struct permissions *parent, domid_t creator)
{
    if (creator == 0 || creator == parent->entries[0].domain)
        return permissions_reference(parent);
    struct permissions *own = permissions_create(parent->count);
    memcpy(own->entries, parent->entries, parent->count * sizeof(own->entries[0]));
    own->entries[0].domain = creator;
    return own;
}

struct permissions *permissions_without(const struct permissions *permissions, domid_t domain)
{
    size_t kept = 1;
    for (size_t i = 1; i < permissions->count; i++)
        kept += permissions->entries[i].domain != domain;
    if (kept == permissions->count)
        return NULL;
    struct permissions *rest = permissions_create(kept);
    rest->entries[0] = permissions->entries[0];
    for (size_t i = 1, to = 1; i < permissions->count; i++)
        if (permissions->entries[i].domain != domain)
            rest->entries[to++] = permissions->entries[i];
    return rest;
}

static unsigned int access_of_domain(const struct permissions *permissions, domid_t domain)
{
    if (permissions->entries[0].domain == domain)
        return ACCESS_READ | ACCESS_WRITE | ACCESS_OWNER;
    for (size_t i = 1; i < permissions->count; i++)
        if (permissions->entries[i].domain == domain)
            return permissions->entries[i].access;
    return permissions->entries[0].access;
}

unsigned int permissions_of(const struct permissions *permissions, const struct actor *actor)
{
    if (actor_is_privileged(actor))
        return ACCESS_READ | ACCESS_WRITE | ACCESS_OWNER;
    unsigned int access = access_of_domain(permissions, actor->domain);
    if (actor->target != DOMID_INVALID)
        access |= access_of_domain(permissions, actor->target);
    return access;
}

static const char letters[] = "nrwb"; /* indexed by ACCESS_READ | ACCESS_WRITE */

static bool parse_one(const char *text, struct permission *permission)
{
    const char *letter = text[0] ? strchr(letters, text[0]) : NULL;
    if (!letter || text[1] < '0' || text[1] > '9')
        return false;
    char *end;
    unsigned long domain = strtoul(text + 1, &end, 10);
    if (*end != '\0' || domain > UINT16_MAX)
        return false;
    *permission = (struct permission){.domain = (domid_t)domain, .access = (uint8_t)(letter - letters)};
    return true;
}

struct permissions *permissions_parse(const char *text, size_t size)
{
    if (size == 0 || text[size - 1] != '\0')
        return NULL;
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += text[i] == '\0';
    struct permissions *permissions = permissions_create(count);
    for (size_t i = 0; i < count; i++, text += strlen(text) + 1)
        if (!parse_one(text, &permissions->entries[i])) {
            permissions_release(permissions);
            return NULL;
        }
    return permissions;
}

size_t permissions_format(const struct permissions *permissions, char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < permissions->count; i++) {
        const struct permission *entry = &permissions->entries[i];
        char one[8];
        size_t one_size = (size_t)snprintf(one, sizeof(one), "%c%u", letters[entry->access & 3], entry->domain) + 1;
        if (used + one_size <= size)
            memcpy(text + used, one, one_size);
        used += one_size;
    }
    return used;
}
