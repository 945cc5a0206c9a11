/* SPDX-License-Identifier: MIT */
/*
 * Guest-virtual addresses of the running vCPU: walks its page tables (APM 2, 5.3) in 64-bit mode, or takes the address
 * as guest-physical while paging is off. A guest in 32-bit paging mode has no hypercalls, and no access through here.
 */
#include "cpu.h"
#include "p2m.h"
#include "paging.h"
#include "registers.h"
#include "string.h"
#include "virtualization.h"

#define CR4_LA57 (1ull << 12)
#define WALK_FAULT (~0ull)

/* The size of what an address at a level-n entry covers: 4 KiB, 2 MiB, 1 GiB, 512 GiB. */
static uint64_t level_size(unsigned int level) { return PAGE_SIZE << 9 * level; }

/* The guest-physical address of a linear one, and the bytes left in its guest page. The map's lock is held. */
static uint64_t walk(struct vcpu *v, const struct guest_paging *paging, uint64_t linear, bool want_write,
                     uint64_t *left)
{
    uint64_t table = paging->cr3 & PTE_ADDRESS, bytes;

    if (!(paging->cr0 & CR0_PG)) {
        *left = PAGE_SIZE - (linear & ~PAGE_MASK);
        return linear;
    }
    if (unlikely(!(paging->efer & EFER_LMA) || (paging->cr4 & CR4_LA57)))
        return WALK_FAULT;
    if (unlikely((uint64_t)((int64_t)(linear << 16) >> 16) != linear)) /* not canonical */
        return WALK_FAULT;
    for (unsigned int level = 3;; level--) {
        uint64_t index = linear >> (PAGE_SHIFT + 9 * level) & 511;
        const volatile uint64_t *entry_at = p2m_translate_locked(v->domain, table + index * 8, false, &bytes);
        if (unlikely(!entry_at))
            return WALK_FAULT;
        uint64_t entry = *entry_at;
        if (unlikely(!(entry & PTE_PRESENT) || (want_write && !(entry & PTE_WRITE))))
            return WALK_FAULT;
        if (level == 0 || (level < 3 && (entry & PTE_LARGE))) {
            uint64_t offset = linear & (level_size(level) - 1);
            *left = level_size(level) - offset;
            return (entry & PTE_ADDRESS & ~(level_size(level) - 1)) + offset;
        }
        table = entry & PTE_ADDRESS;
    }
}

enum copy_direction { COPY_FROM_GUEST, COPY_TO_GUEST };

/* Returns how many bytes were copied before an address that cannot be reached. */
static size_t copy(struct vcpu *v, uint64_t linear, void *buffer, size_t size, enum copy_direction direction)
{
    struct guest_paging paging;
    size_t done = 0;

    if (unlikely(linear + size < linear))
        return 0;
    virtualization->paging_get(v, &paging);
    spin_lock(&v->domain->arch.p2m_lock);
    while (done < size) {
        uint64_t page_left = 0, map_left = 0;
        uint64_t physical = walk(v, &paging, linear + done, direction == COPY_TO_GUEST, &page_left);
        if (unlikely(physical == WALK_FAULT))
            break;
        void *at = p2m_translate_locked(v->domain, physical, direction == COPY_TO_GUEST, &map_left);
        if (unlikely(!at))
            break;
        size_t n = MIN(size - done, MIN(page_left, map_left));
        if (direction == COPY_TO_GUEST)
            memcpy(at, (const char *)buffer + done, n);
        else
            memcpy((char *)buffer + done, at, n);
        done += n;
    }
    spin_unlock(&v->domain->arch.p2m_lock);
    return done;
}

int copy_from_guest(void *to, uint64_t guest_address, size_t size)
{
    return likely(copy(this_cpu()->current, guest_address, to, size, COPY_FROM_GUEST) == size) ? 0 : -XEN_EFAULT;
}

int copy_to_guest(uint64_t guest_address, const void *from, size_t size)
{
    /* The direction keeps the buffer from being written. */
    return likely(copy(this_cpu()->current, guest_address, (void *)(uintptr_t)from, size, COPY_TO_GUEST) == size)
               ? 0
               : -XEN_EFAULT;
}

size_t guest_fetch(struct vcpu *v, uint64_t linear, void *buffer, size_t n)
{
    return copy(v, linear, buffer, n, COPY_FROM_GUEST);
}

struct page *arch_guest_virtual_to_page(struct vcpu *v, uint64_t guest_address, bool want_write, uint32_t *offset)
{
    struct guest_paging paging;
    uint64_t left = 0;

    virtualization->paging_get(v, &paging);
    spin_lock(&v->domain->arch.p2m_lock);
    uint64_t physical = walk(v, &paging, guest_address, want_write, &left);
    spin_unlock(&v->domain->arch.p2m_lock);
    if (physical == WALK_FAULT)
        return NULL;
    *offset = (uint32_t)(physical & ~PAGE_MASK);
    return arch_p2m_get_page(v->domain, make_gfn(physical >> PAGE_SHIFT), want_write, NULL);
}
