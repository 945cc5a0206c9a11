/* SPDX-License-Identifier: MIT */
/*
 * Journal bytes: the input is read as a file as it is, and its pieces as the payloads of records with right checksums;
 * and as damage to a slot of ring states, what is left of which the records then meet. Whatever it is, loading ends, a
 * state lies within its slot, and the tree and its counters are sound.
 */
#include <stdlib.h>
#include <string.h>

#include "store/journal_format.h"
#include "store/log.h"

#define KEY 0x6b65656c

static char slot_memory[RING_SLOT_SIZE] __attribute__((aligned(8)));
static struct ring_state found;
static struct ring_slot slot = {.memory = slot_memory}, *slots[] = {&slot};
static const struct ring_file rings = {.slots = slots, .count = 1, .found = &found, .found_count = 1};

static uint32_t at_most(uint32_t value, uint32_t limit)
{
    return value < limit ? value : limit;
}

/* Puts states whose numbers are the input's, and then changes bytes as the input says: place, place, value. */
static void damage_slot(const uint8_t *data, size_t size)
{
    static const char bytes[RING_STATE_INPUT_MAX + RING_STATE_OUTPUT_MAX];
    memset(slot_memory, 0, sizeof(slot_memory));
    ring_slot_clear(&slot);
    for (int i = 0; i < 3 && size >= 8; i++, data += 8, size -= 8) {
        struct ring_state state = {.domain = data[0] % 8, .introduction = data[1] % 4 + 1, .start = data[2]};
        state.producer = data[3];
        state.last_transaction_id = data[4];
        state.input = state.output = bytes;
        state.input_size = at_most(data[5] * 32u, RING_STATE_INPUT_MAX);
        state.output_size = at_most(data[6] * 32u, RING_STATE_OUTPUT_MAX);
        state.output_boundary = at_most(data[7] * 16u, state.output_size);
        state.consumer = state.start + state.input_size + data[7];
        ring_slot_put(&slot, &state);
    }
    for (; size >= 3; data += 3, size -= 3)
        slot_memory[(data[0] & 1) * RING_HALF_SIZE + (data[0] >> 1) * 256 % RING_HALF_SIZE + data[1]] = (char)data[2];
    ring_slot_load(&slot, &found);
    if (!found.introduction)
        return;
    if (found.input < slot_memory || found.output < found.input || found.output_boundary > found.output_size ||
        found.output + found.output_size > slot_memory + sizeof(slot_memory) || found.consumer < found.start)
        abort();
}

static void load(const char *data, size_t size)
{
    struct store store;
    struct journal_state state = {.rings = &rings, .key = KEY};
    size_t damaged = 0;
    store_create(&store);
    if (journal_load(&state, &store, data, size, &damaged) > size)
        abort();
    struct usage usage = {0};
    change_count_subtree(store.top, 1, &usage);
    if (usage.count != store.usage.count || !tree_find(store.top, "/"))
        abort();
    usage_clear(&usage);
    journal_state_free(&state);
    store_destroy(&store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int quiet;
    if (!quiet)
        quiet = !log_to_file("/dev/null");
    damage_slot(data, size);
    struct bytes file = {0};
    journal_put_header(&file, KEY);
    bytes_put(&file, data, size);
    load(file.data, file.size);

    file.size = JOURNAL_HEADER_SIZE;
    while (size >= 2) {
        size_t piece = data[1] < size - 2 ? data[1] : size - 2;
        struct bytes record = {0};
        journal_record_begin(&record, data[0] % (RECORD_LIMIT + 2),
                             (struct journal_origin){.domain = data[0] >> 5, .position = data[1]});
        bytes_put(&record, data + 2, piece);
        journal_record_end(&record, KEY);
        bytes_put(&file, record.data, record.size);
        free(record.data);
        data += 2 + piece;
        size -= 2 + piece;
    }
    load(file.data, file.size);
    free(file.data);
    return 0;
}
