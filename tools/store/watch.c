/* SPDX-License-Identifier: MIT */
/* The trie of watched paths, and firing. */
#include "store/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/connection.h"
#include "store/memory.h"

/* A component of a watched path. It lives while it has watches or children. */
struct watch_point {
    struct watch_point *next_in_bucket;
    struct watch_point *parent;
    struct watch_point *children;
    struct watch_point *next_sibling, **link_sibling;
    struct watch *watches;
    uint64_t hash;
    uint32_t name_size;
    char name[];
};

void watch_index_create(struct watch_index *index)
{
    *index = (struct watch_index){.bucket_count = 64};
    index->buckets = allocate(index->bucket_count * sizeof(index->buckets[0]));
    index->top = allocate(sizeof(*index->top));
}

void watch_index_destroy(struct watch_index *index)
{
    free(index->buckets);
    free(index->top);
}

static uint64_t hash_point(const struct watch_point *parent, const char *name, size_t name_size)
{
    return hash_bytes(name, name_size, (uintptr_t)parent);
}

static struct watch_point *find_point(const struct watch_index *index, const struct watch_point *parent,
                                      const char *name, size_t name_size)
{
    if (!parent->children)
        return NULL;
    uint64_t hash = hash_point(parent, name, name_size);
    struct watch_point *point = index->buckets[hash % index->bucket_count];
    while (point && (point->hash != hash || point->parent != parent || point->name_size != name_size ||
                     memcmp(point->name, name, name_size) != 0))
        point = point->next_in_bucket;
    return point;
}

static void grow_index(struct watch_index *index)
{
    size_t count = 2 * index->bucket_count;
    struct watch_point **buckets = allocate(count * sizeof(*buckets));
    for (size_t i = 0; i < index->bucket_count; i++) {
        struct watch_point *next;
        for (struct watch_point *point = index->buckets[i]; point; point = next) {
            next = point->next_in_bucket;
            point->next_in_bucket = buckets[point->hash % count];
            buckets[point->hash % count] = point;
        }
    }
    free(index->buckets);
    index->buckets = buckets;
    index->bucket_count = count;
}

static struct watch_point *add_point(struct watch_index *index, struct watch_point *parent, const char *name,
                                     size_t name_size)
{
    if (index->point_count == index->bucket_count)
        grow_index(index);
    struct watch_point *point = allocate(sizeof(*point) + name_size);
    point->parent = parent;
    point->hash = hash_point(parent, name, name_size);
    point->name_size = (uint32_t)name_size;
    memcpy(point->name, name, name_size);
    struct watch_point **bucket = &index->buckets[point->hash % index->bucket_count];
    point->next_in_bucket = *bucket;
    *bucket = point;
    point->next_sibling = parent->children;
    point->link_sibling = &parent->children;
    if (point->next_sibling)
        point->next_sibling->link_sibling = &point->next_sibling;
    parent->children = point;
    index->point_count++;
    return point;
}

/* Frees a point that nobody needs, and then its parents. */
static void drop_point(struct watch_index *index, struct watch_point *point)
{
    while (point->parent && !point->watches && !point->children) {
        struct watch_point *parent = point->parent;
        struct watch_point **link = &index->buckets[point->hash % index->bucket_count];
        while (*link != point)
            link = &(*link)->next_in_bucket;
        *link = point->next_in_bucket;
        *point->link_sibling = point->next_sibling;
        if (point->next_sibling)
            point->next_sibling->link_sibling = point->link_sibling;
        free(point);
        index->point_count--;
        point = parent;
    }
}

static struct watch_point *lookup(const struct watch_index *index, const char *path)
{
    struct watch_point *point = index->top;
    struct path_component component;
    while (point && path_next_component(&path, &component))
        point = find_point(index, point, component.name, component.size);
    return point;
}

struct watch *watch_find(const struct watch_index *index, const struct connection *connection, const char *path,
                         const char *token)
{
    struct watch_point *point = lookup(index, path);
    struct watch *watch = point ? point->watches : NULL;
    while (watch && (watch->connection != connection || strcmp(watch->token, token) != 0))
        watch = watch->next_at_point;
    return watch;
}

