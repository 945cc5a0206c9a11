/* SPDX-License-Identifier: MIT */
/* Records of the journal as bytes, both ways. */
#include "store/journal_format.h"

#include "store/checksum.h"
#include "store/journal_nodes.h"
#include "store/log.h"
#include "store/watch.h"

struct file_header {
    char magic[16];
    uint64_t key;
    uint64_t checksum; /* of the two */
};
_Static_assert(sizeof(JOURNAL_MAGIC) == 16 && sizeof(struct file_header) == JOURNAL_HEADER_SIZE, "no holes");

struct record_header {
    uint32_t size; /* of the payload */
    uint32_t kind; /* in the low 8 bits; above them a keyed checksum of the two, by which a header is known */
    uint64_t checksum; /* of size, kind and payload */
};
_Static_assert(sizeof(struct record_header) == 16, "the header has no holes");

void journal_put_header(struct bytes *file, uint64_t key)
{
    struct file_header header = {.magic = JOURNAL_MAGIC, .key = key};
    header.checksum = checksum_bytes(0, &header, offsetof(struct file_header, checksum));
    BYTES_PUT(file, header);
}

bool journal_get_header(const char *data, size_t size, uint64_t *key)
{
    struct file_header header;
    if (size < sizeof(header))
        return false;
    memcpy(&header, data, sizeof(header));
    *key = header.key;
    return memcmp(header.magic, JOURNAL_MAGIC, sizeof(header.magic)) == 0 &&
           header.checksum == checksum_bytes(0, &header, offsetof(struct file_header, checksum));
}

static uint32_t marked_kind(uint64_t key, uint32_t size, uint32_t kind)
{
    uint64_t words[2] = {key, (uint64_t)size << 32 | kind};
    return (uint32_t)(checksum_bytes(key, words, sizeof(words)) >> 32 << 8) | kind;
}

static uint64_t checksum(uint64_t key, const struct record_header *header, const char *payload)
{
    return checksum_bytes(key ^ ((uint64_t)header->size << 32 | header->kind), payload, header->size);
}

const struct journal_origin journal_no_origin = {.domain = DOMID_INVALID};

void journal_record_begin(struct bytes *record, enum journal_record kind, struct journal_origin origin)
{
    struct record_header header = {.kind = kind};
    BYTES_PUT(record, header);
    BYTES_PUT(record, origin.domain);
    BYTES_PUT(record, origin.position);
}

void journal_record_end(struct bytes *record, uint64_t key)
{
    struct record_header header;
    memcpy(&header, record->data, sizeof(header));
    header.size = (uint32_t)(record->size - sizeof(header));
    header.kind = marked_kind(key, header.size, header.kind);
    header.checksum = checksum(key, &header, record->data + sizeof(header));
    memcpy(record->data, &header, sizeof(header));
}

void journal_put_change(struct bytes *record, const struct change *change)
{
    uint8_t kind = (uint8_t)change->kind;
    BYTES_PUT(record, kind);
    BYTES_PUT(record, change->creator);
    bytes_put_sized(record, change->path, strlen(change->path) + 1);
    if (change->kind == CHANGE_WRITE)
        bytes_put_sized(record, change->value ? change->value->data : "", change->value ? change->value->size : 0);
    if (change->kind == CHANGE_SET_PERMISSIONS)
        bytes_put_sized(record, change->permissions->entries,
                        change->permissions->count * sizeof(change->permissions->entries[0]));
}

void journal_put_domain_state(struct bytes *record, const struct journal_domain *domain)
{
    BYTES_PUT(record, domain->domain);
    BYTES_PUT(record, domain->target);
    uint8_t shut_down = domain->shut_down;
    BYTES_PUT(record, shut_down);
    BYTES_PUT(record, domain->gfn);
    BYTES_PUT(record, domain->identity);
    BYTES_PUT(record, domain->remote_port);
    BYTES_PUT(record, domain->introduction);
}

void journal_put_limit(struct bytes *record, domid_t domain, const char *name, uint32_t value)
{
    BYTES_PUT(record, domain);
    BYTES_PUT(record, value);
    bytes_put_sized(record, name, strlen(name) + 1);
}

