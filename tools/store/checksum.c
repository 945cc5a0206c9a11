/* SPDX-License-Identifier: MIT */
/* The checksum of records and of ring states. */
#include "store/checksum.h"

#include <string.h>

uint64_t checksum_bytes(uint64_t seed, const void *data, size_t size)
{
    const char *at = data;
    uint64_t sum = 0xcbf29ce484222325u ^ seed;
    for (; size >= sizeof(uint64_t); size -= sizeof(uint64_t), at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
        sum ^= sum >> 29;
    }
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ (unsigned char)at[i]) * 0x100000001b3u;
    return sum ^ sum >> 32;
}
