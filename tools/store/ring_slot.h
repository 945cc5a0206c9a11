/* SPDX-License-Identifier: MIT */
/*
 * Where a ring stands, in a slot of memory that outlives the process. A slot has two halves, written by turns: a state
 * goes to the half that does not count, and then one store of eight bytes makes that the one that counts. Killed at any
 * store, there is the state of before or the new one, whole.
 */
#ifndef STORE_RING_SLOT_H
#define STORE_RING_SLOT_H

#include <stdbool.h>

#include "store/connection.h"

#define RING_SLOT_SIZE (24 * 1024)
#define RING_HALF_SIZE (RING_SLOT_SIZE / 2)
#define RING_HALF_HEADER_SIZE 64
/* A request that is not whole, and what a ring holds behind that. */
#define RING_STATE_INPUT_MAX (CONNECTION_MESSAGE_MAX + XENSTORE_RING_SIZE)
#define RING_STATE_OUTPUT_MAX (RING_HALF_SIZE - RING_HALF_HEADER_SIZE - RING_STATE_INPUT_MAX)

/* A position is a byte of a ring's stream of requests: its low half is the index in the page, its high half grows when
 * that wraps and when the ring starts over, so that positions of one introduction only grow. */
struct ring_state {
    domid_t domain;
    uint64_t introduction; /* of the domain: another one of the same number has another */
    uint64_t start;        /* the position at which the ring started over last: watches set before that are gone */
    uint64_t consumer;     /* up to here requests were taken; the last `input_size` bytes of them were not handled */
    uint32_t producer;     /* the index of the first byte of `output` */
    uint32_t last_transaction_id;
    const char *input, *output;
    uint32_t input_size, output_size;
    uint32_t output_boundary; /* of `output`, up to where it is the rest of a message */
};

struct ring_slot {
    char *memory;      /* RING_SLOT_SIZE bytes, aligned to 8 */
    uint64_t sequence; /* of the state that counts; 0: there is none */
    size_t number;     /* in the file */
    bool taken;
};

/* Makes a state the one that counts. Its sizes are within the limits above. */
void ring_slot_put(struct ring_slot *slot, const struct ring_state *state);

/* Leaves no state in the slot; in one whose memory is new it has to be done first. */
void ring_slot_clear(struct ring_slot *slot);

/* Looks at what a former process left in slot->memory: sets the sequence, and the state that counts, if there is one
 * (else its introduction is 0), whose bytes stay in the slot until the second ring_slot_put from here on. Bit N of the
 * answer: half N is damaged. A half whose writing was not finished is not. */
unsigned int ring_slot_load(struct ring_slot *slot, struct ring_state *state);

#endif
