/* SPDX-License-Identifier: MIT */
/* Writing a ring's state so that a kill leaves one, and reading what a kill left. */
#include "store/ring_slot.h"

#include <string.h>

#include "store/checksum.h"

#define NOTHING (~0ull) /* the sequence of a half without a state; in room that is new it is 0 */

/* What a half begins with; input and output follow. */
struct half {
    uint64_t sequence; /* its lowest bit is which half it is; all bits inverted while the half is being written */
    uint64_t checksum; /* of the sequence and of all that follows */
    uint64_t introduction, start, consumer;
    uint32_t producer, last_transaction_id;
    uint32_t input_size, output_size, output_boundary;
    domid_t domain;
    uint16_t reserved;
};
_Static_assert(sizeof(struct half) == RING_HALF_HEADER_SIZE, "a half's header has no holes");
_Static_assert(RING_HALF_SIZE % 4096 == 0, "a slot is whole pages");

static char *half_of(const struct ring_slot *slot, uint64_t sequence)
{
    return slot->memory + sequence % 2 * RING_HALF_SIZE;
}

/* All stores before are made before this one, and those after it after it. */
static void put_sequence(char *half, uint64_t sequence)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n((uint64_t *)half, sequence, __ATOMIC_SEQ_CST);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static uint64_t checksum(uint64_t sequence, const char *half, size_t data_size)
{
    size_t skipped = offsetof(struct half, introduction);
    return checksum_bytes(sequence, half + skipped, sizeof(struct half) - skipped + data_size);
}

void ring_slot_put(struct ring_slot *slot, const struct ring_state *state)
{
    uint64_t sequence = slot->sequence + 1;
    char *to = half_of(slot, sequence);
    struct half header = {
        .introduction = state->introduction,
        .start = state->start,
        .consumer = state->consumer,
        .producer = state->producer,
        .last_transaction_id = state->last_transaction_id,
        .input_size = state->input_size,
        .output_size = state->output_size,
        .output_boundary = state->output_boundary,
        .domain = state->domain,
    };
    put_sequence(to, ~sequence);
    memcpy(to + sizeof(header.sequence), (const char *)&header + sizeof(header.sequence),
           sizeof(header) - sizeof(header.sequence));
    memcpy(to + sizeof(header), state->input, state->input_size);
    memcpy(to + sizeof(header) + state->input_size, state->output, state->output_size);
    uint64_t sum = checksum(sequence, to, state->input_size + state->output_size);
    memcpy(to + offsetof(struct half, checksum), &sum, sizeof(sum));
    put_sequence(to, sequence);
    slot->sequence = sequence;
}

void ring_slot_clear(struct ring_slot *slot)
{
    put_sequence(half_of(slot, slot->sequence + 1), NOTHING);
    put_sequence(half_of(slot, slot->sequence), NOTHING);
    slot->sequence = 0;
}

static bool is_whole(const char *half, const struct half *header, uint64_t which)
{
    return header->sequence != 0 && header->sequence % 2 == which &&
           header->input_size <= RING_STATE_INPUT_MAX && header->output_size <= RING_STATE_OUTPUT_MAX &&
           header->output_boundary <= header->output_size && header->introduction != 0 &&
           header->consumer - header->start >= header->input_size && header->consumer >= header->start &&
           checksum(header->sequence, half, header->input_size + header->output_size) == header->checksum;
}

/* Whether the half that does not count is what it has to be beside one that does. */
static bool is_right_beside(const struct half *other, bool whole, uint64_t sequence)
{
    if (whole)
        return other->sequence == sequence - 1;
    return other->sequence == ~(sequence + 1) || other->sequence == NOTHING;
}

unsigned int ring_slot_load(struct ring_slot *slot, struct ring_state *state)
{
    struct half headers[2];
    bool whole[2];
    for (unsigned int i = 0; i < 2; i++) {
        const char *half = half_of(slot, i);
        memcpy(&headers[i], half, sizeof(headers[i]));
        whole[i] = is_whole(half, &headers[i], i);
    }
    *state = (struct ring_state){0};
    slot->sequence = 0;
    if (!whole[0] && !whole[1]) {
        unsigned int damaged = 0;
        for (unsigned int i = 0; i < 2; i++)
            if (headers[i].sequence != 0 && headers[i].sequence != NOTHING && headers[i].sequence != ~1ull)
                damaged |= 1u << i;
        return damaged;
    }
    unsigned int newer = whole[1] && (!whole[0] || headers[1].sequence > headers[0].sequence);
    const struct half *header = &headers[newer];
    slot->sequence = header->sequence;
    *state = (struct ring_state){
        .domain = header->domain,
        .introduction = header->introduction,
        .start = header->start,
        .consumer = header->consumer,
        .producer = header->producer,
        .last_transaction_id = header->last_transaction_id,
        .input = half_of(slot, newer) + sizeof(*header),
        .output = half_of(slot, newer) + sizeof(*header) + header->input_size,
        .input_size = header->input_size,
        .output_size = header->output_size,
        .output_boundary = header->output_boundary,
    };
    return is_right_beside(&headers[!newer], whole[!newer], header->sequence) ? 0 : 2u >> newer;
}
