/* SPDX-License-Identifier: MIT */
/* The journal's file: records, writing them, writing it anew, and reading it at the start. */
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/bytes.h"
#include "store/daemon.h"
#include "store/journal_file.h"
#include "store/journal_records.h"
#include "store/journal_snapshot.h"
#include "store/log.h"
#include "store/memory.h"

#define RECORD_KEPT (64 * 1024) /* bytes of memory for the next record that are kept */
#define COMPACT_SLACK (512 * 1024) /* bytes that the file may always grow by before it is written anew */

/* Bytes of room that only domain 0's removals may use: what it has begun can be undone when the file system is full. */
#define KEPT_FOR_REMOVALS (32 * 1024)

struct journal {
    struct daemon *daemon;
    int directory_fd, lock_fd;
    uint64_t key; /* of the checksums */
    struct journal_file file;
    struct ring_file rings;
    uint64_t compact_at;         /* bytes in the file */
    struct bytes record;         /* memory for the one that is being made */
    struct snapshot snapshot; /* the file that will replace it, while one is written */
    bool full; /* a write failed; told to the log once */
    domid_t *owed; /* domains that have ended, of which the file is to be told before anything else */
    size_t owed_count;
    struct journal_state state; /* of the file as it was found */
};

/* How large a file may become before it is written anew, `live` bytes of which are needed. */
static uint64_t compaction_after(uint64_t live)
{
    return live + live / 4 + COMPACT_SLACK;
}

/* Adds bytes, or nothing; so much room stays behind them. */
static int append_bytes(struct journal *journal, const struct bytes *record, size_t keep)
{
    int error = journal_file_append(&journal->file, record->data, record->size, keep);
    if (error && journal->snapshot.active) { /* its room serves better here */
        snapshot_abandon(&journal->snapshot);
        journal->compact_at = compaction_after(journal->file.size);
        error = journal_file_append(&journal->file, record->data, record->size, keep);
    }
    if (error && !journal->full)
        log_error("the journal cannot grow: %s; writes are refused until there is room", strerror(error));
    if (error || keep)
        journal->full = error != 0;
    return error ? ENOSPC : 0;
}

/* What is recorded from here on happened after the end of these domains: it must not come before that. */
static int settle_owed(struct journal *journal, size_t keep)
{
    while (journal->owed_count > 0) {
        struct bytes record = {0};
        journal_record_begin(&record, RECORD_RELEASE, journal_no_origin);
        BYTES_PUT(&record, journal->owed[0]);
        journal_record_end(&record, journal->key);
        int error = append_bytes(journal, &record, keep);
        bytes_free(&record);
        if (error)
            return error;
        memmove(journal->owed, journal->owed + 1, --journal->owed_count * sizeof(journal->owed[0]));
    }
    return 0;
}

/* Never 0. */
static uint64_t random_number(void)
{
    uint64_t number = 0;
    while (number == 0)
        if (getrandom(&number, sizeof(number), 0) != sizeof(number))
            number = 0;
    return number;
}

/* The buffer for a record, empty. */
static struct bytes *empty_record(struct journal *journal)
{
    journal->record.size = 0;
    return &journal->record;
}

/* Completes a record and adds it. */
static int finish_keeping(struct journal *journal, struct bytes *record, size_t keep)
{
    int error = settle_owed(journal, keep);
    journal_record_end(record, journal->key);
    if (!error)
        error = append_bytes(journal, record, keep);
    if (record->capacity > RECORD_KEPT)
        bytes_free(record);
    return error;
}

static int finish(struct journal *journal, struct bytes *record)
{
    return finish_keeping(journal, record, KEPT_FOR_REMOVALS);
}

/* The request that is being handled, if it came over a ring; what it does is about to be recorded. */
static struct journal_origin current_origin(const struct journal *journal)
{
    struct connection *connection = journal->daemon->handling;
    if (!connection || !connection->durable)
        return journal_no_origin;
    struct ring_connection *ring = (struct ring_connection *)connection;
    ring_record_answered(ring);
    return (struct journal_origin){.domain = connection->actor.domain, .position = ring_request_position(ring)};
}

