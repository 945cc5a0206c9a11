/* SPDX-License-Identifier: MIT */
/*
 * A nested page table:
 *
 *   gfn bits  35..27   26..18   17..9    8..0
 *             level 3  level 2  level 1  level 0      (index of 512 entries)
 *                      1 GiB    2 MiB    4 KiB        (what a leaf at that level maps)
 *
 * Tables are not given back while the domain lives, but for those that a larger mapping replaces; these wait on a list
 * until no CPU can walk them, which the flush establishes.
 */
#include "p2m.h"

#include "cpu.h"
#include "paging.h"
#include "string.h"

#define P2M_TYPE_SHIFT 52 /* ignored by hardware: APM 2, 5.3.3, available bits 52-58 */
#define P2M_TOP_LEVEL 3
#define P2M_GFN_LIMIT (1ull << 36)

static unsigned int level_index(uint64_t gfn, unsigned int level) { return gfn >> 9 * level & 511; }
static enum p2m_type entry_type(uint64_t entry) { return entry >> P2M_TYPE_SHIFT & 15; }
static uint64_t entry_mfn(uint64_t entry) { return (entry & PTE_ADDRESS) >> PAGE_SHIFT; }
static uint64_t *entry_table(uint64_t entry) { return direct_map(entry & PTE_ADDRESS); }

static bool is_leaf(uint64_t entry, unsigned int level) { return level == 0 || (entry & PTE_LARGE); }

static uint64_t make_leaf(mfn_t mfn, unsigned int level, enum p2m_type type)
{
    static const uint64_t flags[] = {
        [P2M_RAM] = PTE_WRITE,
        [P2M_RAM_READ_ONLY] = 0,
        [P2M_GRANT] = PTE_WRITE | PTE_NX,
        [P2M_GRANT_READ_ONLY] = PTE_NX,
        [P2M_FOREIGN] = PTE_WRITE | PTE_NX,
        [P2M_MMIO] = PTE_WRITE | PTE_NX | PTE_CACHE_DISABLE | PTE_WRITE_THROUGH,
    };
    return mfn.value << PAGE_SHIFT | PTE_PRESENT | PTE_USER | flags[type] | (uint64_t)type << P2M_TYPE_SHIFT |
           (level ? PTE_LARGE : 0);
}

