/* SPDX-License-Identifier: MIT */
/* Many requests to the store in one go; see batch.h. */
#include "store/client/batch.h"
#include "store/client/handle.h"
#include "store/client/strings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GO_BYTES 32768u /* sent before the answers are taken: far from filling a socket's buffers */
#define GO_REQUESTS 256u /* their answers likewise */
#define PERMISSIONS_MAX 16u
#define NUMBER_SIZE 24

struct store_batch {
    struct xs_handle *handle;
    xs_transaction_t transaction;
    char *bytes; /* the requests, one behind the other */
    size_t size, room;
    unsigned count;
    int error; /* what kept a request from getting here */
};

struct store_batch *store_batch_open(struct xs_handle *handle, xs_transaction_t transaction)
{
    static struct store_batch none = {.error = ENOMEM}; /* is only read */
    struct store_batch *batch = calloc(1, sizeof(*batch));
    if (!batch)
        return &none;
    batch->handle = handle;
    batch->transaction = transaction;
    return batch;
}

static void give_up(struct store_batch *batch, int error)
{
    if (!batch->error)
        batch->error = error;
}

static void add(struct store_batch *batch, enum xsd_sockmsg_type type, const struct store_part *parts, size_t count)
{
    struct xsd_sockmsg header = {.type = type, .tx_id = batch->transaction};
    size_t size = 0;
    if (batch->error)
        return;
    for (size_t i = 0; i < count; i++)
        size += parts[i].size;
    if (size > XENSTORE_PAYLOAD_MAX) {
        give_up(batch, E2BIG);
        return;
    }
    header.len = (uint32_t)size;
    if (batch->room - batch->size < sizeof(header) + size) {
        size_t room = 2 * batch->room + sizeof(header) + XENSTORE_PAYLOAD_MAX;
        char *grown = realloc(batch->bytes, room);
        if (!grown) {
            give_up(batch, ENOMEM);
            return;
        }
        batch->bytes = grown;
        batch->room = room;
    }
    batch->count++;
    memcpy(batch->bytes + batch->size, &header, sizeof(header));
    batch->size += sizeof(header);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].size > 0)
            memcpy(batch->bytes + batch->size, parts[i].data, parts[i].size);
        batch->size += parts[i].size;
    }
}

static void add_path(struct store_batch *batch, enum xsd_sockmsg_type type, const char *path)
{
    struct store_part part = store_string(path);
    add(batch, type, &part, 1);
}

void store_batch_read(struct store_batch *batch, const char *path)
{
    add_path(batch, XS_READ, path);
}

void store_batch_mkdir(struct store_batch *batch, const char *path)
{
    add_path(batch, XS_MKDIR, path);
}

void store_batch_remove(struct store_batch *batch, const char *path)
{
    add_path(batch, XS_RM, path);
}

void store_batch_write(struct store_batch *batch, const char *path, const void *data, size_t size)
{
    struct store_part parts[] = {store_string(path), {data, size}};
    add(batch, XS_WRITE, parts, 2);
}

void store_batch_write_below(struct store_batch *batch, const char *parent, const char *path, const void *data,
                             size_t size)
{
    struct store_part parts[] = {{parent, strlen(parent)}, {"/", 1}, store_string(path), {data, size}};
    add(batch, XS_WRITE, parts, 4);
}

void store_batch_set_permissions(struct store_batch *batch, const char *path, const struct xs_permissions *list,
                                 unsigned count)
{
    char text[PERMISSIONS_MAX][STORE_PERMISSION_SIZE];
    struct store_part parts[PERMISSIONS_MAX + 1] = {store_string(path)};
    if (count > PERMISSIONS_MAX) {
        give_up(batch, E2BIG);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!store_permission_to_string(&list[i], text[i], sizeof(text[i]))) {
            give_up(batch, EINVAL);
            return;
        }
        parts[i + 1] = store_string(text[i]);
    }
    add(batch, XS_SET_PERMS, parts, count + 1);
}

void store_batch_introduce(struct store_batch *batch, unsigned domid, unsigned long gfn, unsigned port)
{
    const unsigned long numbers[] = {domid, gfn, port};
    char text[3][NUMBER_SIZE];
    struct store_part parts[3];
    for (unsigned i = 0; i < 3; i++) {
        snprintf(text[i], sizeof(text[i]), "%lu", numbers[i]);
        parts[i] = store_string(text[i]);
    }
    add(batch, XS_INTRODUCE, parts, 3);
}

unsigned store_batch_count(const struct store_batch *batch)
{
    return batch->count;
}

/* How many bytes, and requests, from `at` on go together. */
static size_t part_size(const struct store_batch *batch, size_t at, unsigned *count)
{
    size_t size = 0;
    *count = 0;
    while (at + size < batch->size && *count < (batch->handle->is_socket ? GO_REQUESTS : 1)) {
        struct xsd_sockmsg header;
        memcpy(&header, batch->bytes + at + size, sizeof(header));
        if (*count > 0 && size + sizeof(header) + header.len > GO_BYTES)
            break;
        size += sizeof(header) + header.len;
        ++*count;
    }
    return size;
}

int store_batch_run(struct store_batch *batch, store_answer *answer, void *context)
{
    unsigned index = 0, count;
    int error = batch->error, first_error = error;
    for (size_t at = 0, size; at < batch->size && error == 0; at += size) {
        size = part_size(batch, at, &count);
        struct store_message *replies = store_exchange(batch->handle, batch->bytes + at, size, count);
        size_t request = at;
        if (!replies)
            error = EIO;
        for (struct store_message *reply = replies; reply; reply = reply->next, index++) {
            struct xsd_sockmsg header;
            memcpy(&header, batch->bytes + request, sizeof(header));
            request += sizeof(header) + header.len;
            int refused = store_reply_error(reply, header.type);
            first_error = first_error ? first_error : refused;
            if (answer)
                answer(context, index, refused, refused ? "" : reply->body, refused ? 0 : reply->header.len);
        }
        store_messages_free(replies);
    }
    if (batch->handle) {
        free(batch->bytes);
        free(batch);
    }
    return error ? error : first_error;
}
