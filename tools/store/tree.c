/* SPDX-License-Identifier: MIT */
/* Nodes, the treap of a node's children, and copying on write by reference counts. */
#include "store/tree.h"

#include <stdlib.h>
#include <string.h>

#include "store/memory.h"

struct value *value_create(const void *data, size_t size)
{
    if (size == 0)
        return NULL;
    struct value *value = allocate_uncleared(sizeof(*value) + size);
    value->references = 1;
    value->size = (uint32_t)size;
    memcpy(value->data, data, size);
    return value;
}

struct value *value_reference(struct value *value)
{
    if (value)
        value->references++;
    return value;
}

void value_release(struct value *value)
{
    if (value && --value->references == 0)
        free(value);
}

struct node *tree_reference(struct node *node)
{
    if (node)
        node->references++;
    return node;
}

void tree_release(struct node *node)
{
    while (node && --node->references == 0) {
        struct node *right = node->right;
        tree_release(node->left);
        tree_release(node->children);
        permissions_release(node->permissions);
        value_release(node->value);
        free(node);
        node = right;
    }
}

size_t tree_node_bytes(const struct node *node)
{
    size_t bytes = sizeof(*node) + node->name_size + sizeof(*node->permissions) +
                   node->permissions->count * sizeof(node->permissions->entries[0]);
    return node->value ? bytes + sizeof(*node->value) + node->value->size : bytes;
}

/* A name that is looked for among nodes. */
struct key {
    uint64_t prefix;
    const char *name;
    size_t size;
};

static struct key make_key(const char *name, size_t size)
{
    struct key key = {.name = name, .size = size};
    for (size_t i = 0; i < sizeof(key.prefix) && i < size; i++)
        key.prefix |= (uint64_t)(unsigned char)name[i] << (56 - 8 * i);
    return key;
}

/* Most names differ in the first bytes, or have no others. */
static inline int compare_key(const struct key *key, const struct node *node)
{
    if (key->prefix != node->prefix)
        return key->prefix < node->prefix ? -1 : 1;
    size_t common = key->size < node->name_size ? key->size : node->name_size;
    int order = common > sizeof(key->prefix) ? memcmp(key->name + sizeof(key->prefix), node->name + sizeof(key->prefix),
                                                      common - sizeof(key->prefix))
                                             : 0;
    return order ? order : (key->size > node->name_size) - (key->size < node->name_size);
}

int tree_compare_names(const char *name, size_t name_size, const struct node *node)
{
    struct key key = make_key(name, name_size);
    return compare_key(&key, node);
}

static struct node *create_node(const char *name, size_t name_size, struct permissions *permissions)
{
    struct node *node = allocate(sizeof(*node) + name_size);
    node->references = 1;
    node->priority = (uint32_t)hash_bytes(name, name_size, 0);
    node->prefix = make_key(name, name_size).prefix;
    node->permissions = permissions;
    node->name_size = (uint32_t)name_size;
    node->names_size = node->name_size + 1;
    memcpy(node->name, name, name_size);
    return node;
}

/* Turns the caller's reference into one to a node that nobody else sees. */
static struct node *own_node(struct node *node)
{
    if (node->references == 1)
        return node;
    struct node *copy = allocate_uncleared(sizeof(*copy) + node->name_size);
    memcpy(copy, node, sizeof(*copy) + node->name_size);
    copy->references = 1;
    tree_reference(copy->left);
    tree_reference(copy->right);
    tree_reference(copy->children);
    permissions_reference(copy->permissions);
    value_reference(copy->value);
    node->references--;
    return copy;
}

static uint32_t names_size_of(const struct node *node)
{
    return node ? node->names_size : 0;
}

static void sum_names(struct node *node)
{
    node->names_size = node->name_size + 1 + names_size_of(node->left) + names_size_of(node->right);
}

