/* SPDX-License-Identifier: MIT */
/*
 * The daemon's end of a guest's console ring (xen/io/console.h). The page belongs to the guest, who may write anything
 * at any time: each index is read once, checked, and never trusted to stay.
 */
#ifndef KEEL_CONSOLE_RING_H
#define KEEL_CONSOLE_RING_H

#include <stddef.h>
#include <stdint.h>
#include <xen/io/console.h>

#define RING_OUTPUT_MAX sizeof(((struct xencons_interface *)0)->out)

/*
 * Copies what the guest has put out beyond the index `consumed`, without consuming it. An impossible producer index
 * yields nothing; *resync then is the index to go on from, else it is `consumed`.
 */
size_t ring_peek(const struct xencons_interface *ring, uint32_t consumed, uint8_t output[RING_OUTPUT_MAX],
                 uint32_t *resync);
/* Gives the room up to the index `consumed` back to the guest. */
void ring_consume(struct xencons_interface *ring, uint32_t consumed);
/* Bytes that the guest can take; 0 also when its indices are impossible. */
size_t ring_room(const struct xencons_interface *ring);
/* Puts in at most ring_room() bytes; how many. */
size_t ring_put(struct xencons_interface *ring, const uint8_t *input, size_t size);

#endif
