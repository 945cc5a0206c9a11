/* SPDX-License-Identifier: MIT */
/*
 * Who is creating domains at this moment. A half-made domain looks the same whether its creator is at work or was
 * killed; the lock, which the kernel drops with the process, tells the two apart.
 */
#ifndef KEEL_CTL_CREATION_LOCK_H
#define KEEL_CTL_CREATION_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Held during a creation, by any number at a time; -1: it cannot be had, and creation goes on without. */
int creation_lock(void);
/*
 * Held by one at a time for each name, told by its hash: who gives a name to a domain holds it from before looking who
 * has the name until the store has it. -EEXIST: another is giving that name to a domain right now; -1 as above.
 * creation_lock_join makes it a creation_lock as well.
 */
int creation_lock_name(uint64_t name_hash);
void creation_lock_join(int lock);
/* Held by one that wants nobody to create; waits so long for those at work. -1: they have not ended, or no lock. */
int creation_lock_alone(int timeout_ms);
void creation_unlock(int lock);

#endif
