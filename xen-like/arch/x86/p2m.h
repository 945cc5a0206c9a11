/* SPDX-License-Identifier: MIT */
/*
 * The physical map of a domain: its nested page table, in the hardware's 4-level format (APM 2, 15.25). An entry's
 * software bits carry the enum p2m_type. Readers on the copy path hold the map's lock through the copy, so that what they
 * found cannot be unmapped and freed under them.
 */
#ifndef KEEL_X86_P2M_H
#define KEEL_X86_P2M_H

#include "arch.h"

int p2m_create(struct domain *d);
void p2m_free(struct domain *d);
/* The direct-map address of a guest-physical one, and how many bytes follow it in the same mapping. NULL: not RAM. */
void *p2m_translate_locked(struct domain *d, uint64_t guest_physical, bool want_write, uint64_t *bytes_left);

#endif
