/* SPDX-License-Identifier: MIT */
/* The journal's file: records, writing them, writing it anew, and reading it at the start. */
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/bytes.h"
#include "store/daemon.h"
#include "store/journal_format.h"
#include "store/log.h"

#define COMPACT_SLACK (1024 * 1024) /* bytes that the file may always grow by before it is written anew */
#define SNAPSHOT_RECORD (32 * 1024) /* about so many bytes of changes go into one record of a new file */

struct journal {
    struct daemon *daemon;
    int directory_fd, lock_fd, fd;
    uint64_t size, compact_at;
    bool full; /* a write failed; told to the log once */
    struct journal_state state; /* of the file as it was found */
};

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t put = write(fd, data, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? errno : ENOSPC;
        data += put;
        size -= (size_t)put;
    }
    return 0;
}

/* Adds one record, or nothing. */
static int append(struct journal *journal, const struct bytes *record)
{
    int error = write_all(journal->fd, record->data, record->size);
    if (!error) {
        journal->size += record->size;
        journal->full = false;
        return 0;
    }
    if (!journal->full)
        log_error("the journal cannot grow: %s; writes are refused until there is room", strerror(error));
    journal->full = true;
    if (ftruncate(journal->fd, (off_t)journal->size) < 0)
        log_error("the journal cannot be cut back to its last whole record: %s", strerror(errno));
    return ENOSPC;
}

/* Completes a record and adds it; frees its memory. */
static int finish(struct journal *journal, struct bytes *record)
{
    journal_record_end(record);
    int error = append(journal, record);
    free(record->data);
    return error;
}

static const struct journal_origin no_origin = {.domain = DOMID_INVALID};

/* The request that is being handled, if it came over a ring. */
static struct journal_origin current_origin(const struct journal *journal)
{
    const struct connection *connection = journal->daemon->handling;
    if (!connection || !connection->durable)
        return no_origin;
    return (struct journal_origin){.domain = connection->actor.domain,
                                   .position = ring_request_position((const struct ring_connection *)connection)};
}

static int record_changes(void *context, const struct change_list *changes)
{
    struct bytes record = {0};
    struct journal_origin origin = current_origin(context);
    journal_record_begin(&record, RECORD_CHANGES);
    journal_put_origin(&record, &origin);
    for (const struct change *change = changes->first; change; change = change->next)
        journal_put_change(&record, change);
    return finish(context, &record);
}

static void encode_domain(struct bytes *record, const struct ring_connection *ring)
{
    const struct connection *connection = &ring->connection;
    struct journal_domain domain = {
        .domain = connection->actor.domain,
        .target = connection->actor.target,
        .shut_down = ring->shut_down,
        .gfn = ring->gfn,
        .remote_port = ring->remote_port,
        .consumer = ring->request_consumer,
        .producer = ring->response_producer,
        .last_transaction_id = connection->last_transaction_id,
        .input = connection->input + connection->input_start,
        .input_size = connection->input_end - connection->input_start,
        .output = connection->output + connection->output_start,
        .output_size = connection->output_end - connection->output_start,
        .done = ring->done,
        .done_count = ring->done_count,
    };
    journal_record_begin(record, RECORD_DOMAIN);
    journal_put_domain_state(record, &domain);
}

int journal_put_domain(struct journal *journal, const struct ring_connection *ring)
{
    struct bytes record = {0};
    encode_domain(&record, ring);
    return finish(journal, &record);
}

static int put_number(struct journal *journal, enum journal_record kind, domid_t domain)
{
    struct bytes record = {0};
    journal_record_begin(&record, kind);
    BYTES_PUT(&record, domain);
    return finish(journal, &record);
}

int journal_release_domain(struct journal *journal, domid_t domain)
{
    return put_number(journal, RECORD_RELEASE, domain);
}

int journal_drop_watches(struct journal *journal, domid_t domain)
{
    return put_number(journal, RECORD_DROP_WATCHES, domain);
}