static bool are_removals_of_domain_0(const struct journal *journal, const struct change_list *changes)
{
    const struct connection *connection = journal->daemon->handling;
    const struct change *change = changes->first;
    while (change && change->kind == CHANGE_REMOVE)
        change = change->next;
    return !change && connection && connection->actor.domain == 0;
}

static int record_changes(void *context, const struct change_list *changes)
{
    struct journal *journal = context;
    struct bytes *record = empty_record(journal);
    journal_record_begin(record, RECORD_CHANGES, current_origin(journal));
    for (const struct change *change = changes->first; change; change = change->next)
        journal_put_change(record, change);
    return finish_keeping(journal, record, are_removals_of_domain_0(journal, changes) ? 0 : KEPT_FOR_REMOVALS);
}

int journal_put_domain(struct journal *journal, const struct ring_connection *ring)
{
    struct bytes *record = empty_record(journal);
    journal_encode_domain(record, ring, current_origin(journal));
    return finish(journal, record);
}

/* Gives a ring a slot with this state, and then the journal its domain under this introduction. 0 or ENOSPC, when
 * nothing has changed. */
static int take_ring(struct journal *journal, struct ring_connection *ring, struct ring_state *state,
                     uint64_t introduction)
{
    struct ring_slot *slot = ring_file_take(&journal->rings), *slot_before = ring->slot;
    uint64_t before = ring->introduction;
    if (!slot)
        return ENOSPC;
    state->introduction = ring->introduction = introduction;
    ring_slot_put(slot, state);
    if (journal_put_domain(journal, ring)) {
        ring->introduction = before;
        ring_file_drop(&journal->rings, slot);
        return ENOSPC;
    }
    ring->slot = slot;
    if (slot_before)
        ring_file_drop(&journal->rings, slot_before);
    return 0;
}

int journal_introduce(struct journal *journal, struct ring_connection *ring, struct ring_state *state)
{
    return take_ring(journal, ring, state, random_number());
}

int journal_introduce_waiting(struct journal *journal, struct ring_connection *ring)
{
    struct ring_state state;
    domid_t domain = ring->connection.actor.domain;
    ring_get_state(ring, &state);
    int error = take_ring(journal, ring, &state, ring->introduction ? ring->introduction : random_number());
    if (error && !ring->waits)
        log_error("there is no room for the state of domain %u's ring: it has to wait until there is some", domain);
    if (!error && ring->waits)
        log_info("domain %u's ring is served: there is room for its state", domain);
    ring->waits = error != 0;
    if (error)
        daemon_start_clock(journal->daemon);
    else
        ring_recorded(ring, &state);
    return error;
}

void journal_drop_ring(struct journal *journal, struct ring_connection *ring)
{
    ring_file_drop(&journal->rings, ring->slot);
    ring->slot = NULL;
}

static int put_number(struct journal *journal, enum journal_record kind, domid_t domain)
{
    struct bytes *record = empty_record(journal);
    journal_record_begin(record, kind, current_origin(journal));
    BYTES_PUT(record, domain);
    return finish(journal, record);
}

int journal_release_domain(struct journal *journal, domid_t domain)
{
    return put_number(journal, RECORD_RELEASE, domain);
}

void journal_end_domain(struct journal *journal, domid_t domain)
{
    journal->owed = reallocate(journal->owed, (journal->owed_count + 1) * sizeof(journal->owed[0]));
    journal->owed[journal->owed_count++] = domain;
    settle_owed(journal, KEPT_FOR_REMOVALS);
}

int journal_drop_watches(struct journal *journal, domid_t domain)
{
    return put_number(journal, RECORD_DROP_WATCHES, domain);
}

int journal_put_quota(struct journal *journal, domid_t domain, const struct quota_field *field, unsigned int value)
{
    struct bytes *record = empty_record(journal);
    journal_encode_limit(record, domain, field, value, current_origin(journal));
    return finish(journal, record);
}

int journal_put_features(struct journal *journal, domid_t domain, uint32_t features)
{
    return journal_put_quota(journal, domain, NULL, features);
}

