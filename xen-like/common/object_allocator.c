/* SPDX-License-Identifier: MIT */
/*
 * Small objects: size classes that are powers of two from 16 to 2,048 bytes. A page belongs to one class; free objects
 * in it are chained by index through their first bytes, and what describes the page is in the frame table. Pages with
 * free objects are in their class's list; one without objects goes back to the page allocator at once. Larger objects
 * are whole blocks of pages.
 */
#include "arch.h"
#include "panic.h"
#include "string.h"

#define SMALLEST_SHIFT 4u
#define LARGEST_SHIFT 11u
#define CLASS_COUNT (LARGEST_SHIFT - SMALLEST_SHIFT + 1)
#define LARGEST_ORDER PAGE_ORDER_2M
#define OBJECT_NONE 0xffffu

struct size_class {
    struct spinlock lock;
    struct list partial; /* pages with free objects; guarded by lock */
};

#define SIZE_CLASS(n) [n] = { SPINLOCK_INIT("objects", LOCK_RANK_SLAB), LIST_INIT(classes[n].partial) }
static struct size_class classes[CLASS_COUNT] = {
    SIZE_CLASS(0), SIZE_CLASS(1), SIZE_CLASS(2), SIZE_CLASS(3), SIZE_CLASS(4), SIZE_CLASS(5), SIZE_CLASS(6),
    SIZE_CLASS(7),
};
_Static_assert(CLASS_COUNT == 8, "each class is initialised");

static size_t object_size(unsigned int class) { return (size_t)1 << (SMALLEST_SHIFT + class); }

static void *object_at(const struct page *page, unsigned int class, unsigned int index)
{
    return (uint8_t *)page_to_virtual(page) + index * object_size(class);
}

static struct page *new_page(unsigned int class)
{
    struct page *page = page_allocate(0);
    if (!page)
        return NULL;
    unsigned int count = (unsigned int)(PAGE_SIZE / object_size(class));
    for (unsigned int i = 0; i < count; i++)
        *(uint16_t *)object_at(page, class, i) = (uint16_t)(i + 1 < count ? i + 1 : OBJECT_NONE);
    page->slab.first_free = 0;
    page->slab.objects_used = 0;
    page->slab.size_class = (uint8_t)class;
    page->flags = PAGE_OBJECTS;
    return page;
}

static void *allocate_small(unsigned int class)
{
    struct size_class *c = &classes[class];
    spin_lock(&c->lock);
    if (list_is_empty(&c->partial)) {
        struct page *page = new_page(class);
        if (!page) {
            spin_unlock(&c->lock);
            return NULL;
        }
        list_add_first(&c->partial, &page->link);
    }
    struct page *page = LIST_ENTRY(c->partial.next, struct page, link);
    uint16_t *object = object_at(page, class, page->slab.first_free);
    page->slab.first_free = *object;
    page->slab.objects_used++;
    if (page->slab.first_free == OBJECT_NONE)
        list_remove(&page->link);
    spin_unlock(&c->lock);
    memset(object, 0, object_size(class));
    return object;
}

static void free_small(struct page *page, void *object)
{
    unsigned int class = page->slab.size_class;
    struct size_class *c = &classes[class];
    size_t offset = (uintptr_t)object & (PAGE_SIZE - 1);
    BUG_ON(offset % object_size(class));
    spin_lock(&c->lock);
    BUG_ON(page->slab.objects_used == 0);
    if (page->slab.first_free == OBJECT_NONE)
        list_add_first(&c->partial, &page->link);
    *(uint16_t *)object = page->slab.first_free;
    page->slab.first_free = (uint16_t)(offset / object_size(class));
    bool is_empty = --page->slab.objects_used == 0;
    if (is_empty)
        list_remove(&page->link);
    spin_unlock(&c->lock);
    if (is_empty)
        page_free(page, 0);
}

void *object_allocate(size_t size)
{
    if (size <= object_size(CLASS_COUNT - 1)) {
        unsigned int class = 0;
        while (object_size(class) < size)
            class++;
        return allocate_small(class);
    }
    unsigned int order = 0;
    while (order <= LARGEST_ORDER && PAGE_SIZE << order < size)
        order++;
    return order <= LARGEST_ORDER ? page_allocate_mapped(order) : NULL;
}

void object_free(void *object)
{
    if (!object)
        return;
    struct page *page = virtual_to_page(object);
    if (page->flags & PAGE_OBJECTS) {
        free_small(page, object);
    } else {
        BUG_ON((uintptr_t)object & (PAGE_SIZE - 1));
        page_free(page, page->order);
    }
}
