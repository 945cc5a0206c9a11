/* SPDX-License-Identifier: MIT */
/*
 * The daemon's end of a guest's console ring.
 */
#include "ring.h"

_Static_assert(sizeof(struct xencons_interface) == 3088, "xencons_interface has the ABI's size");

size_t ring_peek(const struct xencons_interface *ring, uint32_t consumed, uint8_t output[RING_OUTPUT_MAX],
                 uint32_t *resync)
{
    /* Acquire: the bytes are read after the index that covers them. */
    uint32_t produced = __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE), size = produced - consumed;

    *resync = consumed;
    if (size > sizeof(ring->out)) {
        *resync = produced;
        return 0;
    }
    for (uint32_t i = 0; i < size; i++)
        output[i] = (uint8_t)ring->out[MASK_XENCONS_IDX(consumed + i, ring->out)];
    return size;
}

void ring_consume(struct xencons_interface *ring, uint32_t consumed)
{
    /* Release: the guest may overwrite the bytes as soon as it sees the index. */
    __atomic_store_n(&ring->out_cons, consumed, __ATOMIC_RELEASE);
}

static size_t room(uint32_t consumed, uint32_t produced, size_t size)
{
    uint32_t used = produced - consumed;

    return used > size ? 0 : size - used;
}

size_t ring_room(const struct xencons_interface *ring)
{
    return room(__atomic_load_n(&ring->in_cons, __ATOMIC_ACQUIRE), __atomic_load_n(&ring->in_prod, __ATOMIC_RELAXED),
                sizeof(ring->in));
}

size_t ring_put(struct xencons_interface *ring, const uint8_t *input, size_t size)
{
    uint32_t produced = __atomic_load_n(&ring->in_prod, __ATOMIC_RELAXED);
    size_t fits = room(__atomic_load_n(&ring->in_cons, __ATOMIC_ACQUIRE), produced, sizeof(ring->in));

    if (size > fits)
        size = fits;
    for (uint32_t i = 0; i < size; i++)
        ring->in[MASK_XENCONS_IDX(produced + i, ring->in)] = (char)input[i];
    __atomic_store_n(&ring->in_prod, produced + (uint32_t)size, __ATOMIC_RELEASE);
    return size;
}
