/* SPDX-License-Identifier: MIT */
/* Nodes in the order of a walk, as bytes, both ways. */
#include "store/journal_nodes.h"

/* A node in a record; its name, its value and its permissions follow. */
struct packed_node {
    uint16_t depth; /* 1 for "/" and the special nodes */
    uint16_t name_size;
    uint16_t permission_count; /* 0: those of the node before */
    uint16_t reserved;
    uint32_t value_size;
};
_Static_assert(sizeof(struct packed_node) == 12, "the node's header has no holes");

static bool same_permissions(const struct permissions *one, const struct permissions *other)
{
    return one == other || (one && one->count == other->count &&
                            memcmp(one->entries, other->entries, one->count * sizeof(one->entries[0])) == 0);
}

static void put_node(struct bytes *record, const struct node *node, size_t depth, const struct permissions *previous)
{
    const struct permissions *permissions = node->permissions;
    bool same = same_permissions(previous, permissions);
    struct packed_node packed = {.depth = (uint16_t)depth,
                                 .name_size = (uint16_t)node->name_size,
                                 .permission_count = same ? 0 : (uint16_t)permissions->count,
                                 .value_size = node->value ? node->value->size : 0};
    BYTES_PUT(record, packed);
    bytes_put(record, node->name, node->name_size);
    if (node->value)
        bytes_put(record, node->value->data, node->value->size);
    if (!same)
        bytes_put(record, permissions->entries, permissions->count * sizeof(permissions->entries[0]));
}

bool journal_put_nodes(struct bytes *record, struct tree_iterator *iterator, size_t size)
{
    const struct permissions *previous = NULL;
    size_t start = record->size;
    while (record->size - start < size) {
        const struct node *node = tree_iterator_next(iterator);
        if (!node)
            break;
        if (!previous) {
            char parent[PATH_SIZE];
            tree_iterator_parent(iterator, parent);
            bytes_put_sized(record, parent, strlen(parent));
            uint16_t depth = (uint16_t)iterator->depth;
            BYTES_PUT(record, depth);
        }
        put_node(record, node, iterator->depth, previous);
        previous = node->permissions;
    }
    return previous != NULL;
}

#define DEPTH_MAX (XENSTORE_ABS_PATH_MAX / 2 + 3)

/* Where the walk stands while it is read back: a node of each depth, and the child it got last. */
struct walk {
    struct store *store;
    size_t depth; /* levels[depth] can have children; levels[0] is the invisible node at the top */
    struct {
        struct node *node;
        const struct node *last;
        size_t path_size; /* so that no path becomes longer than the protocol has */
    } levels[DEPTH_MAX];
};

static const struct node *last_child(const struct node *node)
{
    const struct node *child = node->children;
    while (child && child->right)
        child = child->right;
    return child;
}

static void enter(struct walk *walk, size_t depth, struct node *node, size_t path_size)
{
    walk->depth = depth;
    walk->levels[depth].node = node;
    walk->levels[depth].last = last_child(node);
    walk->levels[depth].path_size = path_size;
}

/* Goes down to the node that the record's first one is a child of; what is missing on the way was in a record that is
 * lost, and is made. */
static bool find_parent(struct walk *walk, struct byte_reader *reader)
{
    char path[PATH_SIZE] = "";
    size_t size;
    uint16_t depth;
    const char *parent = bytes_get_sized(reader, &size);
    BYTES_GET(reader, depth);
    if (reader->failed || size >= sizeof(path) || memchr(parent, '\0', size))
        return false;
    memcpy(path, parent, size);
    enter(walk, 0, walk->store->top, 0);
    if (size == 0)
        return depth == 1;
    if (!path_is_canonical(path) || path_is_special(path))
        return false;
    if (!tree_find(walk->store->top, path)) {
        struct change *change = change_create(CHANGE_MAKE, path, 0);
        change_apply(change, &walk->store->top, ++walk->store->generation, &walk->store->usage);
        change_release(change);
    }
    const char *cursor = path;
    struct path_component component;
    while (path_next_component(&cursor, &component)) {
        struct node *node = tree_find_child(walk->levels[walk->depth].node, component.name, component.size);
        enter(walk, walk->depth + 1, node, walk->levels[walk->depth].path_size + component.size + (component.size > 0));
    }
    return depth == walk->depth + 1;
}

/* The node that the header describes, in its place; NULL when it cannot be. */
static struct node *place_node(struct walk *walk, const struct packed_node *packed, const char *name,
                               struct permissions *permissions)
{
    struct node *parent = walk->levels[walk->depth].node;
    const struct node *last = walk->levels[walk->depth].last;
    if (walk->depth == 0) /* "/" and the special nodes are there from the start */
        return tree_find_child(parent, name, packed->name_size);
    size_t path_size = walk->levels[walk->depth].path_size + packed->name_size + 1;
    if (path_size > XENSTORE_ABS_PATH_MAX || !path_is_name(name, packed->name_size))
        return NULL;
    if (last && tree_compare_names(name, packed->name_size, last) <= 0)
        return NULL;
    return tree_append_child(parent, name, packed->name_size, permissions_reference(permissions),
                             walk->store->generation);
}

static struct permissions *read_permissions(struct byte_reader *reader, size_t count)
{
    struct permissions *permissions = permissions_create(count);
    bytes_get(reader, permissions->entries, count * sizeof(permissions->entries[0]));
    for (size_t i = 0; i < count; i++)
        permissions->entries[i].access &= ACCESS_READ | ACCESS_WRITE;
    return permissions;
}

/* One node; *permissions are those of the one before, and then its own. */
static bool load_node(struct walk *walk, struct byte_reader *reader, struct permissions **permissions)
{
    struct packed_node packed;
    BYTES_GET(reader, packed);
    const char *name = reader->at;
    if (reader->failed || (size_t)(reader->end - name) < (size_t)packed.name_size + packed.value_size ||
        packed.depth == 0 || packed.depth > walk->depth + 1 || packed.depth >= DEPTH_MAX ||
        (packed.permission_count == 0 && !*permissions))
        return false;
    const char *value = name + packed.name_size;
    reader->at = value + packed.value_size;
    if (packed.permission_count > 0) {
        permissions_release(*permissions);
        *permissions = read_permissions(reader, packed.permission_count);
        if (reader->failed)
            return false;
    }
    walk->depth = packed.depth - 1u;
    struct node *node = place_node(walk, &packed, name, *permissions);
    if (!node)
        return false;
    if (walk->depth == 0) {
        change_count_node(node, -1, &walk->store->usage);
        permissions_release(node->permissions);
        node->permissions = permissions_reference(*permissions);
        value_release(node->value);
    }
    node->value = value_create(value, packed.value_size);
    node->generation = walk->store->generation;
    change_count_node(node, 1, &walk->store->usage);
    walk->levels[walk->depth].last = node;
    enter(walk, walk->depth + 1, node, walk->levels[walk->depth].path_size + packed.name_size + (packed.name_size > 0));
    return true;
}

void journal_load_nodes(struct store *store, struct byte_reader *reader)
{
    struct walk walk = {.store = store};
    struct permissions *permissions = NULL;
    store->generation++;
    bool whole = find_parent(&walk, reader);
    while (whole && reader->at < reader->end)
        whole = load_node(&walk, reader, &permissions);
    permissions_release(permissions);
    if (!whole)
        reader->failed = true;
}
