/* SPDX-License-Identifier: MIT */
/* Transfers on sockets, by io_uring or by calls. */
#include "store/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "store/log.h"

#define FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL)

/* `answer` as the kernel gives it, a negative errno for a failure. */
static ssize_t result_of(const struct transfer *transfer, ssize_t answer)
{
    if (answer == -EAGAIN || answer == -EINTR)
        return 0;
    if (answer < 0 || (answer == 0 && transfer->direction == TRANSFER_RECEIVE))
        return -1;
    return answer;
}

static void transfer_one(struct transfer *transfer)
{
    ssize_t answer = transfer->direction == TRANSFER_SEND
                         ? send(transfer->fd, transfer->data, transfer->size, FLAGS)
                         : recv(transfer->fd, transfer->data, transfer->size, FLAGS);
    transfer->result = result_of(transfer, answer < 0 ? -errno : answer);
}

static void transfer_each(struct transfer *transfers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        transfer_one(&transfers[i]);
}

static void submit(struct io_uring *ring, struct transfer *transfer)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(ring);
    if (transfer->direction == TRANSFER_SEND)
        io_uring_prep_send(entry, transfer->fd, transfer->data, transfer->size, FLAGS);
    else
        io_uring_prep_recv(entry, transfer->fd, transfer->data, transfer->size, FLAGS);
    io_uring_sqe_set_data(entry, transfer);
}

/* Takes what is finished. Returns how many that were. */
static unsigned int collect(struct io_uring *ring)
{
    struct io_uring_cqe *completion;
    unsigned int head, count = 0;
    io_uring_for_each_cqe(ring, head, completion) {
        struct transfer *transfer = io_uring_cqe_get_data(completion);
        transfer->result = result_of(transfer, completion->res);
        count++;
    }
    io_uring_cq_advance(ring, count);
    return count;
}

static void transfer_by_ring(struct io_uring *ring, struct transfer *transfers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        submit(ring, &transfers[i]);
    for (size_t left = count; left > 0; left -= collect(ring)) {
        int error = io_uring_submit_and_wait(ring, (unsigned int)left);
        if (error < 0 && error != -EINTR && error != -EAGAIN && error != -EBUSY) {
            /* Whether the kernel still works on the buffers cannot be known. */
            log_error("io_uring fails: %s; the daemon ends and has to be started again", strerror(-error));
            abort();
        }
    }
}

void transfer_all(struct transfer_queue *queue, struct transfer *transfers, size_t count)
{
    if (count > 1 && queue->way == TRANSFER_UNTRIED)
        queue->way = io_uring_queue_init(TRANSFERS_MAX, &queue->ring, 0) == 0 ? TRANSFER_BY_RING : TRANSFER_BY_CALLS;
    if (count > 1 && queue->way == TRANSFER_BY_RING)
        transfer_by_ring(&queue->ring, transfers, count);
    else
        transfer_each(transfers, count);
}

void transfer_queue_destroy(struct transfer_queue *queue)
{
    if (queue->way == TRANSFER_BY_RING)
        io_uring_queue_exit(&queue->ring);
    queue->way = TRANSFER_UNTRIED;
}
