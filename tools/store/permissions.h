/* SPDX-License-Identifier: MIT */
/*
 * Who may do what with a node. A list is immutable and shared by reference count; its first entry names the owner and
 * what everybody not listed may do, the others what one domain may do.
 */
#ifndef STORE_PERMISSIONS_H
#define STORE_PERMISSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>

#define ACCESS_READ 1u
#define ACCESS_WRITE 2u
#define ACCESS_OWNER 4u /* may change the permissions */

struct account;

/* Whoever sends a request. Domain 0, and the daemon's sockets, which act for it, may do everything. */
struct actor {
    domid_t domain;
    domid_t target; /* the domain it may act for, or DOMID_INVALID */
    struct account *account; /* with its limits; NULL: the store's */
};

static inline bool actor_is_privileged(const struct actor *actor)
{
    return actor->domain == 0;
}

struct permission {
    domid_t domain;
    uint8_t access; /* ACCESS_READ, ACCESS_WRITE */
};

struct permissions {
    uint32_t references;
    uint32_t count; /* at least 1 */
    struct permission entries[];
};

/* A new list with one reference; the entries are for the caller to fill before anyone else sees it. */
struct permissions *permissions_create(size_t count);
struct permissions *permissions_reference(struct permissions *permissions);
void permissions_release(struct permissions *permissions);

/* What a node gets that `creator` makes below one with these: the same, but owned by an unprivileged creator. The
 * caller releases it. */
struct permissions *permissions_inherit(struct permissions *parent, domid_t creator);

/* The list without the entries of `domain`, or NULL when it has none beside the owner's place. */
struct permissions *permissions_without(const struct permissions *permissions, domid_t domain);

/* What `actor` may do: ACCESS_ bits. */
unsigned int permissions_of(const struct permissions *permissions, const struct actor *actor);

/* Reads zero-terminated texts ("n0", "r5", "w7", "b3") that fill `size` bytes. NULL when one is wrong or none is
 * there. */
struct permissions *permissions_parse(const char *text, size_t size);

/* Writes the texts, each with its zero byte. Returns the size needed; writes only if it fits into `size`. */
size_t permissions_format(const struct permissions *permissions, char *text, size_t size);

#endif
