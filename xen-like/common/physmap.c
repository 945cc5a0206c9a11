/* SPDX-License-Identifier: MIT */
/* Changes of a domain's physical map; see physmap.h. */
#include "physmap.h"

/* May gfn be changed, and what does it hold? physmap_lock is held. */
static int look(struct domain *d, gfn_t gfn, struct physmap_old *old)
{
    *old = (struct physmap_old){ .type = P2M_NONE };
    mfn_t mfn = arch_p2m_get(d, gfn, &old->type, NULL);
    switch (old->type) {
    case P2M_NONE: return 0;
    case P2M_RAM:
    case P2M_RAM_READ_ONLY:
    case P2M_FOREIGN:
        old->page = mfn_to_page(mfn);
        return 0;
    case P2M_GRANT:
    case P2M_GRANT_READ_ONLY: return -XEN_EBUSY;
    default: return -XEN_EINVAL;
    }
}

/* The map holds no reference on the domain's own page: one is taken while it is known that the page is still mapped. */
static void hold_own_memory(struct domain *d, struct physmap_old *old)
{
    bool is_own = old->type == P2M_RAM || old->type == P2M_RAM_READ_ONLY;
    if (is_own && old->page && !page_get(old->page, d))
        old->page = NULL;
}

int physmap_set(struct domain *d, gfn_t gfn, struct page *page, enum p2m_type type, struct physmap_old *old)
{
    spin_lock(&d->physmap_lock);
    int error = look(d, gfn, old);
    if (!error)
        error = arch_p2m_set(d, gfn, page_to_mfn(page), PAGE_ORDER_4K, type);
    if (!error && old->page == page && old->type == type && type != P2M_FOREIGN)
        old->page = NULL; /* mapped again where it was */
    if (!error)
        hold_own_memory(d, old);
    else
        old->page = NULL;
    spin_unlock(&d->physmap_lock);
    return error;
}

int physmap_set_block(struct domain *d, gfn_t gfn, struct page *page, unsigned int order)
{
    int error = 0;
    spin_lock(&d->physmap_lock);
    for (uint64_t i = 0; !error && i < 1ull << order;) {
        enum p2m_type type = P2M_NONE;
        unsigned int hole_order = 0;
        arch_p2m_get(d, gfn_add(gfn, i), &type, &hole_order);
        if (type != P2M_NONE)
            error = -XEN_EEXIST;
        i = ROUND_DOWN(gfn.value + i, 1ull << hole_order) + (1ull << hole_order) - gfn.value;
    }
    if (!error)
        error = arch_p2m_set(d, gfn, page_to_mfn(page), order, P2M_RAM);
    spin_unlock(&d->physmap_lock);
    return error;
}

int physmap_clear(struct domain *d, gfn_t gfn, struct physmap_old *old)
{
    spin_lock(&d->physmap_lock);
    int error = look(d, gfn, old);
    if (!error && old->type == P2M_NONE)
        error = -XEN_ENOENT;
    if (!error)
        error = arch_p2m_clear(d, gfn, PAGE_ORDER_4K);
    if (!error)
        hold_own_memory(d, old);
    else
        old->page = NULL;
    spin_unlock(&d->physmap_lock);
    return error;
}

int physmap_move(struct domain *d, gfn_t from, gfn_t to, struct physmap_old *old)
{
    enum p2m_type type = P2M_NONE;
    *old = (struct physmap_old){ .type = P2M_NONE };
    spin_lock(&d->physmap_lock);
    mfn_t mfn = arch_p2m_get(d, from, &type, NULL);
    int error = type == P2M_RAM ? 0 : -XEN_EINVAL;
    if (!error && !gfn_equal(from, to)) {
        error = look(d, to, old);
        if (!error)
            error = arch_p2m_clear(d, from, PAGE_ORDER_4K);
        if (!error) {
            error = arch_p2m_set(d, to, mfn, PAGE_ORDER_4K, P2M_RAM);
            if (error)
                arch_p2m_set(d, from, mfn, PAGE_ORDER_4K, P2M_RAM); /* its tables are still there */
        }
        if (!error)
            hold_own_memory(d, old);
        else
            old->page = NULL;
    }
    spin_unlock(&d->physmap_lock);
    return error;
}

bool physmap_clear_grant(struct domain *d, gfn_t gfn, const struct page *page)
{
    enum p2m_type type = P2M_NONE;
    spin_lock(&d->physmap_lock);
    mfn_t mfn = arch_p2m_get(d, gfn, &type, NULL);
    bool is_mapped = (type == P2M_GRANT || type == P2M_GRANT_READ_ONLY) && mfn_to_page(mfn) == page;
    if (is_mapped && arch_p2m_clear(d, gfn, PAGE_ORDER_4K) != 0)
        is_mapped = false;
    spin_unlock(&d->physmap_lock);
    return is_mapped;
}

void physmap_drop(const struct physmap_old *old, bool free_memory)
{
    if (!old->page)
        return;
    if (old->type != P2M_FOREIGN && free_memory && !(old->page->flags & PAGE_SPECIAL))
        page_release_allocation(old->page);
    page_put(old->page); /* a foreign mapping's, or the one that held our own page so far */
}
