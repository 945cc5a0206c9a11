/* SPDX-License-Identifier: MIT */
/*
 * The physical map of a domain: its nested page table, in the hardware's 4-level format (APM 2, 15.25). An entry's
 * software bits carry the enum p2m_type. Readers on the copy path hold the map's lock through the copy, so that what
 * they found cannot be unmapped and freed under them.
 */
#ifndef KEEL_X86_P2M_H
#define KEEL_X86_P2M_H

#include "arch.h"

int p2m_create(struct domain *d);
void p2m_free(struct domain *d);
void *p2m_translate_slowly(struct domain *d, uint64_t guest_physical, bool want_write, uint64_t *bytes_left);

/*
 * The direct-map address of a guest-physical one, and how many bytes follow it in the same mapping. NULL: not RAM. The
 * map's lock is held, and stays so while the address is used. A hypercall's copies walk the guest's tables through
 * here, mostly in the same few pages: those found lately are kept.
 */
static inline void *p2m_translate_locked(struct domain *d, uint64_t guest_physical, bool want_write,
                                         uint64_t *bytes_left)
{
    uint64_t gfn = guest_physical >> PAGE_SHIFT, offset = guest_physical % PAGE_SIZE;

    if (likely(d->arch.p2m_recent[gfn % P2M_RECENT].key == (gfn | d->arch.p2m_generation))) {
        *bytes_left = PAGE_SIZE - offset;
        return (char *)d->arch.p2m_recent[gfn % P2M_RECENT].mapped + offset;
    }
    return p2m_translate_slowly(d, guest_physical, want_write, bytes_left);
}

#endif
