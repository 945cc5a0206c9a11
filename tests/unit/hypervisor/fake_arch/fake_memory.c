/* SPDX-License-Identifier: MIT */
/* The memory half of the fake architecture; see fake_memory.h. */
#include "fake_memory.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "panic.h"
#include "string.h"

/* --- machine memory ---------------------------------------------------------------------------------------------- */

static uint8_t *machine;
static uint64_t machine_frames;
static struct page *table;

static void unmap_machine(void)
{
    if (!machine)
        return;
    munmap(machine, machine_frames << PAGE_SHIFT);
    munmap(table, machine_frames * sizeof(*table));
}

static void *map_zeroes(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    return memory;
}

static void add_range(uint64_t start, uint64_t count)
{
    if (!count)
        return;
    memset(machine + (start << PAGE_SHIFT), 0xa5, count << PAGE_SHIFT);
    page_allocator_add(start, start + count);
}

void fake_memory_start(uint64_t low_pages, uint64_t high_pages)
{
    fake_p2m_forget(NULL);
    unmap_machine();
    machine_frames = high_pages ? FAKE_HIGH_START + high_pages : FAKE_LOW_START + low_pages;
    machine = map_zeroes(machine_frames << PAGE_SHIFT);
    table = map_zeroes(machine_frames * sizeof(*table));
    page_allocator_init(table, machine_frames);
    add_range(FAKE_LOW_START, low_pages);
    add_range(FAKE_HIGH_START, high_pages);
    fake_memory_set_fault(NULL, 0);
    fake_memory_set_window(NULL, 0);
    fake_p2m_error = NULL;
    fake_p2m_flushes = 0;
}

void *arch_mfn_to_virtual(mfn_t mfn)
{
    BUG_ON(mfn.value >= machine_frames);
    return machine + (mfn.value << PAGE_SHIFT);
}

mfn_t arch_virtual_to_mfn(const void *pointer)
{
    return make_mfn((uint64_t)((const uint8_t *)pointer - machine) >> PAGE_SHIFT);
}

/* --- guest memory ------------------------------------------------------------------------------------------------ */

static uint64_t fault_start, fault_size;

void fake_memory_set_fault(const void *start, size_t count)
{
    fault_start = GUEST_ADDRESS(start);
    fault_size = count;
}

static uint8_t *window;
static size_t window_size;

void fake_memory_set_window(void *buffer, size_t size)
{
    window = buffer;
    window_size = size;
}

/* Where the guest's bytes are, or NULL if it has none there. */
static void *guest_bytes(uint64_t address, size_t size)
{
    if (window) {
        uint64_t offset = address - FAKE_WINDOW;
        return offset <= window_size && size <= window_size - offset ? window + offset : NULL;
    }
    bool faults = address < PAGE_SIZE || (address < fault_start + fault_size && fault_start < address + size);
    return faults ? NULL : (void *)address;
}

int copy_from_guest(void *to, uint64_t guest_address, size_t size)
{
    const void *from = size ? guest_bytes(guest_address, size) : NULL;
    if (!from)
        return size ? -XEN_EFAULT : 0;
    memcpy(to, from, size);
    return 0;
}

int copy_to_guest(uint64_t guest_address, const void *from, size_t size)
{
    void *to = size ? guest_bytes(guest_address, size) : NULL;
    if (!to)
        return size ? -XEN_EFAULT : 0;
    memcpy(to, from, size);
    return 0;
}

/* A guest-virtual address here is a guest-physical one of the vCPU's domain. */
struct page *arch_guest_virtual_to_page(struct vcpu *v, uint64_t guest_address, bool want_write, uint32_t *offset)
{
    *offset = guest_address & (PAGE_SIZE - 1);
    return arch_p2m_get_page(v->domain, make_gfn(guest_address >> PAGE_SHIFT), want_write, NULL);
}

/* --- physical maps ----------------------------------------------------------------------------------------------- */

#define BUCKETS 1024u

struct mapping {
    struct mapping *next;
    const struct domain *domain;
    uint64_t gfn;
    mfn_t mfn;
    unsigned int order;
    enum p2m_type type;
};

static struct mapping *buckets[BUCKETS];
static const struct domain *batching;
static bool batch_changed;
static uint64_t highest_gfn;
int (*fake_p2m_error)(struct domain *d, gfn_t gfn);
uint64_t fake_p2m_flushes;