/* Of a limit, or without a field of the features of a ring. */
static void encode_limit(struct bytes *record, domid_t domain, const struct quota_field *field, uint32_t value)
{
    char name[32] = "";
    if (field)
        snprintf(name, sizeof(name), "%s%s", field->soft ? "soft-" : "", field->name);
    journal_record_begin(record, RECORD_LIMIT);
    journal_put_limit(record, domain, name, value);
}

int journal_put_quota(struct journal *journal, domid_t domain, const struct quota_field *field, unsigned int value)
{
    struct bytes record = {0};
    encode_limit(&record, domain, field, value);
    return finish(journal, &record);
}

int journal_put_features(struct journal *journal, domid_t domain, uint32_t features)
{
    return journal_put_quota(journal, domain, NULL, features);
}

static void encode_watch(struct bytes *record, enum journal_record kind, const struct watch *watch,
                         struct journal_origin origin)
{
    journal_record_begin(record, kind);
    journal_put_origin(record, &origin);
    BYTES_PUT(record, watch->connection->actor.domain);
    BYTES_PUT(record, watch->relative);
    bytes_put_sized(record, watch->path, strlen(watch->path) + 1);
    bytes_put_sized(record, watch->token, strlen(watch->token) + 1);
}

int journal_add_watch(struct journal *journal, const struct watch *watch)
{
    struct bytes record = {0};
    encode_watch(&record, RECORD_WATCH, watch, current_origin(journal));
    return finish(journal, &record);
}

int journal_remove_watch(struct journal *journal, const struct watch *watch)
{
    struct bytes record = {0};
    encode_watch(&record, RECORD_UNWATCH, watch, current_origin(journal));
    return finish(journal, &record);
}

/* A new file in the making. */
struct snapshot {
    int fd, error;
    uint64_t size;
    struct bytes record; /* of changes, begun */
};

static void write_record(struct snapshot *snapshot, struct bytes *record)
{
    journal_record_end(record);
    if (!snapshot->error)
        snapshot->error = write_all(snapshot->fd, record->data, record->size);
    snapshot->size += record->size;
    free(record->data);
    *record = (struct bytes){0};
}

static bool snapshot_node(void *context, const char *path, const struct node *node)
{
    struct snapshot *snapshot = context;
    if (snapshot->record.size == 0) {
        journal_record_begin(&snapshot->record, RECORD_CHANGES);
        journal_put_origin(&snapshot->record, &no_origin);
    }
    struct change *change = change_create(CHANGE_WRITE, path, 0);
    change->value = value_reference(node->value);
    journal_put_change(&snapshot->record, change);
    change->kind = CHANGE_SET_PERMISSIONS;
    change->permissions = permissions_reference(node->permissions);
    journal_put_change(&snapshot->record, change);
    change_release(change);
    if (snapshot->record.size >= SNAPSHOT_RECORD)
        write_record(snapshot, &snapshot->record);
    return true;
}

static void snapshot_connection(struct snapshot *snapshot, const struct connection *connection)
{
    struct bytes record = {0};
    encode_domain(&record, (const struct ring_connection *)connection);
    write_record(snapshot, &record);
    for (const struct watch *watch = connection->watches; watch; watch = watch->next_of_connection) {
        encode_watch(&record, RECORD_WATCH, watch, no_origin);
        write_record(snapshot, &record);
    }
}

static void snapshot_limit(struct snapshot *snapshot, domid_t domain, const struct quota_field *field, uint32_t value)
{
    struct bytes record = {0};
    encode_limit(&record, domain, field, value);
    write_record(snapshot, &record);
}

static void snapshot_limits(struct snapshot *snapshot, const struct daemon *daemon)
{
    for (size_t i = 0; i < quota_field_count; i++) {
        const struct quota_field *field = &quota_fields[i];
        unsigned int value = quota_get(&daemon->store.quota, field);
        if (value != quota_get(&quota_default, field))
            snapshot_limit(snapshot, DOMID_INVALID, field, value);
        for (const struct account *account = daemon->accounts.first; account; account = account->next)
            if (account->own & 1u << i)
                snapshot_limit(snapshot, account->domain, field, quota_get(&account->quota, field));
    }
    for (const struct account *account = daemon->accounts.first; account; account = account->next)
        if (account->features_chosen)
            snapshot_limit(snapshot, account->domain, NULL, account->features);
}

