/* SPDX-License-Identifier: MIT */
/* Decimal numbers and domain ids in requests. */
#ifndef STORE_NUMBER_H
#define STORE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>
#include <xen/xen.h>

/* A decimal number up to `max`, and nothing else. Some tools write frame numbers as signed ones: `negative` lets
 * them. */
bool number_parse(const char *text, uint64_t max, bool negative, uint64_t *number);

/* The id of a real domain. */
bool number_parse_domain(const char *text, domid_t *domain);

#endif