/* Another CPU may walk the table as soon as the entry is written: its content is there before. */
static void set_table_entry(uint64_t *entry, const uint64_t *table)
{
    uint64_t value = direct_map_to_physical(table) | PTE_PRESENT | PTE_WRITE | PTE_USER;
    __atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

/* What a domain may spend on tables: enough for its memory in scattered pages, and for mappings of others' pages. */
static uint64_t tables_limit(const struct domain *d) { return d->is_privileged ? ~0ull : 1024 + d->max_pages / 64; }

static uint64_t *allocate_table(struct domain *d)
{
    if (d->arch.p2m_pages >= tables_limit(d))
        return NULL;
    uint64_t *table = page_allocate_mapped(0);
    if (table)
        d->arch.p2m_pages++;
    return table;
}

int p2m_create(struct domain *d)
{
    spin_lock_init(&d->arch.p2m_lock, "p2m", LOCK_RANK_P2M);
    uint64_t *root = allocate_table(d);
    if (!root)
        return -XEN_ENOMEM;
    d->arch.p2m_root = virtual_to_page(root);
    d->arch.p2m_generation = P2M_GENERATION_STEP;
    return 0;
}

static void free_table(struct domain *d, uint64_t *table, unsigned int level)
{
    for (unsigned int i = 0; level && i < 512; i++)
        if (table[i] && !is_leaf(table[i], level))
            free_table(d, entry_table(table[i]), level - 1);
    page_free_mapped(table, 0);
    d->arch.p2m_pages--;
}

void p2m_free(struct domain *d)
{
    if (d->arch.p2m_root)
        free_table(d, page_to_virtual(d->arch.p2m_root), P2M_TOP_LEVEL);
    d->arch.p2m_root = NULL;
}

/* --- flushing ---------------------------------------------------------------------------------------------------- */

/*
 * Every vCPU of d drops its translations before it next enters the guest; those in the guest are made to leave. One
 * that is in the hypervisor is not waited for: it may wait for a lock that the caller holds.
 */
static void flush(struct domain *d)
{
    DOMAIN_FOR_EACH_VCPU(d, v)
        v->arch.flush_pending = true;
    DOMAIN_FOR_EACH_VCPU(d, v) {
        if (!v->arch.in_guest)
            continue;
        arch_vcpu_kick(v);
        while (v->arch.in_guest && v->arch.flush_pending)
            arch_relax();
    }
}

static void flush_or_defer(struct domain *d)
{
    if (d->arch.p2m_batch_cpu == arch_cpu_id() + 1)
        d->arch.p2m_flush_needed = true;
    else
        flush(d);
}

void arch_p2m_batch_begin(struct domain *d)
{
    spin_lock(&d->arch.p2m_lock);
    /* One batch a domain at a time; another CPU's changes flush at once. */
    if (!d->arch.p2m_batch_cpu)
        d->arch.p2m_batch_cpu = arch_cpu_id() + 1;
    spin_unlock(&d->arch.p2m_lock);
}

void arch_p2m_batch_end(struct domain *d)
{
    spin_lock(&d->arch.p2m_lock);
    if (d->arch.p2m_batch_cpu == arch_cpu_id() + 1) {
        d->arch.p2m_batch_cpu = 0;
        if (d->arch.p2m_flush_needed)
            flush(d);
        d->arch.p2m_flush_needed = false;
    }
    spin_unlock(&d->arch.p2m_lock);
}

/* --- changing ---------------------------------------------------------------------------------------------------- */

/* Replaces a large leaf by a table that maps the same. */
static int split(struct domain *d, uint64_t *entry, unsigned int level)
{
    uint64_t *table = allocate_table(d);
    if (!table)
        return -XEN_ENOMEM;
    uint64_t old = *entry;
    for (unsigned int i = 0; i < 512; i++)
        table[i] = make_leaf(make_mfn(entry_mfn(old) + ((uint64_t)i << 9 * (level - 1))), level - 1, entry_type(old));
    set_table_entry(entry, table);
    return 0;
}

/* The entry for gfn at that level, with the tables above it made. NULL: no memory. */
static uint64_t *find_entry(struct domain *d, uint64_t gfn, unsigned int level)
{
    uint64_t *table = page_to_virtual(d->arch.p2m_root);
    for (unsigned int at = P2M_TOP_LEVEL; at > level; at--) {
        uint64_t *entry = &table[level_index(gfn, at)];
        if (!*entry) {
            uint64_t *below = allocate_table(d);
            if (!below)
                return NULL;
            set_table_entry(entry, below);
        } else if (is_leaf(*entry, at) && split(d, entry, at)) {
            return NULL;
        }
        table = entry_table(*entry);
    }
    return &table[level_index(gfn, level)];
}

static void outdate_recent(struct domain *d)
{
    d->arch.p2m_generation += P2M_GENERATION_STEP;
    if (!d->arch.p2m_generation) { /* all generations have been used: none must be met again */
        memset(d->arch.p2m_recent, 0, sizeof(d->arch.p2m_recent));
        d->arch.p2m_generation = P2M_GENERATION_STEP;
    }
}

/* Writes one entry; what was there (a leaf, or a table of smaller ones) is gone from all CPUs when it returns. */
static void replace_entry(struct domain *d, uint64_t *entry, unsigned int level, uint64_t value)
{
    uint64_t old = *entry;
    *(volatile uint64_t *)entry = value;
    if (!old)
        return;
    outdate_recent(d);
    if (is_leaf(old, level)) {
        flush_or_defer(d);
    } else {
        flush(d);
        free_table(d, entry_table(old), level - 1);
    }
}

static unsigned int level_of_order(unsigned int order, uint64_t gfn, uint64_t mfn)
{
    if (order >= PAGE_ORDER_1G && cpu_features.pages_1g && !((gfn | mfn) & ((1u << PAGE_ORDER_1G) - 1)))
        return 2;
    if (order >= PAGE_ORDER_2M && !((gfn | mfn) & ((1u << PAGE_ORDER_2M) - 1)))
        return 1;
    return 0;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

/* The leaf that maps gfn and its level; 0: none. */
static uint64_t find_leaf(const struct domain *d, uint64_t gfn, unsigned int *level)
{
    const uint64_t *table = page_to_virtual(d->arch.p2m_root);
    if (unlikely(gfn >= P2M_GFN_LIMIT))
        return 0;
    for (unsigned int at = P2M_TOP_LEVEL;; at--) {
        uint64_t entry = table[level_index(gfn, at)];
        if (!entry || is_leaf(entry, at)) {
            *level = at;
            return entry;
        }
        table = entry_table(entry);
    }
}

/* Maps (or with P2M_NONE clears) in the largest pieces that numbers and order allow. */
static int change(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned int order, enum p2m_type type)
{
    uint64_t count = 1ull << order, done = 0;
    int error = 0;

    if (gfn.value >= P2M_GFN_LIMIT || count > P2M_GFN_LIMIT - gfn.value)
        return -XEN_EINVAL;
    spin_lock(&d->arch.p2m_lock);
    while (done < count) {
        uint64_t at = gfn.value + done, target = type == P2M_NONE ? 0 : mfn.value + done;
        unsigned int level = level_of_order(order, at, target), found = 0;
        /* Nothing is to be cleared in the whole range of an empty entry higher up. */
        if (type == P2M_NONE && !find_leaf(d, at, &found) && found > level) {
            done += (1ull << 9 * found) - (at & ((1ull << 9 * found) - 1));
            continue;
        }
        uint64_t *entry = find_entry(d, at, level);
        if (!entry) {
            error = -XEN_ENOMEM;
            break;
        }
        replace_entry(d, entry, level, type == P2M_NONE ? 0 : make_leaf(make_mfn(target), level, type));
        done += 1ull << 9 * level;
    }
    if (type != P2M_NONE && gfn.value + done > d->arch.max_gfn + 1)
        d->arch.max_gfn = gfn.value + done - 1;
    spin_unlock(&d->arch.p2m_lock);
    return error;
}

int arch_p2m_set(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned int order, enum p2m_type type)
{
    int error = change(d, gfn, mfn, order, type);
    if (error && order > 0)
        change(d, gfn, INVALID_MFN, order, P2M_NONE); /* what was mapped before the memory ran out */
    return error;
}

int arch_p2m_clear(struct domain *d, gfn_t gfn, unsigned int order)
{
    return change(d, gfn, INVALID_MFN, order, P2M_NONE);
}

mfn_t arch_p2m_get(struct domain *d, gfn_t gfn, enum p2m_type *type, unsigned int *order)
{
    unsigned int level = 0;

    spin_lock(&d->arch.p2m_lock);
    uint64_t entry = find_leaf(d, gfn.value, &level);
    spin_unlock(&d->arch.p2m_lock);
    if (type)
        *type = entry ? entry_type(entry) : P2M_NONE;
    if (order)
        *order = 9 * level;
    return entry ? make_mfn(entry_mfn(entry) + (gfn.value & ((1ull << 9 * level) - 1))) : INVALID_MFN;
}

static bool type_has_page(enum p2m_type type, bool want_write)
{
    switch (type) {
    case P2M_RAM:
    case P2M_GRANT:
    case P2M_FOREIGN: return true;
    case P2M_RAM_READ_ONLY:
    case P2M_GRANT_READ_ONLY: return !want_write;
    default: return false;
    }
}

struct page *arch_p2m_get_page(struct domain *d, gfn_t gfn, bool want_write, enum p2m_type *type)
{
    unsigned int level = 0;
    struct page *page = NULL;

    spin_lock(&d->arch.p2m_lock);
    uint64_t entry = find_leaf(d, gfn.value, &level);
    enum p2m_type found = entry ? entry_type(entry) : P2M_NONE;
    if (type_has_page(found, want_write)) {
        page = mfn_to_page(make_mfn(entry_mfn(entry) + (gfn.value & ((1ull << 9 * level) - 1))));
        /* Another's page is referenced by its mapping; the map of a dying domain still shows pages that are freed. */
        if (found == P2M_RAM || found == P2M_RAM_READ_ONLY) {
            if (page && !page_get(page, d))
                page = NULL;
        } else if (page) {
            page_get_again(page);
        }
    }
    spin_unlock(&d->arch.p2m_lock);
    if (type)
        *type = found;
    return page;
}

void *p2m_translate_slowly(struct domain *d, uint64_t guest_physical, bool want_write, uint64_t *bytes_left)
{
    unsigned int level = 0;
    uint64_t entry = find_leaf(d, guest_physical >> PAGE_SHIFT, &level);
    if (unlikely(!entry || !type_has_page(entry_type(entry), want_write)))
        return NULL;
    uint64_t size = PAGE_SIZE << 9 * level, offset = guest_physical & (size - 1);
    char *mapped = (char *)direct_map(entry_mfn(entry) << PAGE_SHIFT) + offset;
    if (entry_type(entry) == P2M_RAM) {
        uint64_t gfn = guest_physical >> PAGE_SHIFT;
        d->arch.p2m_recent[gfn % P2M_RECENT].key = gfn | d->arch.p2m_generation;
        d->arch.p2m_recent[gfn % P2M_RECENT].mapped = mapped - guest_physical % PAGE_SIZE;
    }
    *bytes_left = size - offset;
    return mapped;
}

gfn_t arch_p2m_max_gfn(const struct domain *d) { return make_gfn(d->arch.max_gfn); }

/* --- the end of a domain ----------------------------------------------------------------------------------------- */

/* Drops the references of foreign mappings in one table of level 0. */
static void release_foreign(uint64_t *table)
{
    for (unsigned int i = 0; i < 512; i++) {
        if (!table[i] || entry_type(table[i]) != P2M_FOREIGN)
            continue;
        struct page *page = mfn_to_page(make_mfn(entry_mfn(table[i])));
        table[i] = 0;
        page_put(page);
    }
}

int arch_domain_release_memory(struct domain *d)
{
    uint64_t gfn = d->arch.release_gfn;

    for (unsigned int tables = 0; gfn <= d->arch.max_gfn; tables++) {
        uint64_t *table = page_to_virtual(d->arch.p2m_root), step = 0;
        for (unsigned int at = P2M_TOP_LEVEL; at > 0; at--) {
            uint64_t entry = table[level_index(gfn, at)];
            if (!entry || is_leaf(entry, at)) { /* foreign pages are mapped one by one, never by a large leaf */
                step = 1ull << 9 * at;
                break;
            }
            table = entry_table(entry);
        }
        if (!step) {
            release_foreign(table);
            step = 512;
        }
        gfn = ROUND_DOWN(gfn, step) + step;
        d->arch.release_gfn = gfn;
        if (tables % 16 == 15 && hypercall_should_yield())
            return -XEN_ERESTART;
    }
    return 0;
}
