/* SPDX-License-Identifier: MIT */
/* The iterator's stack: of each level, what is still to come. */
#include "store/tree_iterator.h"

#include <stdlib.h>
#include <string.h>

#include "store/memory.h"

struct tree_step {
    const struct node *node;
    size_t depth;
};

/* Puts the leftmost path of a treap on the stack: its first node is then on top. */
static void push(struct tree_iterator *iterator, const struct node *treap, size_t depth)
{
    for (; treap; treap = treap->left) {
        if (iterator->count == iterator->capacity) {
            iterator->capacity = iterator->capacity ? 2 * iterator->capacity : 64;
            iterator->pending = reallocate(iterator->pending, iterator->capacity * sizeof(iterator->pending[0]));
        }
        iterator->pending[iterator->count++] = (struct tree_step){.node = treap, .depth = depth};
    }
}

void tree_iterator_start(struct tree_iterator *iterator, struct node *top)
{
    *iterator = (struct tree_iterator){.top = tree_reference(top)};
    push(iterator, top->children, 1);
}

const struct node *tree_iterator_next(struct tree_iterator *iterator)
{
    if (iterator->count == 0)
        return NULL;
    struct tree_step step = iterator->pending[--iterator->count];
    push(iterator, step.node->right, step.depth);
    push(iterator, step.node->children, step.depth + 1);
    if (step.depth > iterator->ancestor_capacity) {
        iterator->ancestor_capacity = 2 * step.depth;
        iterator->ancestors =
            reallocate(iterator->ancestors, iterator->ancestor_capacity * sizeof(iterator->ancestors[0]));
    }
    iterator->ancestors[step.depth - 1] = step.node;
    iterator->depth = step.depth;
    return step.node;
}

void tree_iterator_parent(const struct tree_iterator *iterator, char path[static PATH_SIZE])
{
    char *end = path;
    for (size_t i = 0; i + 1 < iterator->depth; i++) {
        const struct node *node = iterator->ancestors[i];
        if (i > 0)
            *end++ = '/';
        memcpy(end, node->name, node->name_size);
        end += node->name_size;
    }
    if (iterator->depth == 2 && end == path)
        *end++ = '/'; /* the root: its name is empty */
    *end = '\0';
}

void tree_iterator_end(struct tree_iterator *iterator)
{
    tree_release(iterator->top);
    free(iterator->pending);
    free(iterator->ancestors);
    *iterator = (struct tree_iterator){0};
}
