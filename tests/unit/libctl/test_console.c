/* SPDX-License-Identifier: MIT */
/* The console daemon's ring and scrollback: no guest's index leads out of the ring, no byte is lost or doubled by a kill. */
#include "../run_tests.h"
#include "console/ring.c"
#include "console/scrollback.c"

#include <stdio.h>
#include <stdlib.h>

static struct xencons_interface ring;
static char path[] = "/tmp/keel-test-console-XXXXXX";
static const uint8_t uuid[16] = { 1, 2, 3 }, other_uuid[16] = { 9 };

static void guest_writes(const char *text)
{
    for (; *text; text++)
        ring.out[MASK_XENCONS_IDX(ring.out_prod++, ring.out)] = *text;
}

static void output(void)
{
    uint8_t bytes[RING_OUTPUT_MAX];
    uint32_t resync;

    memset(&ring, 0, sizeof(ring));
    ring.out_prod = ring.out_cons = UINT32_MAX - 2; /* the index wraps in the middle */
    guest_writes("hello");
    CU_ASSERT_EQUAL(ring_peek(&ring, ring.out_cons, bytes, &resync), 5);
    CU_ASSERT_EQUAL(memcmp(bytes, "hello", 5), 0);
    CU_ASSERT_EQUAL(resync, UINT32_MAX - 2);
    ring_consume(&ring, resync + 5);
    CU_ASSERT_EQUAL(ring.out_cons, 2);
    CU_ASSERT_EQUAL(ring_peek(&ring, 2, bytes, &resync), 0);
}

static void hostile_output(void)
{
    uint8_t *bytes = malloc(RING_OUTPUT_MAX);
    uint32_t resync;

    memset(&ring, 'x', sizeof(ring));
    ring.out_prod = 100 + sizeof(ring.out); /* full is fine */
    CU_ASSERT_EQUAL(ring_peek(&ring, 100, bytes, &resync), sizeof(ring.out));
    ring.out_prod = 101 + sizeof(ring.out); /* more than full is not */
    CU_ASSERT_EQUAL(ring_peek(&ring, 100, bytes, &resync), 0);
    CU_ASSERT_EQUAL(resync, ring.out_prod);
    ring.out_prod = 99; /* backwards */
    CU_ASSERT_EQUAL(ring_peek(&ring, 100, bytes, &resync), 0);
    CU_ASSERT_EQUAL(resync, 99);
    free(bytes);
}

static void input(void)
{
    uint8_t bytes[2 * sizeof(ring.in)];

    memset(&ring, 0, sizeof(ring));
    memset(bytes, 'i', sizeof(bytes));
    ring.in_prod = ring.in_cons = UINT32_MAX - 1;
    CU_ASSERT_EQUAL(ring_room(&ring), sizeof(ring.in));
    CU_ASSERT_EQUAL(ring_put(&ring, bytes, 10), 10);
    CU_ASSERT_EQUAL(ring.in_prod, 8);
    CU_ASSERT_EQUAL(ring_put(&ring, bytes, sizeof(bytes)), sizeof(ring.in) - 10);
    CU_ASSERT_EQUAL(ring_room(&ring), 0);
    CU_ASSERT_EQUAL(ring_put(&ring, bytes, 1), 0);
    ring.in_cons += 1u << 20; /* consumed more than there was */
    CU_ASSERT_EQUAL(ring_room(&ring), 0);
    CU_ASSERT_EQUAL(ring_put(&ring, bytes, 1), 0);
}

/* One round of the daemon, killed after `steps` of its three: append, (count), consume. */
static void round_killed_after(struct scrollback_file *file, bool consume)
{
    uint8_t bytes[RING_OUTPUT_MAX];
    uint32_t resync;
    size_t size = ring_peek(&ring, scrollback_consumer(file), bytes, &resync);

    scrollback_append(file, bytes, size);
    if (consume)
        ring_consume(&ring, scrollback_consumer(file));
}

static void holds(const struct scrollback_file *file, const char *text)
{
    const uint8_t *bytes;
    size_t size = scrollback_stretch(file, scrollback_oldest(file), &bytes);

    CU_ASSERT_EQUAL(size, strlen(text));
    CU_ASSERT_EQUAL(memcmp(bytes, text, size), 0);
}