/* Writes the state to a new file that replaces the old one when it is whole. */
static int compact(struct journal *journal)
{
    struct snapshot snapshot = {
        .fd = openat(journal->directory_fd, "journal.new", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600)};
    if (snapshot.fd < 0)
        return errno;
    snapshot.error = write_all(snapshot.fd, JOURNAL_MAGIC, JOURNAL_MAGIC_SIZE);
    snapshot.size = JOURNAL_MAGIC_SIZE;
    tree_walk(journal->daemon->store.top, snapshot_node, &snapshot);
    if (snapshot.record.size)
        write_record(&snapshot, &snapshot.record);
    for (const struct connection *connection = journal->daemon->connections; connection; connection = connection->next)
        if (connection->durable)
            snapshot_connection(&snapshot, connection);
    snapshot_limits(&snapshot, journal->daemon);
    if (!snapshot.error &&
        renameat(journal->directory_fd, "journal.new", journal->directory_fd, "journal") < 0)
        snapshot.error = errno;
    if (snapshot.error) {
        close(snapshot.fd);
        unlinkat(journal->directory_fd, "journal.new", 0);
        return snapshot.error;
    }
    close(journal->fd);
    journal->fd = snapshot.fd;
    journal->size = snapshot.size;
    return 0;
}

uint64_t journal_size(const struct journal *journal)
{
    return journal->size;
}

void journal_maintain(struct journal *journal)
{
    if (journal->size < journal->compact_at)
        return;
    int error = compact(journal);
    if (error)
        log_error("the journal cannot be written anew: %s; the old one goes on", strerror(error));
    journal->compact_at = 2 * journal->size + COMPACT_SLACK;
}

/* The whole file, or NULL with errno. */
static char *read_file(int fd, size_t *size)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return NULL;
    char *data = allocate((size_t)status.st_size + 1);
    for (*size = 0; *size < (size_t)status.st_size;) {
        ssize_t got = read(fd, data + *size, (size_t)status.st_size - *size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            free(data);
            return NULL;
        }
        if (got == 0)
            break;
        *size += (size_t)got;
    }
    return data;
}

/* Reads the file into the daemon's store. A damaged one is kept beside it for people to look at. 0 or errno. */
static int load(struct journal *journal, const char *directory)
{
    size_t size;
    char *data = read_file(journal->fd, &size);
    if (!data)
        return errno;
    size_t good = 0, damaged = 0;
    if (size >= JOURNAL_MAGIC_SIZE && memcmp(data, JOURNAL_MAGIC, JOURNAL_MAGIC_SIZE) == 0) {
        good = journal_load(&journal->state, &journal->daemon->store, data, size, &damaged);
    } else if (size > 0) {
        log_error("%s/journal does not begin as a journal does: the store starts empty", directory);
        damaged++;
    }
    free(data);
    if (damaged) {
        unlinkat(journal->directory_fd, "journal.damaged", 0);
        linkat(journal->directory_fd, "journal", journal->directory_fd, "journal.damaged", 0);
        log_error("%s/journal has %zu damaged places; a copy is kept as journal.damaged", directory, damaged);
        journal->compact_at = 0; /* the next turn writes it anew, under another inode */
    } else {
        journal->compact_at = 2 * (uint64_t)good + COMPACT_SLACK;
        if (good < size)
            log_info("%s/journal: its last %zu bytes are not a whole record and do not count", directory, size - good);
        if (ftruncate(journal->fd, (off_t)good) < 0)
            return errno;
    }
    journal->size = damaged ? size : good;
    return journal->size ? 0 : write_all(journal->fd, JOURNAL_MAGIC, journal->size = JOURNAL_MAGIC_SIZE);
}

