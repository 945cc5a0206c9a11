/* SPDX-License-Identifier: MIT */
/* Requests in one go, each done at once by the fake's own calls: every one of them is a point of its own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "store/client/batch.h"

#define ANSWERS_MAX 1024u

struct store_batch {
    struct xs_handle *handle;
    xs_transaction_t transaction;
    unsigned count;
    struct {
        int error;
        char *value;
        unsigned size;
    } answers[ANSWERS_MAX];
};

void *__real_calloc(size_t count, size_t size);

static void done(struct store_batch *batch, bool good)
{
    if (batch->count == ANSWERS_MAX)
        abort();
    batch->answers[batch->count++].error = good ? 0 : errno;
}

struct store_batch *store_batch_open(struct xs_handle *handle, xs_transaction_t transaction)
{
    struct store_batch *batch = __real_calloc(1, sizeof(*batch));

    batch->handle = handle;
    batch->transaction = transaction;
    return batch;
}

void store_batch_read(struct store_batch *batch, const char *path)
{
    unsigned index = batch->count;

    batch->answers[index].value = xs_read(batch->handle, batch->transaction, path, &batch->answers[index].size);
    done(batch, batch->answers[index].value);
}

void store_batch_write(struct store_batch *batch, const char *path, const void *data, size_t size)
{
    done(batch, xs_write(batch->handle, batch->transaction, path, data, (unsigned)size));
}

void store_batch_write_below(struct store_batch *batch, const char *parent, const char *path, const void *data,
                             size_t size)
{
    char whole[XENSTORE_ABS_PATH_MAX];

    snprintf(whole, sizeof(whole), "%s/%s", parent, path);
    store_batch_write(batch, whole, data, size);
}

void store_batch_mkdir(struct store_batch *batch, const char *path)
{
    done(batch, xs_mkdir(batch->handle, batch->transaction, path));
}

void store_batch_remove(struct store_batch *batch, const char *path)
{
    done(batch, xs_rm(batch->handle, batch->transaction, path));
}

void store_batch_set_permissions(struct store_batch *batch, const char *path, const struct xs_permissions *list,
                                 unsigned count)
{
    done(batch, xs_set_permissions(batch->handle, batch->transaction, path, (struct xs_permissions *)list, count));
}

void store_batch_introduce(struct store_batch *batch, unsigned domid, unsigned long gfn, unsigned port)
{
    done(batch, xs_introduce_domain(batch->handle, domid, gfn, port));
}

unsigned store_batch_count(const struct store_batch *batch)
{
    return batch->count;
}

int store_batch_run(struct store_batch *batch, store_answer *answer, void *context)
{
    int first_error = 0;

    for (unsigned i = 0; i < batch->count; i++) {
        const char *value = batch->answers[i].value;

        if (!first_error)
            first_error = batch->answers[i].error;
        if (answer)
            answer(context, i, batch->answers[i].error, value ? value : "", batch->answers[i].size);
        free(batch->answers[i].value);
    }
    free(batch);
    return first_error;
}
