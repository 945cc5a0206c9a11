/* SPDX-License-Identifier: MIT */
/*
 * Many requests to the store in one go: they are sent together, and the store answers them without waiting for the next
 * one. What hundreds of requests take is mostly that waiting.
 */
#ifndef STORE_CLIENT_BATCH_H
#define STORE_CLIENT_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <xenstore.h>

struct store_batch;

/* Never NULL: what there is no memory for is told by store_batch_run. XBT_NULL: outside of a transaction. */
struct store_batch *store_batch_open(struct xs_handle *handle, xs_transaction_t transaction);
void store_batch_read(struct store_batch *batch, const char *path);
void store_batch_write(struct store_batch *batch, const char *path, const void *data, size_t size);
/* The node PARENT/PATH. */
void store_batch_write_below(struct store_batch *batch, const char *parent, const char *path, const void *data,
                             size_t size);
void store_batch_mkdir(struct store_batch *batch, const char *path);
void store_batch_remove(struct store_batch *batch, const char *path);
void store_batch_set_permissions(struct store_batch *batch, const char *path, const struct xs_permissions *list,
                                 unsigned count);
void store_batch_introduce(struct store_batch *batch, unsigned domid, unsigned long gfn, unsigned port);

/* How many requests it holds. */
unsigned store_batch_count(const struct store_batch *batch);

/*
 * Told of each request that was answered, in their order from 0 on: error is 0 or a positive errno; value is what was
 * read, `size` bytes and a zero byte, and not kept.
 */
typedef void store_answer(void *context, unsigned index, int error, const char *value, size_t size);

/*
 * Sends the requests and takes the answers; frees the batch. 0, or a positive errno: that of the first request that was
 * refused (those after it were tried all the same); EIO when the connection is lost, ENOMEM or E2BIG when a request
 * could not be made (nothing was sent then).
 */
int store_batch_run(struct store_batch *batch, store_answer *answer, void *context);

#endif
