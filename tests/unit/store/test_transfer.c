/* SPDX-License-Identifier: MIT */
/* Transfers on many sockets at once, by io_uring and by calls: both give the same. */
#include "store/transfer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../run_tests.h"

static int sockets_[TRANSFERS_MAX][2];
static struct transfer transfers[TRANSFERS_MAX];
static char buffers[TRANSFERS_MAX][16];

static void set_up(void)
{
    for (int i = 0; i < TRANSFERS_MAX; i++)
        CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets_[i]), 0);
}

static void tear_down(struct transfer_queue *queue)
{
    for (int i = 0; i < TRANSFERS_MAX; i++) {
        close(sockets_[i][0]);
        if (sockets_[i][1] >= 0)
            close(sockets_[i][1]);
    }
    transfer_queue_destroy(queue);
}

static void prepare(enum transfer_direction direction)
{
    for (int i = 0; i < TRANSFERS_MAX; i++)
        transfers[i] = (struct transfer){.fd = sockets_[i][0],
                                         .direction = direction,
                                         .data = buffers[i],
                                         .size = sizeof(buffers[i]),
                                         .result = -7};
}

/* Every third socket has bytes, every third has none, and every third one's other side is closed. */
static void each_receive_has_its_own_result(struct transfer_queue *queue, size_t count)
{
    set_up();
    for (int i = 0; i < TRANSFERS_MAX; i++) {
        if (i % 3 == 0)
            CU_ASSERT_EQUAL(send(sockets_[i][1], "bytes", (size_t)(1 + i % 5), 0), 1 + i % 5);
        if (i % 3 == 1) {
            close(sockets_[i][1]);
            sockets_[i][1] = -1;
        }
    }
    prepare(TRANSFER_RECEIVE);
    transfer_all(queue, transfers, count);
    for (size_t i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(transfers[i].result, i % 3 == 0 ? (ssize_t)(1 + i % 5) : i % 3 == 1 ? -1 : 0);
        if (i % 3 == 0)
            CU_ASSERT_EQUAL(memcmp(buffers[i], "bytes", 1 + i % 5), 0);
    }
    for (size_t i = count; i < TRANSFERS_MAX; i++)
        CU_ASSERT_EQUAL(transfers[i].result, -7);
    tear_down(queue);
}

/* The same of sends: some sockets are full, and some closed. */
static void each_send_has_its_own_result(struct transfer_queue *queue, size_t count)
{
    set_up();
    static const char filling[1024];
    for (int i = 0; i < TRANSFERS_MAX; i++) {
        while (i % 3 == 0 && send(sockets_[i][0], filling, sizeof(filling), MSG_DONTWAIT) > 0)
            continue;
        if (i % 3 == 1) {
            close(sockets_[i][1]);
            sockets_[i][1] = -1;
        }
        memset(buffers[i], 'a' + i % 26, sizeof(buffers[i]));
    }
    prepare(TRANSFER_SEND);
    transfer_all(queue, transfers, count);
    for (size_t i = 0; i < count; i++) {
        char got[sizeof(buffers[i])];
        CU_ASSERT_EQUAL(transfers[i].result, i % 3 == 0 ? 0 : i % 3 == 1 ? -1 : (ssize_t)sizeof(got));
        if (i % 3 == 2) {
            CU_ASSERT_EQUAL(recv(sockets_[i][1], got, sizeof(got), MSG_DONTWAIT), (ssize_t)sizeof(got));
            CU_ASSERT_EQUAL(memcmp(got, buffers[i], sizeof(got)), 0);
        }
    }
    tear_down(queue);
}

static void all_sizes(int way)
{
    static const size_t counts[] = {1, 2, 3, 33, TRANSFERS_MAX};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct transfer_queue queue = {.way = way};
        each_receive_has_its_own_result(&queue, counts[i]);
        queue.way = way;
        each_send_has_its_own_result(&queue, counts[i]);
    }
}

static void by_calls(void)
{
    all_sizes(TRANSFER_BY_CALLS);
}

static void by_ring(void)
{
    struct transfer_queue queue = {0};
    set_up();
    prepare(TRANSFER_RECEIVE);
    transfer_all(&queue, transfers, 2);
    if (queue.way == TRANSFER_BY_CALLS)
        printf("skipped: this kernel gives no io_uring ");
    else
        CU_ASSERT_EQUAL(queue.way, TRANSFER_BY_RING);
    tear_down(&queue);
    all_sizes(TRANSFER_UNTRIED);
}

static void a_queue_goes_on(void)
{
    struct transfer_queue queue = {0};
    set_up();
    for (int round = 0; round < 1000; round++) {
        prepare(TRANSFER_SEND);
        transfer_all(&queue, transfers, 16);
        prepare(TRANSFER_RECEIVE);
        for (int i = 0; i < 16; i++)
            transfers[i].fd = sockets_[i][1];
        transfer_all(&queue, transfers, 16);
        for (int i = 0; i < 16; i++)
            CU_ASSERT_EQUAL(transfers[i].result, (ssize_t)sizeof(buffers[i]));
    }
    tear_down(&queue);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"by calls, each transfer has its own result", by_calls},
        {"by io_uring they have the same", by_ring},
        {"a queue is used again and again", a_queue_goes_on},
    };
    return RUN_TESTS("transfer", tests);
}
