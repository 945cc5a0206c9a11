/* SPDX-License-Identifier: MIT */
/* Changes of the tree, and carrying them out. */
#include "store/change.h"

#include <stdlib.h>
#include <string.h>

#include "store/memory.h"

struct change *change_create(enum change_kind kind, const char *path, domid_t creator)
{
    size_t size = strlen(path) + 1;
    struct change *change = allocate(sizeof(*change) + size);
    change->kind = kind;
    change->creator = creator;
    memcpy(change->path, path, size);
    return change;
}

void change_release(struct change *change)
{
    value_release(change->value);
    permissions_release(change->permissions);
    tree_release(change->removed);
    free(change);
}

void change_list_append(struct change_list *list, struct change *change)
{
    change->next = NULL;
    *(list->end ? list->end : &list->first) = change;
    list->end = &change->next;
    list->count++;
    list->bytes += sizeof(*change) + strlen(change->path) + 1 + (change->value ? change->value->size : 0);
}

void change_list_release(struct change_list *list)
{
    while (list->first) {
        struct change *next = list->first->next;
        change_release(list->first);
        list->first = next;
    }
    *list = (struct change_list){0};
}

/* Its owner has the node and pays for it; others are referred to. */
void change_count_node(const struct node *node, int sign, struct usage *usage)
{
    const struct permissions *permissions = node->permissions;
    usage_add(usage, (struct usage_entry){.domain = permissions->entries[0].domain,
                                          .nodes = sign,
                                          .bytes = sign * (int64_t)tree_node_bytes(node)});
    for (size_t i = 1; i < permissions->count; i++)
        usage_add(usage, (struct usage_entry){.domain = permissions->entries[i].domain, .references = sign});
}

struct counting {
    int sign;
    struct usage *usage;
};

static bool count_node(void *context, const struct node *node)
{
    const struct counting *counting = context;
    change_count_subtree(node, counting->sign, counting->usage);
    return true;
}

void change_count_subtree(const struct node *node, int sign, struct usage *usage)
{
    struct counting counting = {sign, usage};
    change_count_node(node, sign, usage);
    tree_for_each_child(node, count_node, &counting);
}

/* The node at a path, owned, with all that is missing on the way made. */
static struct node *make_path(struct node **top, const char *path, domid_t creator, uint64_t generation,
                              struct usage *usage)
{
    const char *rest;
    struct node *node = tree_own_nearest(top, path, &rest);
    struct path_component component;
    while (path_next_component(&rest, &component)) {
        struct permissions *permissions = permissions_inherit(node->permissions, creator);
        node = tree_add_child(node, component.name, component.size, permissions, generation);
        change_count_node(node, 1, usage);
    }
    return node;
}

void change_apply(struct change *change, struct node **top, uint64_t generation, struct usage *usage)
{
    const char *path = change->path;
    if (change->kind == CHANGE_REMOVE) {
        size_t parent_size = path_parent_size(path);
        char parent[PATH_SIZE];
        memcpy(parent, path, parent_size);
        parent[parent_size] = '\0';
        const char *name = strrchr(path, '/') + 1;
        change->removed = tree_take_child(tree_own(top, parent), name, strlen(name), generation);
        change_count_subtree(change->removed, -1, usage);
        return;
    }

    struct node *node = make_path(top, path, change->creator, generation, usage);
    if (change->kind == CHANGE_MAKE)
        return;
    change_count_node(node, -1, usage);
    if (change->kind == CHANGE_WRITE) {
        value_release(node->value);
        node->value = value_reference(change->value);
    } else {
        permissions_release(node->permissions);
        node->permissions = permissions_reference(change->permissions);
    }
    change_count_node(node, 1, usage);
    node->generation = generation;
}
