/* SPDX-License-Identifier: MIT */
/*
 * Numbers in text that somebody else wrote: each function answers false, and stores nothing, for what is not wholly a
 * number.
 */
#ifndef KEEL_NUMBER_H
#define KEEL_NUMBER_H

#include "types.h"

/* Decimal, 0x hexadecimal, or octal with a leading 0; the whole of text[0..length), and no overflow. */
bool parse_unsigned(const char *text, size_t length, uint64_t *value);
/*
 * A size in bytes: a number followed by B, K, M, G or T (either case); without a suffix it counts in default_unit
 * bytes.
 */
bool parse_size(const char *text, size_t length, uint64_t default_unit, uint64_t *bytes);

#endif