int journal_add_watch(struct journal *journal, const struct watch *watch)
{
    struct bytes *record = empty_record(journal);
    journal_encode_watch(record, RECORD_WATCH, watch, current_origin(journal));
    return finish(journal, record);
}

int journal_remove_watch(struct journal *journal, const struct watch *watch)
{
    struct bytes *record = empty_record(journal);
    journal_encode_watch(record, RECORD_UNWATCH, watch, current_origin(journal));
    return finish(journal, record);
}

uint64_t journal_size(const struct journal *journal)
{
    return journal->file.size;
}

bool journal_maintain(struct journal *journal)
{
    struct snapshot *snapshot = &journal->snapshot;
    struct journal_file *file = &journal->file;
    if (!snapshot->active && file->size < journal->compact_at)
        return false;
    if (!snapshot->active)
        snapshot_begin(snapshot, journal->daemon, journal->directory_fd, journal->key, file->size);
    if (!snapshot_step(snapshot, file->fd, file->size))
        return true;
    if (snapshot->error) {
        log_error("the journal cannot be written anew: %s; the old one goes on", strerror(snapshot->error));
    } else {
        journal_file_close(file);
        *file = (struct journal_file){.fd = snapshot->fd, .size = snapshot->size, .room = snapshot->size};
    }
    journal->compact_at = compaction_after(file->size);
    return false;
}

/* The whole file, or NULL with errno. */
static char *read_file(int fd, size_t *size)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return NULL;
    char *data = allocate_uncleared((size_t)status.st_size + 1);
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

/* The key of the file that is there, or a new one. The header has it, and the file that the lock is on: damage to one of
 * them costs nothing. */
static void find_key(struct journal *journal, const char *data, size_t size, size_t *damaged)
{
    char beside[JOURNAL_HEADER_SIZE];
    ssize_t got = pread(journal->lock_fd, beside, sizeof(beside), 0);
    uint64_t other;
    bool has_other = got == sizeof(beside) && journal_get_header(beside, sizeof(beside), &other);
    if (journal_get_header(data, size, &journal->key)) {
        has_other = has_other && other == journal->key;
    } else if (has_other) {
        journal->key = other;
        *damaged += size > 0;
        if (size > 0)
            log_error("the journal is damaged between bytes 0 and %d", JOURNAL_HEADER_SIZE);
    } else {
        journal->key = random_number();
        *damaged += size > 0;
        if (size > 0)
            log_error("the journal does not begin as a journal does: the store starts empty");
    }
    struct bytes header = {0};
    journal_put_header(&header, journal->key);
    if (!has_other && pwrite(journal->lock_fd, header.data, header.size, 0) != (ssize_t)header.size)
        log_error("the journal's key is kept in its header alone: %s", strerror(errno));
    bytes_free(&header);
}

/* An empty file's first bytes. 0 or errno. */
static int write_header(const struct journal *journal, int fd)
{
    struct bytes header = {0};
    journal_put_header(&header, journal->key);
    int error = journal_write_all(fd, header.data, header.size);
    bytes_free(&header);
    return error;
}

/* Reads the journal into the daemon's store, and takes it over. A damaged one is kept beside it for people to look at.
 * 0 or errno. */