/* Both take and return the caller's reference to a treap; the nodes on the way are owned. */
static struct node *insert_node(struct node *treap, struct node *fresh)
{
    if (!treap)
        return fresh;
    treap = own_node(treap);
    struct node *top = treap;
    struct key key = {fresh->prefix, fresh->name, fresh->name_size};
    if (compare_key(&key, treap) < 0) {
        struct node *child = treap->left = insert_node(treap->left, fresh);
        if (child->priority > treap->priority) {
            treap->left = child->right;
            child->right = treap;
            top = child;
        }
    } else {
        struct node *child = treap->right = insert_node(treap->right, fresh);
        if (child->priority > treap->priority) {
            treap->right = child->left;
            child->left = treap;
            top = child;
        }
    }
    sum_names(treap);
    if (top != treap)
        sum_names(top);
    return top;
}

static struct node *merge_treaps(struct node *low, struct node *high)
{
    if (!low)
        return high;
    if (!high)
        return low;
    struct node *top;
    if (low->priority > high->priority) {
        top = own_node(low);
        top->right = merge_treaps(top->right, high);
    } else {
        top = own_node(high);
        top->left = merge_treaps(low, top->left);
    }
    sum_names(top);
    return top;
}

static struct node *remove_node(struct node *treap, const struct key *key, struct node **removed)
{
    treap = own_node(treap);
    int order = compare_key(key, treap);
    if (order == 0) {
        struct node *rest = merge_treaps(treap->left, treap->right);
        treap->left = treap->right = NULL;
        sum_names(treap);
        *removed = treap;
        return rest;
    }
    struct node **side = order < 0 ? &treap->left : &treap->right;
    *side = remove_node(*side, key, removed);
    sum_names(treap);
    return treap;
}

struct node *tree_find_child(const struct node *parent, const char *name, size_t name_size)
{
    struct key key = make_key(name, name_size);
    struct node *node = parent->children;
    while (node) {
        int order = compare_key(&key, node);
        if (order == 0)
            break;
        node = order < 0 ? node->left : node->right;
    }
    return node;
}

struct node *tree_find_nearest(struct node *top, const char *path, size_t *missing)
{
    struct node *node = top;
    struct path_component component;
    const char *cursor = path;
    *missing = 0;
    while (path_next_component(&cursor, &component)) {
        struct node *child = *missing ? NULL : tree_find_child(node, component.name, component.size);
        if (child)
            node = child;
        else
            ++*missing;
    }
    return node;
}

struct node *tree_find(struct node *top, const char *path)
{
    struct node *node = top;
    struct path_component component;
    while (node && path_next_component(&path, &component))
        node = tree_find_child(node, component.name, component.size);
    return node;
}

struct node *tree_own(struct node **top, const char *path)
{
    struct node *node = *top = own_node(*top);
    struct path_component component;
    while (path_next_component(&path, &component)) {
        struct key key = make_key(component.name, component.size);
        struct node **link = &node->children;
        for (;;) {
            node = *link = own_node(*link);
            int order = compare_key(&key, node);
            if (order == 0)
                break;
            link = order < 0 ? &node->left : &node->right;
        }
    }
    return node;
}

struct node *tree_own_nearest(struct node **top, const char *path, const char **missing)
{
    struct node *node = *top = own_node(*top);
    struct path_component component;
    *missing = path;
    while (path_next_component(&path, &component)) {
        struct key key = make_key(component.name, component.size);
        struct node **link = &node->children, *child = NULL;
        while (*link) {
            child = *link = own_node(*link);
            int order = compare_key(&key, child);
            if (order == 0)
                break;
            link = order < 0 ? &child->left : &child->right;
            child = NULL;
        }
        if (!child)
            return node;
        node = child;
        *missing = path;
    }
    return node;
}

struct node *tree_add_child(struct node *parent, const char *name, size_t name_size, struct permissions *permissions,
                            uint64_t generation)
{
    struct node *child = create_node(name, name_size, permissions);
    child->generation = child->children_generation = generation;
    parent->children = insert_node(parent->children, child);
    parent->children_generation = generation;
    return child;
}