struct watch *watch_add(struct watch_index *index, struct connection *connection, const char *path, size_t home_size,
                        const char *token, int32_t depth)
{
    if (watch_find(index, connection, path, token))
        return NULL;
    size_t path_size = strlen(path) + 1, token_size = strlen(token) + 1;
    struct watch *watch = allocate(sizeof(*watch) + path_size + token_size);
    watch->connection = connection;
    watch->depth = depth;
    watch->bytes = (uint32_t)(sizeof(*watch) + path_size + token_size);
    account_charge(connection->actor.account, watch->bytes);
    watch->relative = home_size ? (uint32_t)home_size + 1 : 0;
    memcpy(watch->path, path, path_size);
    watch->token = watch->path + path_size;
    memcpy(watch->token, token, token_size);

    struct watch_point *point = index->top;
    struct path_component component;
    const char *cursor = path;
    while (path_next_component(&cursor, &component)) {
        struct watch_point *next = find_point(index, point, component.name, component.size);
        point = next ? next : add_point(index, point, component.name, component.size);
    }
    watch->point = point;

    watch->next_at_point = point->watches;
    watch->link_at_point = &point->watches;
    if (watch->next_at_point)
        watch->next_at_point->link_at_point = &watch->next_at_point;
    point->watches = watch;

    watch->next_of_connection = connection->watches;
    watch->link_of_connection = &connection->watches;
    if (watch->next_of_connection)
        watch->next_of_connection->link_of_connection = &watch->next_of_connection;
    connection->watches = watch;
    connection->watch_count++;
    return watch;
}

void watch_remove(struct watch_index *index, struct watch *watch)
{
    *watch->link_at_point = watch->next_at_point;
    if (watch->next_at_point)
        watch->next_at_point->link_at_point = watch->link_at_point;
    *watch->link_of_connection = watch->next_of_connection;
    if (watch->next_of_connection)
        watch->next_of_connection->link_of_connection = watch->link_of_connection;
    watch->connection->watch_count--;
    account_charge(watch->connection->actor.account, -(int64_t)watch->bytes);
    drop_point(index, watch->point);
    free(watch);
}

/* The watches of a point, for a change so many levels below it, of a node with these permissions. */
static void fire_point(struct watch_point *point, const char *path, const struct permissions *permissions,
                       int32_t below)
{
    struct watch *next;
    for (struct watch *watch = point->watches; watch; watch = next) {
        next = watch->next_at_point;
        bool sees = watch->depth == WATCH_ALL_BELOW || below <= watch->depth;
        if (sees && (permissions_of(permissions, &watch->connection->actor) & ACCESS_READ))
            connection_send_event(watch->connection, watch, path);
    }
}

/* The watches below a removed node, each on its own path, if the node it watches was there. */
static void fire_below(struct watch_index *index, struct watch_point *point, const struct node *removed)
{
    for (struct watch_point *child = point->children; child; child = child->next_sibling) {
        const struct node *node = tree_find_child(removed, child->name, child->name_size);
        if (!node)
            continue;
        if (child->watches)
            fire_point(child, child->watches->path, node->permissions, 0);
        fire_below(index, child, node);
    }
}

/* Who may know of a change: looked up when somebody wants to. */
static const struct permissions *permissions_after(struct node *top, const struct change *change)
{
    size_t missing;
    return change->removed ? change->removed->permissions
                           : tree_find_nearest(top, change->path, &missing)->permissions;
}

static void fire_change(struct watch_index *index, struct node *top, const struct change *change)
{
    const struct permissions *permissions = NULL;
    struct watch_point *point = index->top;
    struct path_component component;
    const char *cursor = change->path;
    int32_t below = point->children ? path_depth(change->path) : 0;
    while (path_next_component(&cursor, &component)) {
        point = find_point(index, point, component.name, component.size);
        if (!point)
            return;
        if (point->watches && !permissions)
            permissions = permissions_after(top, change);
        fire_point(point, change->path, permissions, below--);
    }
    if (change->removed)
        fire_below(index, point, change->removed);
}

void watch_fire(struct watch_index *index, struct node *top, const struct change_list *changes)
{
    for (const struct change *change = changes->first; change; change = change->next)
        fire_change(index, top, change);
}

void watch_fire_special(struct watch_index *index, struct node *top, const char *name, const domid_t *domains,
                        size_t count)
{
    struct watch_point *point = lookup(index, name);
    const struct node *node = tree_find(top, name);
    if (!point || !node)
        return;
    struct watch *next;
    for (struct watch *watch = point->watches; watch; watch = next) {
        next = watch->next_at_point;
        if (!(permissions_of(node->permissions, &watch->connection->actor) & ACCESS_READ))
            continue;
        char path[64];
        if (watch->depth == WATCH_ALL_BELOW)
            connection_send_event(watch->connection, watch, name);
        for (size_t i = 0; i < count && watch->depth != WATCH_ALL_BELOW; i++) {
            snprintf(path, sizeof(path), "%s/%u", name, domains[i]);
            connection_send_event(watch->connection, watch, path);
        }
    }
    for (size_t i = 0; i < count; i++) {
        char path[64];
        snprintf(path, sizeof(path), "%s/%u", name, domains[i]);
        struct watch_point *one = lookup(index, path);
        if (one)
            fire_point(one, path, node->permissions, 0);
    }
}