/* A string with its zero byte at the end and none before; NULL when it is not that. */
static const char *get_string(struct byte_reader *reader)
{
    size_t size;
    const char *text = bytes_get_sized(reader, &size);
    if (size == 0 || memchr(text, '\0', size) != text + size - 1) {
        reader->failed = true;
        return NULL;
    }
    return text;
}

static const char *get_path(struct byte_reader *reader)
{
    const char *path = get_string(reader);
    if (path && !path_is_canonical(path))
        reader->failed = true;
    return reader->failed ? NULL : path;
}

static struct permissions *get_permissions(struct byte_reader *reader)
{
    size_t size;
    const char *entries = bytes_get_sized(reader, &size);
    if (size == 0 || size % sizeof(struct permission) != 0) {
        reader->failed = true;
        return NULL;
    }
    struct permissions *permissions = permissions_create(size / sizeof(struct permission));
    memcpy(permissions->entries, entries, size);
    for (size_t i = 0; i < permissions->count; i++)
        permissions->entries[i].access &= ACCESS_READ | ACCESS_WRITE;
    return permissions;
}

/* Whether a change can be carried out on this tree at all. */
static bool is_applicable(struct node *top, const struct change *change)
{
    if (change->kind == CHANGE_WRITE || change->kind == CHANGE_MAKE)
        return !path_is_special(change->path) || tree_find(top, change->path);
    if (change->kind == CHANGE_REMOVE && (path_is_special(change->path) || strcmp(change->path, "/") == 0))
        return false;
    return tree_find(top, change->path) != NULL;
}

static struct change *get_change(struct byte_reader *reader)
{
    uint8_t kind;
    domid_t creator;
    BYTES_GET(reader, kind);
    BYTES_GET(reader, creator);
    const char *path = get_path(reader);
    if (!path || kind > CHANGE_SET_PERMISSIONS) {
        reader->failed = true;
        return NULL;
    }
    struct change *change = change_create(kind, path, creator);
    if (change->kind == CHANGE_WRITE) {
        size_t size;
        const char *value = bytes_get_sized(reader, &size);
        change->value = value_create(value, size);
    } else if (change->kind == CHANGE_SET_PERMISSIONS) {
        change->permissions = get_permissions(reader);
    }
    if (reader->failed) {
        change_release(change);
        return NULL;
    }
    return change;
}

static void load_changes(struct journal_state *state, struct store *store, struct byte_reader *reader)
{
    while (reader->at < reader->end && !reader->failed) {
        struct change *change = get_change(reader);
        if (!change)
            return;
        if (is_applicable(store->top, change))
            change_apply(change, &store->top, ++store->generation, &store->usage);
        else
            state->omitted++;
        change_release(change);
    }
}

static struct journal_domain **find_domain(struct journal_state *state, domid_t domain)
{
    struct journal_domain **link = &state->domains;
    while (*link && (*link)->domain != domain)
        link = &(*link)->next;
    return link;
}

/* Notes that a request was carried out, if its domain is known, and the state of its ring does not have that. */
static void load_origin(struct journal_state *state, struct byte_reader *reader)
{
    struct journal_origin origin;
    BYTES_GET(reader, origin.domain);
    BYTES_GET(reader, origin.position);
    struct journal_domain *domain = reader->failed ? NULL : *find_domain(state, origin.domain);
    if (!domain)
        return;
    if (origin.position > domain->newest)
        domain->newest = origin.position;
    if (domain->ring && origin.position <= domain->ring->consumer - domain->ring->input_size)
        return;
    domain->done = reallocate(domain->done, (domain->done_count + 1) * sizeof(domain->done[0]));
    domain->done[domain->done_count++] = origin.position;
}

static void free_watches(struct journal_domain *domain)
{
    while (domain->watches) {
        struct journal_watch *next = domain->watches->next;
        free(domain->watches);
        domain->watches = next;
    }
}

static void free_domain(struct journal_domain **link)
{
    struct journal_domain *domain = *link;
    *link = domain->next;
    free_watches(domain);
    free(domain->done);
    free(domain);
}

