/* SPDX-License-Identifier: MIT */
/* A circular doubly linked list threaded through its elements. The head is an element of no owner. */
#ifndef KEEL_LIST_H
#define KEEL_LIST_H

#include "types.h"

struct list {
    struct list *next, *previous;
};

#define LIST_INIT(head) { &(head), &(head) }

static inline void list_init(struct list *head) { head->next = head->previous = head; }
static inline bool list_is_empty(const struct list *head) { return head->next == head; }

static inline void list_insert_after(struct list *where, struct list *element)
{
    element->previous = where;
    element->next = where->next;
    where->next->previous = element;
    where->next = element;
}

static inline void list_add_first(struct list *head, struct list *element) { list_insert_after(head, element); }
static inline void list_add_last(struct list *head, struct list *element)
{
    list_insert_after(head->previous, element);
}

/* Leaves the element pointing at itself, so that removing it twice does no harm. */
static inline void list_remove(struct list *element)
{
    element->previous->next = element->next;
    element->next->previous = element->previous;
    list_init(element);
}

#define LIST_ENTRY(pointer, type, member) CONTAINER_OF(pointer, type, member)
#define LIST_FOR_EACH(element, head) \
    for (struct list *element = (head)->next; element != (head); element = element->next)

#endif
