/* SPDX-License-Identifier: MIT */
/*
 * The slots that rings' states are kept in: a process is killed at each of its instructions while it puts a state, and
 * there is the one of before or the new one; each damage is told with its place, and the other state counts; room is
 * given, found again and given back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "single_step.h"
#include "store/log.h"
#include "store/ring_file.h"

static char base[] = "/tmp/store-slots-XXXXXX";

static char *new_memory(void)
{
    char *memory = mmap(NULL, RING_SLOT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    return memory;
}

/* The n-th state of a domain: all of it follows from its number. */
static void make_state(struct ring_state *state, unsigned int number)
{
    static char input[RING_STATE_INPUT_MAX], output[RING_STATE_OUTPUT_MAX];
    memset(input, (int)number, sizeof(input));
    memset(output, (int)(number * 7), sizeof(output));
    *state = (struct ring_state){
        .domain = 7,
        .introduction = 0x1234567890,
        .start = 1ull << 32,
        .consumer = (1ull << 32) + 10000 + number,
        .producer = number * 3,
        .last_transaction_id = number * 5,
        .input = input,
        .output = output,
        .input_size = number % 3 ? number % 100 : RING_STATE_INPUT_MAX,
        .output_size = number % 4 ? number % 50 : RING_STATE_OUTPUT_MAX,
    };
    state->output_boundary = state->output_size / 2;
}

static bool is_state(const struct ring_state *state, unsigned int number)
{
    struct ring_state expected;
    make_state(&expected, number);
    return state->domain == expected.domain && state->introduction == expected.introduction &&
           state->start == expected.start && state->consumer == expected.consumer &&
           state->producer == expected.producer && state->last_transaction_id == expected.last_transaction_id &&
           state->input_size == expected.input_size && state->output_size == expected.output_size &&
           state->output_boundary == expected.output_boundary &&
           memcmp(state->input, expected.input, state->input_size) == 0 &&
           memcmp(state->output, expected.output, state->output_size) == 0;
}

static void put_states(struct ring_slot *slot, unsigned int first, unsigned int last)
{
    struct ring_state state;
    for (unsigned int number = first; number <= last; number++) {
        make_state(&state, number);
        ring_slot_put(slot, &state);
    }
}

static void the_last_state_counts(void)
{
    struct ring_slot slot = {.memory = new_memory()}, again = slot;
    struct ring_state state;
    CU_ASSERT_EQUAL(ring_slot_load(&again, &state), 0);
    CU_ASSERT_EQUAL(state.introduction, 0);
    ring_slot_clear(&slot);
    for (unsigned int number = 1; number < 50; number++) {
        put_states(&slot, number, number);
        CU_ASSERT_EQUAL(ring_slot_load(&again, &state), 0);
        CU_ASSERT_TRUE(is_state(&state, number));
        CU_ASSERT_EQUAL(again.sequence, slot.sequence);
    }
    ring_slot_clear(&slot);
    CU_ASSERT_EQUAL(ring_slot_load(&again, &state), 0);
    CU_ASSERT_EQUAL(state.introduction, 0);
    put_states(&slot, 9, 9); /* the next one that has it */
    CU_ASSERT_EQUAL(ring_slot_load(&again, &state), 0);
    CU_ASSERT_TRUE(is_state(&state, 9));
    munmap(slot.memory, RING_SLOT_SIZE);
}

static unsigned int before; /* the number of the state that is there; 0: none */
static unsigned long seen_before, seen_after, wrong;

static void put_next(void *slot)
{
    put_states(slot, before + 1, before + 1);
}

static void look_for_either(void *slot)
{
    struct ring_slot left = {.memory = ((struct ring_slot *)slot)->memory};
    struct ring_state state;
    unsigned int damaged = ring_slot_load(&left, &state);
    bool old = before ? is_state(&state, before) : state.introduction == 0;
    bool new = !old && is_state(&state, before + 1);
    seen_before += old;
    seen_after += new;
    wrong += damaged || (!old && !new) || (old && seen_after > 0);
}

static void clear(void *slot)
{
    ring_slot_clear(slot);
}

static void look_for_none(void *slot)
{
    struct ring_slot left = {.memory = ((struct ring_slot *)slot)->memory};
    struct ring_state state;
    unsigned int damaged = ring_slot_load(&left, &state);
    bool old = is_state(&state, before), none = state.introduction == 0;
    seen_before += old;
    seen_after += none;
    wrong += damaged || (!old && !none) || (old && seen_after > 0);
}

static void a_kill_at_any_instruction_leaves_a_whole_state(void)
{
    struct ring_slot slot = {.memory = new_memory()};
    unsigned long steps = 0;
    static const unsigned int numbers[] = {0, 1, 4, 5};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        ring_slot_clear(&slot);
        seen_before = seen_after = wrong = 0;
        before = numbers[i];
        if (before)
            put_states(&slot, before > 1 ? before - 1 : before, before);
        unsigned long taken = step_through(put_next, look_for_either, &slot);
        if (!taken) {
            munmap(slot.memory, RING_SLOT_SIZE);
            return;
        }
        steps += taken;
        CU_ASSERT_TRUE(seen_before > 10 && seen_after > 0);
        CU_ASSERT_EQUAL(wrong, 0);
    }
    ring_slot_clear(&slot);
    before = 5;
    put_states(&slot, 4, 5);
    seen_before = seen_after = wrong = 0;
    steps += step_through(clear, look_for_none, &slot);
    CU_ASSERT_TRUE(seen_before > 10 && seen_after > 0);
    CU_ASSERT_EQUAL(wrong, 0);
    printf("%lu instructions ", steps);
    munmap(slot.memory, RING_SLOT_SIZE);
}

