/* SPDX-License-Identifier: MIT */
/*
 * Pins of grant entries; see grant_entry.h. The shared entry belongs to a guest that may write it at any moment: it is
 * read once into a local, and the hypervisor's flags go in by compare-and-exchange on flags and domid together, so that
 * they are only ever set in the very entry that was checked.
 */
#include "grant_entry.h"

#include "arch.h"

#define PIN_ATTEMPTS 4u /* a guest that keeps changing the entry meanwhile has no claim to more */

/* The first half of an entry, as one word for compare-and-exchange. */
union entry_header {
    struct {
        uint16_t flags;
        domid_t domid;
    };
    uint32_t word;
};
_Static_assert(offsetof(grant_entry_v1_t, domid) == 2 && offsetof(grant_entry_v1_t, frame) == 4, "ABI");

static grant_entry_v1_t *shared_entry(const struct domain *d, grant_ref_t ref)
{
    grant_entry_v1_t *entries = page_to_virtual(d->grant.frame[ref / GRANT_ENTRIES_PER_FRAME]);
    return &entries[ref % GRANT_ENTRIES_PER_FRAME];
}

static bool is_in_table(const struct domain *d, grant_ref_t ref)
{
    return ref / GRANT_ENTRIES_PER_FRAME < d->grant.frames;
}

static struct active_grant *active_entry(const struct domain *d, grant_ref_t ref)
{
    return &d->grant.active[ref / GRANT_ENTRIES_PER_FRAME][ref % GRANT_ENTRIES_PER_FRAME];
}

/* Sets GTF_reading (and GTF_writing) in a shared entry that permits it; *gfn is the frame seen with it. */
static int set_shared_flags(grant_entry_v1_t *entry, domid_t grantee, bool read_only, uint32_t *gfn)
{
    uint32_t *word = (uint32_t *)(void *)entry;
    union entry_header seen = { .word = __atomic_load_n(word, __ATOMIC_ACQUIRE) };
    for (unsigned int attempt = 0; attempt < PIN_ATTEMPTS; attempt++) {
        bool is_permitted = (seen.flags & GTF_type_mask) == GTF_permit_access && !(seen.flags & GTF_sub_page)
                            && seen.domid == grantee && (read_only || !(seen.flags & GTF_readonly));
        if (!is_permitted)
            return GNTST_general_error;
        union entry_header wanted = seen;
        wanted.flags |= GTF_reading | (read_only ? 0 : GTF_writing);
        *gfn = __atomic_load_n(&entry->frame, __ATOMIC_ACQUIRE);
        if (__atomic_compare_exchange_n(word, &seen.word, wanted.word, false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE))
            return GNTST_okay;
    }
    return GNTST_eagain;
}

static void clear_shared_flags(grant_entry_v1_t *entry, const struct active_grant *active)
{
    uint16_t clear = 0;
    if (!active->writers)
        clear |= GTF_writing;
    if (!active->writers && !active->readers)
        clear |= GTF_reading;
    __atomic_fetch_and(&entry->flags, (uint16_t)~clear, __ATOMIC_SEQ_CST);
}

static int find_page(struct domain *d, uint32_t gfn, bool read_only, struct page **page)
{
    enum p2m_type type;
    *page = arch_p2m_get_page(d, make_gfn(gfn), !read_only, &type);
    if (!*page)
        return GNTST_bad_page;
    if (type == P2M_RAM || type == P2M_RAM_READ_ONLY)
        return GNTST_okay;
    page_put(*page); /* what a domain has from others it cannot pass on */
    return GNTST_bad_page;
}

/* The table's lock is held, ref is in the table. */
static int pin(struct domain *d, grant_ref_t ref, domid_t grantee, bool read_only, struct page **page)
{
    struct active_grant *active = active_entry(d, ref);
    grant_entry_v1_t *entry = shared_entry(d, ref);
    bool is_first = !active->readers && !active->writers;
    if (!is_first && active->grantee != grantee)
        return GNTST_general_error;
    if (active->readers == UINT32_MAX || active->writers == UINT32_MAX)
        return GNTST_no_space;
    if (is_first || (!read_only && !active->writers)) {
        uint32_t gfn;
        int status = set_shared_flags(entry, grantee, read_only, &gfn);
        if (status != GNTST_okay)
            return status;
        struct page *held;
        /* One page an entry while it is in use, whatever its frame says by then; writing must be right for it too. */
        status = find_page(d, is_first ? gfn : active->gfn, read_only, &held);
        if (status == GNTST_okay && !is_first && held != active->page) {
            page_put(held);
            status = GNTST_bad_page;
        }
        if (status != GNTST_okay) {
            clear_shared_flags(entry, active);
            return status;
        }
        if (is_first) {
            *active = (struct active_grant){ .page = held, .gfn = gfn, .grantee = grantee };
            d->grant.active_count++;
        } else {
            page_put(held);
        }
    }
    if (read_only)
        active->readers++;
    else
        active->writers++;
    page_get_again(active->page);
    *page = active->page;
    return GNTST_okay;
}

int grant_entry_pin(struct domain *d, grant_ref_t ref, domid_t grantee, bool read_only, struct page **page)
{
    int status = GNTST_bad_gntref;
    spin_lock(&d->grant.lock);
    if (d->dying != DOMAIN_ALIVE)
        status = GNTST_bad_domain;
    else if (is_in_table(d, ref))
        status = pin(d, ref, grantee, read_only, page);
    spin_unlock(&d->grant.lock);
    return status;
}

void grant_entry_unpin(struct domain *d, grant_ref_t ref, bool read_only)
{
    struct page *page = NULL;
    spin_lock(&d->grant.lock);
    struct active_grant *active = active_entry(d, ref);
    if (read_only)
        active->readers--;
    else
        active->writers--;
    if (is_in_table(d, ref)) /* else d has been destroyed, and nobody reads its table */
        clear_shared_flags(shared_entry(d, ref), active);
    if (!active->readers && !active->writers) {
        page = active->page;
        active->page = NULL;
        d->grant.active_count--;
    }
    spin_unlock(&d->grant.lock);
    if (page)
        page_put(page);
}
