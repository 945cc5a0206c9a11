/* SPDX-License-Identifier: MIT */
/*
 * Pieces of a domain's end that its creation needs too, to undo itself.
 */
#ifndef KEEL_CTL_DESTROY_H
#define KEEL_CTL_DESTROY_H

#include "internal.h"

#define CTL_UUID_TEXT 37

/* Removes every store entry of the domain: its own, its backends', and those of its UUID. Never fails. */
void ctl_store_forget_domain(struct ctl *ctl, uint32_t domid, const uint8_t uuid[16]);
/* ctl_domain_destroy, but waits only so long for the domain to be gone. */
int destroy_within(struct ctl *ctl, uint32_t domid, int64_t most_ns);
/* The usual form, lower case, with the closing NUL. */
void ctl_uuid_text(const uint8_t uuid[16], char text[CTL_UUID_TEXT]);

#endif