static void each_damage_is_told_and_the_other_state_counts(void)
{
    struct ring_slot slot = {.memory = new_memory()}, again = slot;
    struct ring_state state;
    put_states(&slot, 61, 62); /* of small sizes; number 62 lies in half 0 */
    for (size_t at = 0; at < RING_HALF_HEADER_SIZE + 62 + 62 % 50; at++)
        for (unsigned int half = 0; half < 2; half++) {
            char *byte = slot.memory + half * RING_HALF_SIZE + at;
            char kept = *byte;
            for (unsigned int bit = 0; bit < 8; bit++) {
                *byte = (char)(kept ^ 1 << bit);
                unsigned int damaged = ring_slot_load(&again, &state);
                bool used = at < RING_HALF_HEADER_SIZE + 61 + 61 % 50 || half == 0;
                CU_ASSERT_EQUAL(damaged, used ? 1u << half : 0);
                CU_ASSERT_TRUE(is_state(&state, half == 0 ? 61 : 62));
                *byte = kept;
            }
        }
    char page[4096];
    for (unsigned int half = 0; half < 2; half++) {
        char *place = slot.memory + half * RING_HALF_SIZE;
        memcpy(page, place, sizeof(page));
        memset(place, 0, sizeof(page));
        CU_ASSERT_EQUAL(ring_slot_load(&again, &state), 1u << half);
        CU_ASSERT_TRUE(is_state(&state, half == 0 ? 61 : 62));
        memcpy(place, page, sizeof(page));
    }
    slot.memory[100] ^= 1;
    slot.memory[RING_HALF_SIZE + 100] ^= 1;
    CU_ASSERT_EQUAL(ring_slot_load(&again, &state), 3);
    CU_ASSERT_EQUAL(state.introduction, 0);
    ring_slot_clear(&again); /* it is used again all the same */
    put_states(&again, 5, 6);
    CU_ASSERT_EQUAL(ring_slot_load(&again, &state), 0);
    CU_ASSERT_TRUE(is_state(&state, 6));
    munmap(slot.memory, RING_SLOT_SIZE);
}

static size_t file_size(int directory_fd, const char *name)
{
    struct stat status;
    return fstatat(directory_fd, name, &status, 0) < 0 ? 0 : (size_t)status.st_size;
}

static void slots_are_found_again_and_given_back(void)
{
    int directory_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct ring_file file;
    struct ring_slot *slots[5];
    struct ring_state state;
    size_t damaged = 0;
    CU_ASSERT_EQUAL_FATAL(ring_file_open(&file, directory_fd, &damaged), 0);
    for (unsigned int i = 0; i < 5; i++) {
        slots[i] = ring_file_take(&file);
        CU_ASSERT_PTR_NOT_NULL_FATAL(slots[i]);
        make_state(&state, i + 1);
        state.introduction = i + 1;
        ring_slot_put(slots[i], &state);
    }
    ring_file_drop(&file, slots[1]);
    ring_file_drop(&file, slots[4]);
    CU_ASSERT_EQUAL(file_size(directory_fd, "rings"), 4 * RING_SLOT_SIZE);
    slots[1] = ring_file_take(&file);
    CU_ASSERT_EQUAL(slots[1]->number, 1);
    slots[0]->memory[70] ^= 1; /* the half that does not count, of zeros */
    slots[3]->memory[RING_HALF_SIZE + 70] ^= 1;
    ring_file_close(&file);

    CU_ASSERT_EQUAL_FATAL(ring_file_open(&file, directory_fd, &damaged), 0);
    CU_ASSERT_EQUAL(damaged, 1);
    CU_ASSERT_EQUAL(file_size(directory_fd, "rings.damaged"), 4 * RING_SLOT_SIZE);
    CU_ASSERT_PTR_NULL(ring_file_find(&file, 7, 2));
    CU_ASSERT_PTR_NULL(ring_file_find(&file, 7, 4));
    CU_ASSERT_PTR_NULL(ring_file_find(&file, 8, 1)); /* another domain, */
    CU_ASSERT_PTR_NULL(ring_file_find(&file, 7, 0)); /* or none */
    const struct ring_state *first = ring_file_find(&file, 7, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    CU_ASSERT_EQUAL(ring_file_claim(&file, first)->number, 0);
    CU_ASSERT_EQUAL(ring_file_find(&file, 7, 3)->consumer, (1ull << 32) + 10003);
    ring_file_end_claims(&file);
    CU_ASSERT_EQUAL(file.count, 1);
    CU_ASSERT_EQUAL(file_size(directory_fd, "rings"), RING_SLOT_SIZE);
    ring_file_close(&file);
    close(directory_fd);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"the last state counts", the_last_state_counts},
        {"a kill at any instruction leaves a whole state", a_kill_at_any_instruction_leaves_a_whole_state},
        {"each damage is told, and the other state counts", each_damage_is_told_and_the_other_state_counts},
        {"slots are found again and given back", slots_are_found_again_and_given_back},
    };
    if (!mkdtemp(base))
        return 1;
    char command[64];
    snprintf(command, sizeof(command), "%s/log", base);
    log_to_file(command);
    int status = RUN_TESTS("ring slots", tests);
    snprintf(command, sizeof(command), "rm -rf %s", base);
    return system(command) != 0 || status;
}
