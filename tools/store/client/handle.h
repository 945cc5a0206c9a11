/* SPDX-License-Identifier: MIT */
/*
 * The inside of a store client's handle: the transport and the sorting of what arrives on it.
 *
 * There is no reader thread. Whoever waits for something becomes the reader when nobody reads yet, and hands every
 * message to the one it belongs to: watch events to one queue, anything else to that of the replies, which come in the
 * order of their requests and belong to the one thread that has requests under way.
 */
#ifndef STORE_CLIENT_HANDLE_H
#define STORE_CLIENT_HANDLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <xenstore.h>

#define STORE_INPUT_SIZE 8192u /* at least a message */

struct store_message {
    struct store_message *next;
    struct xsd_sockmsg header;
    char body[]; /* header.len bytes and a terminating zero */
};

struct xs_handle {
    int fd;                       /* the socket, or /dev/xen/xenbus */
    bool is_socket;
    bool filter_after_unwatch;    /* XS_UNWATCH_FILTER */
    pthread_mutex_t request_lock; /* held through requests and their replies; taken before state_lock */
    pthread_mutex_t state_lock;
    pthread_cond_t changed; /* a message arrived, or the reader stopped reading */
    /* Under state_lock: */
    bool reading;                       /* a thread is inside a blocking read of fd */
    bool broken;                        /* the connection is lost: every call fails with EIO */
    struct store_message *replies;      /* of the requests under way, oldest first */
    struct store_message **replies_tail;
    unsigned replies_count;
    struct store_message *events;       /* watch events, oldest first */
    struct store_message **events_tail;
    int poll_fd;  /* what xs_fileno hands out: an epoll of fd and event_fd; -1 until asked for */
    int event_fd; /* readable while events is not empty */
    size_t input_size;            /* of input: the beginning of a message; the reader's while it reads */
    char input[STORE_INPUT_SIZE];
};

struct store_part {
    const void *data;
    size_t size;
};

/* Sends one request made of `count` parts and waits for its reply. Returns the body (malloc; zero-terminated beyond
 * *size, which may be NULL), or NULL with errno set: the server's error, E2BIG for an over-long request, or EIO. */
char *store_request(struct xs_handle *handle, enum xsd_sockmsg_type type, xs_transaction_t transaction,
                    const struct store_part *parts, size_t count, size_t *size);

/* As store_request, for a reply that carries nothing: true when the server said yes. */
bool store_command(struct xs_handle *handle, enum xsd_sockmsg_type type, xs_transaction_t transaction,
                   const struct store_part *parts, size_t count);

/* Sends `size` bytes of `count` requests and waits for their replies. Returns these as a list (store_messages_free), or
 * NULL when the connection is lost. Both requests and replies must fit a socket's buffers; one request at a time where
 * the transport is no socket. */
struct store_message *store_exchange(struct xs_handle *handle, const void *data, size_t size, unsigned count);
/* 0, or the positive errno of a reply to a request of that type. */
int store_reply_error(const struct store_message *reply, enum xsd_sockmsg_type type);
void store_messages_free(struct store_message *list);

/* The part of a request that is a string, with its zero byte. */
struct store_part store_string(const char *string);

/* Takes the oldest watch event off the queue. With `wait` blocks until there is one, else NULL and EAGAIN. NULL and EIO
 * when the connection is lost. The caller frees. */
struct store_message *store_next_event(struct xs_handle *handle, bool wait);

/* Drops the queued events with `token` whose path is `path` or below it. */
void store_drop_events(struct xs_handle *handle, const char *path, const char *token);

#endif
