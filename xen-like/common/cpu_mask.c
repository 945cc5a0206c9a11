/* SPDX-License-Identifier: MIT */
/* Sets of CPUs from and to the bitmaps of the tools, whose sizes are the tools' choice. */
#include "domain.h"

#define MASK_BYTES (sizeof(uint64_t))

int cpu_mask_from_guest(cpu_mask_t *mask, const struct xenctl_bitmap *bitmap)
{
    uint32_t bits = MIN(bitmap->nr_bits, 64u), bytes = (bits + 7) / 8;
    uint64_t value = 0;

    if (copy_from_guest(&value, HANDLE_ADDRESS(bitmap->bitmap), bytes))
        return -XEN_EFAULT;
    if (bits < 64)
        value &= (1ull << bits) - 1;
    mask->bits = value;
    return 0;
}

int cpu_mask_to_guest(const struct xenctl_bitmap *bitmap, cpu_mask_t mask)
{
    static const uint8_t zeroes[64];
    uint64_t address = HANDLE_ADDRESS(bitmap->bitmap);
    uint32_t bits = bitmap->nr_bits, bytes = bits / 8 + (bits % 8 != 0);

    if (bytes > 65536)
        return -XEN_EINVAL;
    if (bits < 64)
        mask.bits &= (1ull << bits) - 1;
    if (copy_to_guest(address, &mask.bits, MIN(bytes, (uint32_t)MASK_BYTES)))
        return -XEN_EFAULT;
    for (uint32_t done = MASK_BYTES; done < bytes; done += sizeof(zeroes))
        if (copy_to_guest(address + done, zeroes, MIN(bytes - done, (uint32_t)sizeof(zeroes))))
            return -XEN_EFAULT;
    return 0;
}