static void load_domain(struct journal_state *state, struct byte_reader *reader)
{
    struct journal_domain read = {0};
    uint8_t shut_down;
    BYTES_GET(reader, read.domain);
    BYTES_GET(reader, read.target);
    BYTES_GET(reader, shut_down);
    BYTES_GET(reader, read.gfn);
    BYTES_GET(reader, read.identity);
    BYTES_GET(reader, read.remote_port);
    BYTES_GET(reader, read.introduction);
    read.shut_down = shut_down;
    if (reader->failed || read.domain >= DOMID_FIRST_RESERVED || read.introduction == 0) {
        reader->failed = true;
        return;
    }
    struct journal_domain **link = find_domain(state, read.domain);
    if (*link && (*link)->introduction != read.introduction) {
        read.next = (*link)->next;
        free_watches(*link);
        free((*link)->done);
    } else if (*link) {
        read.next = (*link)->next;
        read.watches = (*link)->watches;
        read.newest = (*link)->newest;
        read.done = (*link)->done;
        read.done_count = (*link)->done_count;
    } else {
        *link = allocate(sizeof(**link));
    }
    read.ring = state->rings ? ring_file_find(state->rings, read.domain, read.introduction) : NULL;
    **link = read;
}

static void load_watch(struct journal_state *state, struct byte_reader *reader, bool remove)
{
    domid_t domain;
    uint64_t position;
    uint32_t relative;
    int32_t depth;
    BYTES_GET(reader, domain);
    BYTES_GET(reader, position);
    BYTES_GET(reader, relative);
    BYTES_GET(reader, depth);
    const char *path = get_path(reader), *token = get_string(reader);
    if (reader->failed || relative >= strlen(path) || depth < WATCH_ALL_BELOW) {
        reader->failed = true;
        return;
    }
    struct journal_domain *owner = *find_domain(state, domain);
    if (!owner || (owner->ring && position < owner->ring->start))
        return;
    struct journal_watch **link = &owner->watches;
    while (*link && (strcmp((*link)->path, path) != 0 || strcmp((*link)->token, token) != 0))
        link = &(*link)->next;
    if (remove && *link) {
        struct journal_watch *next = (*link)->next;
        free(*link);
        *link = next;
    } else if (!remove && !*link) {
        size_t path_size = strlen(path) + 1, token_size = strlen(token) + 1;
        *link = allocate(sizeof(**link) + path_size + token_size);
        (*link)->relative = relative;
        (*link)->depth = depth;
        (*link)->token = (*link)->path + path_size;
        memcpy((*link)->path, path, path_size);
        memcpy((*link)->token, token, token_size);
    }
}

/* Takes out the limits of a domain: all, or the one of that name. */
static void drop_limits(struct journal_state *state, domid_t domain, const char *name)
{
    for (struct journal_limit **link = &state->limits; *link;) {
        struct journal_limit *limit = *link;
        if (limit->domain == domain && (!name || strcmp(limit->name, name) == 0)) {
            *link = limit->next;
            free(limit);
        } else {
            link = &limit->next;
        }
    }
}

static void load_limit(struct journal_state *state, struct byte_reader *reader)
{
    domid_t domain;
    uint32_t value;
    BYTES_GET(reader, domain);
    BYTES_GET(reader, value);
    const char *name = get_string(reader);
    struct journal_limit *limit;
    if (!name || reader->failed || strlen(name) >= sizeof(limit->name)) {
        reader->failed = true;
        return;
    }
    drop_limits(state, domain, name);
    limit = allocate(sizeof(*limit));
    limit->domain = domain;
    limit->value = value;
    strcpy(limit->name, name);
    limit->next = state->limits;
    state->limits = limit;
}

static void load_release(struct journal_state *state, struct store *store, struct byte_reader *reader)
{
    domid_t domain;
    BYTES_GET(reader, domain);
    if (reader->failed)
        return;
    struct change_list changes = {0};
    struct view view = store_view(store, &changes);
    store_forget_domain(&view, domain);
    change_list_release(&changes);
    drop_limits(state, domain, NULL);
    struct journal_domain **link = find_domain(state, domain);
    if (*link)
        free_domain(link);
    for (struct journal_domain *other = state->domains; other; other = other->next)
        if (other->target == domain)
            other->target = DOMID_INVALID;
}

