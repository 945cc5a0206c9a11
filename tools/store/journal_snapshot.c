/* SPDX-License-Identifier: MIT */
/* Writing the journal's new file, piece by piece. */
#include "store/journal_snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/journal_file.h"
#include "store/journal_nodes.h"
#include "store/journal_records.h"

#define NEW_NAME "journal.new"
#define RECORD_SIZE (32 * 1024) /* about so many bytes of nodes are one record */
#define STEP_RECORDS 4
#define STEP_TAIL (1024 * 1024) /* bytes of the old file that one step copies, and twice what came since the last */

static void write_bytes(struct snapshot *snapshot, const char *data, size_t size)
{
    if (!snapshot->error)
        snapshot->error = journal_write_all(snapshot->fd, data, size);
    snapshot->size += size;
}

static void write_record(struct snapshot *snapshot, struct bytes *record)
{
    journal_record_end(record, snapshot->key);
    write_bytes(snapshot, record->data, record->size);
    bytes_free(record);
}

static void write_connection(struct snapshot *snapshot, const struct connection *connection)
{
    const struct ring_connection *ring = (const struct ring_connection *)connection;
    struct bytes record = {0};
    if (!ring->introduction)
        return; /* it waits for room, and has asked for nothing yet */
    journal_encode_domain(&record, ring, journal_no_origin);
    write_record(snapshot, &record);
    for (size_t i = 0; i < ring->done_count; i++) {
        journal_record_begin(&record, RECORD_CHANGES,
                             (struct journal_origin){.domain = connection->actor.domain, .position = ring->done[i]});
        write_record(snapshot, &record);
    }
    for (const struct watch *watch = connection->watches; watch; watch = watch->next_of_connection) {
        journal_encode_watch(&record, RECORD_WATCH, watch, journal_no_origin);
        write_record(snapshot, &record);
    }
}

static void write_limit(struct snapshot *snapshot, domid_t domain, const struct quota_field *field, uint32_t value)
{
    struct bytes record = {0};
    journal_encode_limit(&record, domain, field, value, journal_no_origin);
    write_record(snapshot, &record);
}

static void write_limits(struct snapshot *snapshot, const struct daemon *daemon)
{
    for (size_t i = 0; i < quota_field_count; i++) {
        const struct quota_field *field = &quota_fields[i];
        unsigned int value = quota_get(&daemon->store.quota, field);
        if (value != quota_get(&quota_default, field))
            write_limit(snapshot, DOMID_INVALID, field, value);
        for (const struct account *account = daemon->accounts.first; account; account = account->next)
            if (account->own & 1u << i)
                write_limit(snapshot, account->domain, field, quota_get(&account->quota, field));
    }
    for (const struct account *account = daemon->accounts.first; account; account = account->next)
        if (account->features_chosen)
            write_limit(snapshot, account->domain, NULL, account->features);
}

void snapshot_begin(struct snapshot *snapshot, const struct daemon *daemon, int directory_fd, uint64_t key,
                    uint64_t old_size)
{
    *snapshot = (struct snapshot){
        .active = true, .directory_fd = directory_fd, .key = key, .tail = old_size, .tail_seen = old_size,
        .nodes_left = true};
    tree_iterator_start(&snapshot->iterator, daemon->store.top);
    snapshot->fd = openat(directory_fd, NEW_NAME, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (snapshot->fd < 0)
        snapshot->error = errno;
    struct bytes header = {0};
    journal_put_header(&header, key);
    write_bytes(snapshot, header.data, header.size);
    bytes_free(&header);
    for (const struct connection *connection = daemon->connections; connection; connection = connection->next)
        if (connection->durable)
            write_connection(snapshot, connection);
    write_limits(snapshot, daemon);
}

static void write_nodes(struct snapshot *snapshot)
{
    for (int i = 0; i < STEP_RECORDS && snapshot->nodes_left && !snapshot->error; i++) {
        struct bytes record = {0};
        journal_record_begin(&record, RECORD_NODES, journal_no_origin);
        snapshot->nodes_left = journal_put_nodes(&record, &snapshot->iterator, RECORD_SIZE);
        if (snapshot->nodes_left)
            write_record(snapshot, &record);
        else
            bytes_free(&record);
    }
    if (!snapshot->nodes_left)
        tree_iterator_end(&snapshot->iterator);
}

static void copy_tail(struct snapshot *snapshot, int old_fd, uint64_t old_size)
{
    static char buffer[64 * 1024];
    uint64_t budget = STEP_TAIL + 2 * (old_size - snapshot->tail_seen);
    snapshot->tail_seen = old_size;
    while (snapshot->tail < old_size && budget > 0 && !snapshot->error) {
        uint64_t left = old_size - snapshot->tail;
        ssize_t got = pread(old_fd, buffer, left < sizeof(buffer) ? (size_t)left : sizeof(buffer),
                            (off_t)snapshot->tail);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            snapshot->error = got < 0 ? errno : EIO;
            break;
        }
        write_bytes(snapshot, buffer, (size_t)got);
        snapshot->tail += (uint64_t)got;
        budget = budget > (uint64_t)got ? budget - (uint64_t)got : 0;
    }
}

void snapshot_abandon(struct snapshot *snapshot)
{
    if (!snapshot->active)
        return;
    snapshot->active = false;
    tree_iterator_end(&snapshot->iterator);
    if (snapshot->fd >= 0)
        close(snapshot->fd);
    unlinkat(snapshot->directory_fd, NEW_NAME, 0);
}

bool snapshot_step(struct snapshot *snapshot, int old_fd, uint64_t old_size)
{
    if (snapshot->nodes_left && !snapshot->error)
        write_nodes(snapshot);
    if (!snapshot->nodes_left && !snapshot->error)
        copy_tail(snapshot, old_fd, old_size);
    if (!snapshot->error && (snapshot->nodes_left || snapshot->tail < old_size))
        return false;
    if (!snapshot->error &&
        renameat(snapshot->directory_fd, NEW_NAME, snapshot->directory_fd, "journal") < 0)
        snapshot->error = errno;
    if (snapshot->error)
        snapshot_abandon(snapshot);
    snapshot->active = false;
    return true;
}