/* Puts the limits and features that the file names in force. */
static void restore_limits(struct daemon *daemon, const struct journal_state *state)
{
    for (const struct journal_limit *limit = state->limits; limit; limit = limit->next) {
        const struct quota_field *field = quota_find_any(limit->name);
        if (field)
            daemon_set_quota(daemon, limit->domain, field, limit->value);
        else if (!limit->name[0])
            account_choose_features(&daemon->accounts, limit->domain, limit->value & RING_FEATURES);
        else
            log_error("the journal sets a limit \"%s\" that this daemon does not have", limit->name);
    }
}

struct journal *journal_open(struct daemon *daemon, const char *directory)
{
    struct journal *journal = allocate(sizeof(*journal));
    journal->daemon = daemon;
    journal->fd = journal->lock_fd = -1;
    int error = 0;
    if (mkdir(directory, 0700) < 0 && errno != EEXIST)
        error = errno;
    journal->directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (journal->directory_fd >= 0)
        journal->lock_fd = openat(journal->directory_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (journal->lock_fd < 0 || flock(journal->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        error = error ? error : errno;
        log_error("--state %s: %s", directory,
                  error == EWOULDBLOCK ? "another store daemon serves from it" : strerror(error));
        goto close_journal;
    }
    journal->fd = openat(journal->directory_fd, "journal", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    error = journal->fd < 0 ? errno : load(journal, directory);
    if (error) {
        log_error("%s/journal: %s", directory, strerror(error));
        goto close_journal;
    }
    restore_limits(daemon, &journal->state);
    daemon->store.record = record_changes;
    daemon->store.record_context = journal;
    daemon->journal = journal;
    return journal;

close_journal:
    journal_close(journal);
    errno = error;
    return NULL;
}

void journal_close(struct journal *journal)
{
    journal_state_free(&journal->state);
    if (journal->fd >= 0)
        close(journal->fd);
    if (journal->lock_fd >= 0)
        close(journal->lock_fd);
    if (journal->directory_fd >= 0)
        close(journal->directory_fd);
    if (journal->daemon->journal == journal) {
        journal->daemon->journal = NULL;
        journal->daemon->store.record = NULL;
    }
    free(journal);
}

/* Puts a domain's state back into its connection. */
static void restore_connection(struct journal *journal, const struct journal_domain *kept, struct ring_connection *ring)
{
    struct connection *connection = &ring->connection;
    connection->actor.target = kept->target;
    connection->last_transaction_id = connection->lost_transaction_id = kept->last_transaction_id;
    ring->shut_down = kept->shut_down;
    ring->done = kept->done_count ? allocate(kept->done_count * sizeof(ring->done[0])) : NULL;
    ring->done_count = kept->done_count;
    if (ring->done)
        memcpy(ring->done, kept->done, kept->done_count * sizeof(ring->done[0]));
    ring_restore(ring, kept->consumer, kept->producer, kept->input, kept->input_size, kept->output, kept->output_size);
    for (const struct journal_watch *kept_watch = kept->watches; kept_watch; kept_watch = kept_watch->next) {
        size_t home_size = kept_watch->relative ? kept_watch->relative - 1 : 0;
        struct watch *watch =
            watch_add(&journal->daemon->watches, connection, kept_watch->path, home_size, kept_watch->token);
        if (watch)
            connection_send_event(connection, watch, watch->path);
    }
}

void journal_restore_domains(struct journal *journal)
{
    struct daemon *daemon = journal->daemon;
    bool lost = false;
    for (const struct journal_domain *kept = journal->state.domains; kept; kept = kept->next) {
        struct ring_connection *ring =
            kept->domain == 0 ? domains_find(daemon, 0)
                              : domains_reconnect(daemon, kept->domain, kept->gfn, kept->remote_port);
        if (ring) {
            restore_connection(journal, kept, ring);
        } else {
            log_info("domain %u ended while no store was served: what it owned is removed", kept->domain);
            domains_forget(daemon, kept->domain);
            lost = true;
        }
    }
    journal_state_free(&journal->state);
    for (const struct connection *connection = daemon->connections; connection; connection = connection->next)
        if (connection->durable)
            journal_put_domain(journal, (const struct ring_connection *)connection);
    if (lost)
        watch_fire_special(&daemon->watches, daemon->store.top, "@releaseDomain");
}
