/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 (FIPS 180-4) of a block of memory: names the entries of the kernel cache.
 */
#ifndef KEEL_CTL_SHA256_H
#define KEEL_CTL_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

void sha256(const uint8_t *data, size_t size, uint8_t digest[SHA256_BYTES]);

#endif