static int load(struct journal *journal, const char *directory, int fd)
{
    size_t size;
    char *data = read_file(fd, &size);
    if (!data)
        return errno;
    size_t end = 0, damaged = 0;
    find_key(journal, data, size, &damaged);
    journal->state.key = journal->key;
    if (size > JOURNAL_HEADER_SIZE)
        end = journal_load(&journal->state, &journal->daemon->store, data, size, &damaged);
    free(data);
    if (damaged) {
        unlinkat(journal->directory_fd, "journal.damaged", 0);
        linkat(journal->directory_fd, "journal", journal->directory_fd, "journal.damaged", 0);
        log_error("%s/journal has %zu damaged places; a copy is kept as journal.damaged", directory, damaged);
        journal->compact_at = 0; /* the next turn writes it anew, under another inode */
    } else {
        journal->compact_at = compaction_after(journal->state.snapshot_end);
    }
    int error = 0;
    if (end < JOURNAL_HEADER_SIZE) {
        end = JOURNAL_HEADER_SIZE;
        error = size < end ? (ftruncate(fd, 0) < 0 ? errno : write_header(journal, fd)) : 0;
    }
    return error ? error : journal_file_take(&journal->file, fd, end);
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
    journal->file.fd = journal->rings.fd = journal->lock_fd = -1;
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
    size_t damaged_rings = 0;
    error = ring_file_open(&journal->rings, journal->directory_fd, &damaged_rings);
    if (error) {
        log_error("%s/rings: %s", directory, strerror(error));
        goto close_journal;
    }
    journal->state.rings = &journal->rings;
    int fd = openat(journal->directory_fd, "journal", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    error = fd < 0 ? errno : load(journal, directory, fd);
    if (error) {
        if (fd >= 0)
            close(fd);
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
    for (struct connection *connection = journal->daemon->connections; connection; connection = connection->next)
        if (connection->durable)
            ((struct ring_connection *)connection)->slot = NULL;
    journal_state_free(&journal->state);
    snapshot_abandon(&journal->snapshot);
    journal_file_close(&journal->file);
    ring_file_close(&journal->rings);
    bytes_free(&journal->record);
    free(journal->owed);
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
static void restore_connection(struct journal *journal, struct journal_domain *kept, struct ring_connection *ring)
{
    struct connection *connection = &ring->connection;
    connection->actor.target = kept->target;
    ring->shut_down = kept->shut_down;
    ring->introduction = kept->introduction;
    if (kept->ring) {
        ring->slot = kept->slot;
        ring->done = kept->done;
        ring->done_count = kept->done_count;
        kept->done = NULL;
        ring_restore(ring, kept->ring);
    } else {
        struct ring_state state;
        log_error("domain %u: there is no state of its ring: what was under way is lost", kept->domain);
        ring->request_consumer = kept->newest;
        ring_first_state(ring, &state);
        ring_start(ring, &state);
        ring->start = 0; /* all watches that the journal has are its own */
    }
    for (const struct journal_watch *kept_watch = kept->watches; kept_watch; kept_watch = kept_watch->next) {
        size_t home_size = kept_watch->relative ? kept_watch->relative - 1 : 0;
        struct watch *watch =
            watch_add(&journal->daemon->watches, connection, kept_watch->path, home_size, kept_watch->token,
                      kept_watch->depth);
        if (watch)
            connection_send_event(connection, watch, watch->path);
    }
}

static void restore_domain(struct journal *journal, struct journal_domain *kept)
{
    struct daemon *daemon = journal->daemon;
    struct ring_connection *ring =
        kept->domain == 0
            ? domains_find(daemon, 0)
            : domains_reconnect(daemon, kept->domain, kept->gfn, kept->remote_port, kept->identity);
    if (ring) {
        restore_connection(journal, kept, ring);
        return;
    }
    log_info("domain %u ended while no store was served: what it owned is removed", kept->domain);
    if (kept->slot)
        ring_file_drop(&journal->rings, kept->slot);
    domains_end(daemon, kept->domain);
    watch_fire_special(&daemon->watches, daemon->store.top, "@releaseDomain", &kept->domain, 1);
}

/* The domain that this daemon runs in is introduced by nobody. */
static void start_own(struct daemon *daemon)
{
    struct ring_state state;
    struct ring_connection *own = domains_find(daemon, 0);
    if (!own || own->introduction)
        return;
    ring_first_state(own, &state);
    ring_start(own, &state);
}

void journal_restore_domains(struct journal *journal)
{
    struct daemon *daemon = journal->daemon;
    for (struct journal_domain *kept = journal->state.domains; kept; kept = kept->next)
        if (kept->ring)
            kept->slot = ring_file_claim(&journal->rings, kept->ring);
    ring_file_end_claims(&journal->rings);
    for (struct journal_domain *kept = journal->state.domains; kept; kept = kept->next)
        restore_domain(journal, kept);
    journal_state_free(&journal->state);
    start_own(daemon);
    for (struct connection *connection = daemon->connections; connection; connection = connection->next)
        if (connection->durable)
            ring_take_up((struct ring_connection *)connection);
}
