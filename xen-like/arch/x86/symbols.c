/* SPDX-License-Identifier: MIT */
/*
 * Looks names up in the table that the build makes of the linked image (symbols.awk): sorted offsets, and one blob of
 * names.
 */
#include "symbols.h"

#include "image.h"
#include "paging.h"

extern const uint32_t symbol_count;
extern const uint32_t symbol_offsets[]; /* of the functions, from IMAGE_BASE, rising */
extern const uint32_t symbol_name_offsets[];
extern const char symbol_names[];

const char *symbol_lookup(uintptr_t address, size_t *offset)
{
    uint32_t wanted = (uint32_t)(address - IMAGE_BASE), low = 0, high = symbol_count;

    if (address < (uintptr_t)text_start || address >= (uintptr_t)text_end || !high || symbol_offsets[0] > wanted)
        return NULL;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (symbol_offsets[middle] <= wanted)
            low = middle;
        else
            high = middle;
    }
    *offset = wanted - symbol_offsets[low];
    return symbol_names + symbol_name_offsets[low];
}