static struct mapping **find(const struct domain *d, uint64_t gfn)
{
    struct mapping **at = &buckets[(gfn ^ (uintptr_t)d >> 6) % BUCKETS];
    while (*at && ((*at)->domain != d || (*at)->gfn != gfn))
        at = &(*at)->next;
    return at;
}

static void note_change(const struct domain *d)
{
    if (batching == d)
        batch_changed = true;
    else
        fake_p2m_flushes++;
}

void fake_p2m_forget(const struct domain *d)
{
    for (unsigned int i = 0; i < BUCKETS; i++) {
        for (struct mapping **at = &buckets[i]; *at;) {
            struct mapping *mapping = *at;
            if (d && mapping->domain != d) {
                at = &mapping->next;
                continue;
            }
            *at = mapping->next;
            free(mapping);
        }
    }
}

uint64_t fake_p2m_count(const struct domain *d)
{
    uint64_t count = 0;
    for (unsigned int i = 0; i < BUCKETS; i++)
        for (const struct mapping *mapping = buckets[i]; mapping; mapping = mapping->next)
            count += mapping->domain == d;
    return count;
}

static void set_one(struct domain *d, uint64_t gfn, mfn_t mfn, unsigned int order, enum p2m_type type)
{
    struct mapping **at = find(d, gfn);
    if (*at) {
        note_change(d);
    } else {
        *at = calloc(1, sizeof(**at));
        (*at)->domain = d;
        (*at)->gfn = gfn;
    }
    (*at)->mfn = mfn;
    (*at)->order = order;
    (*at)->type = type;
}

int arch_p2m_set(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned int order, enum p2m_type type)
{
    int error = fake_p2m_error ? fake_p2m_error(d, gfn) : 0;
    if (error)
        return error;
    BUG_ON((gfn.value | mfn.value) & ((1ull << order) - 1));
    for (uint64_t i = 0; i < 1ull << order; i++)
        set_one(d, gfn.value + i, mfn_add(mfn, i), order, type);
    highest_gfn = MAX(highest_gfn, gfn.value + (1ull << order) - 1);
    return 0;
}

int arch_p2m_clear(struct domain *d, gfn_t gfn, unsigned int order)
{
    int error = fake_p2m_error ? fake_p2m_error(d, gfn) : 0;
    if (error)
        return error;
    for (uint64_t i = 0; i < 1ull << order; i++) {
        struct mapping **at = find(d, gfn.value + i), *mapping = *at;
        if (!mapping)
            continue;
        *at = mapping->next;
        free(mapping);
        note_change(d);
    }
    return 0;
}

mfn_t arch_p2m_get(struct domain *d, gfn_t gfn, enum p2m_type *type, unsigned int *order)
{
    const struct mapping *mapping = *find(d, gfn.value);
    if (type)
        *type = mapping ? mapping->type : P2M_NONE;
    if (order)
        *order = mapping ? mapping->order : 0;
    return mapping ? mapping->mfn : INVALID_MFN;
}

struct page *arch_p2m_get_page(struct domain *d, gfn_t gfn, bool want_write, enum p2m_type *type)
{
    enum p2m_type found;
    mfn_t mfn = arch_p2m_get(d, gfn, &found, NULL);
    bool is_read_only = found == P2M_RAM_READ_ONLY || found == P2M_GRANT_READ_ONLY;
    if (type)
        *type = found;
    if (found == P2M_NONE || found == P2M_MMIO || (is_read_only && want_write))
        return NULL;
    struct page *page = mfn_to_page(mfn);
    if (found == P2M_RAM || found == P2M_RAM_READ_ONLY)
        return page_get(page, d) ? page : NULL;
    page_get_again(page);
    return page;
}

gfn_t arch_p2m_max_gfn(const struct domain *d) { return make_gfn(highest_gfn); }

void arch_p2m_batch_begin(struct domain *d)
{
    BUG_ON(batching);
    batching = d;
    batch_changed = false;
}

void arch_p2m_batch_end(struct domain *d)
{
    BUG_ON(batching != d);
    batching = NULL;
    fake_p2m_flushes += batch_changed;
}

int arch_domain_release_memory(struct domain *d)
{
    for (unsigned int i = 0; i < BUCKETS; i++)
        for (struct mapping *mapping = buckets[i]; mapping; mapping = mapping->next)
            if (mapping->domain == d && mapping->type == P2M_FOREIGN)
                page_put(mfn_to_page(mapping->mfn));
    fake_p2m_forget(d);
    return 0;
}