static void survives_a_kill(void)
{
    struct scrollback_file *file;

    memset(&ring, 0, sizeof(ring));
    ring.out_prod = ring.out_cons = 77;
    file = scrollback_open(path, uuid, ring.out_cons);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    guest_writes("one ");
    round_killed_after(file, true);
    guest_writes("two ");
    round_killed_after(file, false); /* counted, but the guest was not told */
    scrollback_close(file);
    guest_writes("three");

    file = scrollback_open(path, uuid, ring.out_cons);
    CU_ASSERT_EQUAL(scrollback_consumer(file), 77 + 8);
    round_killed_after(file, true);
    holds(file, "one two three");
    CU_ASSERT_EQUAL(ring.out_cons, ring.out_prod);
    scrollback_close(file);
}

/* The log goes on where it ended, whether or not the last write was counted. */
static void log_survives_a_kill(void)
{
    struct scrollback_file *file = scrollback_open(path, other_uuid, 0);

    scrollback_append(file, (const uint8_t *)"abcdef", 6);
    scrollback_log_opened(file, 3); /* what an earlier guest of the name left */
    CU_ASSERT_EQUAL(file->logged, 0);
    scrollback_log_written(file, 2);
    CU_ASSERT_EQUAL(file->logged, 2);
    scrollback_log_opened(file, 5); /* nothing more was written */
    CU_ASSERT_EQUAL(file->logged, 2);
    scrollback_log_opened(file, 8); /* three more were, and not counted */
    CU_ASSERT_EQUAL(file->logged, 5);
    scrollback_log_opened(file, 0); /* the log was taken away: go on from here */
    CU_ASSERT_EQUAL(file->logged, 5);
    CU_ASSERT_EQUAL(file->log_end, 0);
    scrollback_log_opened(file, 4000); /* grown by another's hand */
    CU_ASSERT_EQUAL(file->logged, 5);
    scrollback_close(file);
}

static void another_guest(void)
{
    struct scrollback_file *file = scrollback_open(path, uuid, 5);

    CU_ASSERT_EQUAL(file->total, 0);
    CU_ASSERT_EQUAL(scrollback_consumer(file), 5);
    scrollback_append(file, (const uint8_t *)"x", 1);
    scrollback_close(file);
    file = scrollback_open(path, uuid, 5 + 3000); /* an index this daemon never had */
    CU_ASSERT_EQUAL(file->total, 0);
    scrollback_close(file);
}

static void wraps(void)
{
    struct scrollback_file *file = scrollback_open(path, uuid, 0);
    uint8_t block[1000];
    const uint8_t *bytes;
    size_t size, seen = 0;

    for (unsigned i = 0; i < 200; i++) {
        memset(block, (int)i, sizeof(block));
        scrollback_append(file, block, sizeof(block));
    }
    CU_ASSERT_EQUAL(file->total, 200000);
    CU_ASSERT_EQUAL(scrollback_oldest(file), 200000 - SCROLLBACK_SIZE);
    for (uint64_t at = scrollback_oldest(file); (size = scrollback_stretch(file, at, &bytes)); at += size) {
        for (size_t i = 0; i < size; i++)
            CU_ASSERT_EQUAL(bytes[i], (uint8_t)((at + i) / 1000));
        seen += size;
    }
    CU_ASSERT_EQUAL(seen, SCROLLBACK_SIZE);
    scrollback_rebase(file, 4242);
    CU_ASSERT_EQUAL(scrollback_consumer(file), 4242);
    scrollback_close(file);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(output),
        TEST_CASE(hostile_output),
        TEST_CASE(input),
        TEST_CASE(survives_a_kill),
        TEST_CASE(log_survives_a_kill),
        TEST_CASE(another_guest),
        TEST_CASE(wraps),
    };
    int descriptor = mkstemp(path);

    if (descriptor < 0)
        return 1;
    close(descriptor);
    int status = RUN_TESTS("console", tests);
    unlink(path);
    return status;
}