struct node *tree_append_child(struct node *parent, const char *name, size_t name_size,
                               struct permissions *permissions, uint64_t generation)
{
    struct node *child = create_node(name, name_size, permissions);
    struct node **link = &parent->children;
    while (*link && (*link)->priority >= child->priority) {
        (*link)->names_size += child->name_size + 1;
        link = &(*link)->right;
    }
    child->left = *link;
    child->names_size += names_size_of(child->left);
    *link = child;
    child->generation = child->children_generation = generation;
    parent->children_generation = generation;
    return child;
}

struct node *tree_take_child(struct node *parent, const char *name, size_t name_size, uint64_t generation)
{
    struct node *removed = NULL;
    struct key key = make_key(name, name_size);
    parent->children = remove_node(parent->children, &key, &removed);
    parent->children_generation = generation;
    return removed;
}

static bool visit_treap(const struct node *treap, bool (*visit)(void *context, const struct node *child), void *context)
{
    while (treap) {
        if (!visit_treap(treap->left, visit, context) || !visit(context, treap))
            return false;
        treap = treap->right;
    }
    return true;
}

void tree_for_each_child(const struct node *parent, bool (*visit)(void *context, const struct node *child),
                         void *context)
{
    visit_treap(parent->children, visit, context);
}

struct walk {
    bool (*visit)(void *context, const char *path, const struct node *node);
    void *context;
    size_t size; /* of the path of the parent of the nodes that are visited */
    char path[PATH_SIZE];
};

static bool walk_node(void *context, const struct node *node)
{
    struct walk *walk = context;
    size_t parent_size = walk->size;
    bool below_root = parent_size == 1 && walk->path[0] == '/';
    char *end = walk->path + parent_size;
    if (parent_size > 0 && !below_root)
        *end++ = '/';
    memcpy(end, node->name, node->name_size);
    end += node->name_size;
    if (end == walk->path)
        *end++ = '/'; /* the root: its name is empty */
    *end = '\0';
    walk->size = (size_t)(end - walk->path);
    if (walk->visit(walk->context, walk->path, node))
        visit_treap(node->children, walk_node, walk);
    walk->size = parent_size;
    return true;
}

void tree_walk(const struct node *top, bool (*visit)(void *context, const char *path, const struct node *node),
               void *context)
{
    struct walk walk = {.visit = visit, .context = context};
    visit_treap(top->children, walk_node, &walk);
}

size_t tree_names_size(const struct node *parent)
{
    return names_size_of(parent->children);
}

struct name_writer {
    size_t skip; /* bytes of the list still before the part that is wanted */
    char *to;
    size_t size, used;
};

static bool write_names(const struct node *treap, struct name_writer *writer)
{
    while (treap) {
        if (writer->skip >= treap->names_size) {
            writer->skip -= treap->names_size;
            return true;
        }
        if (!write_names(treap->left, writer))
            return false;
        size_t name_size = treap->name_size + 1;
        if (writer->skip >= name_size) {
            writer->skip -= name_size;
        } else {
            size_t wanted = name_size - writer->skip;
            if (wanted > writer->size - writer->used)
                return false;
            memcpy(writer->to + writer->used, treap->name + writer->skip, wanted - 1);
            writer->to[writer->used + wanted - 1] = '\0';
            writer->used += wanted;
            writer->skip = 0;
        }
        treap = treap->right;
    }
    return true;
}

size_t tree_write_names(const struct node *parent, size_t offset, char *to, size_t size)
{
    struct name_writer writer = {.skip = offset, .to = to, .size = size};
    write_names(parent->children, &writer);
    return writer.used;
}

/* A node that is domain 0's alone. */
static void add_for_domain_0(struct node *top, const char *name)
{
    tree_add_child(top, name, strlen(name), permissions_create(1), 0);
}

struct node *tree_create(void)
{
    struct node *top = create_node("", 0, permissions_create(1));
    add_for_domain_0(top, "");
    add_for_domain_0(top, "@introduceDomain");
    add_for_domain_0(top, "@releaseDomain");
    return top;
}