static void load_drop_watches(struct journal_state *state, struct byte_reader *reader)
{
    domid_t domain;
    BYTES_GET(reader, domain);
    struct journal_domain *owner = reader->failed ? NULL : *find_domain(state, domain);
    if (owner)
        free_watches(owner);
}

static bool load_record(struct journal_state *state, struct store *store, uint32_t kind, struct byte_reader *reader)
{
    load_origin(state, reader);
    switch (kind) {
    case RECORD_CHANGES:
        load_changes(state, store, reader);
        break;
    case RECORD_DOMAIN:
        load_domain(state, reader);
        break;
    case RECORD_RELEASE:
        load_release(state, store, reader);
        break;
    case RECORD_DROP_WATCHES:
        load_drop_watches(state, reader);
        break;
    case RECORD_WATCH:
    case RECORD_UNWATCH:
        load_watch(state, reader, kind == RECORD_UNWATCH);
        break;
    case RECORD_NODES:
        journal_load_nodes(store, reader);
        break;
    case RECORD_LIMIT:
        load_limit(state, reader);
        break;
    default:
        return false;
    }
    return !reader->failed;
}

/* The size without the zeros at the end. */
static size_t used_size(const char *data, size_t size)
{
    while (size > 0 && data[size - 1] == '\0')
        size--;
    return size;
}

/* Whether a record's header begins at `at`, and its payload ends within the file; then *header is it. */
static bool is_record(uint64_t key, const char *data, size_t at, size_t size, struct record_header *header)
{
    if (size - at < sizeof(*header))
        return false;
    memcpy(header, data + at, sizeof(*header));
    uint32_t kind = header->kind & 0xff;
    return kind != 0 && kind <= RECORD_LIMIT && header->size <= size - at - sizeof(*header) &&
           header->kind == marked_kind(key, header->size, kind);
}

/* Whether nothing follows but room, or a record that was not finished (journal_file.h). */
static bool is_end(const char *data, size_t at, size_t used, size_t size)
{
    struct record_header header;
    if (size - at < sizeof(header) || at >= used)
        return true;
    memcpy(&header, data + at, sizeof(header));
    size_t end = at + sizeof(header) + header.size;
    return header.kind == 0 && end >= used && end <= size;
}

/* Carries the record at `at` out, if it is whole. */
static bool load_whole(struct journal_state *state, struct store *store, const struct record_header *header,
                       const char *payload)
{
    struct byte_reader reader = {.at = payload, .end = payload + header->size};
    return checksum(state->key, header, payload) == header->checksum &&
           load_record(state, store, header->kind & 0xff, &reader);
}

size_t journal_load(struct journal_state *state, struct store *store, const char *data, size_t size, size_t *damaged)
{
    size_t at = JOURNAL_HEADER_SIZE, good = at, first_bad = 0, used = used_size(data, size);
    struct record_header header;
    while (at < used && !(!first_bad && is_end(data, at, used, size))) {
        if (!is_record(state->key, data, at, size, &header)) {
            first_bad = first_bad ? first_bad : at;
            at++; /* the next one may begin anywhere */
            continue;
        }
        if (load_whole(state, store, &header, data + at + sizeof(header))) {
            if (first_bad) {
                log_error("the journal is damaged between bytes %zu and %zu", first_bad, at);
                ++*damaged;
                first_bad = 0;
            }
            good = at + sizeof(header) + header.size;
            if ((header.kind & 0xff) == RECORD_NODES)
                state->snapshot_end = good;
        } else if (!first_bad) {
            first_bad = at;
        }
        at += sizeof(header) + header.size;
    }
    if (state->omitted)
        log_error("%zu changes in the journal could not be made: what they build on is lost", state->omitted);
    if (first_bad) {
        log_error("the journal is damaged from byte %zu to its end at %zu", first_bad, used);
        ++*damaged;
        return used > good ? used : good;
    }
    if (used > good)
        log_info("the journal's last %zu bytes are not a whole record and do not count", used - good);
    return good;
}

void journal_state_free(struct journal_state *state)
{
    while (state->domains)
        free_domain(&state->domains);
    while (state->limits) {
        struct journal_limit *next = state->limits->next;
        free(state->limits);
        state->limits = next;
    }
}
