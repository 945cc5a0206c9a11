/* SPDX-License-Identifier: MIT */
/*
 * Receiving from and sending to many sockets at the price of one system call: by io_uring where the kernel has it, else
 * by one call each. Nothing here waits: each transfer is over when transfer_all returns.
 */
#ifndef STORE_TRANSFER_H
#define STORE_TRANSFER_H

#include <liburing.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define TRANSFERS_MAX 64 /* of one transfer_all */

enum transfer_direction { TRANSFER_RECEIVE, TRANSFER_SEND };

struct transfer {
    int fd; /* a socket */
    enum transfer_direction direction;
    void *data;
    size_t size;    /* not 0 */
    ssize_t result; /* bytes; 0 when nothing is there, or there is no room, at the moment; -1 when the connection is lost */
};

/* The way to the kernel: zeroed, it is made when it is first needed. */
struct transfer_queue {
    enum { TRANSFER_UNTRIED, TRANSFER_BY_RING, TRANSFER_BY_CALLS } way;
    struct io_uring ring;
};

/* Carries out `count` transfers, each on another socket. */
void transfer_all(struct transfer_queue *queue, struct transfer *transfers, size_t count);

void transfer_queue_destroy(struct transfer_queue *queue);

#endif
