/* SPDX-License-Identifier: MIT */
/* What the store's daemon counts for domains: Keel's does (CONTROL stats), Xen's does not. */
#ifndef KEEL_TOP_LIVE_STORE_H
#define KEEL_TOP_LIVE_STORE_H

#include "sample.h"

struct xs_handle;

/*
 * Fills in store_requests of the domains of *sample, which are in order of their ids. False when the daemon does not
 * tell: it need not be asked again.
 */
bool live_store_read(struct xs_handle *store, struct sample *sample);
/* The same from one of its replies, a JSON document; returns how many entries it holds, and whether there are more. */
size_t live_store_parse(const char *reply, struct sample *sample, bool *more);

#endif
